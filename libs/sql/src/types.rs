//! Flink's column types as Arrow types.

use crate::cursor::Cursor;
use crate::error::Problem;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use datafusion_sql::sqlparser::tokenizer::Token;
use std::sync::Arc;

/// A type and whether NULL belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnType {
    pub data_type: DataType,
    pub nullable: bool,
}

/// The zone of every `TIMESTAMP_LTZ`: instants are UTC.
pub(crate) fn utc() -> Option<Arc<str>> {
    Some(Arc::from("UTC"))
}

/// Nested types may not go deeper.
const DEPTH_MAX: usize = 32;

/// Reads types; `>>` closes two angle brackets, so a half-read one is remembered.
struct TypeReader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    half_closed: bool,
}

/// Reads one type with its `NOT NULL`.
pub(crate) fn read_type(cursor: &mut Cursor<'_>) -> Result<ColumnType, Problem> {
    let mut reader = TypeReader { cursor, half_closed: false };
    let read = reader.column_type(0)?;
    if reader.half_closed {
        return Err(reader.cursor.error("one '>' too many"));
    }
    Ok(read)
}

impl TypeReader<'_, '_> {
    fn column_type(&mut self, depth: usize) -> Result<ColumnType, Problem> {
        if depth > DEPTH_MAX {
            return Err(self.cursor.error(format!("types may be nested {DEPTH_MAX} deep")));
        }
        let data_type = self.data_type(depth)?;
        let nullable = !self.half_closed && self.cursor.take(&["NOT", "NULL"]);
        if !nullable && !self.half_closed {
            self.cursor.take(&["NULL"]);
        }
        Ok(ColumnType { data_type, nullable: !nullable })
    }

    fn data_type(&mut self, depth: usize) -> Result<DataType, Problem> {
        let name = self.cursor.name("a type")?;
        let place = name.place;
        Ok(match name.value.to_uppercase().as_str() {
            "STRING" => DataType::Utf8,
            "CHAR" | "CHARACTER" | "VARCHAR" => {
                self.cursor.take(&["VARYING"]);
                self.parameters("a length", 1)?;
                DataType::Utf8
            }
            "BOOLEAN" => DataType::Boolean,
            "TINYINT" => DataType::Int8,
            "SMALLINT" => DataType::Int16,
            "INT" | "INTEGER" => DataType::Int32,
            "BIGINT" => DataType::Int64,
            "FLOAT" => DataType::Float32,
            "DOUBLE" => {
                self.cursor.take(&["PRECISION"]);
                DataType::Float64
            }
            "DECIMAL" | "DEC" | "NUMERIC" => self.decimal()?,
            "DATE" => DataType::Date32,
            "TIME" => {
                let precision = self.precision(0)?;
                self.cursor.take(&["WITHOUT", "TIME", "ZONE"]);
                time(precision)
            }
            "TIMESTAMP" => {
                let unit = unit(self.precision(6)?);
                if self.cursor.take(&["WITH", "LOCAL", "TIME", "ZONE"]) {
                    DataType::Timestamp(unit, utc())
                } else if self.cursor.sees(&["WITH", "TIME", "ZONE"]) {
                    return Err(Problem::unsupported(&place, "TIMESTAMP WITH TIME ZONE"));
                } else {
                    self.cursor.take(&["WITHOUT", "TIME", "ZONE"]);
                    DataType::Timestamp(unit, None)
                }
            }
            "TIMESTAMP_LTZ" => DataType::Timestamp(unit(self.precision(6)?), utc()),
            "BYTES" => DataType::Binary,
            "BINARY" | "VARBINARY" => {
                self.cursor.take(&["VARYING"]);
                self.parameters("a length", 1)?;
                DataType::Binary
            }
            "ARRAY" => {
                self.open()?;
                let item = self.column_type(depth + 1)?;
                self.close()?;
                DataType::List(Arc::new(Field::new_list_field(item.data_type, item.nullable)))
            }
            "MAP" => self.map(depth)?,
            "ROW" => self.row(depth)?,
            "MULTISET" | "RAW" | "INTERVAL" | "NULL" | "VARIANT" | "STRUCTURED" | "DESCRIPTOR" => {
                return Err(Problem::unsupported(&place, format!("type {}", name.value.to_uppercase())));
            }
            _ => {
                let hint = crate::nearest::suggestion(&name.value, TYPE_NAMES);
                return Err(Problem::new(&place, format!("there is no type '{}'{hint}", name.value)));
            }
        })
    }

