//! The rows that a file expects, in the form of those that come.

use crate::CaseError;
use crate::case::{lines, read, refuse_array};
use crate::input::Form;
use crate::near::suggestion;
use crate::rows::{columns, encode, encoder};
use event::{Partition, type_name};
use formats::{JsonDecoder, JsonOptions, Origin, Record};
use serde_json::{Map, Value};
use std::path::Path;
use stream::{StreamError, TableSpec};

/// Each line decoded by the types of the table and written again, so that `1` and `1.0` are the same DOUBLE.
///
/// # Errors
/// A line that is no row of the table, or says more than its types can hold.
pub(crate) fn expected(path: &Path, table: &TableSpec) -> Result<Vec<String>, CaseError> {
    let bytes = read(path)?;
    refuse_array(path, &bytes)?;
    let options = JsonOptions { fail_on_missing_field: false, ..Form::of(table).map_err(refused)?.shown() };
    let wrong = |error| refused(StreamError::config(format!("table {}: {error}", table.name)));
    let mut decoder = JsonDecoder::new(table.schema(), options).map_err(wrong)?;
    let encoder = encoder(table).map_err(refused)?;
    let (name, partition) = (table.name.as_str().into(), Partition::new(path.to_string_lossy()));
    let origin = Origin { table: name, partition, time_ms: 0 };
    let mut rows = Vec::new();
    for (number, line) in lines(&bytes) {
        let broken = |problem: String| CaseError::line(path, number, problem);
        let given: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| broken(format!("is no JSON object: {error}")))?;
        refuse_unknown(&given, table).map_err(broken)?;
        let decoded = decoder.decode(&[Record::new(number as i64, line)], &origin).map_err(wrong)?;
        if let Some(dead) = decoded.dead.first() {
            return Err(broken(dead.error.clone()));
        }
        for row in encode(&encoder, &decoded.rows).map_err(refused)? {
            refuse_inexact(&given, &columns(&row), table).map_err(broken)?;
            rows.push(row);
        }
    }
    Ok(rows)
}

fn refused(error: StreamError) -> CaseError {
    CaseError::Folder(error.message)
}

fn refuse_unknown(given: &Map<String, Value>, table: &TableSpec) -> Result<(), String> {
    let known: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    match given.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(format!("table '{}' has no column \"{name}\"{}", table.name, suggestion(name, &known)))
        }
    }
}

/// A number that the column would round is never what comes out.
fn refuse_inexact(
    given: &Map<String, Value>,
    kept: &Map<String, Value>,
    table: &TableSpec,
) -> Result<(), String> {
    for column in &table.columns {
        let (Some(Value::Number(given)), Some(Value::Number(kept))) =
            (given.get(&column.name), kept.get(&column.name))
        else {
            continue;
        };
        if given.as_f64() != kept.as_f64() {
            let (name, of_type) = (&column.name, type_name(&column.data_type));
            return Err(format!(
                "column \"{name}\" is {of_type}, which holds {given} as {kept}; expect that"
            ));
        }
    }
    Ok(())
}
