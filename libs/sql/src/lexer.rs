//! A script as statements of tokens with their places.

use crate::error::{Place, Problem};
use datafusion_sql::sqlparser::dialect::Dialect;
use datafusion_sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

/// Flink's lexical rules: backticks quote names, `$` may stand in one, `"` means nothing.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct FlinkDialect;

impl Dialect for FlinkDialect {
    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '`'
    }

    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_' || c == '$'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }
}

/// The tokens of one statement, without space, comments and the final `;`.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    /// From 1.
    pub number: usize,
    pub tokens: Vec<TokenWithSpan>,
}

/// Splits a script at its semicolons. A `BEGIN … END` of a statement set is one statement.
pub(crate) fn statements(text: &str) -> Result<Vec<Tokens>, Problem> {
    let tokens = Tokenizer::new(&FlinkDialect, text).tokenize_with_location().map_err(|error| {
        let place = Place { line: error.location.line, column: error.location.column, ..Place::default() };
        Problem::new(&place, lower_first(&error.message))
    })?;
    let mut statements = Vec::new();
    let mut current = Vec::new();
    let mut in_set = false;
    for token in tokens {
        match &token.token {
            Token::Whitespace(Whitespace::MultiLineComment(comment)) if comment.starts_with('+') => {
                let place = place_of(&token, statements.len() + 1);
                return Err(Problem::unsupported(&place, "a hint (/*+ … */)"));
            }
            Token::Whitespace(_) | Token::EOF => {}
            Token::SemiColon if !in_set => finish(&mut current, &mut statements),
            _ => {
                current.push(token);
                in_set = is_open_set(&current);
            }
        }
    }
    finish(&mut current, &mut statements);
    Ok(statements)
}

fn finish(current: &mut Vec<TokenWithSpan>, statements: &mut Vec<Tokens>) {
    if !current.is_empty() {
        statements.push(Tokens { number: statements.len() + 1, tokens: std::mem::take(current) });
    }
}

/// Whether `tokens` begin a statement set whose `END` has not come yet.
fn is_open_set(tokens: &[TokenWithSpan]) -> bool {
    let begins = |words: &[&str]| {
        tokens.len() >= words.len()
            && words.iter().zip(tokens).all(|(word, token)| is_word(&token.token, word))
    };
    let begun = begins(&["EXECUTE", "STATEMENT", "SET"]) || begins(&["BEGIN", "STATEMENT", "SET"]);
    if !begun {
        return false;
    }
    // `CASE … END` also ends in END: only one after a semicolon closes the set.
    let closed = match tokens {
        [.., before, last] => is_word(&last.token, "END") && before.token == Token::SemiColon,
        _ => false,
    };
    !closed
}

/// Whether `token` is this keyword, unquoted and in any case.
pub(crate) fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

pub(crate) fn place_of(token: &TokenWithSpan, statement: usize) -> Place {
    place_at(token.span.start, statement, token.token.to_string())
}

pub(crate) fn place_at(location: Location, statement: usize, token: String) -> Place {
    let token = match token.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &token[..end]),
        None => token,
    };
    Place { statement, line: location.line, column: location.column, token }
}

/// Messages begin in lower case.
pub(crate) fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        let got = match statements(text) {
            Ok(statements) => statements
                .iter()
                .map(|s| {
                    let words: Vec<String> = s.tokens.iter().map(|t| t.token.to_string()).collect();
                    let at = s.tokens[0].span.start;
                    format!("{} {}:{} {}\n", s.number, at.line, at.column, words.join(" "))
                })
                .collect(),
            Err(problem) => problem.to_string(),
        };
        expect.assert_eq(&got);
    }

    #[test]
    fn semicolons_split_except_in_literals_names_and_comments() {
        check(
            "SET 'a' = 'x;y';; -- no; end\nSELECT `a;b` /* ; */ FROM t",
            expect![[r#"
                1 1:1 SET 'a' = 'x;y'
                2 2:1 SELECT `a;b` FROM t
            "#]],
        );
        check("  ;\n-- nothing\n", expect![""]);
    }

    #[test]
    fn a_statement_set_is_one_statement() {
        check(
            "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END FROM t; INSERT INTO b SELECT 1 FROM t; END; SET 'a'='b'",
            expect![[r#"
                1 1:1 EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END FROM t ; INSERT INTO b SELECT 1 FROM t ; END
                2 1:117 SET 'a' = 'b'
            "#]],
        );
    }

    #[test]
    fn what_cannot_be_read_has_a_place() {
        check("SELECT 1;\nSELECT 'abc", expect!["line 2, column 8: unterminated string literal"]);
        check(
            "SELECT /*+ OPTIONS('a'='b') */ 1",
            expect![
                "line 1, column 8, at '/*+ OPTIONS('a'='b') */': a hint (/*+ … */) is not supported yet by the embedded engine; it runs on a Flink cluster"
            ],
        );
    }
}
