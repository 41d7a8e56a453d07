//! Columns as entries of keyed state, and back.

use crate::exchange::{KEY_GROUPS, key_groups, task_of};
use crate::state::{Entry, KeyGroup, KeyedState};
use crate::{StreamError, TaskIndex};
use arrow::array::{ArrayRef, AsArray, Int64Array, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, Rows, SortField};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// One row of columns per key, kept until it has not been written for as long as its time to live.
///
/// The columns of its batches: keys, values, and when the row was last written.
pub(super) struct KeyedRows {
    state: Box<dyn KeyedState>,
    task: TaskIndex,
    ttl_ms: Option<i64>,
    key_count: usize,
    schema: SchemaRef,
    keys: RowConverter,
    /// Of the values and the time.
    values: RowConverter,
    /// How many rows there are.
    pub len: u64,
}

/// The rows that a look-up found.
pub(super) struct Found {
    /// Which of the keys that were asked for.
    pub places: Vec<usize>,
    /// Their values, without the time.
    pub values: Vec<ArrayRef>,
    /// How many of those keys have no row, not even one that has expired.
    pub absent: usize,
}

impl KeyedRows {
    /// `schema`: key columns, then value columns.
    pub fn new(
        schema: &Schema,
        key_count: usize,
        ttl: Option<Duration>,
        task: TaskIndex,
        state: Box<dyn KeyedState>,
    ) -> Result<Self, StreamError> {
        let updated = Field::new("updated_ms", DataType::Int64, false);
        let fields: Vec<Field> =
            schema.fields().iter().map(|f| f.as_ref().clone()).chain([updated]).collect();
        let sort = |fields: &[Field]| fields.iter().map(|f| SortField::new(f.data_type().clone())).collect();
        Ok(Self {
            state,
            task,
            ttl_ms: ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)),
            key_count,
            keys: RowConverter::new(sort(&fields[..key_count]))?,
            values: RowConverter::new(sort(&fields[key_count..]))?,
            schema: Arc::new(Schema::new(fields)),
            len: 0,
        })
    }

    /// The key groups that are dealt to this task.
    pub fn own_groups(&self) -> impl Iterator<Item = KeyGroup> + use<> {
        let TaskIndex { index, count } = self.task;
        (0..KEY_GROUPS).filter(move |group| task_of(*group, count) == index)
    }

    /// The rows of these keys that have not expired.
    pub fn find(&self, keys: &[ArrayRef], now_ms: i64) -> Result<Found, StreamError> {
        let rows = self.keys.convert_columns(keys)?;
        let groups = key_groups(keys, rows.num_rows())?;
        let (mut places, mut bytes, mut ends) = (Vec::new(), Vec::new(), vec![0]);
        for (place, group) in groups.into_iter().enumerate() {
            self.state.get(group, rows.row(place).as_ref(), &mut |value| {
                places.push(place);
                bytes.extend_from_slice(value);
                ends.push(bytes.len());
            })?;
        }
        let mut values = self.decoded(&self.values, &bytes, &ends)?;
        let updated = values.pop();
        let absent = rows.num_rows() - places.len();
        let Some(ttl_ms) = self.ttl_ms else { return Ok(Found { places, values, absent }) };
        let updated = updated.ok_or_else(|| StreamError::internal("a row of state has no time"))?;
        let updated = updated.as_primitive::<Int64Type>().values();
        let live = |row: &usize| now_ms.saturating_sub(updated[*row]) < ttl_ms;
        let live: Vec<usize> = (0..places.len()).filter(live).collect();
        let rows: UInt32Array = live.iter().map(|row| *row as u32).collect();
        let values = values.iter().map(|v| take(v, &rows, None)).collect::<Result<_, _>>()?;
        Ok(Found { places: live.into_iter().map(|row| places[row]).collect(), values, absent })
    }

    /// Writes the rows of a batch; `absent` of their keys had none before.
    pub fn put(&mut self, batch: &RecordBatch, absent: usize) -> Result<(), StreamError> {
        let (keys, values) = self.encoded(batch)?;
        let groups = key_groups(&batch.columns()[..self.key_count], batch.num_rows())?;
        self.len += absent as u64;
        self.state.put(&mut groups.into_iter().enumerate().map(|(row, group)| Entry {
            group,
            key: keys.row(row).data(),
            value: values.row(row).data(),
        }))
    }

    fn encoded(&self, batch: &RecordBatch) -> Result<(Rows, Rows), StreamError> {
        let (keys, values) = batch.columns().split_at(self.key_count);
        Ok((self.keys.convert_columns(keys)?, self.values.convert_columns(values)?))
    }

    fn decoded(
        &self,
        converter: &RowConverter,
        bytes: &[u8],
        ends: &[usize],
    ) -> Result<Vec<ArrayRef>, StreamError> {
        let parser = converter.parser();
        Ok(converter.convert_rows(ends.windows(2).map(|at| parser.parse(&bytes[at[0]..at[1]])))?)
    }

    /// Every row of a key group; those that have expired are removed.
    pub fn group(&mut self, group: KeyGroup, now_ms: i64) -> Result<RecordBatch, StreamError> {
        let (mut keys, mut key_ends) = (Vec::new(), vec![0]);
        let (mut values, mut value_ends) = (Vec::new(), vec![0]);
        self.state.scan(group, &mut |key, value| {
            keys.extend_from_slice(key);
            key_ends.push(keys.len());
            values.extend_from_slice(value);
            value_ends.push(values.len());
        })?;
        let mut columns = self.decoded(&self.keys, &keys, &key_ends)?;
        columns.extend(self.decoded(&self.values, &values, &value_ends)?);
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        let Some(ttl_ms) = self.ttl_ms else { return Ok(batch) };
        let updated = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>();
        let expired = |row: usize| now_ms.saturating_sub(updated.value(row)) >= ttl_ms;
        let (gone, live): (Vec<u32>, Vec<u32>) =
            (0..batch.num_rows() as u32).partition(|row| expired(*row as usize));
        for row in &gone {
            let at = *row as usize;
            self.state.remove(group, &keys[key_ends[at]..key_ends[at + 1]])?;
        }
        self.len -= gone.len() as u64;
        Ok(arrow::compute::take_record_batch(&batch, &UInt32Array::from(live))?)
    }

    /// Takes over the rows of a batch whose groups are dealt to this task.
    pub fn take_over(&mut self, batch: &RecordBatch) -> Result<(), StreamError> {
        let own: Vec<usize> = (0..self.key_count).collect();
        let mine = crate::exchange::own_rows(batch, &own, self.task)?;
        let absent = self.find(&mine.columns()[..self.key_count], i64::MIN)?.absent;
        self.put(&mine, absent)
    }

    /// Forgets everything in these groups.
    pub fn clear(&mut self, groups: &BTreeSet<KeyGroup>) -> Result<(), StreamError> {
        for group in self.own_groups().filter(|group| groups.contains(group)) {
            let mut keys: Vec<Vec<u8>> = Vec::new();
            self.state.scan(group, &mut |key, _| keys.push(key.to_vec()))?;
            self.len -= keys.len() as u64;
            for key in keys {
                self.state.remove(group, &key)?;
            }
        }
        Ok(())
    }

    /// The rows of a batch that are in none of these groups.
    pub fn outside(
        &self,
        batch: &RecordBatch,
        groups: &BTreeSet<KeyGroup>,
    ) -> Result<RecordBatch, StreamError> {
        let of = key_groups(&batch.columns()[..self.key_count], batch.num_rows())?;
        let rows = of.iter().enumerate().filter(|(_, group)| !groups.contains(group));
        let rows: UInt32Array = rows.map(|(row, _)| row as u32).collect();
        Ok(arrow::compute::take_record_batch(batch, &rows)?)
    }

    /// A batch of keys and values as last written now.
    pub fn written(&self, mut columns: Vec<ArrayRef>, now_ms: i64) -> Result<RecordBatch, StreamError> {
        let rows = columns.first().map_or(0, |column| column.len());
        columns.push(Arc::new(Int64Array::from(vec![now_ms; rows])));
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}
