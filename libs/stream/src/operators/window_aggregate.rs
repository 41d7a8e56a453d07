//! Aggregates per key and event-time window.
//!
//! Rows are aggregated once, into slices as wide as the windows' slide; a window is the merge of its slices when it
//! closes, so hopping windows share the work (slicing: Krishnamurthy et al., "On-the-fly sharing for streamed
//! aggregation", SIGMOD 2006). Within a slice DataFusion's grouped accumulators hold the keys.

use super::groups::{Arguments, Groups, key_schema, state_schema};
use super::rowtime::{RowTime, instants, late_letter, no_time_letter};
use crate::exchange::tasks_of;
use crate::{Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState, WindowShape};
use arrow::array::{ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::compute::{filter_record_batch, take};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::aggregate::AggregateFunctionExpr;
use event::Watermark;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::iter::repeat_n;
use std::sync::Arc;

/// What a column of the result holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowColumn {
    /// The window's first instant.
    Start,
    /// The first instant after the window.
    End,
    /// The window's last instant: `End` − 1 ms.
    Time,
    /// The i-th of `keys`.
    Key(usize),
    /// The i-th of `aggregates`.
    Aggregate(usize),
}

/// `GROUP BY window_start, window_end, keys…` over `TUMBLE` or `HOP`.
///
/// Its input is hashed by `keys`. A window is emitted once, when the watermark reaches its last millisecond; a row all
/// of whose windows were emitted is late and leaves as a dead letter.
#[derive(Clone, Debug)]
pub struct WindowAggregate {
    pub shape: WindowShape,
    pub input_schema: SchemaRef,
    /// Index of the rowtime column in the input: `Timestamp(Millisecond, _)`.
    pub time: usize,
    /// Indices of the key columns in the input.
    pub keys: Vec<usize>,
    /// Over the input's columns.
    pub aggregates: Vec<Arc<AggregateFunctionExpr>>,
    /// `FILTER (WHERE …)` of each aggregate, over the input's columns.
    pub filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
    /// The result's columns, in the order of `output_schema`.
    pub output: Vec<WindowColumn>,
    /// `Start`, `End` and `Time` are timestamps in ms.
    pub output_schema: SchemaRef,
    /// The source table's name, for dead letters.
    pub origin: Arc<str>,
}

impl OperatorFactory for WindowAggregate {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Ok(Box::new(WindowTask {
            plan: Arc::new(self.clone()),
            task,
            watermark: Watermark::MIN,
            slices: BTreeMap::new(),
            admitted: 0,
            late: 0,
            no_event_time: 0,
        }))
    }

    fn signature(&self) -> String {
        let keys: Vec<String> =
            key_schema(self).fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
        let aggregates: Vec<&str> = self.aggregates.iter().map(|a| a.name()).collect();
        format!("{:?} by [{}]: [{}]", self.shape, keys.join(", "), aggregates.join(", "))
    }
}

/// A slice is live while rows arrive, and sealed from a snapshot or a closed window until the next row.
enum Slice {
    Live(Groups),
    Sealed(Vec<ArrayRef>),
}

struct WindowTask {
    plan: Arc<WindowAggregate>,
    task: TaskIndex,
    watermark: Watermark,
    /// By the slice's start.
    slices: BTreeMap<i64, Slice>,
    admitted: u64,
    late: u64,
    no_event_time: u64,
}

/// What [`TaskState::value`] holds; `TaskState::batches` has one batch per slice.
#[derive(Serialize, Deserialize)]
struct SavedWindows {
    watermark: Watermark,
    slices: Vec<i64>,
}

