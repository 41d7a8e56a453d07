//! Records of a file in the place of a topic.

use crate::input::{Decoder, Form};
use crate::records::Entry;
use arrow::array::{ArrayRef, Int32Array, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::compute::cast;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use async_trait::async_trait;
use event::{Batch, Partition, Position};
use formats::{Origin, Record};
use std::sync::Arc;
use stream::{ColumnKind, Polled, Source, SourceFactory, StreamError, TableSpec, TaskIndex};

/// The records of one table; bounded.
pub(crate) struct RecordsFactory {
    table: TableSpec,
    form: Form,
    entries: Arc<[Entry]>,
}

impl RecordsFactory {
    /// # Errors
    /// A metadata column that the records do not give.
    pub fn new(table: &TableSpec, form: Form, entries: Arc<[Entry]>) -> Result<Self, StreamError> {
        for index in &table.projection {
            let column = &table.columns[*index];
            let ColumnKind::Metadata { key, .. } = &column.kind else { continue };
            let wrong = |problem: &str| {
                let message = format!("table {}: column '{}': {problem}", table.name, column.name);
                Err(StreamError::config(message))
            };
            match key.as_str() {
                "topic" | "partition" | "offset" => {}
                "timestamp" if entries.iter().all(|entry| entry.timestamp_ms.is_some()) => {}
                "timestamp" => {
                    return wrong(&format!(
                        "every record needs its timestamp: write them as input/{}.records.jsonl, with \
                         {{\"value\": …, \"timestamp\": …}} on each line",
                        table.name
                    ));
                }
                other => return wrong(&format!("records of a case have no metadata '{other}'")),
            }
        }
        Decoder::new(table, &form)?;
        Ok(Self { table: table.clone(), form, entries })
    }
}

impl SourceFactory for RecordsFactory {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        Ok(Box::new(RecordsSource {
            decoder: Decoder::new(&self.table, &self.form)?,
            // Cases run with one task; were there more, the others would have nothing to read.
            entries: if task.index == 0 { self.entries.clone() } else { Arc::new([]) },
            table: self.table.clone(),
            next: 0,
        }))
    }

    fn bounded(&self) -> bool {
        true
    }
}

/// One record a batch, so that the watermark rises after each.
struct RecordsSource {
    table: TableSpec,
    decoder: Decoder,
    entries: Arc<[Entry]>,
    next: usize,
}

#[async_trait]
impl Source for RecordsSource {
    async fn seek(&mut self, _from: Option<&Position>) -> Result<Position, StreamError> {
        let mut position = Position::default();
        for entry in self.entries.iter() {
            position.advance(&partition(entry), 0);
        }
        Ok(position)
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        let Some(entry) = self.entries.get(self.next) else { return Ok(Polled::End) };
        self.next += 1;
        let partition = partition(entry);
        let table = self.table.name.as_str().into();
        let origin = Origin { table, partition: partition.clone(), time_ms: 0 };
        let record = Record { offset: entry.offset, value: entry.value.as_deref() };
        let decoded = self.decoder.decode(record, &origin)?;
        let rows = self.with_metadata(&decoded.rows, entry)?;
        Ok(Polled::Batch(Batch {
            partition,
            rows,
            dead: decoded.dead,
            records: 1,
            next_offset: entry.offset + 1,
        }))
    }

    async fn commit(&mut self, _position: &Position) -> Result<(), StreamError> {
        Ok(())
    }
}

impl RecordsSource {
    /// The columns of the value and those of the record, in the table's order.
    fn with_metadata(&self, values: &RecordBatch, entry: &Entry) -> Result<RecordBatch, StreamError> {
        let mut next_value = values.columns().iter();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for index in &self.table.projection {
            let column = &self.table.columns[*index];
            columns.push(match &column.kind {
                ColumnKind::Physical => {
                    next_value.next().cloned().ok_or_else(|| StreamError::internal("a column is missing"))?
                }
                ColumnKind::Metadata { key, .. } => {
                    let one = metadata(key, entry).slice(0, values.num_rows());
                    cast(&one, &column.data_type)?
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(values.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.table.projected_schema(), columns, &options)?)
    }
}

fn metadata(key: &str, entry: &Entry) -> ArrayRef {
    match key {
        "topic" => Arc::new(StringArray::from(vec![entry.topic.as_str()])),
        "partition" => Arc::new(Int32Array::from(vec![entry.partition])),
        "offset" => Arc::new(Int64Array::from(vec![entry.offset])),
        // `RecordsFactory::new` let no other key through.
        _ => Arc::new(TimestampMillisecondArray::from(vec![entry.timestamp_ms]).with_timezone("UTC")),
    }
}

fn partition(entry: &Entry) -> Partition {
    Partition::new(format!("{}/{}", entry.topic, entry.partition))
}
