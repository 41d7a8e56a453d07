//! `CREATE TABLE`.

use crate::cursor::{Cursor, Name};
use crate::error::{Place, Problem};
use crate::types::{ColumnType, read_type};
use datafusion_sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// A table as declared; names are not resolved yet.
#[derive(Clone, Debug)]
pub(crate) struct TableDef {
    pub name: Name,
    pub statement: usize,
    pub columns: Vec<ColumnDef>,
    pub watermark: Option<WatermarkDef>,
    pub primary_key: Vec<Name>,
    pub partitioned_by: Vec<Name>,
    pub connector: Name,
    /// Without `connector`; the place is the key's.
    pub options: Vec<(Name, String)>,
}

#[derive(Clone, Debug)]
pub(crate) struct ColumnDef {
    pub name: Name,
    pub kind: DefKind,
}

#[derive(Clone, Debug)]
pub(crate) enum DefKind {
    Physical(ColumnType),
    Metadata { declared: ColumnType, key: String, virtual_: bool },
    Computed(Vec<TokenWithSpan>),
}

/// `WATERMARK FOR column AS expression`
#[derive(Clone, Debug)]
pub(crate) struct WatermarkDef {
    pub column: Name,
    pub expression: Vec<TokenWithSpan>,
}

impl TableDef {
    pub fn column(&self, name: &str) -> Option<&ColumnDef> {
        self.columns.iter().find(|c| c.name.value == name)
    }
}

/// Reads what follows `CREATE [TEMPORARY]`, from `TABLE` on.
pub(crate) fn create_table(cursor: &mut Cursor<'_>) -> Result<TableDef, Problem> {
    let statement = cursor.statement();
    cursor.expect(&["TABLE"])?;
    cursor.take(&["IF", "NOT", "EXISTS"]);
    let name = cursor.object_name("a table's name")?;
    // Without columns of its own it takes those of a query.
    if cursor.sees(&["AS"]) || cursor.sees(&["WITH"]) {
        return Err(Problem::unsupported(&cursor.place(), "CREATE TABLE … AS SELECT"));
    }
    let mut table = TableDef {
        connector: Name { value: String::new(), place: name.place.clone() },
        name,
        statement,
        columns: Vec::new(),
        watermark: None,
        primary_key: Vec::new(),
        partitioned_by: Vec::new(),
        options: Vec::new(),
    };
    cursor.expect_symbol(&Token::LParen)?;
    loop {
        table.element(cursor)?;
        if !cursor.take_symbol(&Token::Comma) {
            break;
        }
    }
    if !cursor.take_symbol(&Token::RParen) {
        return Err(cursor.error("expected ',' or ')'"));
    }
    table.trailer(cursor)?;
    table.resolve()?;
    Ok(table)
}

impl TableDef {
    fn element(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
        let place = cursor.place();
        if cursor.take(&["WATERMARK", "FOR"]) {
            if self.watermark.is_some() {
                return Err(Problem::new(&place, "a table has at most one WATERMARK"));
            }
            let column = cursor.name("a column's name")?;
            cursor.expect(&["AS"])?;
            let expression = cursor.expression("a watermark expression")?.to_vec();
            self.watermark = Some(WatermarkDef { column, expression });
            return Ok(());
        }
        if cursor.take(&["CONSTRAINT"]) {
            cursor.name("a constraint's name")?;
            if !cursor.sees(&["PRIMARY", "KEY"]) {
                return Err(cursor.error("expected PRIMARY KEY"));
            }
        }
        if cursor.take(&["PRIMARY", "KEY"]) {
            let names = cursor.names("a column's name")?;
            return self.key(cursor, names, &place);
        }
        if cursor.sees(&["UNIQUE"]) && cursor.peek_nth(1) == Some(&Token::LParen) {
            return Err(Problem::unsupported(&place, "UNIQUE"));
        }
        self.column_def(cursor)
    }

    fn key(&mut self, cursor: &mut Cursor<'_>, names: Vec<Name>, place: &Place) -> Result<(), Problem> {
        if !cursor.take(&["NOT", "ENFORCED"]) {
            return Err(cursor.error("expected NOT ENFORCED: Flink does not own the data"));
        }
        if !self.primary_key.is_empty() {
            return Err(Problem::new(place, "a table has at most one PRIMARY KEY"));
        }
        self.primary_key = names;
        Ok(())
    }

