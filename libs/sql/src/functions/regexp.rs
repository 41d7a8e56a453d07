//! REGEXP, REGEXP_EXTRACT, REGEXP_REPLACE: Flink's patterns are those of `java.util.regex`, ours those of the `regex` crate,
//! which take linear time. A pattern is translated, and one that would mean something else here is refused.
//!
//! Source: the documentation of `java.util.regex.Pattern` (Java 17) and of `regex` 1, which say what each construct means.
//! One difference stays: `$` is the very end of a text, in Java also the place before a line break there.

use super::Call;
use super::udf::{Run, call as function};
use crate::fault::unsupported;
use arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, StringBuilder};
use arrow::datatypes::{DataType, Int32Type};
use datafusion_common::{Result, ScalarValue, exec_datafusion_err};
use datafusion_expr::{Expr, cast, lit};
use regex::Regex;
use std::cell::RefCell;
use std::sync::Arc;

pub(super) fn choose(call: Call<'_>) -> Result<Expr> {
    for i in 0..call.types.len().min(2) {
        call.string(i)?;
    }
    let name = call.name.to_uppercase();
    let Expr::Literal(ScalarValue::Utf8(Some(pattern)), _) = &call.arguments[1] else {
        return Err(unsupported(&call.name, format!("a pattern of {name} that is no literal")));
    };
    if let Err(reason) = compiled(pattern) {
        let what = format!("the pattern '{pattern}' of {name} ({reason})");
        return Err(unsupported(&call.name, what));
    }
    let mut arguments: Vec<Expr> =
        call.arguments.iter().take(2).map(|e| cast(e.clone(), DataType::Utf8)).collect();
    let (name, result, run): (_, _, Run) = match call.name.as_str() {
        "regexp" => ("regexp", DataType::Boolean, found),
        "regexp_extract" => {
            if let Some(t) = call.types.get(2)
                && !t.is_integer()
            {
                return Err(call.wrong_type(2, "an integer"));
            }
            arguments.push(cast(call.argument(2).unwrap_or_else(|| lit(0)), DataType::Int32));
            ("regexp_extract", DataType::Utf8, extract)
        }
        _ => {
            call.string(2)?;
            arguments.push(cast(call.arguments[2].clone(), DataType::Utf8));
            ("regexp_replace", DataType::Utf8, replace)
        }
    };
    Ok(function(name, result, run, arguments))
}

thread_local! {
    /// The pattern used last: a call has one pattern, and batches are small while a source keeps up.
    static LAST: RefCell<Option<(String, Regex)>> = const { RefCell::new(None) };
}

/// Runs `body` with the regex of a column of equal patterns, none of which is NULL; not for an empty column.
fn with_pattern(patterns: &ArrayRef, body: impl FnOnce(&Regex)) -> Result<()> {
    let patterns = patterns.as_string::<i32>();
    if patterns.is_empty() {
        return Ok(());
    }
    let pattern = patterns.value(0);
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| known != pattern) {
            let regex = compiled(pattern).map_err(|reason| exec_datafusion_err!("{reason}"))?;
            *last = Some((pattern.to_owned(), regex));
        }
        if let Some((_, regex)) = last {
            body(regex);
        }
        Ok(())
    })
}

/// An empty pattern is found nowhere, as in Flink.
fn found(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let texts = arguments[0].as_string::<i32>();
    let mut out = BooleanBuilder::with_capacity(texts.len());
    with_pattern(&arguments[1], |regex| {
        for text in texts {
            out.append_option(text.map(|text| !regex.as_str().is_empty() && regex.is_match(text)));
        }
    })?;
    Ok(Arc::new(out.finish()))
}

/// The group of the first match; NULL without one, and for a group that took no part or is not there.
fn extract(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let (texts, groups) = (arguments[0].as_string::<i32>(), arguments[2].as_primitive::<Int32Type>());
    let mut out = StringBuilder::new();
    with_pattern(&arguments[1], |regex| {
        for (text, group) in texts.iter().zip(groups) {
            let group = group.and_then(|group| usize::try_from(group).ok());
            let matched = text.zip(group).and_then(|(text, group)| regex.captures(text)?.get(group));
            out.append_option(matched.map(|part| part.as_str()));
        }
    })?;
    Ok(Arc::new(out.finish()))
}

/// Every match; `$1` in the replacement means itself, as in Flink.
fn replace(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let (texts, others) = (arguments[0].as_string::<i32>(), arguments[2].as_string::<i32>());
    let mut out = StringBuilder::new();
    with_pattern(&arguments[1], |regex| {
        for (text, other) in texts.iter().zip(others) {
            out.append_option(text.zip(other).map(|(text, other)| replaced(regex, text, other)));
        }
    })?;
    Ok(Arc::new(out.finish()))
}

/// In Java an empty match may follow at the end of another, where the library has none: `x*` in `xa` matches thrice.
fn replaced(regex: &Regex, text: &str, other: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut from, mut copied) = (0, 0);
    while let Some(found) = (from <= text.len()).then(|| regex.find_at(text, from)).flatten() {
        out.push_str(&text[copied..found.start()]);
        out.push_str(other);
        copied = found.end();
        let next = if found.is_empty() { text[copied..].chars().next().map_or(1, char::len_utf8) } else { 0 };
        from = copied + next;
    }
    out.push_str(&text[copied..]);
    out
}

