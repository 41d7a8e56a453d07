//! An epoch's rows made ready: one row per key, typed as they are staged, numbered.

use crate::PostgresError;
use crate::dead_letters::Refused;
use crate::target::Target;
use crate::types::Json;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringBuilder,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampSecondArray,
};
use arrow::compute::{BatchCoalescer, CastOptions, cast_with_options, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow::row::{RowConverter, SortField};
use std::collections::HashSet;
use std::sync::Arc;

/// Rows that are made ready at a time, about.
const BATCH_ROWS: usize = 4096;

/// What `timestamp` and `date` can hold, which ends before what Arrow can.
const TIMESTAMP_MIN_US: i64 = -210_866_803_200_000_000;
const TIMESTAMP_MAX_MS: i64 = 9_224_318_016_000_000 - 1;
const DATE_MIN_DAYS: i32 = -2_440_588;
const DATE_MAX_DAYS: i32 = 2_145_042_905;

/// The rows of an epoch that are to be staged, and what became of the others.
pub(crate) struct EpochRows {
    /// As the engine gave them, for dead letters.
    original: Vec<RecordBatch>,
    /// As they are encoded: the ordinal, then the columns.
    staged: Vec<RecordBatch>,
    /// Ordinal of the first row of each batch, and at the end the number of rows.
    starts: Vec<usize>,
    pub superseded: u64,
    /// Values that no date or timestamp of the database can hold.
    pub refused: Vec<Refused>,
}

impl EpochRows {
    pub fn prepare(target: &Target, batches: &[RecordBatch]) -> Result<Self, PostgresError> {
        if let Some(batch) = batches.iter().find(|b| b.num_columns() != target.columns.len()) {
            let (found, wanted) = (batch.num_columns(), target.columns.len());
            return Err(PostgresError::Internal(format!("a batch has {found} columns instead of {wanted}")));
        }
        let batches = in_large_batches(batches)?;
        let (batches, superseded) = last_of_each_key(target, &batches)?;
        let mut rows = Self {
            original: Vec::new(),
            staged: Vec::new(),
            starts: vec![0],
            superseded,
            refused: Vec::new(),
        };
        for batch in batches.into_iter().filter(|b| b.num_rows() > 0) {
            let batch = rows.set_aside_unrepresentable(batch)?;
            let start = rows.len();
            rows.staged.push(staged(target, &batch, start)?);
            rows.starts.push(start + batch.num_rows());
            rows.original.push(batch);
        }
        Ok(rows)
    }

    /// Rows to be staged.
    pub fn len(&self) -> usize {
        *self.starts.last().expect("starts with 0")
    }

    /// The staged rows with ordinals `from..to`, in pieces of at most `rows_max`; no values are copied.
    pub fn slices(&self, from: usize, to: usize, rows_max: usize) -> impl Iterator<Item = RecordBatch> + '_ {
        self.staged.iter().zip(&self.starts).flat_map(move |(batch, &start)| {
            let first = from.max(start) - start;
            let end = to.min(start + batch.num_rows()).saturating_sub(start);
            (first..end).step_by(rows_max).map(move |at| batch.slice(at, rows_max.min(end - at)))
        })
    }

    /// The row with this ordinal as a JSON object.
    pub fn json(&self, ordinal: usize) -> Result<String, PostgresError> {
        let batch = self.starts.partition_point(|start| *start <= ordinal) - 1;
        row_json(&self.original[batch], ordinal - self.starts[batch])
    }

    /// Without the rows whose dates or timestamps the database cannot hold: they are refused here, in the
    /// database's words, because its binary format would wrap them around.
    fn set_aside_unrepresentable(&mut self, batch: RecordBatch) -> Result<RecordBatch, PostgresError> {
        let mut keep: Option<Vec<bool>> = None;
        for column in batch.columns() {
            let Some((type_name, bad)) = out_of_range(column) else { continue };
            let keep = keep.get_or_insert_with(|| vec![true; batch.num_rows()]);
            for row in bad.into_iter().filter(|row| std::mem::replace(&mut keep[*row], false)) {
                self.refused.push(Refused {
                    sqlstate: "22008".into(),
                    error: format!("{type_name} out of range"),
                    row: row_json(&batch, row)?,
                });
            }
        }
        match keep {
            Some(keep) => filter_record_batch(&batch, &BooleanArray::from(keep)).map_err(internal),
            None => Ok(batch),
        }
    }
}

