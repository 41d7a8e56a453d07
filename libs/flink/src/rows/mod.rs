//! Rows of the gateway as Arrow, each with what it does to the result.

mod time;
mod types;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use types::ColumnInfo;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;

/// What a row does to the result so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// `+I`
    Insert,
    /// `-U`: takes back the row that the next one replaces.
    UpdateBefore,
    /// `+U`
    UpdateAfter,
    /// `-D`
    Delete,
}

impl ChangeKind {
    /// Whether the row is added, as opposed to taken back.
    pub fn adds(self) -> bool {
        matches!(self, Self::Insert | Self::UpdateAfter)
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        })
    }
}

/// A column of a result as Flink names its type; Arrow's type does not tell CHAR(3) from STRING.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// `DECIMAL(10, 2) NOT NULL`
    pub sql_type: String,
}

/// Rows in the order in which Flink gave them; a batch result has inserts only.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// One for each row.
    pub kinds: Vec<ChangeKind>,
    pub rows: RecordBatch,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// One row as the gateway writes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Row<'a> {
    kind: ChangeKind,
    #[serde(borrow)]
    fields: Vec<Option<&'a RawValue>>,
}

/// The Arrow schema of a result.
///
/// # Errors
/// The first column whose type cannot be read.
pub(crate) fn schema(columns: &[ColumnInfo]) -> Result<SchemaRef, String> {
    let field = |column: &ColumnInfo| {
        column.logical_type.field(&column.name).map_err(|bad| format!("column '{}': {bad}", column.name))
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

pub(crate) fn columns(columns: &[ColumnInfo]) -> Vec<Column> {
    columns.iter().map(|c| Column { name: c.name.clone(), sql_type: c.logical_type.sql() }).collect()
}

/// Rows as columns.
pub(crate) fn changes(schema: &SchemaRef, rows: &[Row<'_>]) -> Result<Changes, String> {
    let width = schema.fields().len();
    if let Some(row) = rows.iter().find(|row| row.fields.len() != width) {
        return Err(format!("a row has {} fields, its result {width} columns", row.fields.len()));
    }
    let mut columns = Vec::with_capacity(width);
    for (at, field) in schema.fields().iter().enumerate() {
        let cells: Vec<Option<&RawValue>> = rows.iter().map(|row| row.fields[at]).collect();
        columns.push(values::column(field, &cells)?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options);
    Ok(Changes {
        kinds: rows.iter().map(|row| row.kind).collect(),
        rows: batch.map_err(|error| error.to_string())?,
    })
}
