//! Reading a statement token by token.

use crate::error::{Place, Problem};
use crate::lexer::{is_word, place_at, place_of};
use datafusion_sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// A name of the script and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    pub value: String,
    pub place: Place,
}

/// A position in the tokens of one statement.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    tokens: &'a [TokenWithSpan],
    at: usize,
    statement: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(tokens: &'a [TokenWithSpan], statement: usize) -> Self {
        Self { tokens, at: 0, statement }
    }

    pub fn peek(&self) -> Option<&'a Token> {
        self.peek_nth(0)
    }

    pub fn peek_nth(&self, n: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + n).map(|t| &t.token)
    }

    pub fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// How many tokens were read.
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn statement(&self) -> usize {
        self.statement
    }

    /// What is left.
    pub fn rest(&self) -> &'a [TokenWithSpan] {
        &self.tokens[self.at..]
    }

    /// Where the next token stands; after the last one, just behind it.
    pub fn place(&self) -> Place {
        match (self.tokens.get(self.at), self.tokens.last()) {
            (Some(token), _) => place_of(token, self.statement),
            (None, Some(last)) => place_at(last.span.end, self.statement, "end of statement".into()),
            (None, None) => Place { statement: self.statement, line: 1, column: 1, token: String::new() },
        }
    }

    pub fn error(&self, message: impl Into<String>) -> Problem {
        Problem::new(&self.place(), message)
    }

    /// Whether these keywords come next.
    pub fn sees(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(n, word)| self.peek_nth(n).is_some_and(|token| is_word(token, word)))
    }

    /// Reads these keywords if they come next.
    pub fn take(&mut self, words: &[&str]) -> bool {
        let found = self.sees(words);
        if found {
            self.at += words.len();
        }
        found
    }

    pub fn expect(&mut self, words: &[&str]) -> Result<(), Problem> {
        if self.take(words) { Ok(()) } else { Err(self.error(format!("expected {}", words.join(" ")))) }
    }

    pub fn take_symbol(&mut self, symbol: &Token) -> bool {
        let found = self.peek() == Some(symbol);
        self.at += usize::from(found);
        found
    }

    pub fn expect_symbol(&mut self, symbol: &Token) -> Result<(), Problem> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.error(format!("expected '{symbol}'"))) }
    }

    /// A plain or backticked name.
    pub fn name(&mut self, what: &str) -> Result<Name, Problem> {
        let place = self.place();
        match self.next() {
            Some(Token::Word(word)) => Ok(Name { value: word.value.clone(), place }),
            _ => Err(Problem::new(&place, format!("expected {what}"))),
        }
    }

    /// The name of a table or view; qualified ones are refused.
    pub fn object_name(&mut self, what: &str) -> Result<Name, Problem> {
        let name = self.name(what)?;
        if self.peek() == Some(&Token::Period) {
            return Err(Problem::unsupported(&name.place, "a name with a catalog or database"));
        }
        Ok(name)
    }

    /// `( a, b )`
    pub fn names(&mut self, what: &str) -> Result<Vec<Name>, Problem> {
        self.expect_symbol(&Token::LParen)?;
        let mut names = vec![self.name(what)?];
        while self.take_symbol(&Token::Comma) {
            names.push(self.name(what)?);
        }
        self.expect_symbol(&Token::RParen)?;
        Ok(names)
    }

    /// `'…'`
    pub fn string(&mut self, what: &str) -> Result<Name, Problem> {
        let place = self.place();
        match self.next() {
            Some(Token::SingleQuotedString(value)) => Ok(Name { value: value.clone(), place }),
            _ => Err(Problem::new(&place, format!("expected {what} in '…'"))),
        }
    }

    pub fn number(&mut self, what: &str) -> Result<u32, Problem> {
        let place = self.place();
        match self.next() {
            Some(Token::Number(text, false)) if text.parse::<u32>().is_ok() => {
                Ok(text.parse().unwrap_or_default())
            }
            _ => Err(Problem::new(&place, format!("expected {what}, a whole number"))),
        }
    }

    pub fn expect_end(&self) -> Result<(), Problem> {
        if self.at_end() { Ok(()) } else { Err(self.error("expected the end of the statement")) }
    }

    /// The tokens up to a `,` or `)` outside all parentheses, which is not read.
    pub fn expression(&mut self, what: &str) -> Result<&'a [TokenWithSpan], Problem> {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            match token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket if depth > 0 => depth -= 1,
                Token::Comma | Token::RParen if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error(format!("expected {what}")));
        }
        Ok(&self.tokens[start..self.at])
    }
}
