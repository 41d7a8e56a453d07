//! The records of a table that is read, as its file holds them.

use crate::CaseError;
use crate::case::{lines, read, refuse_array};
use crate::input::Form;
use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;
use stream::TableSpec;

/// One record, with what a broker would say about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// In ms since the Unix epoch; only the long form can give it.
    pub timestamp_ms: Option<i64>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

/// The long form: a line of `<table>.records.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    /// The record's value as JSON…
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    /// …or as text, for CSV and for what does not decode.
    raw: Option<String>,
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    timestamp: Option<Time>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Milliseconds(i64),
    Text(String),
}

/// Every record of a file, in order.
pub(crate) fn records(path: &Path, table: &TableSpec, form: &Form) -> Result<Vec<Entry>, CaseError> {
    let bytes = read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".records.jsonl") {
        return enveloped(path, &bytes, table);
    }
    let plain = |(at, value): (usize, &[u8])| Entry {
        topic: topic(table),
        partition: 0,
        offset: at as i64,
        timestamp_ms: None,
        value: Some(value.to_vec()),
    };
    match (form, name.ends_with(".csv")) {
        (Form::Csv(options), true) => {
            let mut values = Vec::new();
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (record, behind) = rest.split_at(options.record_end(rest).unwrap_or(rest.len()));
                rest = behind;
                let record = record.strip_suffix(b"\n").unwrap_or(record);
                let record = record.strip_suffix(b"\r").unwrap_or(record);
                if !options.skips(record) {
                    values.push(record);
                }
            }
            Ok(values.into_iter().enumerate().map(plain).collect())
        }
        (Form::Json(_), false) => {
            refuse_array(path, &bytes)?;
            Ok(lines(&bytes).map(|(_, line)| line).enumerate().map(plain).collect())
        }
        (Form::Csv(_), false) => {
            let problem =
                format!("table '{0}' has the format csv; make {0}.csv or {0}.records.jsonl", table.name);
            Err(CaseError::file(path, problem))
        }
        (Form::Json(_), true) => {
            let problem = format!("table '{0}' has not the format csv; make {0}.jsonl", table.name);
            Err(CaseError::file(path, problem))
        }
    }
}

fn enveloped(path: &Path, bytes: &[u8], table: &TableSpec) -> Result<Vec<Entry>, CaseError> {
    let mut next: BTreeMap<(String, i32), i64> = BTreeMap::new();
    let mut entries = Vec::new();
    for (number, line) in lines(bytes) {
        let wrong = |problem: String| CaseError::line(path, number, problem);
        let envelope: Envelope<'_> = serde_json::from_slice(line).map_err(|error| {
            wrong(format!("{error}; a record is {{\"value\": …}} or {{\"raw\": \"…\"}}, with topic, partition, offset, timestamp"))
        })?;
        let value = match (envelope.value, envelope.raw) {
            (Some(_), Some(_)) => return Err(wrong("give value or raw, not both".into())),
            (Some(value), None) => Some(value.get().as_bytes().to_vec()),
            (None, raw) => raw.map(String::into_bytes),
        };
        let topic = envelope.topic.unwrap_or_else(|| topic(table));
        let partition = envelope.partition.unwrap_or(0);
        let next = next.entry((topic.clone(), partition)).or_insert(0);
        let offset = envelope.offset.unwrap_or(*next);
        if offset < *next {
            return Err(wrong(format!(
                "offset {offset} of partition {partition} does not rise; at least {next} comes next"
            )));
        }
        *next = offset + 1;
        let timestamp_ms = envelope.timestamp.map(milliseconds).transpose().map_err(wrong)?;
        entries.push(Entry { topic, partition, offset, timestamp_ms, value });
    }
    Ok(entries)
}

fn milliseconds(time: Time) -> Result<i64, String> {
    match time {
        Time::Milliseconds(time) => Ok(time),
        Time::Text(text) => match string_to_timestamp_nanos(&text) {
            Ok(nanoseconds) => Ok(nanoseconds.div_euclid(1_000_000)),
            Err(_) => {
                Err(format!("timestamp \"{text}\" is neither ms since 1970 nor such as 2026-01-31T12:00:00Z"))
            }
        },
    }
}

/// The first topic the table names, or its own name.
fn topic(table: &TableSpec) -> String {
    let named = table.options.get("topic").and_then(|topics| topics.split(';').next());
    named.map_or_else(|| table.name.clone(), |topic| topic.trim().to_owned())
}