/// The regex that means here what `pattern` means in Java, or why there is none.
fn compiled(pattern: &str) -> std::result::Result<Regex, String> {
    let translated = translate(pattern)?;
    Regex::new(&translated).map_err(|error| match error {
        regex::Error::Syntax(text) => {
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
        other => other.to_string(),
    })
}

fn translate(pattern: &str) -> std::result::Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    // How many classes are open, and whether what came last was a quantifier.
    let (mut classes, mut quantified) = (0_usize, false);
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        let after_quantifier = std::mem::take(&mut quantified);
        match c {
            '\\' => escape(&mut characters, &mut out)?,
            '[' => {
                classes += 1;
                out.push(c);
            }
            ']' => {
                classes = classes.saturating_sub(1);
                out.push(c);
            }
            '-' | '~' if classes > 0 && next == Some(c) => return Err(format!("'{c}{c}' in a class")),
            _ if classes > 0 => out.push(c),
            '(' if next == Some('?') => {
                characters.next();
                match characters.peek() {
                    // `(?<name>`, but not `(?<=` and `(?<!`, which the library refuses itself.
                    Some(':' | '<') => out.push_str("(?"),
                    _ => return Err("look-around, flags and atomic groups".into()),
                }
            }
            '.' => out.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
            '+' if after_quantifier => return Err("a possessive quantifier".into()),
            '*' | '+' | '}' => {
                quantified = true;
                out.push(c);
            }
            // After a quantifier it makes that one lazy.
            '?' => {
                quantified = !after_quantifier;
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// What follows a backslash. Java's classes are those of ASCII.
fn escape(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
) -> std::result::Result<(), String> {
    let Some(c) = characters.next() else { return Err("a backslash at the end".into()) };
    match c {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str("[a-zA-Z_0-9]"),
        'W' => out.push_str("[^a-zA-Z_0-9]"),
        's' => out.push_str(r"[ \t\n\x0B\f\r]"),
        'S' => out.push_str(r"[^ \t\n\x0B\f\r]"),
        't' | 'n' | 'r' | 'f' | 'a' | 'x' | 'u' | 'A' | 'z' => out.extend(['\\', c]),
        'p' | 'P' => {
            let name: String = characters.by_ref().take_while(|c| *c != '}').collect();
            match name.strip_prefix('{') {
                // General categories of Unicode; other names are ASCII in Java.
                Some(category) if (1..=2).contains(&category.len()) => {
                    out.push_str(&format!(r"\{c}{{{category}}}"))
                }
                _ => return Err(format!(r"'\{c}' with anything but a general category, as in \p{{Lu}}")),
            }
        }
        c if c.is_ascii_alphanumeric() => return Err(format!(r"'\{c}'")),
        c => out.push_str(&regex::escape(&c.to_string())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(pattern: &str, text: &str) -> Option<String> {
        compiled(pattern).unwrap().find(text).map(|found| found.as_str().to_owned())
    }

    /// Each expected value is what Java 17 documents.
    #[test]
    fn patterns_mean_what_they_mean_in_java() {
        for (pattern, text, expected) in [
            (r"\d+", "a٣42", Some("42")),
            (r"\w+", "ß_9z", Some("_9z")),
            (r"[\d_]+", "x_1", Some("_1")),
            (r"\S+", "\u{a0}", Some("\u{a0}")),
            ("a.c", "a\rc", None),
            ("a.c", "a🙂c", Some("a🙂c")),
            ("[.]", "x.", Some(".")),
            ("[a-z&&[^b]]+", "bca", Some("ca")),
            ("(?:ab)+?", "abab", Some("ab")),
            (r"\.\-\/", ".-/", Some(".-/")),
            (r"\p{Lu}", "aÄ", Some("Ä")),
            ("x{2}", "xxx", Some("xx")),
        ] {
            assert_eq!(first(pattern, text).as_deref(), expected, "{pattern} in {text:?}");
        }
    }

    /// Expected values of Flink 2.2.1.
    #[test]
    fn empty_matches_are_replaced_as_in_java() {
        let regex = compiled(r"\s*").unwrap();
        for (text, expected) in [("a b  c", "-a--b--c-"), ("٣ ß", "-٣--ß-"), ("", "-")] {
            assert_eq!(replaced(&regex, text, "-"), expected);
        }
        assert_eq!(replaced(&compiled("an").unwrap(), "banana", "$1"), "b$1$1a");
    }

    #[test]
    fn patterns_that_mean_something_else_are_refused() {
        for (pattern, reason) in [
            ("a++", "possessive"),
            ("a{2}+", "possessive"),
            ("(?i)a", "flags"),
            ("(?=a)", "look-around"),
            ("(?<=a)b", "look-around"),
            (r"(a)\1", r"'\1'"),
            (r"\h", r"'\h'"),
            (r"\p{Alpha}", "general category"),
            ("[a--b]", "'--'"),
            ("(", "unclosed group"),
        ] {
            let error = compiled(pattern).unwrap_err();
            assert!(error.contains(reason), "{pattern}: {error}");
        }
    }
}
