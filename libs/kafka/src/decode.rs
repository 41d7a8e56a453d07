//! From a chunk of raw records to a batch: JSON columns, and those that the record itself gives.

use crate::KafkaError;
use crate::chunk::Chunk;
use arrow::array::UInt64Array;
use arrow::array::{Array, ArrayRef, Int32Array, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use event::Batch;
use formats::{JsonDecoder, JsonOptions, Origin, Record};
use std::sync::Arc;
use stream::{Column, ColumnKind, ErrorKind, StreamError, TableSpec};

/// A column the record itself gives, by Flink's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metadata {
    Topic,
    Partition,
    Offset,
    Timestamp,
}

/// Where a column of the result comes from.
#[derive(Clone, Debug)]
enum From {
    /// The value: index among the decoder's columns.
    Value(usize),
    Record(Metadata, DataType),
}

/// How the rows of a table are made; checked once, used by every task.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    table: Arc<str>,
    schema: SchemaRef,
    columns: Vec<From>,
    value_schema: SchemaRef,
    options: JsonOptions,
}

impl Layout {
    pub fn new(table: &TableSpec, options: JsonOptions) -> Result<Self, StreamError> {
        // Columns that are not needed must be sound all the same.
        for column in &table.columns {
            metadata(column)?;
        }
        let mut columns = Vec::new();
        let mut values = Vec::new();
        for index in &table.projection {
            let column = &table.columns[*index];
            columns.push(match metadata(column)? {
                Some(metadata) => From::Record(metadata, column.data_type.clone()),
                None => {
                    values.push(column.field());
                    From::Value(values.len() - 1)
                }
            });
        }
        let layout = Self {
            table: table.name.as_str().into(),
            schema: table.projected_schema(),
            columns,
            value_schema: Arc::new(Schema::new(values)),
            options,
        };
        // A type JSON cannot carry is found now, not by the first record.
        layout.decoder()?;
        Ok(layout)
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    /// Whether chunks must carry the records' timestamps.
    pub fn needs_timestamps(&self) -> bool {
        self.columns.iter().any(|from| matches!(from, From::Record(Metadata::Timestamp, _)))
    }

    pub fn decoder(&self) -> Result<Decoder, StreamError> {
        let json = JsonDecoder::new(self.value_schema.clone(), self.options)
            .map_err(|error| StreamError::config(error.to_string()))?;
        Ok(Decoder { layout: self.clone(), json })
    }
}

/// Says which part of the record a metadata column is, and checks its type; `None` is a column of the value.
fn metadata(column: &Column) -> Result<Option<Metadata>, KafkaError> {
    let ColumnKind::Metadata { key, .. } = &column.kind else { return Ok(None) };
    let (metadata, expected, fits) = match key.as_str() {
        "topic" => {
            let fits = matches!(column.data_type, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8);
            (Metadata::Topic, "STRING", fits)
        }
        "partition" => {
            (Metadata::Partition, "INT", matches!(column.data_type, DataType::Int32 | DataType::Int64))
        }
        "offset" => (Metadata::Offset, "BIGINT", column.data_type == DataType::Int64),
        "timestamp" => {
            let fits = matches!(column.data_type, DataType::Timestamp(_, _));
            (Metadata::Timestamp, "TIMESTAMP_LTZ(3)", fits)
        }
        other => {
            let known = "topic, partition, offset and timestamp are supported";
            let note = match other {
                "headers" | "leader-epoch" | "timestamp-type" => "is not supported yet",
                _ => "is unknown",
            };
            let name = &column.name;
            return Err(KafkaError::Option(format!(
                "column \"{name}\": the metadata key '{other}' {note}; {known}"
            )));
        }
    };
    if !fits {
        let (name, found) = (&column.name, &column.data_type);
        let text = format!("column \"{name}\": the metadata key '{key}' is of type {expected}, not {found}");
        return Err(KafkaError::Option(text));
    }
    Ok(Some(metadata))
}

/// Decodes the chunks of one task.
pub(crate) struct Decoder {
    layout: Layout,
    json: JsonDecoder,
}

impl Decoder {
    /// One batch of at least one record out of a chunk that holds one.
    pub fn decode(&mut self, chunk: &Chunk, next_offset: i64, time_ms: i64) -> Result<Batch, StreamError> {
        let partition = chunk.slot.name.clone();
        let table = match self.layout.table.as_ref() == chunk.slot.id.topic.as_ref() {
            true => self.layout.table.clone(),
            false => format!("{} (topic {})", self.layout.table, chunk.slot.id.topic).into(),
        };
        let origin = Origin { table, partition: partition.clone(), time_ms };
        let records: Vec<Record<'_>> =
            chunk.records().map(|(offset, value)| Record { offset, value }).collect();
        let decoded = self
            .json
            .decode(&records, &origin)
            .map_err(|error| StreamError::because(ErrorKind::Internal, "decoding records of kafka", error))?;
        let good = good_indices(records.len(), &decoded.dead_at);
        let rows = self.assemble(chunk, &decoded.rows, good.as_ref())?;
        Ok(Batch { partition, rows, dead: decoded.dead, records: records.len() as u64, next_offset })
    }

    fn assemble(
        &self,
        chunk: &Chunk,
        values: &RecordBatch,
        good: Option<&UInt64Array>,
    ) -> Result<RecordBatch, StreamError> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.layout.columns.len());
        for from in &self.layout.columns {
            columns.push(match from {
                From::Value(index) => values.column(*index).clone(),
                From::Record(metadata, data_type) => {
                    let all = record_column(*metadata, chunk);
                    let kept = match good {
                        Some(good) => take(&all, good, None)?,
                        None => all,
                    };
                    if kept.data_type() == data_type { kept } else { cast(&kept, data_type)? }
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(values.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.layout.schema.clone(), columns, &options)?)
    }
}

/// The indices of the records that decoded; `None`: all did.
fn good_indices(count: usize, dead_at: &[usize]) -> Option<UInt64Array> {
    if dead_at.is_empty() {
        return None;
    }
    let mut dead = dead_at.iter().peekable();
    Some(
        (0..count)
            .filter(|index| dead.next_if(|dead| *dead == index).is_none())
            .map(|index| index as u64)
            .collect(),
    )
}

fn record_column(metadata: Metadata, chunk: &Chunk) -> ArrayRef {
    let id = &chunk.slot.id;
    match metadata {
        Metadata::Topic => {
            Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&id.topic, chunk.len())))
        }
        Metadata::Partition => Arc::new(Int32Array::from_value(id.partition, chunk.len())),
        Metadata::Offset => Arc::new(Int64Array::from(chunk.offsets.clone())),
        Metadata::Timestamp => {
            Arc::new(TimestampMillisecondArray::from(chunk.timestamps.clone()).with_timezone("UTC"))
        }
    }
}
