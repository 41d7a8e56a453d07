//! A script as a list of statements.

use crate::cursor::{Cursor, Name};
use crate::ddl::{TableDef, create_table};
use crate::error::{Place, Problem, SqlError};
use crate::lexer::{Tokens, is_word, statements};
use crate::settings::Settings;
use datafusion_sql::sqlparser::tokenizer::{Token, TokenWithSpan};
use std::collections::BTreeMap;

/// A script whose statements are understood, but whose names are not resolved yet.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) items: Vec<Item>,
    settings: Settings,
    statements: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    Table(TableDef),
    View(ViewDef),
    Insert(InsertDef),
}

/// `CREATE VIEW`
#[derive(Clone, Debug)]
pub(crate) struct ViewDef {
    pub name: Name,
    pub columns: Vec<Name>,
    pub query: QueryText,
}

/// `INSERT INTO table [(columns)] query`
#[derive(Clone, Debug)]
pub(crate) struct InsertDef {
    pub table: Name,
    pub columns: Option<Vec<Name>>,
    pub query: QueryText,
    /// Of the word `INSERT`.
    pub place: Place,
}

/// A query's tokens.
#[derive(Clone, Debug)]
pub(crate) struct QueryText {
    pub tokens: Vec<TokenWithSpan>,
    pub statement: usize,
}

impl Script {
    /// Fills `${name}` parameters: verbatim, and inside `'…'` with every `'` doubled.
    ///
    /// The result is what `--render` prints and what a Flink cluster takes unmodified; places in errors refer to it.
    ///
    /// # Errors
    /// Names every parameter without a value, with line, column and the nearest known name.
    pub fn render(text: &str, parameters: &BTreeMap<String, String>) -> Result<String, SqlError> {
        crate::params::render(text, parameters)
    }

    /// What the `SET` statements say.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The statements one by one, without their semicolons; a statement set is one.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(String::as_str)
    }
}

/// Reads a rendered script.
///
/// # Errors
/// Everything that is wrong, one problem per statement.
pub fn parse(text: &str) -> Result<Script, SqlError> {
    let tokens = statements(text)?;
    let mut script = Script {
        items: Vec::new(),
        settings: Settings::default(),
        statements: tokens.iter().map(|statement| slice(text, &statement.tokens).to_string()).collect(),
    };
    let mut problems = Vec::new();
    for statement in &tokens {
        if let Err(problem) = script.statement(statement) {
            problems.push(problem);
        }
    }
    SqlError::of(problems)?;
    Ok(script)
}

/// The text that `tokens` were read from.
fn slice<'t>(text: &'t str, tokens: &[TokenWithSpan]) -> &'t str {
    let offset = |line: u64, column: u64| {
        let line_start: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
        let rest = text.get(line_start..).unwrap_or_default();
        let in_line =
            rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(at, _)| at);
        line_start + in_line
    };
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => {
            let (start, end) = (first.span.start, last.span.end);
            text.get(offset(start.line, start.column)..offset(end.line, end.column))
                .unwrap_or_default()
                .trim_end()
        }
        _ => "",
    }
}

/// Statements of Flink that only a cluster, or nobody, can run.
const REFUSED: [&str; 23] = [
    "ADD", "ALTER", "ANALYZE", "CALL", "COMPILE", "DELETE", "DESC", "DESCRIBE", "DROP", "EXPLAIN", "LOAD",
    "RELOAD", "REMOVE", "RESET", "SELECT", "SHOW", "STOP", "TRUNCATE", "UNLOAD", "UPDATE", "USE", "VALUES",
    "WITH",
];

impl Script {
    fn statement(&mut self, tokens: &Tokens) -> Result<(), Problem> {
        let mut cursor = Cursor::new(&tokens.tokens, tokens.number);
        let place = cursor.place();
        if cursor.sees(&["SET"]) {
            if self.items.iter().any(|item| matches!(item, Item::Insert(_))) {
                return Err(Problem::new(&place, "SET must stand before the first INSERT INTO"));
            }
            return self.settings.read(&mut cursor);
        }
        if cursor.sees(&["INSERT"]) {
            let insert = insert(&mut cursor, None)?;
            return self.add_insert(insert);
        }
        if cursor.take(&["EXECUTE", "STATEMENT", "SET"]) {
            cursor.expect(&["BEGIN"])?;
            return self.statement_set(&mut cursor);
        }
        if cursor.take(&["BEGIN", "STATEMENT", "SET"]) {
            cursor.expect_symbol(&Token::SemiColon)?;
            return self.statement_set(&mut cursor);
        }
        if cursor.take(&["EXECUTE"]) {
            return self.statement(&Tokens { number: tokens.number, tokens: cursor.rest().to_vec() });
        }
        if cursor.take(&["CREATE"]) {
            return self.create(&mut cursor, &place);
        }
        let token = tokens.tokens[0].token.to_string();
        if REFUSED.iter().any(|word| is_word(&tokens.tokens[0].token, word)) {
            return Err(Problem::unsupported(&place, format!("{} as a statement", token.to_uppercase())));
        }
        let known = ["SET", "CREATE", "INSERT", "EXECUTE"];
        let hint = crate::nearest::suggestion(&token, known);
        Err(Problem::new(&place, format!("no statement begins with '{token}'{hint}")))
    }

