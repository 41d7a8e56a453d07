//! The rows of a sink as lines of JSON, the one form in which they are compared and shown.

use crate::input::Form;
use arrow::record_batch::RecordBatch;
use formats::{FormatError, JsonEncoder};
use serde_json::{Map, Value};
use std::collections::HashMap;
use stream::{ErrorKind, StreamError, TableSpec};

/// Rows as their table's JSON; of a table with a primary key the last one of each key.
pub(crate) fn rows(table: &TableSpec, batches: &[RecordBatch]) -> Result<Vec<String>, StreamError> {
    let encoder = encoder(table)?;
    let mut lines = Vec::new();
    for batch in batches {
        lines.extend(encode(&encoder, batch)?);
    }
    if table.primary_key.is_empty() {
        return Ok(lines);
    }
    let mut places: HashMap<Vec<Value>, usize> = HashMap::new();
    let mut last: Vec<String> = Vec::new();
    for line in lines {
        let key = key(table, &columns(&line));
        match places.get(&key) {
            Some(place) => last[*place] = line,
            None => {
                places.insert(key, last.len());
                last.push(line);
            }
        }
    }
    Ok(last)
}

pub(crate) fn encoder(table: &TableSpec) -> Result<JsonEncoder, StreamError> {
    let wrong = |error: FormatError| StreamError::config(format!("table {}: {error}", table.name));
    JsonEncoder::new(&table.schema(), Form::of(table)?.shown()).map_err(wrong)
}

pub(crate) fn encode(encoder: &JsonEncoder, batch: &RecordBatch) -> Result<Vec<String>, StreamError> {
    let wrong = |cause| StreamError::because(ErrorKind::Internal, "rows did not encode", cause);
    let rows = encoder.encode_rows(batch).map_err(wrong)?;
    Ok(rows.into_iter().map(|row| String::from_utf8_lossy(&row).into_owned()).collect())
}

/// A line by column. What the encoder wrote is an object.
pub(crate) fn columns(line: &str) -> Map<String, Value> {
    serde_json::from_str(line).unwrap_or_default()
}

/// The values of the primary key.
pub(crate) fn key(table: &TableSpec, columns: &Map<String, Value>) -> Vec<Value> {
    table.primary_key.iter().map(|name| columns.get(name).cloned().unwrap_or_default()).collect()
}
