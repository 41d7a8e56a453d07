//! Deduplication without a window: of each key the row that is first in some order, said again when another one is.

use super::epoch_rows::{EpochRows, KEYS_AT_HAND_MAX, opened};
use super::window_rank::RankOrder;
use crate::state::KeyedState;
use crate::{Barrier, Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState};
use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{interleave_record_batch, take};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use event::Watermark;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Batches at hand at most; beyond, only the rows that are first are kept of them.
const BATCHES_MAX: usize = 64;

/// `ROW_NUMBER() OVER (PARTITION BY keys… ORDER BY order…) = 1` without a window.
///
/// Emits a key's first row in each epoch in which it has become another, so the output is a changelog of updates by key
/// without deletions. A key is forgotten when its first row was not replaced for `ttl`, by the wall clock.
#[derive(Clone, Debug)]
pub struct FirstRow {
    /// Of the input and of the output.
    pub schema: SchemaRef,
    /// At least one.
    pub keys: Vec<usize>,
    pub order: Vec<RankOrder>,
    /// Of equal rows the last that came is kept, and not the first.
    pub later_first: bool,
    /// `None`: state is kept for ever.
    pub ttl: Option<Duration>,
    /// Whether the rows are those of a source, and so accounted for here.
    pub of_source: bool,
}

impl FirstRow {
    /// The columns of the state: the keys, then the others.
    fn state_columns(&self) -> Vec<usize> {
        let others = (0..self.schema.fields().len()).filter(|i| !self.keys.contains(i));
        self.keys.iter().copied().chain(others).collect()
    }
}

impl OperatorFactory for FirstRow {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        let key = |i: &usize| SortField::new(self.schema.field(*i).data_type().clone());
        Ok(Box::new(FirstRowTask {
            task,
            rows: None,
            key_rows: RowConverter::new(self.keys.iter().map(key).collect())?,
            order_rows: RowConverter::new(self.order.iter().map(|by| by.sort_field(&self.schema)).collect())?,
            batches: Vec::new(),
            first: HashMap::new(),
            absent: 0,
            admitted: 0,
            plan: Arc::new(self.clone()),
        }))
    }

    fn keeps_keyed_state(&self) -> bool {
        true
    }

    fn signature(&self) -> String {
        let name =
            |i: &usize| format!("{} {}", self.schema.field(*i).name(), self.schema.field(*i).data_type());
        let keys: Vec<String> = self.keys.iter().map(name).collect();
        let rows: Vec<String> = (0..self.schema.fields().len()).map(|i| name(&i)).collect();
        let order: Vec<String> = self
            .order
            .iter()
            .map(|by| format!("{}{}", name(&by.column), if by.descending { " DESC" } else { "" }))
            .collect();
        format!("First by [{}] order [{}]: rows [{}]", keys.join(", "), order.join(", "), rows.join(", "))
    }
}

/// The first row of a key at hand: its place in `batches`, and where it stands in the order.
struct First {
    order: Box<[u8]>,
    batch: usize,
    row: usize,
    /// Whether the state does not have it yet.
    changed: bool,
}

struct FirstRowTask {
    plan: Arc<FirstRow>,
    task: TaskIndex,
    /// What is known of every key, but for the changes at hand; `None` until it is opened.
    rows: Option<EpochRows>,
    key_rows: RowConverter,
    order_rows: RowConverter,
    /// What the rows at hand are in.
    batches: Vec<RecordBatch>,
    /// By key.
    first: HashMap<Box<[u8]>, First>,
    /// Keys at hand that the state has no row for.
    absent: usize,
    admitted: u64,
}

impl Operator for FirstRowTask {
    fn open(&mut self, state: Box<dyn KeyedState>) -> Result<(), StreamError> {
        let plan = &self.plan;
        // Rows of state may have NULLs even where the input said it has none.
        let field = |i: usize| plan.schema.field(i).clone().with_nullable(true);
        let schema = Schema::new(plan.state_columns().into_iter().map(field).collect::<Vec<Field>>());
        self.rows = Some(EpochRows::new(&schema, plan.keys.len(), plan.ttl, self.task, state)?);
        Ok(())
    }

