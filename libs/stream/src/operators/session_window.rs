//! Session windows: per key, rows that follow each other within a gap.
//!
//! What a batch brings is stored: its rows or, for an aggregation, one row of partial aggregates per session it touches.
//! Sessions remember where their parts are, and are gathered from them when they close, or when too much of the store is
//! out of date. So a row costs a look-up, and a merge of sessions next to nothing.

use super::groups::{Accumulators, AggregateSpec, Arguments};
use super::rowtime::{RowTime, instants, window_columns};
use super::sessions::{Part, Session, Sessions, key_of};
use super::shape::Span;
use super::window_aggregate::WindowColumn;
use super::windowing::{Account, Split};
use crate::exchange::tasks_of;
use crate::{Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState};
use arrow::array::{ArrayRef, AsArray, Int64Array, UInt32Array, UInt64Array};
use arrow::compute::{interleave_record_batch, take};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt64Type};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use arrow::row::{RowConverter, Rows, SortField};
use event::Watermark;
use std::sync::Arc;

/// Rows the store may hold beyond twice those it needs.
const SPARE_ROWS: usize = 8_192;
/// Batches the store may hold.
const RUNS_MAX: usize = 256;

/// What a session yields when it closes.
#[derive(Clone, Debug)]
pub enum SessionOutput {
    /// `GROUP BY window_start, window_end, keys…`: one row. The columns are those of the output schema.
    Aggregates(AggregateSpec, Vec<WindowColumn>),
    /// Its rows, in the order they came, each with `window_start`, `window_end` and `window_time`.
    Rows,
}

/// `SESSION(TABLE t PARTITION BY keys…, DESCRIPTOR(time), gap)`; its input is hashed by `keys`.
#[derive(Clone, Debug)]
pub struct SessionWindow {
    pub input_schema: SchemaRef,
    /// Index of the rowtime column, a timestamp in ms.
    pub time: usize,
    pub gap_ms: i64,
    pub keys: Vec<usize>,
    pub output: SessionOutput,
    pub output_schema: SchemaRef,
    /// Whether the rows are those of a source, and so accounted for here.
    pub of_source: bool,
    /// The source table's name, for dead letters.
    pub origin: Arc<str>,
}

impl SessionWindow {
    fn key_fields(&self) -> impl Iterator<Item = &Field> {
        self.keys.iter().map(|i| self.input_schema.field(*i))
    }

    /// Of the batches in the store, and where in them the keys are.
    fn stored(&self) -> Result<(SchemaRef, Vec<usize>), StreamError> {
        match &self.output {
            SessionOutput::Aggregates(spec, _) => Ok((spec.state_schema()?, (0..self.keys.len()).collect())),
            SessionOutput::Rows => Ok((self.input_schema.clone(), self.keys.clone())),
        }
    }
}

impl OperatorFactory for SessionWindow {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        let fields: Vec<SortField> =
            self.key_fields().map(|field| SortField::new(field.data_type().clone())).collect();
        let converter = if fields.is_empty() { None } else { Some(RowConverter::new(fields)?) };
        Ok(Box::new(SessionTask {
            plan: Arc::new(self.clone()),
            task,
            converter,
            sessions: Sessions::new(self.gap_ms),
            runs: Vec::new(),
            batches: 0,
            watermark: Watermark::MIN,
            account: Account::default(),
        }))
    }

    fn signature(&self) -> String {
        let gap = self.gap_ms;
        match &self.output {
            SessionOutput::Aggregates(spec, _) => format!("Session {{ gap_ms: {gap} }} {}", spec.signature()),
            SessionOutput::Rows => {
                let field = |f: &Field| format!("{} {}", f.name(), f.data_type());
                let keys: Vec<String> = self.key_fields().map(field).collect();
                let rows: Vec<String> = self.input_schema.fields().iter().map(|f| field(f)).collect();
                format!("Session {{ gap_ms: {gap} }} by [{}]: rows [{}]", keys.join(", "), rows.join(", "))
            }
        }
    }
}

