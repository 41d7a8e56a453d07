//! Errors on their way from DataFusion back to a place in the script.

use crate::error::{Place, Problem};
use crate::lexer::{lower_first, place_at, place_of};
use crate::nearest::suggestion;
use datafusion_common::DataFusionError;
use datafusion_common::SchemaError;
use datafusion_sql::sqlparser::parser::ParserError;
use datafusion_sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// Something Flink's semantics forbid or we cannot do alike; found where no places are known any more.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    message: String,
    /// The word in the statement it is about.
    near: String,
    unsupported: bool,
}

/// Wrong in Flink, too.
pub(crate) fn wrong(near: impl Into<String>, message: impl Into<String>) -> DataFusionError {
    DataFusionError::External(Box::new(Fault {
        message: message.into(),
        near: near.into(),
        unsupported: false,
    }))
}

/// Right in Flink.
pub(crate) fn unsupported(near: impl Into<String>, what: impl Into<String>) -> DataFusionError {
    DataFusionError::External(Box::new(Fault { message: what.into(), near: near.into(), unsupported: true }))
}

/// Finds places in one statement.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    pub tokens: &'a [TokenWithSpan],
    pub statement: usize,
}

impl Places<'_> {
    pub fn first(&self) -> Place {
        self.tokens.first().map(|t| place_of(t, self.statement)).unwrap_or_default()
    }

    /// The place of the token at `location`; the beginning when there is none.
    pub fn at(&self, location: Location) -> Place {
        match self.tokens.iter().find(|t| t.span.start == location) {
            Some(token) => place_of(token, self.statement),
            None if location.line == 0 => self.first(),
            None => place_at(location, self.statement, String::new()),
        }
    }

    /// The first token that reads `word`, in any case; the beginning when there is none.
    pub fn near(&self, word: &str) -> Place {
        let found = self.tokens.iter().find(|t| match &t.token {
            Token::Word(w) => w.value.eq_ignore_ascii_case(word),
            other => other.to_string() == word,
        });
        found.map_or_else(|| self.first(), |token| place_of(token, self.statement))
    }

    fn exact(&self, name: &str) -> Place {
        let found = self.tokens.iter().rev().find(|t| matches!(&t.token, Token::Word(w) if w.value == name));
        found.map_or_else(|| self.near(name), |token| place_of(token, self.statement))
    }

    /// `Expected: …, found: … at Line: 1, Column: 2`
    pub fn parser_problem(&self, error: &ParserError) -> Problem {
        let message = match error {
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => message.clone(),
            ParserError::RecursionLimitExceeded => return Problem::new(&self.first(), "nested too deeply"),
        };
        let (text, place) = match message.rsplit_once(" at Line: ") {
            Some((text, position)) => {
                let mut numbers = position.split(", Column: ").map(|n| n.trim().parse().unwrap_or(0));
                let line = numbers.next().unwrap_or(0);
                let column = numbers.next().unwrap_or(0);
                (text.to_string(), self.at(Location { line, column }))
            }
            None => (message, self.end()),
        };
        let text = text.split(", found: ").next().unwrap_or_default().replacen("Expected: ", "expected ", 1);
        Problem::new(&place, lower_first(&text))
    }

    fn end(&self) -> Place {
        match self.tokens.last() {
            Some(last) => place_at(last.span.end, self.statement, "end of statement".into()),
            None => Place::default(),
        }
    }

    pub fn problem(&self, error: &DataFusionError) -> Problem {
        match error {
            DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => self.problem(inner),
            DataFusionError::Collection(all) if !all.is_empty() => self.problem(&all[0]),
            DataFusionError::External(inner) => match inner.downcast_ref::<Fault>() {
                Some(fault) if fault.unsupported => {
                    Problem::unsupported(&self.near(&fault.near), &fault.message)
                }
                Some(fault) => Problem::new(&self.near(&fault.near), fault.message.clone()),
                None => Problem::new(&self.first(), lower_first(&inner.to_string())),
            },
            DataFusionError::SchemaError(schema, _) => self.schema_problem(schema),
            DataFusionError::SQL(parser, _) => self.parser_problem(parser),
            DataFusionError::NotImplemented(what) => {
                Problem::unsupported(&self.first(), format!("this ({})", lower_first(what)))
            }
            DataFusionError::Plan(message) => self.planner_problem(message),
            other => self.planner_problem(&other.strip_backtrace()),
        }
    }

    /// Says in our words what the planner said in its own.
    fn planner_problem(&self, message: &str) -> Problem {
        let between = |start: &str, end: &str| Some(message.split_once(start)?.1.split_once(end)?.0);
        if message.contains("must appear in the GROUP BY") {
            let column = between("olumn \"", "\"").and_then(|c| c.rsplit('.').next()).unwrap_or_default();
            let message = format!("column '{column}' must stand in GROUP BY or inside an aggregate");
            return Problem::new(&self.near(column), message);
        }
        if message.contains("non-boolean predicate") {
            return Problem::new(&self.near("WHERE"), "WHERE and HAVING take a BOOLEAN");
        }
        if let Some(call) = between("name and argument types '", "'") {
            let name = call.split('(').next().unwrap_or_default();
            let call = call.replace("Utf8", "STRING");
            return Problem::new(&self.near(name), format!("there is no {call}"));
        }
        let first = message.lines().next().unwrap_or_default();
        Problem::new(&self.first(), lower_first(first))
    }

    fn schema_problem(&self, error: &SchemaError) -> Problem {
        match error {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let known: Vec<&str> = valid_fields.iter().map(|f| f.name.as_str()).collect();
                let hint = suggestion(&field.name, known.iter().copied());
                Problem::new(&self.exact(&field.name), format!("there is no column '{}'{hint}", field.name))
            }
            SchemaError::AmbiguousReference { field } => {
                Problem::new(&self.exact(&field.name), format!("column '{}' is ambiguous", field.name))
            }
            other => Problem::new(&self.first(), lower_first(&other.to_string())),
        }
    }
}
