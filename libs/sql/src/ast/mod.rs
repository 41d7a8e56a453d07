//! The parser's tree, checked against what the engine supports and brought into the form its planner takes.
//!
//! Both walks name what they allow; whatever they do not know is refused with its place.

mod expression;
mod literal;
mod query;
mod row_number;

pub(crate) use expression::Walk;
pub(crate) use query::check_query;

use crate::error::Problem;
use crate::fault::Places;
use crate::lexer::FlinkDialect;
use datafusion_sql::sqlparser::ast::{Expr, Query};
use datafusion_sql::sqlparser::parser::Parser;
use datafusion_sql::sqlparser::tokenizer::{Token, TokenWithSpan};

pub(crate) fn parse_query(tokens: Vec<TokenWithSpan>, places: Places<'_>) -> Result<Query, Problem> {
    parse_with(tokens, places, |parser| parser.parse_query().map(|query| *query))
}

pub(crate) fn parse_expression(places: Places<'_>) -> Result<Expr, Problem> {
    parse_with(places.tokens.to_vec(), places, |parser| parser.parse_expr())
}

/// Tokens of one query or expression: bounds the depth of its tree.
const TOKENS_MAX: usize = 20_000;

fn parse_with<T>(
    tokens: Vec<TokenWithSpan>,
    places: Places<'_>,
    read: impl FnOnce(&mut Parser) -> Result<T, datafusion_sql::sqlparser::parser::ParserError>,
) -> Result<T, Problem> {
    if tokens.len() > TOKENS_MAX {
        let message = format!("{} tokens are more than the {TOKENS_MAX} that are allowed", tokens.len());
        return Err(Problem::new(&places.first(), message));
    }
    if let Some(problem) = refused_words(&tokens, places) {
        return Err(problem);
    }
    let mut parser = Parser::new(&FlinkDialect).with_tokens_with_locations(tokens);
    let tree = read(&mut parser).map_err(|error| places.parser_problem(&error))?;
    let next = parser.peek_token();
    if next.token != Token::EOF {
        let place = places.at(next.span.start);
        return Err(Problem::new(&place, "expected the end of the statement"));
    }
    Ok(tree)
}

/// Clauses the parser would stumble over before it could name them.
fn refused_words(tokens: &[TokenWithSpan], places: Places<'_>) -> Option<Problem> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let sees = |words: &[&str]| {
            let following = tokens.iter().skip(at).map(|t| &t.token);
            words.len() <= tokens.len() - at
                && words.iter().zip(following).all(|(w, t)| crate::lexer::is_word(t, w))
        };
        let what = if sees(&["MATCH_RECOGNIZE"]) {
            "MATCH_RECOGNIZE"
        } else if sees(&["FOR", "SYSTEM_TIME"]) {
            "FOR SYSTEM_TIME AS OF"
        } else if sees(&["CROSS", "JOIN"]) {
            "CROSS JOIN"
        } else if sees(&["MAP"]) && tokens.get(at + 1).is_some_and(|next| next.token == Token::LBracket) {
            "MAP[…]"
        } else {
            return None;
        };
        Some(Problem::unsupported(&places.at(token.span.start), what))
    })
}
