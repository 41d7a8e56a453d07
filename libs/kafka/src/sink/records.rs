//! From rows to records: key, value, timestamp and headers.

use crate::KafkaError;
use crate::sink::options::SinkOptions;
use arrow::array::{Array, AsArray, MapArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit, TimestampMillisecondType};
use formats::{FormatError, JsonEncoder};
use std::ops::Range;
use std::sync::Arc;
use stream::{Column, ColumnKind, TableSpec};

/// Bytes of a batch of records before the first of them, as brokers count it.
const BATCH_OVERHEAD: usize = 61;

/// How the rows of a table become records; checked once, used for every epoch.
pub(crate) struct Records {
    value: Part,
    key: Option<Part>,
    timestamp: Option<usize>,
    headers: Option<usize>,
    /// Whole rows, for those that are refused.
    rows: JsonEncoder,
}

/// Some columns as one JSON object.
struct Part {
    columns: Vec<usize>,
    schema: Arc<Schema>,
    encoder: JsonEncoder,
}

/// The records of one batch of rows.
pub(crate) struct Encoded {
    values: Texts,
    keys: Option<Texts>,
    timestamps: Option<arrow::array::ArrayRef>,
    headers: Option<MapArray>,
}

/// Many texts in one buffer.
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// One record, ready to be sent.
pub(crate) struct Outgoing<'a> {
    pub key: Option<&'a [u8]>,
    pub value: &'a [u8],
    /// `None`: the time of sending.
    pub timestamp_ms: Option<i64>,
    pub headers: Vec<(&'a str, Option<&'a [u8]>)>,
}

impl Records {
    pub fn new(table: &TableSpec, options: &SinkOptions) -> Result<Self, KafkaError> {
        let (mut timestamp, mut headers) = (None, None);
        let mut physical = Vec::new();
        for (index, column) in table.columns.iter().enumerate() {
            match &column.kind {
                ColumnKind::Physical => physical.push(index),
                ColumnKind::Metadata { key, virtual_: false } => {
                    match metadata(key, column)? {
                        Written::Timestamp => timestamp = Some(index),
                        Written::Headers => headers = Some(index),
                    };
                }
                ColumnKind::Metadata { .. } => {}
            }
        }
        let key = options.key.as_ref().map(|key| {
            let of = |name: &String| table.columns.iter().position(|column| column.name == *name);
            let columns: Vec<usize> = key.fields.iter().filter_map(of).collect();
            Part::new(table, columns, key.prefix.len(), key.json)
        });
        let key = key.transpose()?;
        if let Some(key) = key.as_ref().filter(|_| !options.value_includes_key) {
            physical.retain(|index| !key.columns.contains(index));
        }
        let rows = JsonEncoder::new(&table.schema(), options.json).map_err(unsupported)?;
        Ok(Self { value: Part::new(table, physical, 0, options.json)?, key, timestamp, headers, rows })
    }

    pub fn encode(&self, batch: &RecordBatch) -> Result<Encoded, KafkaError> {
        let milliseconds = |index: &usize| {
            // Through UTC for both kinds: a timestamp without zone counts as if it were UTC.
            cast(batch.column(*index), &DataType::Timestamp(TimeUnit::Millisecond, None))
                .map_err(|error| KafkaError::Internal(format!("the timestamps of records: {error}")))
        };
        Ok(Encoded {
            values: self.value.encode(batch)?,
            keys: self.key.as_ref().map(|key| key.encode(batch)).transpose()?,
            timestamps: self.timestamp.as_ref().map(milliseconds).transpose()?,
            headers: self.headers.map(|index| batch.column(index).as_map().clone()),
        })
    }

    /// A whole row as one JSON object.
    pub fn row(&self, batch: &RecordBatch, row: usize) -> Result<Vec<u8>, KafkaError> {
        let mut text = Vec::new();
        self.rows.encode(&batch.slice(row, 1), &mut text, |_| {}).map_err(broken)?;
        Ok(text)
    }
}

fn unsupported(error: FormatError) -> KafkaError {
    KafkaError::Option(error.to_string())
}

fn broken(error: FormatError) -> KafkaError {
    KafkaError::Internal(format!("rows could not be written as json: {error}"))
}

enum Written {
    Timestamp,
    Headers,
}