impl Operator for WindowTask {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let times = RowTime::of(&batch, self.plan.time)?;
        let split = self.split(&times);
        self.set_aside(&batch, &times, &split, out)?;
        if split.slices.is_empty() {
            return Ok(());
        }
        let keys: Vec<ArrayRef> = self.plan.keys.iter().map(|i| batch.column(*i).clone()).collect();
        let arguments = self.arguments(&batch)?;
        let whole = split.slices.len() == 1 && split.dropped() == 0;
        for (start, rows) in split.slices {
            self.admitted += rows.len() as u64;
            let groups = self.live(start)?;
            if whole {
                groups.update(&keys, &arguments, batch.num_rows())?;
            } else {
                let rows = UInt32Array::from(rows);
                let keys = keys.iter().map(|k| take(k, &rows, None)).collect::<Result<Vec<_>, _>>()?;
                let arguments = arguments.iter().map(|a| a.take(&rows)).collect::<Result<Vec<_>, _>>()?;
                groups.update(&keys, &arguments, rows.len())?;
            }
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<(), StreamError> {
        let before = self.watermark;
        // After a restart a partition that had ended, or was idle, counts again until that shows once more. Time that has
        // passed stays passed: a window that opened again would be emitted twice.
        if watermark <= before {
            return Ok(());
        }
        self.watermark = watermark;
        for start in self.closing(before, watermark) {
            self.emit(start, out)?;
        }
        let size = self.plan.shape.size_ms();
        self.slices.retain(|start, _| last_ms(*start, size) > watermark.0);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let schema = state_schema(&self.plan)?;
        let starts: Vec<i64> = self.slices.keys().copied().collect();
        let mut batches = Vec::with_capacity(starts.len());
        for start in &starts {
            batches.push(RecordBatch::try_new(schema.clone(), self.seal(*start)?)?);
        }
        let saved = SavedWindows { watermark: self.watermark, slices: starts };
        let counters =
            [("admitted", self.admitted), ("late", self.late), ("no_event_time", self.no_event_time)];
        Ok(TaskState {
            value: serde_json::to_value(saved).map_err(|e| StreamError::internal(e.to_string()))?,
            batches,
            counters: counters.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        })
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        for state in states {
            let saved: SavedWindows = serde_json::from_value(state.value.clone()).map_err(|e| {
                StreamError::internal(format!("state of a window aggregate is unreadable: {e}"))
            })?;
            self.watermark = self.watermark.max(saved.watermark);
            for (start, batch) in saved.slices.iter().zip(&state.batches) {
                let mine = self.own_rows(batch)?;
                if mine.num_rows() > 0 {
                    let key_count = self.plan.keys.len();
                    self.live(*start)?.merge(mine.columns(), key_count)?;
                }
            }
        }
        Ok(())
    }
}

/// The rows of a batch by the slice they fall into; the rest is late or has no time.
struct Split {
    slices: BTreeMap<i64, Vec<u32>>,
    late: Vec<usize>,
    no_time: Vec<usize>,
}

impl Split {
    fn dropped(&self) -> usize {
        self.late.len() + self.no_time.len()
    }
}

impl WindowTask {
    fn split(&self, times: &RowTime) -> Split {
        let shape = self.plan.shape;
        let mut split = Split { slices: BTreeMap::new(), late: Vec::new(), no_time: Vec::new() };
        // Neighbours mostly share a slice: compare bounds before dividing.
        let (mut from, mut until, mut current) = (i64::MAX, i64::MIN, Vec::new());
        for row in 0..times.len() {
            let Some(time) = times.get(row) else {
                split.no_time.push(row);
                continue;
            };
            if time < from || time >= until {
                if !current.is_empty() {
                    split.slices.entry(from).or_default().append(&mut current);
                }
                from = shape.slice_start(time);
                until = from + shape.slide_ms();
            }
            // The slice's start is the start of the last window that holds the row.
            if last_ms(from, shape.size_ms()) <= self.watermark.0 {
                split.late.push(row);
            } else {
                current.push(row as u32);
            }
        }
        if !current.is_empty() {
            split.slices.entry(from).or_default().append(&mut current);
        }
        split
    }

    fn set_aside(
        &mut self,
        batch: &RecordBatch,
        times: &RowTime,
        split: &Split,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        self.late += split.late.len() as u64;
        self.no_event_time += split.no_time.len() as u64;
        for row in &split.late {
            out.dead.push(late_letter(batch, *row, times.get(*row), self.watermark, &self.plan.origin)?);
        }
        for row in &split.no_time {
            out.dead.push(no_time_letter(batch, *row, self.plan.time, &self.plan.origin)?);
        }
        Ok(())
    }

    fn arguments(&self, batch: &RecordBatch) -> Result<Vec<Arguments>, StreamError> {
        let rows = batch.num_rows();
        let column = |e: &Arc<dyn PhysicalExpr>| -> Result<ArrayRef, StreamError> {
            Ok(e.evaluate(batch)?.into_array(rows)?)
        };
        let filters = self.plan.filters.iter();
        self.plan
            .aggregates
            .iter()
            .zip(filters)
            .map(|(aggregate, filter)| {
                let values = aggregate.expressions().iter().map(column).collect::<Result<_, _>>()?;
                let filter = filter.as_ref().map(|f| column(f).map(|array| array.as_boolean().clone()));
                Ok(Arguments { values, filter: filter.transpose()? })
            })
            .collect()
    }

