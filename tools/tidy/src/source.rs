//! Rust text as the rules see it: code without comments and literals, line by line, and its functions.

/// `text` with everything inside comments, strings and characters blanked; lines stay where they are.
pub(crate) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = skipped(bytes, at);
        if end == at {
            // A word is passed whole, so that the `r` at its end starts no raw string.
            at += if word(bytes[at]) { bytes[at..].iter().take_while(|b| word(**b)).count() } else { 1 };
            continue;
        }
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    // Only ASCII was written over whole literals and comments, so this is still text.
    String::from_utf8(out).unwrap_or_default()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the comment or literal that starts at `at` ends; `at` itself when none does.
fn skipped(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return at + comment(rest);
    }
    let prefix = rest.iter().take_while(|b| matches!(**b, b'b' | b'c')).count().min(1);
    match rest.get(prefix) {
        Some(b'"') => at + prefix + quoted(&rest[prefix..], b'"'),
        Some(b'r') => raw(&rest[prefix + 1..]).map_or(at, |length| at + prefix + 1 + length),
        Some(b'\'') if is_character(&rest[prefix..]) => at + prefix + quoted(&rest[prefix..], b'\''),
        _ => at,
    }
}

fn comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `#"…"#` after an `r`.
fn raw(rest: &[u8]) -> Option<usize> {
    let hashes = rest.iter().take_while(|b| **b == b'#').count();
    if rest.get(hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = &rest[hashes + 1..];
    let end = body.windows(close.len()).position(|window| window == close)?;
    Some(hashes + 1 + end + close.len())
}

/// A character, not a lifetime.
fn is_character(rest: &[u8]) -> bool {
    if rest.get(1) == Some(&b'\\') {
        return true;
    }
    // A character is at most four bytes long.
    (2..=5).any(|at| rest.get(at) == Some(&b'\'')) && rest.get(1) != Some(&b'\'') && {
        let inner = rest[1..].iter().position(|b| *b == b'\'').unwrap_or(0);
        std::str::from_utf8(&rest[1..1 + inner]).is_ok_and(|text| text.chars().count() == 1)
    }
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub name: String,
    /// From the line of `fn` to that of the closing brace.
    pub lines: usize,
}

/// Every function of `text`, closures aside.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let code = code(text);
    let bytes = code.as_bytes();
    let keyword =
        |at: usize| (at == 0 || !word(bytes[at - 1])) && bytes.get(at + 2).is_some_and(|b| *b == b' ');
    let starts = code.match_indices("fn").map(|(at, _)| at).filter(|at| keyword(*at));
    starts
        .filter_map(|start| {
            let rest = code[start + 2..].trim_start();
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let end = body_end(bytes, start)?;
            let lines = code[start..end].matches('\n').count() + 1;
            (!name.is_empty()).then_some(Function { name, lines })
        })
        .collect()
}

/// Behind the closing brace of the function at `start`; `None` for one without a body.
fn body_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut brackets, mut braces) = (0_i32, 0_i32);
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets -= 1,
            b';' if brackets == 0 && braces == 0 => return None,
            b'{' if brackets == 0 || braces > 0 => braces += 1,
            b'}' if braces > 0 => {
                braces -= 1;
                if braces == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank_and_code_is_not() {
        let text = "a /* x /* y */ z */ b \"s \\\" t\" c r#\"u \" v\"# d '{' e 'static f '\\'' g b\"w\" h // i\nfor\"j\"";
        let words: Vec<String> = code(text).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, ["a", "b", "c", "d", "e", "'static", "f", "g", "h", "for"]);
    }

    #[test]
    fn blanking_keeps_lines_and_takes_any_script() {
        let text = "let a = \"→ é\n二\"; // ü\nlet b = 'ß';";
        assert_eq!(code(text).lines().count(), 3);
        assert!(code(text).contains("let b ="));
    }

    #[test]
    fn functions_are_measured_with_their_signature() {
        let text = "trait T {\n    fn without(&self) -> [u8; 2];\n}\nfn one() { \"}\"; }\nasync fn two<'a>(\n    a: &'a [u8; 2],\n) -> u8\nwhere\n    u8: Copy,\n{\n    let f = |fn_x: u8| { fn_x };\n    f(a[0])\n}\n";
        let found = functions(text);
        let expected =
            [Function { name: "one".to_owned(), lines: 1 }, Function { name: "two".to_owned(), lines: 9 }];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_function_pointer_is_no_function() {
        assert_eq!(functions("type F = fn (u8) -> u8;\nstruct S { f: fn(u8) }\n"), []);
    }
}
