//! Rows that could not take part, kept with their cause.

use crate::Partition;
use arrow::array::{ArrayRef, Int64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use base64::Engine as _;
use std::sync::{Arc, LazyLock};

/// Why a record was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetterReason {
    /// Its bytes did not decode into the table's columns.
    Decode,
    /// It came after its last window had closed.
    Late,
    /// It has no event time (NULL in the rowtime column).
    NoEventTime,
}

impl DeadLetterReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Late => "late",
            Self::NoEventTime => "no_event_time",
        }
    }
}

/// One record set aside: what it was, where it came from, why.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    pub reason: DeadLetterReason,
    /// One sentence, lower case, no final stop.
    pub error: String,
    /// The table, and for Kafka the topic, it was read from.
    pub origin: Arc<str>,
    /// Absent where the record has passed an exchange and its partition is no longer known.
    pub partition: Option<Partition>,
    pub offset: Option<i64>,
    /// Event time in ms since the Unix epoch, when known.
    pub event_time_ms: Option<i64>,
    /// When it was set aside, in ms since the Unix epoch.
    pub time_ms: i64,
    /// The record's bytes as read; for a late row, the row as JSON.
    pub raw: Vec<u8>,
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("reason", DataType::Utf8, false),
        Field::new("error", DataType::Utf8, false),
        Field::new("origin", DataType::Utf8, false),
        Field::new("partition", DataType::Utf8, true),
        Field::new("offset", DataType::Int64, true),
        Field::new("event_time", time.clone(), true),
        Field::new("time", time, false),
        // The bytes as text; where they are no UTF-8 it is NULL and the next column holds them.
        Field::new("raw", DataType::Utf8, true),
        Field::new("raw_base64", DataType::Utf8, true),
    ]))
});

/// The columns of every dead-letter table, topic and file.
pub fn dead_letter_schema() -> SchemaRef {
    SCHEMA.clone()
}

/// Dead letters as rows of [`dead_letter_schema`].
pub fn dead_letters_to_batch(letters: &[DeadLetter]) -> RecordBatch {
    let mut reason = StringBuilder::new();
    let mut error = StringBuilder::new();
    let mut origin = StringBuilder::new();
    let mut partition = StringBuilder::new();
    let mut offset = Int64Builder::new();
    let mut event_time = TimestampMillisecondBuilder::new().with_timezone("UTC");
    let mut time = TimestampMillisecondBuilder::new().with_timezone("UTC");
    let mut raw = StringBuilder::new();
    let mut raw_base64 = StringBuilder::new();
    for letter in letters {
        reason.append_value(letter.reason.as_str());
        error.append_value(&letter.error);
        origin.append_value(&letter.origin);
        partition.append_option(letter.partition.as_ref().map(|p| p.0.as_ref()));
        offset.append_option(letter.offset);
        event_time.append_option(letter.event_time_ms);
        time.append_value(letter.time_ms);
        let text = std::str::from_utf8(&letter.raw).ok();
        raw.append_option(text);
        raw_base64.append_option(match text {
            Some(_) => None,
            None => Some(base64::engine::general_purpose::STANDARD.encode(&letter.raw)),
        });
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(reason.finish()),
        Arc::new(error.finish()),
        Arc::new(origin.finish()),
        Arc::new(partition.finish()),
        Arc::new(offset.finish()),
        Arc::new(event_time.finish()),
        Arc::new(time.finish()),
        Arc::new(raw.finish()),
        Arc::new(raw_base64.finish()),
    ];
    RecordBatch::try_new(SCHEMA.clone(), columns).expect("every builder got one value per letter")
}