    fn column_def(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
        let name = cursor.name("a column, WATERMARK FOR or PRIMARY KEY")?;
        if self.column(&name.value).is_some() {
            return Err(Problem::new(&name.place, format!("column '{}' stands twice", name.value)));
        }
        if cursor.take(&["AS"]) {
            let expression = without_comment(cursor.expression("an expression")?);
            self.columns.push(ColumnDef { name, kind: DefKind::Computed(expression.to_vec()) });
            return Ok(());
        }
        let declared = read_type(cursor)?;
        let place = cursor.place();
        if cursor.take(&["METADATA"]) {
            let key = match cursor.take(&["FROM"]) {
                true => cursor.string("a metadata key")?.value,
                false => name.value.clone(),
            };
            let virtual_ = cursor.take(&["VIRTUAL"]);
            self.columns.push(ColumnDef { name, kind: DefKind::Metadata { declared, key, virtual_ } });
        } else {
            self.columns.push(ColumnDef { name: name.clone(), kind: DefKind::Physical(declared) });
            if cursor.take(&["CONSTRAINT"]) {
                cursor.name("a constraint's name")?;
            }
            if cursor.take(&["PRIMARY", "KEY"]) {
                self.key(cursor, vec![name], &place)?;
            }
        }
        if cursor.take(&["COMMENT"]) {
            cursor.string("a comment")?;
        }
        Ok(())
    }

    fn trailer(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
        let mut connector = None;
        if cursor.take(&["COMMENT"]) {
            cursor.string("a comment")?;
        }
        if cursor.sees(&["DISTRIBUTED"]) {
            return Err(Problem::unsupported(&cursor.place(), "DISTRIBUTED"));
        }
        if cursor.take(&["PARTITIONED", "BY"]) {
            self.partitioned_by = cursor.names("a column's name")?;
        }
        if cursor.take(&["WITH"]) {
            cursor.expect_symbol(&Token::LParen)?;
            loop {
                let key = cursor.string("an option's key")?;
                cursor.expect_symbol(&Token::Eq)?;
                let value = cursor.string("an option's value")?;
                if key.value == "connector" && connector.is_none() {
                    connector = Some(value);
                } else if key.value == "connector" || self.options.iter().any(|(k, _)| k.value == key.value) {
                    return Err(Problem::new(&key.place, format!("option '{}' stands twice", key.value)));
                } else {
                    self.options.push((key, value.value));
                }
                if !cursor.take_symbol(&Token::Comma) {
                    break;
                }
            }
            cursor.expect_symbol(&Token::RParen)?;
        }
        if cursor.sees(&["LIKE"]) {
            return Err(Problem::unsupported(&cursor.place(), "CREATE TABLE … LIKE"));
        }
        if cursor.sees(&["AS"]) {
            return Err(Problem::unsupported(&cursor.place(), "CREATE TABLE … AS SELECT"));
        }
        cursor.expect_end()?;
        self.connector = connector.ok_or_else(|| {
            Problem::new(&self.name.place, format!("table '{}' names no 'connector'", self.name.value))
        })?;
        Ok(())
    }

    /// Checks the names that refer to columns.
    fn resolve(&self) -> Result<(), Problem> {
        let physical = self.columns.iter().filter(|c| matches!(c.kind, DefKind::Physical(_)));
        let physical: Vec<&str> = physical.map(|c| c.name.value.as_str()).collect();
        for name in self.primary_key.iter().chain(&self.partitioned_by) {
            if !physical.contains(&name.value.as_str()) {
                let hint = crate::nearest::suggestion(&name.value, physical.iter().copied());
                return Err(Problem::new(
                    &name.place,
                    format!("there is no physical column '{}'{hint}", name.value),
                ));
            }
        }
        if let Some(watermark) = &self.watermark
            && self.column(&watermark.column.value).is_none()
        {
            let wrong = &watermark.column;
            let known: Vec<&str> = self.columns.iter().map(|c| c.name.value.as_str()).collect();
            let hint = crate::nearest::suggestion(&wrong.value, known.iter().copied());
            return Err(Problem::new(&wrong.place, format!("there is no column '{}'{hint}", wrong.value)));
        }
        Ok(())
    }
}

/// `expression COMMENT '…'` without its comment.
fn without_comment(tokens: &[TokenWithSpan]) -> &[TokenWithSpan] {
    match tokens {
        [rest @ .., word, text]
            if crate::lexer::is_word(&word.token, "COMMENT")
                && matches!(text.token, Token::SingleQuotedString(_))
                && !rest.is_empty() =>
        {
            rest
        }
        all => all,
    }
}