fn internal(error: arrow::error::ArrowError) -> PostgresError {
    PostgresError::Internal(format!("rows could not be made ready for the database: {error}"))
}

/// The same rows in the same order: a source that keeps up gives a handful at a time, and what is done per batch would
/// then cost more than what is done per row.
fn in_large_batches(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, PostgresError> {
    let Some(first) = batches.first() else { return Ok(Vec::new()) };
    let mut coalescer = BatchCoalescer::new(first.schema(), BATCH_ROWS)
        .with_biggest_coalesce_batch_size(Some(BATCH_ROWS / 4));
    for batch in batches {
        coalescer.push_batch(batch.clone()).map_err(internal)?;
    }
    coalescer.finish_buffered_batch().map_err(internal)?;
    Ok(std::iter::from_fn(|| coalescer.next_completed_batch()).collect())
}

/// Keeps the last row of every key, and counts the others.
fn last_of_each_key(
    target: &Target,
    batches: &[RecordBatch],
) -> Result<(Vec<RecordBatch>, u64), PostgresError> {
    let key = target.key_indices();
    if key.is_empty() {
        return Ok((batches.to_vec(), 0));
    }
    // Casting first makes equal what the database will see as equal.
    let of = |column: usize| &target.columns[column].mapping.arrow;
    let fields = key.iter().map(|i| SortField::new(of(*i).clone())).collect();
    let converter = RowConverter::new(fields).map_err(internal)?;
    let mut keys = converter.empty_rows(batches.iter().map(RecordBatch::num_rows).sum(), 0);
    for batch in batches {
        let columns = key.iter().map(|i| cast(batch.column(*i), of(*i))).collect::<Result<Vec<_>, _>>()?;
        converter.append(&mut keys, &columns).map_err(internal)?;
    }
    let mut seen = HashSet::with_capacity(keys.num_rows());
    let mut keep: Vec<bool> = (0..keys.num_rows()).rev().map(|i| seen.insert(keys.row(i))).collect();
    keep.reverse();
    if seen.len() == keep.len() {
        return Ok((batches.to_vec(), 0));
    }
    let mut rest = keep.as_slice();
    let mut kept = Vec::with_capacity(batches.len());
    for batch in batches {
        let (mask, tail) = rest.split_at(batch.num_rows());
        rest = tail;
        kept.push(filter_record_batch(batch, &BooleanArray::from(mask.to_vec())).map_err(internal)?);
    }
    Ok((kept, (keep.len() - seen.len()) as u64))
}

fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, PostgresError> {
    if column.data_type() == to {
        return Ok(column.clone());
    }
    cast_with_options(column, to, &CastOptions { safe: false, ..CastOptions::default() }).map_err(internal)
}

/// The names and types of staged rows: ordinal, then `c0`, `c1`, …
pub(crate) fn staged_schema(target: &Target) -> SchemaRef {
    let mut fields = vec![Field::new("ordinal", DataType::Int64, false)];
    for (i, column) in target.columns.iter().enumerate() {
        let arrow = match column.mapping.json {
            Some(_) => DataType::Utf8,
            None => column.mapping.arrow.clone(),
        };
        fields.push(Field::new(format!("c{i}"), arrow, true));
    }
    Arc::new(Schema::new(fields))
}

fn staged(target: &Target, batch: &RecordBatch, start: usize) -> Result<RecordBatch, PostgresError> {
    let ordinals = Int64Array::from_iter_values((start..start + batch.num_rows()).map(|i| i as i64));
    let mut columns: Vec<ArrayRef> = vec![Arc::new(ordinals)];
    for (i, column) in target.columns.iter().enumerate() {
        columns.push(match column.mapping.json {
            Some(Json::Json | Json::Jsonb) => json_text(batch.schema().field(i), batch.column(i))?,
            None => cast(batch.column(i), &column.mapping.arrow)?,
        });
    }
    RecordBatch::try_new(staged_schema(target), columns).map_err(internal)
}

/// Each value as JSON text; a NULL stays NULL.
fn json_text(field: &Field, column: &ArrayRef) -> Result<ArrayRef, PostgresError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let field = Arc::new(field.clone());
    let mut encoder = make_encoder(&field, column.as_ref(), &options).map_err(internal)?;
    let mut texts = StringBuilder::with_capacity(column.len(), column.len() * 32);
    let mut text = Vec::new();
    for row in 0..column.len() {
        if encoder.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        encoder.encode(row, &mut text);
        texts.append_value(String::from_utf8_lossy(&text));
    }
    Ok(Arc::new(texts.finish()))
}