    fn parameters(&mut self, what: &str, max: usize) -> Result<Vec<u32>, Problem> {
        let mut numbers = Vec::new();
        if self.cursor.take_symbol(&Token::LParen) {
            numbers.push(self.cursor.number(what)?);
            while numbers.len() < max && self.cursor.take_symbol(&Token::Comma) {
                numbers.push(self.cursor.number(what)?);
            }
            self.cursor.expect_symbol(&Token::RParen)?;
        }
        Ok(numbers)
    }

    fn precision(&mut self, default: u32) -> Result<u32, Problem> {
        let place = self.cursor.clone();
        match self.parameters("a precision", 1)?.first() {
            None => Ok(default),
            Some(precision) if *precision <= 9 => Ok(*precision),
            Some(_) => Err(place.error("a precision is 0 to 9")),
        }
    }

    fn decimal(&mut self) -> Result<DataType, Problem> {
        let place = self.cursor.clone();
        let numbers = self.parameters("a precision and a scale", 2)?;
        let precision = numbers.first().copied().unwrap_or(10);
        let scale = numbers.get(1).copied().unwrap_or(0);
        if !(1..=38).contains(&precision) || scale > precision {
            return Err(place.error("DECIMAL takes a precision of 1 to 38 and a scale of at most that"));
        }
        Ok(DataType::Decimal128(precision as u8, scale as i8))
    }

    fn map(&mut self, depth: usize) -> Result<DataType, Problem> {
        self.open()?;
        let key = self.column_type(depth + 1)?;
        self.cursor.expect_symbol(&Token::Comma)?;
        let value = self.column_type(depth + 1)?;
        self.close()?;
        let entries = Fields::from(vec![
            Field::new("keys", key.data_type, false),
            Field::new("values", value.data_type, value.nullable),
        ]);
        Ok(DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false))
    }

    /// `ROW<name type [NOT NULL] ['comment'], …>`, also with parentheses.
    fn row(&mut self, depth: usize) -> Result<DataType, Problem> {
        let parentheses = self.cursor.take_symbol(&Token::LParen);
        if !parentheses {
            self.open()?;
        }
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let name = self.cursor.name("a field's name")?;
            if fields.iter().any(|f| *f.name() == name.value) {
                return Err(Problem::new(&name.place, format!("field '{}' stands twice", name.value)));
            }
            let read = self.column_type(depth + 1)?;
            if !self.half_closed && matches!(self.cursor.peek(), Some(Token::SingleQuotedString(_))) {
                self.cursor.next();
            }
            fields.push(Field::new(name.value, read.data_type, read.nullable));
            if self.half_closed || !self.cursor.take_symbol(&Token::Comma) {
                break;
            }
        }
        if parentheses {
            self.cursor.expect_symbol(&Token::RParen)?
        } else {
            self.close()?
        }
        Ok(DataType::Struct(fields.into()))
    }

    fn open(&mut self) -> Result<(), Problem> {
        self.cursor.expect_symbol(&Token::Lt)
    }

    fn close(&mut self) -> Result<(), Problem> {
        if std::mem::take(&mut self.half_closed) {
            return Ok(());
        }
        if self.cursor.take_symbol(&Token::ShiftRight) {
            self.half_closed = true;
            return Ok(());
        }
        self.cursor.expect_symbol(&Token::Gt)
    }
}

const TYPE_NAMES: [&str; 22] = [
    "STRING",
    "CHAR",
    "VARCHAR",
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "NUMERIC",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "BYTES",
    "VARBINARY",
    "ARRAY",
    "MAP",
    "ROW",
];