/// Which part of the record a metadata column sets.
fn metadata(key: &str, column: &Column) -> Result<Written, KafkaError> {
    let wrong = |problem: String| {
        Err(KafkaError::Option(format!("metadata '{key}' of column '{}' {problem}", column.name)))
    };
    match key {
        "timestamp" => match column.data_type {
            DataType::Timestamp(..) => Ok(Written::Timestamp),
            _ => wrong("must be TIMESTAMP_LTZ(3)".into()),
        },
        "headers" => match is_headers(&column.data_type) {
            true => Ok(Written::Headers),
            false => wrong("must be MAP<STRING, BYTES>".into()),
        },
        "topic" | "partition" | "offset" | "leader-epoch" | "timestamp-type" => {
            wrong("can be read only; declare it VIRTUAL".into())
        }
        _ => wrong("is unknown; a record's timestamp and headers can be written".into()),
    }
}

fn is_headers(data_type: &DataType) -> bool {
    let DataType::Map(entries, _) = data_type else { return false };
    let DataType::Struct(pair) = entries.data_type() else { return false };
    pair.len() == 2 && *pair[0].data_type() == DataType::Utf8 && *pair[1].data_type() == DataType::Binary
}

impl Part {
    /// `prefix_bytes` are left out of the names of columns.
    fn new(
        table: &TableSpec,
        columns: Vec<usize>,
        prefix_bytes: usize,
        json: formats::JsonOptions,
    ) -> Result<Self, KafkaError> {
        let field = |index: &usize| {
            let field = table.columns[*index].field();
            let name = field.name()[prefix_bytes..].to_owned();
            Field::new(name, field.data_type().clone(), true)
        };
        let schema = Schema::new(columns.iter().map(field).collect::<Fields>());
        let encoder = JsonEncoder::new(&schema, json).map_err(unsupported)?;
        Ok(Self { columns, schema: Arc::new(schema), encoder })
    }

    fn encode(&self, batch: &RecordBatch) -> Result<Texts, KafkaError> {
        let columns = self.columns.iter().map(|index| batch.column(*index).clone()).collect();
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let part = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|error| KafkaError::Internal(format!("rows do not fit the table: {error}")))?;
        let mut texts = Texts { bytes: Vec::new(), ends: Vec::with_capacity(part.num_rows()) };
        let ends = &mut texts.ends;
        self.encoder.encode(&part, &mut texts.bytes, |bytes| ends.push(bytes.len())).map_err(broken)?;
        Ok(texts)
    }
}

impl Texts {
    fn get(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        let Range { start, end } = start..self.ends[row];
        &self.bytes[start..end]
    }
}

impl Encoded {
    pub fn len(&self) -> usize {
        self.values.ends.len()
    }

    pub fn record(&self, row: usize) -> Outgoing<'_> {
        let timestamps =
            self.timestamps.as_ref().map(|column| column.as_primitive::<TimestampMillisecondType>());
        let mut headers = Vec::new();
        if let Some(map) = self.headers.as_ref().filter(|map| map.is_valid(row)) {
            let (from, to) = (map.value_offsets()[row] as usize, map.value_offsets()[row + 1] as usize);
            let (names, values) = (map.keys().as_string::<i32>(), map.values().as_binary::<i32>());
            headers.extend(
                (from..to).map(|at| (names.value(at), values.is_valid(at).then(|| values.value(at)))),
            );
        }
        Outgoing {
            key: self.keys.as_ref().map(|keys| keys.get(row)),
            value: self.values.get(row),
            timestamp_ms: timestamps.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
            headers,
        }
    }
}

impl Outgoing<'_> {
    /// Bytes of an uncompressed batch that holds just this record.
    pub fn batch_bytes(&self) -> usize {
        let sized = |bytes: usize| varint(bytes as i64) + bytes;
        let optional = |bytes: Option<&[u8]>| bytes.map_or(1, |bytes| sized(bytes.len()));
        let headers: usize =
            self.headers.iter().map(|(name, value)| sized(name.len()) + optional(*value)).sum();
        // Attributes and the two deltas, which are 0, take a byte each.
        let body =
            3 + optional(self.key) + sized(self.value.len()) + varint(self.headers.len() as i64) + headers;
        BATCH_OVERHEAD + varint(body as i64) + body
    }
}

/// Bytes of a zigzag varint.
fn varint(value: i64) -> usize {
    let zigzag = ((value << 1) ^ (value >> 63)) as u64;
    (64 - (zigzag | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_counted() {
        for (value, bytes) in
            [(0, 1), (63, 1), (64, 2), (8191, 2), (8192, 3), (-1, 1), (-65, 2), (i64::MAX, 10)]
        {
            assert_eq!(varint(value), bytes, "{value}");
        }
    }
}