struct SessionTask {
    plan: Arc<SessionWindow>,
    task: TaskIndex,
    /// `None` without keys.
    converter: Option<RowConverter>,
    sessions: Sessions,
    /// The store: what sessions' parts point into.
    runs: Vec<RecordBatch>,
    /// Batches so far.
    batches: u64,
    watermark: Watermark,
    account: Account,
}

impl Operator for SessionTask {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let times = RowTime::of(&batch, self.plan.time)?;
        let keys = self.key_rows(&batch, &self.plan.keys)?;
        let arguments = match &self.plan.output {
            SessionOutput::Aggregates(spec, _) => Some(spec.arguments(&batch)?),
            SessionOutput::Rows => None,
        };
        self.batches += 1;
        let mut touched = Touched::default();
        let mut split = Split::default();
        for row in 0..times.len() {
            let Some(time) = times.get(row) else {
                split.no_time.push(row);
                continue;
            };
            match self.sessions.admit(key_of(&keys, row), time, self.watermark.0) {
                Some(slot) if arguments.is_some() => {
                    let next = touched.firsts.len();
                    let group = self.sessions.part(slot, self.batches, self.runs.len(), next);
                    if group == next {
                        touched.firsts.push(row as u32);
                    }
                    touched.rows.push(row as u32);
                    touched.groups.push(group);
                }
                Some(slot) => {
                    self.sessions.push(slot, (self.runs.len(), row));
                    touched.rows.push(row as u32);
                }
                None => split.late.push(row),
            }
        }
        self.account.admitted += touched.rows.len() as u64;
        self.account.set_aside(&batch, self.plan.time, &split, self.watermark, &self.plan.origin, out)?;
        if !touched.rows.is_empty() {
            self.runs.push(match arguments {
                Some(arguments) => self.partial(&batch, &arguments, touched)?,
                None => batch,
            });
            self.tidy()?;
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<(), StreamError> {
        // After a restart time may seem to be earlier than it was.
        self.watermark = self.watermark.max(watermark);
        let closed = self.sessions.close(self.watermark.0);
        if closed.is_empty() {
            return Ok(());
        }
        out.rows.push(self.result(&closed)?);
        self.tidy()
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        self.compact()?;
        let mut bounds = (Vec::new(), Vec::new(), Vec::new());
        for session in self.sessions.iter() {
            bounds.0.push(session.first);
            bounds.1.push(session.last);
            bounds.2.push(session.parts.len() as u64);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(bounds.0)),
            Arc::new(Int64Array::from(bounds.1)),
            Arc::new(UInt64Array::from(bounds.2)),
        ];
        let sessions = RecordBatch::try_new(sessions_schema(), columns)?;
        let store = match self.runs.first() {
            Some(run) => run.clone(),
            None => RecordBatch::new_empty(self.plan.stored()?.0),
        };
        Ok(TaskState {
            value: serde_json::to_value(self.watermark).map_err(|e| StreamError::internal(e.to_string()))?,
            batches: vec![sessions, store],
            since: None,
            counters: self.account.counters(self.plan.of_source),
        })
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        for state in states {
            let unreadable =
                |what: &str| StreamError::internal(format!("unreadable state of sessions: {what}"));
            let watermark: Watermark =
                serde_json::from_value(state.value.clone()).map_err(|e| unreadable(&e.to_string()))?;
            self.watermark = self.watermark.max(watermark);
            let [sessions, store] = state.batches.as_slice() else {
                return Err(unreadable("not two batches"));
            };
            self.take_over(sessions, store)?;
        }
        Ok(())
    }
}

/// What a batch did to sessions: the admitted rows, and for an aggregation the group of each and each group's first row.
#[derive(Default)]
struct Touched {
    rows: Vec<u32>,
    groups: Vec<usize>,
    firsts: Vec<u32>,
}

fn sessions_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("first_ms", DataType::Int64, false),
        Field::new("last_ms", DataType::Int64, false),
        Field::new("parts", DataType::UInt64, false),
    ]))
}

