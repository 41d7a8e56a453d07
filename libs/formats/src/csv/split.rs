//! Fields of a record, and records of a file.

use super::options::CsvOptions;
use std::borrow::Cow;

/// A field's text, and whether it stood in quotes.
pub(super) struct Cell<'a> {
    pub text: Cow<'a, [u8]>,
    pub quoted: bool,
}

/// See [`CsvOptions::record_end`].
pub(super) fn record_end(buffer: &[u8], options: &CsvOptions) -> Option<usize> {
    let newline = memchr::memchr(b'\n', buffer)?;
    let Some(quote) = options.quote else { return Some(newline + 1) };
    let comment = options.allow_comments && buffer.first() == Some(&b'#');
    if comment || memchr::memchr(quote, &buffer[..newline]).is_none() {
        return Some(newline + 1);
    }
    // A quote opens only where a field begins: 5" disk is a field like any other.
    let (mut in_quotes, mut at_start) = (false, true);
    let mut bytes = buffer.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match *byte {
            b if b == quote && in_quotes => match buffer.get(at + 1) {
                Some(next) if *next == quote => drop(bytes.next()),
                _ => in_quotes = false,
            },
            _ if in_quotes => {}
            b if b == quote && at_start => in_quotes = true,
            b'\n' => return Some(at + 1),
            b if b == options.delimiter => {
                at_start = true;
                continue;
            }
            _ => {}
        }
        at_start = false;
    }
    None
}

/// The fields of one record without its line break.
pub(super) fn cells<'a>(record: &'a [u8], options: &CsvOptions) -> Result<Vec<Cell<'a>>, String> {
    let mut rest = record.strip_suffix(b"\n").unwrap_or(record);
    rest = rest.strip_suffix(b"\r").unwrap_or(rest);
    let mut cells = Vec::new();
    loop {
        let (cell, after) = match options.quote {
            Some(quote) if rest.first() == Some(&quote) => quoted(&rest[1..], quote, cells.len())?,
            _ => {
                let end = memchr::memchr(options.delimiter, rest).unwrap_or(rest.len());
                (Cell { text: Cow::Borrowed(&rest[..end]), quoted: false }, &rest[end..])
            }
        };
        cells.push(cell);
        match after.split_first() {
            None => return Ok(cells),
            Some((next, after)) if *next == options.delimiter => rest = after,
            Some(_) => return Err(format!("field {}: text after the closing quote", cells.len())),
        }
    }
}

/// A quoted field, from after its opening quote, and what follows its closing one.
fn quoted(mut rest: &[u8], quote: u8, before: usize) -> Result<(Cell<'_>, &[u8]), String> {
    let mut text = Cow::Borrowed(&rest[..0]);
    loop {
        let Some(end) = memchr::memchr(quote, rest) else {
            return Err(format!("field {}: the closing quote is missing", before + 1));
        };
        let doubled = rest.get(end + 1) == Some(&quote);
        let taken = &rest[..end + usize::from(doubled)];
        match &mut text {
            Cow::Borrowed(nothing) if nothing.is_empty() && !doubled => text = Cow::Borrowed(taken),
            _ => text.to_mut().extend_from_slice(taken),
        }
        rest = &rest[end + 1 + usize::from(doubled)..];
        if !doubled {
            return Ok((Cell { text, quoted: true }, rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn records_and_their_fields() {
        let text =
            "a,b\n\"x,1\",\"say \"\"hi\"\"\"\r\n5\" disk,3\n\"two\nlines\",\n,\"\"\n\"a\"b,c\nlast,\"open\n";
        let options = CsvOptions::default();
        let (mut rest, mut table) = (text.as_bytes(), String::new());
        while !rest.is_empty() {
            let end = record_end(rest, &options).unwrap_or(rest.len());
            let line = match cells(&rest[..end], &options) {
                Err(error) => error,
                Ok(cells) => {
                    let texts = cells.iter().map(|c| format!("{:?}", String::from_utf8_lossy(&c.text)));
                    texts.collect::<Vec<_>>().join(" | ")
                }
            };
            table.push_str(&format!("{line}\n"));
            rest = &rest[end..];
        }
        expect![[r#"
            "a" | "b"
            "x,1" | "say \"hi\""
            "5\" disk" | "3"
            "two\nlines" | ""
            "" | ""
            field 1: text after the closing quote
            field 2: the closing quote is missing
        "#]]
        .assert_eq(&table);
    }
}