/// The rows of a date or timestamp column beyond what the database's type holds.
fn out_of_range(column: &ArrayRef) -> Option<(&'static str, Vec<usize>)> {
    let any = column.as_any();
    let bad = |inside: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..column.len()).filter(|row| column.is_valid(*row) && !inside(*row)).collect()
    };
    let (name, rows) = match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            let values = any.downcast_ref::<TimestampSecondArray>()?.values();
            let range = TIMESTAMP_MIN_US / 1_000_000..=TIMESTAMP_MAX_MS / 1000;
            ("timestamp", bad(&|row| range.contains(&values[row])))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            let values = any.downcast_ref::<TimestampMillisecondArray>()?.values();
            // In microseconds i64 ends 30 years before the type does; they go too.
            let range = TIMESTAMP_MIN_US / 1000..=TIMESTAMP_MAX_MS.min(i64::MAX / 1000);
            ("timestamp", bad(&|row| range.contains(&values[row])))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let values = any.downcast_ref::<TimestampMicrosecondArray>()?.values();
            ("timestamp", bad(&|row| values[row] >= TIMESTAMP_MIN_US))
        }
        DataType::Date32 => {
            let values = any.downcast_ref::<Date32Array>()?.values();
            ("date", bad(&|row| (DATE_MIN_DAYS..=DATE_MAX_DAYS).contains(&values[row])))
        }
        _ => return None,
    };
    (!rows.is_empty()).then_some((name, rows))
}

/// One row as a JSON object, NULLs and non-finite numbers spelled out.
fn row_json(batch: &RecordBatch, row: usize) -> Result<String, PostgresError> {
    let row = batch.slice(row, 1);
    let mut fields = Vec::with_capacity(row.num_columns());
    let mut columns = Vec::with_capacity(row.num_columns());
    for (field, column) in row.schema().fields().iter().zip(row.columns()) {
        // JSON has no NaN and no infinity, and its writer would make them null.
        let column = match column.data_type() {
            DataType::Float32 | DataType::Float64 if !is_finite(column) => cast(column, &DataType::Utf8)?,
            _ => column.clone(),
        };
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    let row = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(internal)?;
    let builder = arrow::json::WriterBuilder::new().with_explicit_nulls(true);
    let mut writer = builder.build::<_, arrow::json::writer::LineDelimited>(Vec::new());
    writer.write(&row).and_then(|()| writer.finish()).map_err(internal)?;
    Ok(String::from_utf8_lossy(&writer.into_inner()).trim_end().to_owned())
}

fn is_finite(column: &ArrayRef) -> bool {
    use arrow::array::AsArray as _;
    use arrow::datatypes::{Float32Type, Float64Type};
    match column.data_type() {
        DataType::Float32 => column.is_null(0) || column.as_primitive::<Float32Type>().value(0).is_finite(),
        DataType::Float64 => column.is_null(0) || column.as_primitive::<Float64Type>().value(0).is_finite(),
        _ => true,
    }
}
