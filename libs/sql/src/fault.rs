//! Errors on their way from DataFusion back to a place in the script.

use crate::error::{Place, Problem};
use crate::lexer::{is_word, lower_first, place_at, place_of};
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

/// What a [`wrong`] condition of WHERE or HAVING is near to.
pub(crate) const CONDITION: &str = "WHERE";

/// Right in Flink.
pub(crate) fn unsupported(near: impl Into<String>, what: impl Into<String>) -> DataFusionError {
    DataFusionError::External(Box::new(Fault { message: what.into(), near: near.into(), unsupported: true }))
}

/// How tightly an operator binds; 0 for what ends an expression, `None` for what stands inside one.
fn binding(token: &Token) -> Option<u8> {
    let word = |words: &[&str]| words.iter().any(|word| is_word(token, word));
    match token {
        Token::Mul | Token::Div | Token::Mod => Some(6),
        Token::Plus | Token::Minus | Token::StringConcat => Some(5),
        Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => Some(4),
        _ if word(&["LIKE", "IN", "BETWEEN", "IS"]) => Some(4),
        _ if word(&["NOT"]) => Some(3),
        _ if word(&["AND"]) => Some(2),
        _ if word(&["OR"]) => Some(1),
        Token::Comma | Token::SemiColon => Some(0),
        _ if word(&["SELECT", "DISTINCT", "WHERE", "HAVING", "BY", "WHEN", "THEN", "ELSE", "AS"]) => Some(0),
        _ => None,
    }
}

/// Where the expression begins whose operator, if it is one, stands at `at`.
fn beginning(tokens: &[TokenWithSpan], at: usize) -> usize {
    let Some(own) = tokens.get(at).and_then(|token| binding(&token.token)) else { return at };
    let mut start = at;
    let mut depth = 0_usize;
    while let Some(before) = start.checked_sub(1).and_then(|before| tokens.get(before)) {
        let token = &before.token;
        let closes = matches!(token, Token::RParen | Token::RBracket) || is_word(token, "END");
        let opens = matches!(token, Token::LParen | Token::LBracket) || is_word(token, "CASE");
        // `NOT` of `a NOT LIKE b` belongs to the operator.
        let own_not = start == at && is_word(token, "NOT");
        match depth {
            0 if opens || (!own_not && binding(token).is_some_and(|other| other < own)) => break,
            _ if opens => depth -= 1,
            _ if closes => depth += 1,
            _ => {}
        }
        start -= 1;
    }
    start
}

/// The planner's name of a type, as SQL writes it.
fn sql_type(name: &str) -> &str {
    match name {
        "Boolean" => "BOOLEAN",
        "Int8" => "TINYINT",
        "Int16" => "SMALLINT",
        "Int32" => "INT",
        "Int64" => "BIGINT",
        "Float32" => "FLOAT",
        "Float64" => "DOUBLE",
        "Utf8" => "STRING",
        "Binary" => "BYTES",
        "Date32" => "DATE",
        other if other.starts_with("Decimal128") => "DECIMAL",
        other if other.starts_with("Timestamp") => "TIMESTAMP",
        other => other,
    }
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
        self.token(self.position(word).unwrap_or(0))
    }

    fn position(&self, word: &str) -> Option<usize> {
        self.tokens.iter().position(|t| match &t.token {
            Token::Word(w) => w.value.eq_ignore_ascii_case(word),
            other => other.to_string() == word,
        })
    }

    fn token(&self, at: usize) -> Place {
        self.tokens.get(at).map(|token| place_of(token, self.statement)).unwrap_or_default()
    }

    /// Where Flink says that an expression is wrong: at its beginning, which for an operator is its left side's.
    fn beginning(&self, near: &str) -> Place {
        let Some(at) = self.position(near) else { return self.first() };
        self.token(beginning(self.tokens, at))
    }

    /// The condition of WHERE, or else of HAVING.
    fn condition(&self) -> Place {
        let clause = self.position("WHERE").or_else(|| self.position("HAVING"));
        self.token(clause.map_or(0, |at| at + 1))
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
                Some(fault) if fault.near == CONDITION => Problem::new(&self.condition(), &fault.message),
                Some(fault) => Problem::new(&self.beginning(&fault.near), &fault.message),
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
        if message.starts_with("UNION queries have different number of columns") {
            let message = "the queries of UNION ALL have different numbers of columns";
            return Problem::new(&self.near("UNION"), message);
        }
        if message.contains("non-boolean predicate") {
            return Problem::new(&self.condition(), "WHERE and HAVING take a BOOLEAN");
        }
        if let Some(operation) = between("annot coerce arithmetic expression ", " to valid types")
            && let [left, operator, right] = operation.split(' ').collect::<Vec<_>>()[..]
        {
            let message = format!("there is no {} {operator} {}; use CAST", sql_type(left), sql_type(right));
            return Problem::new(&self.beginning(operator), message);
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
