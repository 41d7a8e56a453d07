//! The `csv.*` options of a table, and where a record ends.

use super::split;
use crate::error::{FormatError, parse_bool, refuse_ignore_parse_errors};
use std::collections::BTreeMap;

/// How CSV is read and written. The default is Flink's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// `field-delimiter`: one ASCII character, or `\t`. Default `,`.
    pub delimiter: u8,
    /// `quote-character`: one ASCII character, default `"`; `None` with `disable-quote-character`.
    pub quote: Option<u8>,
    /// `null-literal`: this text, unquoted, is NULL. Not set by default.
    pub null_literal: Option<String>,
    /// `allow-comments`: a line that begins with `#` is no record. Default false.
    pub allow_comments: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: b',', quote: Some(b'"'), null_literal: None, allow_comments: false }
    }
}

impl CsvOptions {
    /// Reads the options whose names start with `prefix` (`csv.`).
    ///
    /// # Errors
    /// [`FormatError::Option`] for one that is unknown, malformed, or not supported.
    pub fn from_table(options: &BTreeMap<String, String>, prefix: &str) -> Result<Self, FormatError> {
        let mut read = Self::default();
        for (name, value) in options {
            let Some(key) = name.strip_prefix(prefix) else { continue };
            match key {
                "field-delimiter" => read.delimiter = one_character(name, value)?,
                "quote-character" => read.quote = Some(one_character(name, value)?),
                "disable-quote-character" => {
                    if parse_bool(name, value)? {
                        read.quote = None;
                    }
                }
                "null-literal" => read.null_literal = Some(value.clone()),
                "allow-comments" => read.allow_comments = parse_bool(name, value)?,
                "ignore-parse-errors" => refuse_ignore_parse_errors(name, value)?,
                _ => {
                    let known = "known are field-delimiter, quote-character, disable-quote-character, \
                                 null-literal, allow-comments";
                    let problem = format!("not an option of the csv format; {known}");
                    return Err(FormatError::option(name, value, problem));
                }
            }
        }
        if read.quote == Some(read.delimiter) {
            let value = char::from(read.delimiter).to_string();
            let name = format!("{prefix}field-delimiter");
            return Err(FormatError::option(&name, &value, "must differ from the quote character"));
        }
        Ok(read)
    }

    /// The length of the first record in `buffer`, with its line break; `None` if it does not end in it. A line break
    /// between quotes belongs to the record.
    pub fn record_end(&self, buffer: &[u8]) -> Option<usize> {
        split::record_end(buffer, self)
    }

    /// Whether a line is no record: blank, or a comment.
    pub fn skips(&self, line: &[u8]) -> bool {
        line.iter().all(|b| matches!(b, b'\r' | b'\n'))
            || (self.allow_comments && line.first() == Some(&b'#'))
    }
}

fn one_character(name: &str, value: &str) -> Result<u8, FormatError> {
    let value = if value == "\\t" { "\t" } else { value };
    match value.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => Err(FormatError::option(name, value, "expected one ASCII character")),
    }
}