/// The unit that holds `precision` fractional digits.
pub(crate) fn unit(precision: u32) -> TimeUnit {
    match precision {
        0 => TimeUnit::Second,
        1..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

fn time(precision: u32) -> DataType {
    match unit(precision) {
        unit @ (TimeUnit::Second | TimeUnit::Millisecond) => DataType::Time32(unit),
        unit @ (TimeUnit::Microsecond | TimeUnit::Nanosecond) => DataType::Time64(unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::statements;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        let statements = statements(text).unwrap();
        let mut cursor = Cursor::new(&statements[0].tokens, 1);
        let got = match read_type(&mut cursor).and_then(|t| cursor.expect_end().map(|()| t)) {
            Ok(read) => {
                format!(
                    "{}{}",
                    event::type_name(&read.data_type),
                    if read.nullable { "" } else { " NOT NULL" }
                )
            }
            Err(problem) => problem.to_string(),
        };
        expect.assert_eq(&got);
    }

    #[test]
    fn simple_types() {
        check("string", expect!["STRING"]);
        check("CHAR(3) NOT NULL", expect!["STRING NOT NULL"]);
        check("VARCHAR(2147483647)", expect!["STRING"]);
        check("INTEGER NULL", expect!["INT"]);
        check("TINYINT", expect!["TINYINT"]);
        check("DOUBLE PRECISION", expect!["DOUBLE"]);
        check("DECIMAL", expect!["DECIMAL(10, 0)"]);
        check("NUMERIC(12)", expect!["DECIMAL(12, 0)"]);
        check("DECIMAL(38, 18)", expect!["DECIMAL(38, 18)"]);
        check("BYTES", expect!["BYTES"]);
        check("VARBINARY(8)", expect!["BYTES"]);
    }

    #[test]
    fn time_types_take_the_unit_that_holds_their_precision() {
        check("TIMESTAMP", expect!["TIMESTAMP(6)"]);
        check("TIMESTAMP(0)", expect!["TIMESTAMP(0)"]);
        check("TIMESTAMP(2)", expect!["TIMESTAMP(3)"]);
        check("TIMESTAMP(9) WITHOUT TIME ZONE", expect!["TIMESTAMP(9)"]);
        check("TIMESTAMP_LTZ(3)", expect!["TIMESTAMP_LTZ(3)"]);
        check("TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL", expect!["TIMESTAMP_LTZ(3) NOT NULL"]);
        check("TIME", expect!["TIME(0)"]);
        check("TIME(6)", expect!["TIME(6)"]);
        check("DATE", expect!["DATE"]);
    }

    #[test]
    fn nested_types() {
        check("ARRAY<ARRAY<INT>>", expect!["ARRAY<ARRAY<INT>>"]);
        check("ARRAY<ARRAY<ARRAY<INT>>>", expect!["ARRAY<ARRAY<ARRAY<INT>>>"]);
        check("MAP<STRING, ARRAY<INT NOT NULL>>", expect!["MAP<STRING, ARRAY<INT>>"]);
        check(
            "ROW<a INT, `b c` ROW<x STRING 'comment', y TIMESTAMP(3)> NOT NULL>",
            expect!["ROW<a INT, b c ROW<x STRING, y TIMESTAMP(3)>>"],
        );
        check("ROW(a INT, b ARRAY<ROW<c INT>>)", expect!["ROW<a INT, b ARRAY<ROW<c INT>>>"]);
    }

    #[test]
    fn what_is_no_type_is_refused() {
        check(
            "STRNG",
            expect!["line 1, column 1, at 'STRNG': there is no type 'STRNG'; did you mean 'STRING'?"],
        );
        check("TIMESTAMP(10)", expect!["line 1, column 10, at '(': a precision is 0 to 9"]);
        check(
            "DECIMAL(5, 6)",
            expect![
                "line 1, column 8, at '(': DECIMAL takes a precision of 1 to 38 and a scale of at most that"
            ],
        );
        check("ARRAY<INT>>", expect!["line 1, column 12, at 'end of statement': one '>' too many"]);
        check("ROW<a INT, a INT>", expect!["line 1, column 12, at 'a': field 'a' stands twice"]);
        check(
            "MULTISET<INT>",
            expect![
                "line 1, column 1, at 'MULTISET': type MULTISET is not supported yet by the embedded engine; it runs on a Flink cluster"
            ],
        );
        check(
            "TIMESTAMP(3) WITH TIME ZONE",
            expect![
                "line 1, column 1, at 'TIMESTAMP': TIMESTAMP WITH TIME ZONE is not supported yet by the embedded engine; it runs on a Flink cluster"
            ],
        );
    }
}