impl SessionTask {
    fn key_rows(&self, batch: &RecordBatch, keys: &[usize]) -> Result<Option<Rows>, StreamError> {
        let Some(converter) = &self.converter else { return Ok(None) };
        let columns: Vec<ArrayRef> = keys.iter().map(|i| batch.column(*i).clone()).collect();
        Ok(Some(converter.convert_columns(&columns)?))
    }

    /// One row per session the batch touches: its keys and partial aggregates.
    fn partial(
        &self,
        batch: &RecordBatch,
        arguments: &[Arguments],
        touched: Touched,
    ) -> Result<RecordBatch, StreamError> {
        let SessionOutput::Aggregates(spec, _) = &self.plan.output else {
            return Err(StreamError::internal("no aggregation"));
        };
        let Touched { rows, groups, firsts } = touched;
        let mut accumulators = Accumulators::new(spec)?;
        if rows.len() == batch.num_rows() {
            accumulators.update(arguments, &groups, firsts.len())?;
        } else {
            let rows = UInt32Array::from(rows);
            let arguments = arguments.iter().map(|a| a.take(&rows)).collect::<Result<Vec<_>, _>>()?;
            accumulators.update(&arguments, &groups, firsts.len())?;
        }
        let count = firsts.len();
        let firsts = UInt32Array::from(firsts);
        let keys = spec.keys.iter().map(|i| take(batch.column(*i), &firsts, None));
        let mut columns = keys.collect::<Result<Vec<_>, _>>()?;
        columns.extend(accumulators.state()?);
        rows_of(spec.state_schema()?, columns, count)
    }

