//! Records that were set aside, against those that a file expects.

use crate::CaseError;
use crate::case::{lines, read, refuse_array};
use crate::near::suggestion;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use arrow::record_batch::RecordBatch;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What a dead letter may be recognised by. `value` is the record: as JSON if it is some, else its text.
const FIELDS: [&str; 6] = ["reason", "table", "value", "error", "offset", "event_time_ms"];

/// One dead letter, with all of [`FIELDS`], or one that is expected, with some.
pub(crate) type Letter = Map<String, Value>;

/// The rows of [`event::dead_letter_schema`] as letters.
pub(crate) fn letters(batches: &[RecordBatch]) -> Vec<Letter> {
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| letter(batch, row))).collect()
}

fn letter(batch: &RecordBatch, row: usize) -> Letter {
    let text = |name: &str| {
        let column = batch.column_by_name(name).map(|column| column.as_string::<i32>());
        column.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
    };
    let offset = batch.column_by_name("offset").map(|column| column.as_primitive::<Int64Type>());
    let time = batch.column_by_name("event_time").map(|c| c.as_primitive::<TimestampMillisecondType>());
    let raw = text("raw").or_else(|| text("raw_base64")).unwrap_or_default();
    let fields = json!({
        "reason": text("reason"),
        "table": text("origin"),
        "value": serde_json::from_str::<Value>(&raw).unwrap_or(Value::String(raw)),
        "error": text("error"),
        "offset": offset.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
        "event_time_ms": time.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Letter::new(),
    }
}

/// The letters that a file expects.
///
/// # Errors
/// A line that is no object, or names a field that letters do not have.
pub(crate) fn expected(path: &Path) -> Result<Vec<Letter>, CaseError> {
    let bytes = read(path)?;
    refuse_array(path, &bytes)?;
    let mut letters = Vec::new();
    for (number, line) in lines(&bytes) {
        let letter: Letter = serde_json::from_slice(line)
            .map_err(|error| CaseError::line(path, number, format!("is no JSON object: {error}")))?;
        if let Some(name) = letter.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            let problem = format!("a dead letter has no field \"{name}\"{}", suggestion(name, &FIELDS));
            return Err(CaseError::line(path, number, problem));
        }
        if letter.is_empty() {
            return Err(CaseError::line(path, number, "names no field: it would stand for any dead letter"));
        }
        letters.push(letter);
    }
    Ok(letters)
}

/// The expected letters that did not come, and those that came and were not expected.
pub(crate) fn compare(expected: &[Letter], came: &[Letter]) -> (Vec<Letter>, Vec<Letter>) {
    // Which expected letter holds each that came. A vague one gives way to a precise one, so order does not matter.
    let mut held_by: Vec<Option<usize>> = vec![None; came.len()];
    let mut missing = Vec::new();
    for (number, letter) in expected.iter().enumerate() {
        if !place(number, expected, came, &mut held_by, &mut vec![false; came.len()]) {
            missing.push(letter.clone());
        }
    }
    let free = came.iter().zip(&held_by).filter(|(_, holder)| holder.is_none());
    (missing, free.map(|(letter, _)| letter.clone()).collect())
}

/// Finds a place for an expected letter, moving others if need be (augmenting paths of a bipartite matching).
fn place(
    number: usize,
    expected: &[Letter],
    came: &[Letter],
    held_by: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for at in 0..came.len() {
        if tried[at] || !fits(&expected[number], &came[at]) {
            continue;
        }
        tried[at] = true;
        let free = match held_by[at] {
            None => true,
            Some(other) => place(other, expected, came, held_by, tried),
        };
        if free {
            held_by[at] = Some(number);
            return true;
        }
    }
    false
}

/// Whether every field that is named has this value; of an object in turn the fields that are named.
fn fits(expected: &Letter, came: &Letter) -> bool {
    let same = |(name, expected): (&String, &Value)| match (expected, came.get(name)) {
        (Value::Object(expected), Some(Value::Object(came))) => fits(expected, came),
        (Value::Number(expected), Some(Value::Number(came))) => expected.as_f64() == came.as_f64(),
        (expected, came) => Some(expected) == came,
    };
    expected.iter().all(same)
}

/// One line that a person recognises a letter by, and that can be copied into the file of expected ones.
pub(crate) fn text(letter: &Letter) -> String {
    let named = ["reason", "table", "value"]
        .iter()
        .filter_map(|name| letter.get(*name).map(|value| format!("{}:{value}", Value::from(*name))));
    format!("{{{}}}", named.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(letters: &[&str]) -> Vec<Letter> {
        letters.iter().map(|letter| serde_json::from_str(letter).unwrap()).collect()
    }

    /// The numbers of expected letters that are missing, and of those that came that are unexpected.
    fn left_over(expected: &[&str], came: &[&str]) -> (usize, usize) {
        let (missing, unexpected) = compare(&parsed(expected), &parsed(came));
        (missing.len(), unexpected.len())
    }

    const ADA: &str = r#"{"reason": "late", "table": "t", "value": {"k": "ada", "n": 1.0}, "offset": null}"#;
    const BOB: &str = r#"{"reason": "late", "table": "t", "value": {"k": "bob", "n": 2.0}, "offset": 7}"#;

    #[test]
    fn only_what_is_named_counts() {
        assert_eq!(left_over(&[r#"{"reason": "late", "value": {"n": 1}}"#], &[ADA]), (0, 0));
        assert_eq!(left_over(&[r#"{"reason": "decode"}"#], &[ADA]), (1, 1));
        assert_eq!(left_over(&[r#"{"value": {"k": "ada", "other": 1}}"#], &[ADA]), (1, 1));
        assert_eq!(left_over(&[r#"{"offset": null}"#, r#"{"offset": 7}"#], &[BOB, ADA]), (0, 0));
    }

    /// Goal: each letter stands for one that is expected, and a vague line does not take what a precise one needs.
    #[test]
    fn vague_lines_give_way_to_precise_ones_in_any_order() {
        let (vague, precise) = (r#"{"reason": "late"}"#, r#"{"value": {"k": "ada"}}"#);
        for came in [[ADA, BOB], [BOB, ADA]] {
            assert_eq!(left_over(&[vague, precise], &came), (0, 0));
            assert_eq!(left_over(&[precise, vague], &came), (0, 0));
            assert_eq!(left_over(&[precise, precise], &came), (1, 1));
            assert_eq!(left_over(&[vague], &came), (0, 1));
        }
    }
}
