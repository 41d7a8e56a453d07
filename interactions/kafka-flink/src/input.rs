//! Rows of a file as JSON events.

use crate::events::Event;
use anyhow::{Context, Result, bail};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::csv::reader::Format;
use arrow::datatypes::DataType;
use arrow::json::LineDelimitedWriter;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::Path;
use std::sync::Arc;

/// The rows of a file, in its order, each as a message.
pub type Messages = Box<dyn Iterator<Item = Result<Event>> + Send>;

/// Opens a .csv (with a header), .jsonl or .parquet file.
pub fn open(path: &Path, key_column: Option<&str>) -> Result<Messages> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl" | "json") => json_lines(path, key_column),
        Some("csv") => csv(path, key_column),
        Some("parquet") => parquet(path, key_column),
        _ => bail!("its name ends in none of .csv, .jsonl, .parquet"),
    }
}

/// Lines go out as they are; the key is looked up in them.
fn json_lines(path: &Path, key_column: Option<&str>) -> Result<Messages> {
    let key_column = key_column.map(str::to_owned);
    let lines = BufReader::new(File::open(path)?).split(b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.as_ref().is_ok_and(|line| line.trim_ascii().is_empty()));
    Ok(Box::new(lines.map(move |(number, line)| {
        let payload = line?;
        let Some(column) = &key_column else { return Ok(Event { key: String::new(), payload }) };
        let value: serde_json::Value =
            serde_json::from_slice(&payload).with_context(|| format!("line {} is no JSON", number + 1))?;
        let key = match value.get(column) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => bail!("line {} has no field {column}", number + 1),
        };
        Ok(Event { key, payload })
    })))
}

fn csv(path: &Path, key_column: Option<&str>) -> Result<Messages> {
    let mut file = File::open(path)?;
    let format = Format::default().with_header(true).with_null_regex(null_words());
    let (schema, _) = format.infer_schema(&mut file, Some(1_000)).context("its header cannot be read")?;
    file.rewind()?;
    let reader = arrow::csv::ReaderBuilder::new(Arc::new(schema)).with_format(format).build(file)?;
    messages(reader.map(|batch| Ok(batch?)), key_column)
}

fn parquet(path: &Path, key_column: Option<&str>) -> Result<Messages> {
    let reader = ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    messages(reader.build()?.map(|batch| Ok(batch?)), key_column)
}

/// What stands for a missing value in the CSV files of the world.
fn null_words() -> regex::Regex {
    regex::Regex::new("^(NA|NULL|)$").expect("the pattern is right")
}

fn messages(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send + 'static,
    key_column: Option<&str>,
) -> Result<Messages> {
    let key_column = key_column.map(str::to_owned);
    Ok(Box::new(batches.flat_map(move |batch| {
        match batch.and_then(|batch| rows(&batch, key_column.as_deref())) {
            Ok(events) => events.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }
    })))
}

fn rows(batch: &RecordBatch, key_column: Option<&str>) -> Result<Vec<Event>> {
    let keys: Option<ArrayRef> = match key_column {
        None => None,
        Some(name) => {
            Some(batch.column_by_name(name).with_context(|| format!("it has no column {name}"))?.clone())
        }
    };
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    let text = writer.into_inner();
    let payloads = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    payloads
        .enumerate()
        .map(|(row, line)| {
            let key = keys.as_ref().map_or(Ok(String::new()), |keys| key(keys, row))?;
            Ok(Event { key, payload: line.to_vec() })
        })
        .collect()
}

fn key(keys: &ArrayRef, row: usize) -> Result<String> {
    if keys.is_null(row) {
        return Ok(String::new());
    }
    match keys.data_type() {
        DataType::Utf8 => Ok(keys.as_string::<i32>().value(row).to_owned()),
        _ => Ok(ArrayFormatter::try_new(keys.as_ref(), &FormatOptions::default())?.value(row).to_string()),
    }
}
