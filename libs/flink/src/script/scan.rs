//! The words and symbols of Flink SQL with their places: just enough to split a script.

use crate::error::Place;

/// What a splitter needs to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name without quotes, or a number.
    Word,
    /// `'…'`
    Text,
    /// `` `…` ``
    Name,
    Semicolon,
    Open,
    Close,
    /// Any other character.
    Symbol,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// In bytes of the script.
    pub start: usize,
    pub place: Place,
}

impl Token<'_> {
    /// Whether this is that keyword, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Text or a name or a comment that is not closed, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    pub what: &'static str,
    pub place: Place,
}

/// Every token of `script`, without space and comments.
pub(super) fn tokens(script: &str) -> Result<Vec<Token<'_>>, Unclosed> {
    let mut scanner = Scanner { script, at: 0, place: Place { line: 1, column: 1 } };
    let mut tokens = Vec::new();
    while let Some(token) = scanner.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Scanner<'a> {
    script: &'a str,
    at: usize,
    place: Place,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, Unclosed> {
        self.skip_space_and_comments()?;
        let Some(first) = self.peek() else { return Ok(None) };
        let (start, place) = (self.at, self.place);
        let kind = match first {
            '\'' => self.quoted('\'', "a text").map(|()| Kind::Text)?,
            '`' => self.quoted('`', "a name in backticks").map(|()| Kind::Name)?,
            ';' => self.one(Kind::Semicolon),
            '(' => self.one(Kind::Open),
            ')' => self.one(Kind::Close),
            c if is_word(c) => {
                while self.peek().is_some_and(is_word) {
                    self.advance();
                }
                Kind::Word
            }
            _ => self.one(Kind::Symbol),
        };
        Ok(Some(Token { kind, text: &self.script[start..self.at], start, place }))
    }

    fn skip_space_and_comments(&mut self) -> Result<(), Unclosed> {
        loop {
            let rest = &self.script[self.at..];
            if rest.starts_with("--") || rest.starts_with("//") {
                while self.peek().is_some_and(|c| c != '\n' && c != '\r') {
                    self.advance();
                }
            } else if rest.starts_with("/*+") {
                // A hint is code: its words and texts count, and `*/` ends it as a symbol.
                return Ok(());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let place = self.place;
                let Some(length) = comment.find("*/") else {
                    return Err(Unclosed { what: "a comment", place });
                };
                let end = self.at + 2 + length + 2;
                while self.at < end {
                    self.advance();
                }
            } else if self.peek().is_some_and(char::is_whitespace) {
                self.advance();
            } else {
                return Ok(());
            }
        }
    }

    /// A quote inside is doubled, which reads as two texts side by side.
    fn quoted(&mut self, quote: char, what: &'static str) -> Result<(), Unclosed> {
        let place = self.place;
        self.advance();
        loop {
            match self.peek() {
                None => return Err(Unclosed { what, place }),
                Some(c) => {
                    self.advance();
                    if c == quote {
                        if self.peek() != Some(quote) {
                            return Ok(());
                        }
                        self.advance();
                    }
                }
            }
        }
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.advance();
        kind
    }

    fn peek(&self) -> Option<char> {
        self.script[self.at..].chars().next()
    }

    /// One character on; `\r\n`, `\n` and `\r` end a line, as for Flink.
    fn advance(&mut self) {
        let Some(c) = self.peek() else { return };
        self.at += c.len_utf8();
        if c == '\n' || c == '\r' && self.peek() != Some('\n') {
            self.place = Place { line: self.place.line + 1, column: 1 };
        } else {
            self.place.column += 1;
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
