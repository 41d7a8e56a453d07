//! `${name}` parameters of a script.

use crate::error::{Place, Problem, SqlError};
use crate::nearest::suggestion;
use std::collections::BTreeMap;

/// What the text around a position is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Literal,
    Quoted,
    LineComment,
    BlockComment,
}

/// Fills the parameters: verbatim, and inside `'…'` with every `'` doubled, so that a value never ends its literal.
///
/// Comments are left alone. The result is what a Flink SQL client takes unmodified.
///
/// # Errors
/// Every `${name}` that `values` lacks, and every `${` that is never closed.
pub(crate) fn render(text: &str, values: &BTreeMap<String, String>) -> Result<String, SqlError> {
    let mut out = String::with_capacity(text.len());
    let mut problems = Vec::new();
    let mut inside = Inside::Code;
    let (mut line, mut column) = (1, 1);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let comment = matches!(inside, Inside::LineComment | Inside::BlockComment);
        let taken = match rest.strip_prefix("${").filter(|_| !comment) {
            Some(after) => {
                let place = Place { statement: 0, line, column, token: String::new() };
                let (length, filled) = parameter(after, values, inside == Inside::Literal, place);
                match filled {
                    Ok(value) => out.push_str(&value),
                    Err(problem) => problems.push(problem),
                }
                2 + length
            }
            None => {
                let taken = step(rest, c, &mut inside);
                out.push_str(&rest[..taken]);
                taken
            }
        };
        for passed in rest[..taken].chars() {
            (line, column) = if passed == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        rest = &rest[taken..];
    }
    SqlError::of(problems)?;
    Ok(out)
}

/// The bytes after `${` that belong to it, and its value.
fn parameter(
    after: &str,
    values: &BTreeMap<String, String>,
    literal: bool,
    mut place: Place,
) -> (usize, Result<String, Problem>) {
    let end = after.find(['}', '\n', '\'', ';']).filter(|end| after[*end..].starts_with('}'));
    let Some(end) = end else {
        place.token = "${".into();
        return (0, Err(Problem::new(&place, "a parameter is written ${name}; its } is missing")));
    };
    let name = &after[..end];
    place.token = format!("${{{name}}}");
    let value = match values.get(name) {
        Some(value) if literal => Ok(value.replace('\'', "''")),
        Some(value) => Ok(value.clone()),
        None => {
            let hint = suggestion(name, values.keys().map(String::as_str));
            Err(Problem::new(&place, format!("parameter '{name}' has no value{hint}")))
        }
    };
    (end + 1, value)
}

/// Passes over one character, or the two that open or close a comment.
fn step(rest: &str, c: char, inside: &mut Inside) -> usize {
    let changed = match *inside {
        Inside::Code if rest.starts_with("--") => Some(Inside::LineComment),
        Inside::Code if rest.starts_with("/*") => Some(Inside::BlockComment),
        Inside::BlockComment if rest.starts_with("*/") => Some(Inside::Code),
        _ => None,
    };
    if let Some(next) = changed {
        *inside = next;
        return 2;
    }
    *inside = match (*inside, c) {
        (Inside::Code, '\'') => Inside::Literal,
        (Inside::Code, '`') => Inside::Quoted,
        (Inside::Literal, '\'') | (Inside::Quoted, '`') | (Inside::LineComment, '\n') => Inside::Code,
        (same, _) => same,
    };
    c.len_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        let values = [("brokers", "a:1,b:2"), ("quote", "it's"), ("topic", "flights")];
        let values = values.into_iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let got = render(text, &values).unwrap_or_else(|e| e.to_string());
        expect.assert_eq(&got);
    }

    #[test]
    fn values_are_inserted() {
        check("SELECT '${brokers}', ${topic}", expect!["SELECT 'a:1,b:2', flights"]);
        check("'${quote}' ${quote}", expect!["'it''s' it's"]);
        check("'a''b ${quote}'", expect!["'a''b it''s'"]);
        check("$5 $ {topic} é'${topic}'", expect!["$5 $ {topic} é'flights'"]);
    }

    #[test]
    fn comments_are_left_alone() {
        check("-- it's ${nothing}\n${topic}", expect!["-- it's ${nothing}\nflights"]);
        check("/* ' ${nothing} */ '${quote}'", expect!["/* ' ${nothing} */ 'it''s'"]);
    }

    #[test]
    fn what_is_missing_is_named_with_its_place() {
        check(
            "SELECT 1;\n '${topik}' ${zzzzzzzzz}",
            expect![[r#"
                line 2, column 3, at '${topik}': parameter 'topik' has no value; did you mean 'topic'?
                line 2, column 13, at '${zzzzzzzzz}': parameter 'zzzzzzzzz' has no value; there is: brokers, quote, topic"#]],
        );
        check(
            "'${topic'",
            expect!["line 1, column 2, at '${': a parameter is written ${name}; its } is missing"],
        );
    }
}