    fn create(&mut self, cursor: &mut Cursor<'_>, place: &Place) -> Result<(), Problem> {
        if cursor.sees(&["OR", "REPLACE"]) {
            return Err(Problem::unsupported(place, "CREATE OR REPLACE"));
        }
        cursor.take(&["TEMPORARY"]);
        if cursor.sees(&["TABLE"]) {
            let table = create_table(cursor)?;
            self.check_new(&table.name)?;
            self.items.push(Item::Table(table));
            return Ok(());
        }
        if cursor.take(&["VIEW"]) {
            let view = view(cursor)?;
            self.check_new(&view.name)?;
            self.items.push(Item::View(view));
            return Ok(());
        }
        cursor.take(&["SYSTEM"]);
        let what = match cursor.peek() {
            Some(Token::Word(word)) => format!("CREATE {}", word.value.to_uppercase()),
            _ => return Err(cursor.error("expected TABLE or VIEW")),
        };
        Err(Problem::unsupported(place, what))
    }

    fn statement_set(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
        let mut count = 0;
        while !cursor.take(&["END"]) {
            let tokens = cursor.rest();
            let length = tokens
                .iter()
                .position(|t| t.token == Token::SemiColon)
                .ok_or_else(|| cursor.error("expected 'INSERT INTO …;' and at last 'END;'"))?;
            let mut one = cursor.clone();
            let insert = insert(&mut one, Some(length))?;
            self.add_insert(insert)?;
            for _ in 0..=length {
                cursor.next();
            }
            count += 1;
        }
        if count == 0 {
            return Err(cursor.error("a statement set needs at least one INSERT INTO"));
        }
        cursor.expect_end()
    }

    fn add_insert(&mut self, insert: InsertDef) -> Result<(), Problem> {
        let name = &insert.table;
        let twice =
            self.items.iter().any(|item| matches!(item, Item::Insert(i) if i.table.value == name.value));
        if twice {
            let what = format!("a second INSERT INTO '{}'", name.value);
            return Err(Problem::unsupported(&name.place, what));
        }
        self.items.push(Item::Insert(insert));
        Ok(())
    }

    fn check_new(&self, name: &Name) -> Result<(), Problem> {
        let exists = self.items.iter().any(|item| match item {
            Item::Table(table) => table.name.value == name.value,
            Item::View(view) => view.name.value == name.value,
            Item::Insert(_) => false,
        });
        if exists {
            return Err(Problem::new(&name.place, format!("'{}' exists already", name.value)));
        }
        Ok(())
    }
}

fn view(cursor: &mut Cursor<'_>) -> Result<ViewDef, Problem> {
    cursor.take(&["IF", "NOT", "EXISTS"]);
    let name = cursor.object_name("a view's name")?;
    let columns = match cursor.peek() {
        Some(Token::LParen) => cursor.names("a column's name")?,
        _ => Vec::new(),
    };
    if cursor.take(&["COMMENT"]) {
        cursor.string("a comment")?;
    }
    cursor.expect(&["AS"])?;
    let query = query(cursor, None)?;
    Ok(ViewDef { name, columns, query })
}

/// Reads an INSERT; `length` is where it ends inside a statement set.
fn insert(cursor: &mut Cursor<'_>, length: Option<usize>) -> Result<InsertDef, Problem> {
    let place = cursor.place();
    let start = cursor.position();
    if !cursor.take(&["INSERT"]) {
        return Err(cursor.error("expected INSERT INTO"));
    }
    if cursor.sees(&["OVERWRITE"]) {
        return Err(Problem::unsupported(&cursor.place(), "INSERT OVERWRITE"));
    }
    cursor.expect(&["INTO"])?;
    let table = cursor.object_name("a table's name")?;
    if cursor.sees(&["PARTITION"]) {
        return Err(Problem::unsupported(&cursor.place(), "PARTITION in INSERT INTO"));
    }
    let columns = match (cursor.peek(), cursor.peek_nth(1)) {
        (Some(Token::LParen), Some(next)) if !is_word(next, "SELECT") && !is_word(next, "WITH") => {
            Some(cursor.names("a column's name")?)
        }
        _ => None,
    };
    let length = length.map(|length| length.saturating_sub(cursor.position() - start));
    let query = query(cursor, length)?;
    Ok(InsertDef { table, columns, query, place })
}

fn query(cursor: &Cursor<'_>, length: Option<usize>) -> Result<QueryText, Problem> {
    let rest = cursor.rest();
    let tokens = &rest[..length.unwrap_or(rest.len()).min(rest.len())];
    if cursor.sees(&["VALUES"]) {
        return Err(Problem::unsupported(&cursor.place(), "VALUES"));
    }
    if tokens.is_empty()
        || !(cursor.sees(&["SELECT"]) || cursor.sees(&["WITH"]) || tokens[0].token == Token::LParen)
    {
        return Err(cursor.error("expected SELECT"));
    }
    Ok(QueryText { tokens: tokens.to_vec(), statement: cursor.statement() })
}
