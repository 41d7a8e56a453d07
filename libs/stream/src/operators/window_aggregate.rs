//! Aggregates per key and event-time window.
//!
//! Rows are aggregated once, into slices; a window is the merge of its slices when it closes, so hopping and cumulating
//! windows share the work (slicing: Krishnamurthy et al., "On-the-fly sharing for streamed aggregation", SIGMOD 2006).
//! Within a slice DataFusion's grouped accumulators hold the keys.

use super::groups::{AggregateSpec, Groups};
use super::rowtime::instants;
use super::shape::Span;
use super::windowing::{Account, Slices, Split, Windowing};
use crate::exchange::own_rows;
use crate::{Barrier, Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState, WindowShape};
use arrow::array::{ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::compute::{cast, filter_record_batch, take};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use event::Watermark;
use std::collections::{BTreeMap, HashSet};
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

/// `GROUP BY window_start, window_end, keys…` over windows of fixed bounds.
///
/// Its input is hashed by `keys`. A window is emitted once, when the watermark reaches its last millisecond; a row all
/// of whose windows were emitted is late and leaves as a dead letter.
#[derive(Clone, Debug)]
pub struct WindowAggregate {
    pub windowing: Windowing,
    pub spec: AggregateSpec,
    /// The result's columns, in the order of `output_schema`.
    pub output: Vec<WindowColumn>,
    /// `Start`, `End` and `Time` are timestamps in ms.
    pub output_schema: SchemaRef,
    /// The column that numbers the copies of a row, one for each grouping set; only copy 0 is accounted for.
    pub copies: Option<usize>,
    /// Whether the rows are those of a source, and so accounted for here.
    pub of_source: bool,
    /// How long after it has closed a window takes rows, in ms; its results are then emitted again, at the end of the
    /// epoch, for the keys that had some. Above 0 for `TUMBLE` and `HOP` that the operator assigns itself.
    pub lateness_ms: i64,
    /// The source table's name, for dead letters.
    pub origin: Arc<str>,
}

impl WindowAggregate {
    fn key_rows(&self) -> Result<Option<RowConverter>, StreamError> {
        let field = |i: &usize| SortField::new(self.spec.input_schema.field(*i).data_type().clone());
        let fields: Vec<SortField> = self.spec.keys.iter().map(field).collect();
        Ok(if fields.is_empty() { None } else { Some(RowConverter::new(fields)?) })
    }
}

impl OperatorFactory for WindowAggregate {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Ok(Box::new(WindowTask {
            plan: Arc::new(self.clone()),
            task,
            slices: Slices::new(self.windowing).with_lateness(self.lateness_ms),
            amended: BTreeMap::new(),
            key_rows: self.key_rows()?,
            account: Account::default(),
        }))
    }

    fn signature(&self) -> String {
        let windows = match self.windowing {
            Windowing::Assigned { shape, .. } => format!("{shape:?}"),
            Windowing::Attached { .. } => "Attached".into(),
        };
        format!("{windows} {}", self.spec.signature())
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
    slices: Slices<Slice>,
    /// Windows that had rows after they closed, with the keys of those.
    amended: BTreeMap<Span, HashSet<Box<[u8]>>>,
    /// `None` without keys.
    key_rows: Option<RowConverter>,
    account: Account,
}

impl Operator for WindowTask {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let mut split = self.plan.windowing.split(&batch, self.slices.lateness_ends())?;
        let whole = split.is_whole();
        self.admit(&batch, &mut split, out)?;
        if split.slices.is_empty() {
            return Ok(());
        }
        let keys: Vec<ArrayRef> = self.plan.spec.keys.iter().map(|i| batch.column(*i).clone()).collect();
        let arguments = self.plan.spec.arguments(&batch)?;
        for (slice, rows) in split.slices {
            self.amend(slice, &keys, &rows)?;
            let groups = self.live(slice)?;
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
        for window in self.slices.advance(watermark) {
            self.emit(window, out)?;
        }
        // What they are amended with goes away with their slices.
        let is_over = |window: &Span| !self.slices.is_amended(*window);
        let over: Vec<Span> = self.amended.keys().filter(|window| is_over(window)).copied().collect();
        for window in over {
            self.emit_amended(window, out)?;
        }
        self.slices.forget_closed();
        Ok(())
    }

    fn on_barrier(&mut self, _barrier: Barrier, out: &mut Output) -> Result<(), StreamError> {
        while let Some(window) = self.amended.keys().next().copied() {
            self.emit_amended(window, out)?;
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let schema = self.plan.spec.state_schema()?;
        let slices: Vec<Span> = self.slices.kept.keys().copied().collect();
        let mut batches = Vec::with_capacity(slices.len());
        for slice in &slices {
            batches.push(RecordBatch::try_new(schema.clone(), self.seal(*slice)?)?);
        }
        let counters = self.account.counters(self.plan.of_source);
        Ok(TaskState { counters, ..self.slices.saved(batches)? })
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        for state in states {
            let slices = self.slices.restore(state)?;
            let key_count = self.plan.spec.keys.len();
            let keys: Vec<usize> = (0..key_count).collect();
            for (slice, batch) in slices.iter().zip(&state.batches) {
                let mine = own_rows(batch, &keys, self.task)?;
                if mine.num_rows() > 0 {
                    self.live(*slice)?.merge(mine.columns(), key_count)?;
                }
            }
        }
        Ok(())
    }
}

impl WindowTask {
    /// Notes which windows that have closed these rows of a slice belong to.
    fn amend(&mut self, slice: Span, keys: &[ArrayRef], rows: &[u32]) -> Result<(), StreamError> {
        let windows: Vec<Span> =
            self.plan.windowing.windows_of(slice).filter(|window| self.slices.is_amended(*window)).collect();
        if windows.is_empty() {
            return Ok(());
        }
        let rows = UInt32Array::from(rows.to_vec());
        let keys = keys.iter().map(|k| take(k, &rows, None)).collect::<Result<Vec<_>, _>>()?;
        let keys = self.key_rows.as_ref().map(|converter| converter.convert_columns(&keys)).transpose()?;
        for window in windows {
            let amended = self.amended.entry(window).or_default();
            amended.extend(keys.iter().flat_map(|keys| keys.iter().map(|key| Box::from(key.data()))));
        }
        Ok(())
    }

    /// Emits a window that had rows after it closed, for the keys of those.
    fn emit_amended(&mut self, window: Span, out: &mut Output) -> Result<(), StreamError> {
        let keys = self.amended.remove(&window).unwrap_or_default();
        let from = out.rows.len();
        self.emit(window, out)?;
        for rows in &mut out.rows[from..] {
            *rows = self.only(rows, &keys)?;
        }
        Ok(())
    }

    /// The results of these keys.
    fn only(&self, results: &RecordBatch, keys: &HashSet<Box<[u8]>>) -> Result<RecordBatch, StreamError> {
        let Some(converter) = &self.key_rows else { return Ok(results.clone()) };
        let place = |key: usize| self.plan.output.iter().position(|column| *column == WindowColumn::Key(key));
        let columns = (0..self.plan.spec.keys.len()).map(|key| {
            let at = place(key).ok_or_else(|| StreamError::internal("a key is not among the results"))?;
            Ok(results.column(at).clone())
        });
        let rows = converter.convert_columns(&columns.collect::<Result<Vec<_>, StreamError>>()?)?;
        let wanted: BooleanArray = rows.iter().map(|key| Some(keys.contains(key.data()))).collect();
        Ok(filter_record_batch(results, &wanted)?)
    }

    /// Accounts for the rows of a batch: copies of a row count once.
    fn admit(&mut self, batch: &RecordBatch, split: &mut Split, out: &mut Output) -> Result<(), StreamError> {
        let plan = self.plan.clone();
        let copies = plan.copies.map(|column| cast(batch.column(column), &DataType::Int64)).transpose()?;
        let copies = copies.as_ref().map(|copies| copies.as_primitive::<Int64Type>());
        let first = |row: usize| copies.is_none_or(|copies| copies.value(row) == 0);
        split.late.retain(|row| first(*row));
        split.no_time.retain(|row| first(*row));
        let admitted = split.slices.values().flatten().filter(|row| first(**row as usize));
        self.account.admitted += admitted.count() as u64;
        let watermark = self.slices.watermark;
        self.account.set_aside(batch, plan.windowing.time(), split, watermark, &plan.origin, out)
    }

    /// The slice's accumulators, ready for rows.
    fn live(&mut self, span: Span) -> Result<&mut Groups, StreamError> {
        let slice = match self.slices.kept.remove(&span) {
            Some(Slice::Live(groups)) => groups,
            Some(Slice::Sealed(state)) => self.merged([state])?,
            None => Groups::new(&self.plan.spec)?,
        };
        match self.slices.kept.entry(span).or_insert(Slice::Live(slice)) {
            Slice::Live(groups) => Ok(groups),
            Slice::Sealed(_) => Err(StreamError::internal("a live slice is sealed")),
        }
    }

    /// The slice's state; its accumulators, which reading it empties, are made again when a row comes.
    fn seal(&mut self, span: Span) -> Result<Vec<ArrayRef>, StreamError> {
        let state = self.taken(span)?;
        self.slices.kept.insert(span, Slice::Sealed(state.clone()));
        Ok(state)
    }

    fn taken(&mut self, span: Span) -> Result<Vec<ArrayRef>, StreamError> {
        match self.slices.kept.remove(&span) {
            Some(Slice::Live(groups)) => groups.into_state(),
            Some(Slice::Sealed(state)) => Ok(state),
            None => Err(StreamError::internal("no such slice")),
        }
    }

    fn emit(&mut self, window: Span, out: &mut Output) -> Result<(), StreamError> {
        let members = self.slices.members(window);
        let groups = match (members.as_slice(), self.plan.windowing) {
            ([], _) => return Ok(()),
            ([only], _) if self.slices.is_last(window, *only) => match self.slices.kept.remove(only) {
                Some(Slice::Live(groups)) => groups,
                Some(Slice::Sealed(state)) => self.merged([state])?,
                None => return Ok(()),
            },
            (_, Windowing::Assigned { shape: WindowShape::Cumulate { .. }, .. }) => {
                // Every later window with this start holds all of it: what is merged once stays merged.
                let states = members.into_iter().map(|slice| self.taken(slice));
                let states = states.collect::<Result<Vec<_>, _>>()?;
                let state = self.merged(states)?.into_state()?;
                self.slices.kept.insert(window, Slice::Sealed(state.clone()));
                self.merged([state])?
            }
            _ => {
                let states = members.into_iter().map(|slice| self.seal(slice));
                let states = states.collect::<Result<Vec<_>, _>>()?;
                self.merged(states)?
            }
        };
        if groups.len() > 0 {
            out.rows.push(self.result(window, groups)?);
        }
        Ok(())
    }

    fn merged(&self, states: impl IntoIterator<Item = Vec<ArrayRef>>) -> Result<Groups, StreamError> {
        let mut groups = Groups::new(&self.plan.spec)?;
        for state in states {
            groups.merge(&state, self.plan.spec.keys.len())?;
        }
        Ok(groups)
    }

    fn result(&self, window: Span, groups: Groups) -> Result<RecordBatch, StreamError> {
        let rows = groups.len();
        let (keys, aggregates) = groups.into_result()?;
        let fields = self.plan.output_schema.fields();
        let columns = self.plan.output.iter().zip(fields).map(|(column, field)| match column {
            WindowColumn::Start => instants(repeat_n(window.start, rows), field.data_type()),
            WindowColumn::End => instants(repeat_n(window.end, rows), field.data_type()),
            WindowColumn::Time => instants(repeat_n(window.last(), rows), field.data_type()),
            WindowColumn::Key(i) => keys[*i].clone(),
            WindowColumn::Aggregate(i) => aggregates[*i].clone(),
        });
        Ok(RecordBatch::try_new(self.plan.output_schema.clone(), columns.collect())?)
    }
}
