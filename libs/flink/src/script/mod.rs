//! A script as the statements a gateway takes one by one, each with its place.

mod kind;
mod scan;

#[cfg(test)]
mod tests;

pub use kind::{Setting, StatementKind};

use crate::error::{FlinkError, Place};
use scan::{Kind, Token};

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From 1.
    pub number: usize,
    /// From its first word to its last, without the final `;`.
    pub text: String,
    /// Where it begins in the script.
    pub place: Place,
    pub kind: StatementKind,
}

impl Statement {
    /// One statement on its own, as a program makes it.
    ///
    /// # Errors
    /// [`FlinkError::Sql`] when the text holds none, or several.
    pub fn one(text: &str) -> Result<Self, FlinkError> {
        let mut statements = split(text)?;
        match (statements.pop(), statements.is_empty()) {
            (Some(statement), true) => Ok(statement),
            (Some(second), false) => {
                let message = "one statement was expected; here begins another".to_owned();
                Err(FlinkError::Sql { place: Some(second.place), message })
            }
            (None, _) => Err(FlinkError::Sql { place: None, message: "there is no statement".to_owned() }),
        }
    }

    /// A place that Flink named, counting from the start of this statement in UTF-16 units, as a place of the script.
    pub fn in_script(&self, place: Place) -> Place {
        // A line ends where it does for Flink.
        let text = self.text.replace("\r\n", "\n").replace('\r', "\n");
        let number = usize::try_from(place.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = text.split('\n').nth(number).unwrap_or("");
        let mut units = place.column.saturating_sub(1);
        let mut column = 1;
        for c in line.chars() {
            let wide = c.len_utf16() as u64;
            if units < wide {
                break;
            }
            units -= wide;
            column += 1;
        }
        column += units;
        match place.line {
            0 | 1 => Place { line: self.place.line, column: self.place.column + column - 1 },
            line => Place { line: self.place.line + line - 1, column },
        }
    }
}

/// Splits a script at its semicolons. Texts, names in backticks and comments may hold semicolons; a statement set
/// (`… STATEMENT SET BEGIN … END`) is one statement. Nothing else of the grammar is known here.
///
/// # Errors
/// [`FlinkError::Sql`] when a text, a name or a comment is not closed.
pub fn split(script: &str) -> Result<Vec<Statement>, FlinkError> {
    let tokens = scan::tokens(script).map_err(|unclosed| FlinkError::Sql {
        place: Some(unclosed.place),
        message: format!("{} begins here and never ends", unclosed.what),
    })?;
    let mut statements: Vec<Statement> = Vec::new();
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        let length = statement_length(rest);
        if length > 0 {
            statements.push(statement(script, &rest[..length], statements.len() + 1));
        }
        // The semicolon too.
        rest = rest.get(length + 1..).unwrap_or_default();
    }
    Ok(statements)
}

/// How many tokens the first statement has.
fn statement_length(tokens: &[Token<'_>]) -> usize {
    let mut in_set = false;
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
        let follows = |back: usize, word: &str| before(back).is_some_and(|token| token.is(word));
        match token.kind {
            Kind::Semicolon if !in_set => return at,
            Kind::Word if token.is("BEGIN") => in_set |= follows(1, "SET") && follows(2, "STATEMENT"),
            // `CASE … END` ends in END too; the one of a set stands where a statement would begin.
            Kind::Word if in_set && token.is("END") => {
                let begins = before(1).is_some_and(|b| b.kind == Kind::Semicolon || b.is("BEGIN"));
                in_set = !begins;
            }
            _ => {}
        }
    }
    tokens.len()
}

fn statement(script: &str, tokens: &[Token<'_>], number: usize) -> Statement {
    let (first, last) = (tokens[0], tokens[tokens.len() - 1]);
    let text = script[first.start..last.end()].to_owned();
    Statement { number, text, place: first.place, kind: kind::kind(tokens) }
}
