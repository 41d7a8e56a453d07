//! Event times of a batch, and the letters of rows whose time does not fit.

use super::shape::Span;
use crate::StreamError;
use arrow::array::{Array, ArrayRef, AsArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, FieldRef, TimestampMillisecondType};
use arrow::json::LineDelimitedWriter;
use arrow::record_batch::RecordBatch;
use event::{DeadLetter, DeadLetterReason, Watermark};
use std::sync::Arc;

/// A column of type `data_type`, a timestamp in milliseconds, with or without zone.
pub(super) fn instants(times_ms: impl Iterator<Item = i64>, data_type: &DataType) -> ArrayRef {
    let array = TimestampMillisecondArray::from_iter_values(times_ms);
    match data_type {
        DataType::Timestamp(_, Some(zone)) => Arc::new(array.with_timezone(zone.clone())),
        _ => Arc::new(array),
    }
}

/// `window_start`, `window_end` and `window_time` of rows with these windows.
pub(super) fn window_columns(windows: &[Span], fields: &[FieldRef]) -> Vec<ArrayRef> {
    let instant: [fn(&Span) -> i64; 3] = [|w| w.start, |w| w.end, |w| w.last()];
    let columns = instant.into_iter().zip(fields);
    columns.map(|(instant, field)| instants(windows.iter().map(instant), field.data_type())).collect()
}

/// The rowtime column of a batch, in ms since the Unix epoch.
pub(super) struct RowTime(TimestampMillisecondArray);

impl RowTime {
    pub fn of(batch: &RecordBatch, column: usize) -> Result<Self, StreamError> {
        let array = batch.column(column).as_primitive_opt::<TimestampMillisecondType>();
        let array = array.ok_or_else(|| {
            StreamError::internal(format!("rowtime column {column} is no timestamp in milliseconds"))
        })?;
        Ok(Self(array.clone()))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, row: usize) -> Option<i64> {
        (!self.0.is_null(row)).then(|| self.0.value(row))
    }
}

/// A row that came after its last window had been emitted.
pub(super) fn late_letter(
    batch: &RecordBatch,
    row: usize,
    time_ms: Option<i64>,
    watermark: Watermark,
    origin: &Arc<str>,
) -> Result<DeadLetter, StreamError> {
    let behind = time_ms.map_or(0, |time| watermark.0.saturating_sub(time));
    let error = match watermark {
        Watermark::MAX => "late: the input had ended".to_owned(),
        _ => format!("late: {behind} ms behind the watermark, its last window had closed"),
    };
    letter(batch, row, DeadLetterReason::Late, error, time_ms, origin)
}

/// A row whose rowtime is NULL.
pub(super) fn no_time_letter(
    batch: &RecordBatch,
    row: usize,
    column: usize,
    origin: &Arc<str>,
) -> Result<DeadLetter, StreamError> {
    let error = format!("rowtime column {} is NULL", batch.schema().field(column).name());
    letter(batch, row, DeadLetterReason::NoEventTime, error, None, origin)
}

fn letter(
    batch: &RecordBatch,
    row: usize,
    reason: DeadLetterReason,
    error: String,
    event_time_ms: Option<i64>,
    origin: &Arc<str>,
) -> Result<DeadLetter, StreamError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(&batch.slice(row, 1))?;
    writer.finish()?;
    let mut raw = writer.into_inner();
    raw.truncate(raw.trim_ascii_end().len());
    let origin = origin.clone();
    // An operator reads no clock; its task says when.
    Ok(DeadLetter { reason, error, origin, partition: None, offset: None, event_time_ms, time_ms: 0, raw })
}