    /// The stored rows of sessions, one session after the other, in the order they came.
    fn gather<'s>(&self, sessions: impl Iterator<Item = &'s Session>) -> Result<RecordBatch, StreamError> {
        let mut parts: Vec<Part> = Vec::new();
        for session in sessions {
            let from = parts.len();
            parts.extend(&session.parts);
            parts[from..].sort_unstable();
        }
        let runs: Vec<&RecordBatch> = self.runs.iter().collect();
        if runs.is_empty() || parts.is_empty() {
            return Ok(RecordBatch::new_empty(self.plan.stored()?.0));
        }
        if runs[0].num_columns() == 0 {
            return rows_of(runs[0].schema(), Vec::new(), parts.len());
        }
        Ok(interleave_record_batch(&runs, &parts)?)
    }

    /// The aggregates of sessions whose partial aggregates are `stored`, and the stored row each session begins with.
    fn merged(
        &self,
        spec: &AggregateSpec,
        stored: &RecordBatch,
        parts: impl Iterator<Item = usize>,
    ) -> Result<(Accumulators, UInt32Array), StreamError> {
        let (mut ids, mut firsts) = (Vec::with_capacity(stored.num_rows()), Vec::new());
        for (session, parts) in parts.enumerate() {
            firsts.push(ids.len() as u32);
            ids.resize(ids.len() + parts, session);
        }
        let mut accumulators = Accumulators::new(spec)?;
        accumulators.merge(&stored.columns()[spec.keys.len()..], &ids, firsts.len())?;
        Ok((accumulators, UInt32Array::from(firsts)))
    }

    fn result(&self, closed: &[Session]) -> Result<RecordBatch, StreamError> {
        let stored = self.gather(closed.iter())?;
        let fields = self.plan.output_schema.fields();
        let window = |s: &Session| Span { start: s.first, end: s.last.saturating_add(self.plan.gap_ms) };
        match &self.plan.output {
            SessionOutput::Rows => {
                let windows: Vec<Span> =
                    closed.iter().flat_map(|s| std::iter::repeat_n(window(s), s.parts.len())).collect();
                let mut columns = stored.columns().to_vec();
                columns.extend(window_columns(&windows, &fields[columns.len()..]));
                Ok(RecordBatch::try_new(self.plan.output_schema.clone(), columns)?)
            }
            SessionOutput::Aggregates(spec, output) => {
                let (accumulators, firsts) =
                    self.merged(spec, &stored, closed.iter().map(|s| s.parts.len()))?;
                let results = accumulators.results()?;
                let windows: Vec<Span> = closed.iter().map(window).collect();
                let columns = output.iter().zip(fields).map(|(column, field)| {
                    Ok(match column {
                        WindowColumn::Start => instants(windows.iter().map(|w| w.start), field.data_type()),
                        WindowColumn::End => instants(windows.iter().map(|w| w.end), field.data_type()),
                        WindowColumn::Time => instants(windows.iter().map(|w| w.last()), field.data_type()),
                        WindowColumn::Key(i) => take(stored.column(*i), &firsts, None)?,
                        WindowColumn::Aggregate(i) => results[*i].clone(),
                    })
                });
                let columns = columns.collect::<Result<Vec<_>, StreamError>>()?;
                rows_of(self.plan.output_schema.clone(), columns, closed.len())
            }
        }
    }

    /// Compacts the store when too much of it is out of date.
    fn tidy(&mut self) -> Result<(), StreamError> {
        let stored: usize = self.runs.iter().map(RecordBatch::num_rows).sum();
        let needed = match &self.plan.output {
            SessionOutput::Aggregates(..) => self.sessions.len(),
            SessionOutput::Rows => self.sessions.parts(),
        };
        if stored > 2 * needed + SPARE_ROWS || self.runs.len() > RUNS_MAX {
            self.compact()?;
        }
        Ok(())
    }

    /// Leaves one batch with the sessions one after the other, each with as few rows as it needs.
    fn compact(&mut self) -> Result<(), StreamError> {
        if self.sessions.len() == 0 {
            self.runs.clear();
            return Ok(());
        }
        let parts: Vec<usize> = self.sessions.iter().map(|s| s.parts.len()).collect();
        let stored = self.gather(self.sessions.iter())?;
        let store = match &self.plan.output {
            SessionOutput::Rows => stored,
            SessionOutput::Aggregates(spec, _) => {
                let (accumulators, firsts) = self.merged(spec, &stored, parts.iter().copied())?;
                let keys = (0..spec.keys.len()).map(|i| take(stored.column(i), &firsts, None));
                let mut columns = keys.collect::<Result<Vec<_>, _>>()?;
                columns.extend(accumulators.state()?);
                rows_of(stored.schema(), columns, firsts.len())?
            }
        };
        let (merged, mut row) = (matches!(self.plan.output, SessionOutput::Aggregates(..)), 0);
        self.sessions.place(|session| {
            let count = if merged { 1 } else { session.parts.len() };
            row += count;
            (row - count..row).map(|row| (0, row)).collect()
        });
        self.runs = vec![store];
        Ok(())
    }

    /// Adds the saved sessions whose keys now belong to this task.
    fn take_over(&mut self, sessions: &RecordBatch, store: &RecordBatch) -> Result<(), StreamError> {
        let key_columns = self.plan.stored()?.1;
        let keys = self.key_rows(store, &key_columns)?;
        let columns: Vec<ArrayRef> = key_columns.iter().map(|i| store.column(*i).clone()).collect();
        let tasks = tasks_of(&columns, store.num_rows(), self.task.count)?;
        let (first, last) =
            (sessions.column(0).as_primitive::<Int64Type>(), sessions.column(1).as_primitive::<Int64Type>());
        let parts = sessions.column(2).as_primitive::<UInt64Type>();
        let mut row = 0;
        let mut mine = false;
        for session in 0..sessions.num_rows() {
            let rows = row..row + parts.value(session) as usize;
            row = rows.end;
            if tasks[rows.start] == self.task.index {
                mine = true;
                let key = key_of(&keys, rows.start);
                let parts = rows.map(|row| (self.runs.len(), row)).collect();
                self.sessions.open(key, first.value(session), last.value(session), parts);
            }
        }
        if mine {
            self.runs.push(store.clone());
        }
        Ok(())
    }
}

/// A batch that knows its number of rows even without columns.
fn rows_of(schema: SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, StreamError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}