    fn on_clock(&mut self, now_ms: i64) {
        self.rows.iter_mut().for_each(|rows| rows.on_clock(now_ms));
    }

    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        self.admitted += batch.num_rows() as u64;
        let keys: Vec<ArrayRef> = self.plan.keys.iter().map(|i| batch.column(*i).clone()).collect();
        let key_rows = self.key_rows.convert_columns(&keys)?;
        let mut asked = HashSet::new();
        let is_unknown = |row: &usize| {
            let key = key_rows.row(*row).data();
            !self.first.contains_key(key) && asked.insert(key)
        };
        let unknown = (0..batch.num_rows()).filter(is_unknown).map(|row| row as u32).collect();
        self.load(&keys, unknown)?;
        let orders = self.orders(&batch)?;
        self.batches.push(batch);
        let at = self.batches.len() - 1;
        for row in 0..key_rows.num_rows() {
            let (key, order) = (key_rows.row(row).data(), orders.row(row).data());
            let new = || First { order: order.into(), batch: at, row, changed: true };
            match self.first.get_mut(key) {
                None => drop(self.first.insert(key.into(), new())),
                Some(first) if order < &*first.order => *first = new(),
                Some(first) if self.plan.later_first && order == &*first.order => *first = new(),
                Some(_) => {}
            }
        }
        if self.first.len() > KEYS_AT_HAND_MAX {
            self.write(out)?;
        } else if self.batches.len() > BATCHES_MAX {
            self.compact()?;
        }
        Ok(())
    }

    fn on_watermark(&mut self, _watermark: Watermark, _out: &mut Output) -> Result<(), StreamError> {
        Ok(())
    }

    fn on_barrier(&mut self, barrier: Barrier, out: &mut Output) -> Result<(), StreamError> {
        opened(&mut self.rows)?.on_barrier(barrier);
        self.write(out)
    }

    fn state_rows(&self) -> Option<u64> {
        self.rows.as_ref().map(EpochRows::len)
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let counters = [("admitted".to_owned(), self.admitted)];
        let counters = counters.into_iter().filter(|_| self.plan.of_source).collect();
        Ok(TaskState { counters, ..opened(&mut self.rows)?.snapshot()? })
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        opened(&mut self.rows)?.restore(states)
    }
}

impl FirstRowTask {
    fn orders(&self, batch: &RecordBatch) -> Result<arrow::row::Rows, StreamError> {
        let columns: Vec<ArrayRef> =
            self.plan.order.iter().map(|by| batch.column(by.column).clone()).collect();
        Ok(self.order_rows.convert_columns(&columns)?)
    }

    /// Brings the rows that the state has of the keys of these rows, each of which has another key.
    fn load(&mut self, keys: &[ArrayRef], rows: Vec<u32>) -> Result<(), StreamError> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = UInt32Array::from(rows);
        let keys = keys.iter().map(|key| take(key, &rows, None)).collect::<Result<Vec<_>, _>>()?;
        let found = opened(&mut self.rows)?.find(&keys)?;
        self.absent += found.absent;
        if found.places.is_empty() {
            return Ok(());
        }
        let places: UInt32Array = found.places.iter().map(|place| *place as u32).collect();
        let keys = keys.iter().map(|key| take(key, &places, None)).collect::<Result<Vec<_>, _>>()?;
        let key_rows = self.key_rows.convert_columns(&keys)?;
        let mut columns = vec![None; self.plan.schema.fields().len()];
        for (column, values) in
            self.plan.state_columns().into_iter().zip(keys.into_iter().chain(found.values))
        {
            columns[column] = Some(values);
        }
        let batch = RecordBatch::try_new(self.plan.schema.clone(), columns.into_iter().flatten().collect())?;
        let orders = self.orders(&batch)?;
        self.batches.push(batch);
        let at = self.batches.len() - 1;
        for row in 0..key_rows.num_rows() {
            let first = First { order: orders.row(row).data().into(), batch: at, row, changed: false };
            self.first.insert(key_rows.row(row).data().into(), first);
        }
        Ok(())
    }

    fn compact(&mut self) -> Result<(), StreamError> {
        let mut first: Vec<&mut First> = self.first.values_mut().collect();
        let places: Vec<(usize, usize)> = first.iter().map(|first| (first.batch, first.row)).collect();
        let rows = interleave_record_batch(&self.batches.iter().collect::<Vec<_>>(), &places)?;
        for (row, first) in first.iter_mut().enumerate() {
            (first.batch, first.row) = (0, row);
        }
        self.batches = vec![rows];
        Ok(())
    }

    /// Writes the rows that have come first into the state, and emits them.
    fn write(&mut self, out: &mut Output) -> Result<(), StreamError> {
        let mut places: Vec<(usize, usize)> =
            self.first.drain().filter(|(_, first)| first.changed).map(|(_, f)| (f.batch, f.row)).collect();
        places.sort_unstable();
        let batches = std::mem::take(&mut self.batches);
        let absent = std::mem::take(&mut self.absent);
        if places.is_empty() {
            return Ok(());
        }
        let rows = interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &places)?;
        let columns = self.plan.state_columns().into_iter().map(|i| rows.column(i).clone()).collect();
        opened(&mut self.rows)?.write(columns, absent)?;
        out.rows.push(rows);
        Ok(())
    }
}