    /// The slice's accumulators, ready for rows.
    fn live(&mut self, start: i64) -> Result<&mut Groups, StreamError> {
        let slice = match self.slices.remove(&start) {
            Some(Slice::Live(groups)) => groups,
            Some(Slice::Sealed(state)) => {
                let mut groups = Groups::new(&self.plan)?;
                groups.merge(&state, self.plan.keys.len())?;
                groups
            }
            None => Groups::new(&self.plan)?,
        };
        match self.slices.entry(start).or_insert(Slice::Live(slice)) {
            Slice::Live(groups) => Ok(groups),
            Slice::Sealed(_) => Err(StreamError::internal("a live slice is sealed")),
        }
    }

    /// The slice's state; its accumulators, which reading it empties, are made again when a row comes.
    fn seal(&mut self, start: i64) -> Result<Vec<ArrayRef>, StreamError> {
        let state = match self.slices.remove(&start) {
            Some(Slice::Live(groups)) => groups.into_state()?,
            Some(Slice::Sealed(state)) => state,
            None => return Err(StreamError::internal("no such slice")),
        };
        self.slices.insert(start, Slice::Sealed(state.clone()));
        Ok(state)
    }

    /// Starts of the windows with rows whose last millisecond lies in `(before, now]`, earliest first.
    fn closing(&self, before: Watermark, now: Watermark) -> BTreeSet<i64> {
        let shape = self.plan.shape;
        let size = shape.size_ms();
        self.slices
            .keys()
            .flat_map(|slice| shape.windows_of(*slice))
            .filter(|start| {
                let last = last_ms(*start, size);
                last > before.0 && last <= now.0
            })
            .collect()
    }

    fn emit(&mut self, start: i64, out: &mut Output) -> Result<(), StreamError> {
        let (size, slide) = (self.plan.shape.size_ms(), self.plan.shape.slide_ms());
        let groups = if size == slide {
            match self.slices.remove(&start) {
                Some(Slice::Live(groups)) => groups,
                Some(Slice::Sealed(state)) => self.merged([state])?,
                None => return Ok(()),
            }
        } else {
            let members: Vec<i64> = self.slices.range(start..start + size).map(|(slice, _)| *slice).collect();
            let states = members.into_iter().map(|slice| self.seal(slice)).collect::<Result<Vec<_>, _>>()?;
            self.merged(states)?
        };
        if groups.len() > 0 {
            out.rows.push(self.result(start, groups)?);
        }
        Ok(())
    }

    fn merged(&self, states: impl IntoIterator<Item = Vec<ArrayRef>>) -> Result<Groups, StreamError> {
        let mut groups = Groups::new(&self.plan)?;
        for state in states {
            groups.merge(&state, self.plan.keys.len())?;
        }
        Ok(groups)
    }

    fn result(&self, start: i64, groups: Groups) -> Result<RecordBatch, StreamError> {
        let rows = groups.len();
        let end = start + self.plan.shape.size_ms();
        let (keys, aggregates) = groups.into_result()?;
        let fields = self.plan.output_schema.fields();
        let columns = self.plan.output.iter().zip(fields).map(|(column, field)| match column {
            WindowColumn::Start => instants(repeat_n(start, rows), field.data_type()),
            WindowColumn::End => instants(repeat_n(end, rows), field.data_type()),
            WindowColumn::Time => instants(repeat_n(end - 1, rows), field.data_type()),
            WindowColumn::Key(i) => keys[*i].clone(),
            WindowColumn::Aggregate(i) => aggregates[*i].clone(),
        });
        Ok(RecordBatch::try_new(self.plan.output_schema.clone(), columns.collect())?)
    }

    /// The rows of a saved slice whose keys now belong to this task.
    fn own_rows(&self, batch: &RecordBatch) -> Result<RecordBatch, StreamError> {
        let keys = &batch.columns()[..self.plan.keys.len()];
        let tasks = tasks_of(keys, batch.num_rows(), self.task.count)?;
        let mine: BooleanArray = tasks.iter().map(|task| Some(*task == self.task.index)).collect();
        Ok(filter_record_batch(batch, &mine)?)
    }
}

impl Arguments {
    fn take(&self, rows: &UInt32Array) -> Result<Arguments, StreamError> {
        let values = self.values.iter().map(|v| take(v, rows, None)).collect::<Result<_, _>>()?;
        let filter = match &self.filter {
            Some(filter) => Some(take(filter, rows, None)?.as_boolean().clone()),
            None => None,
        };
        Ok(Arguments { values, filter })
    }
}

/// The last millisecond of a window or slice; near the end of time it is the end of time.
fn last_ms(start: i64, size: i64) -> i64 {
    start.saturating_add(size - 1)
}
