//! Raw records in, rows and dead letters out.

use arrow::record_batch::RecordBatch;
use event::{DeadLetter, DeadLetterReason, Partition};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One raw record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its place in the partition, in the source's own unit.
    pub offset: i64,
    /// Its bytes; `None` is a Kafka tombstone.
    pub value: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    pub fn new(offset: i64, value: &'a [u8]) -> Self {
        Self { offset, value: Some(value) }
    }
}

/// Where and when records were read; it is written into dead letters.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The table, and for Kafka the topic.
    pub table: Arc<str>,
    pub partition: Partition,
    /// Now, in ms since the Unix epoch.
    pub time_ms: i64,
}

/// What became of a batch of records: `rows.num_rows() + dead.len()` is their number.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The records that decoded, in order.
    pub rows: RecordBatch,
    /// The others, in order.
    pub dead: Vec<DeadLetter>,
    /// For each of `dead`, its index among the records given.
    pub dead_at: Vec<usize>,
}

impl Decoded {
    pub(crate) fn new(
        rows: RecordBatch,
        bad: BTreeMap<usize, String>,
        records: &[Record<'_>],
        origin: &Origin,
    ) -> Self {
        let mut dead = Vec::with_capacity(bad.len());
        let mut dead_at = Vec::with_capacity(bad.len());
        for (index, error) in bad {
            let record = &records[index];
            dead_at.push(index);
            dead.push(DeadLetter {
                reason: DeadLetterReason::Decode,
                error,
                origin: origin.table.clone(),
                partition: Some(origin.partition.clone()),
                offset: Some(record.offset),
                event_time_ms: None,
                time_ms: origin.time_ms,
                raw: record.value.unwrap_or_default().to_vec(),
            });
        }
        Self { rows, dead, dead_at }
    }
}

/// A value as it may stand in an error: not longer than a line.
pub(crate) fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
