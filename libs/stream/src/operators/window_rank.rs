//! Window Top-N and window deduplication: the first rows of each key and window.

use super::shape::Span;
use super::windowing::{Account, Slices, Windowing};
use crate::exchange::own_rows;
use crate::{Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState};
use arrow::array::{ArrayRef, AsArray, Int64Array, UInt32Array, UInt64Array};
use arrow::compute::{SortOptions, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, Rows, SortField};
use event::Watermark;
use std::sync::Arc;

/// Rows a window may hold beyond twice those it needs.
const SPARE_ROWS: usize = 4_096;

/// A column to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankOrder {
    pub column: usize,
    pub descending: bool,
    pub nulls_first: bool,
}

impl RankOrder {
    pub(super) fn sort_field(&self, schema: &Schema) -> SortField {
        let options = SortOptions { descending: self.descending, nulls_first: self.nulls_first };
        SortField::new_with_options(schema.field(self.column).data_type().clone(), options)
    }
}

/// `ROW_NUMBER() OVER (PARTITION BY window_start, window_end, keys… ORDER BY order…)`, of which `from..=to` is wanted.
///
/// Its input is hashed by `keys`, and each row has its window. A window is emitted once, when the watermark reaches its
/// last millisecond; a row whose window was emitted is late and leaves as a dead letter.
#[derive(Clone, Debug)]
pub struct WindowRank {
    pub input_schema: SchemaRef,
    /// The columns of the window's bounds, timestamps in ms.
    pub start: usize,
    pub end: usize,
    pub keys: Vec<usize>,
    pub order: Vec<RankOrder>,
    /// The first and the last number that are wanted, from 1.
    pub from: u64,
    pub to: u64,
    /// Of rows that are equal in their order, the one that came last is the first: deduplication that keeps the last row.
    pub later_first: bool,
    /// The input's columns, then the row's number: a BIGINT.
    pub output_schema: SchemaRef,
    /// Whether the rows are those of a source, and so accounted for here.
    pub of_source: bool,
    /// The source table's name, for dead letters.
    pub origin: Arc<str>,
}

impl WindowRank {
    fn windowing(&self) -> Windowing {
        Windowing::Attached { start: self.start, end: self.end }
    }

    /// The input's columns, and in what order rows came.
    fn state_schema(&self) -> SchemaRef {
        let arrival = Arc::new(Field::new("arrival", DataType::UInt64, false));
        Arc::new(Schema::new(self.input_schema.fields().iter().cloned().chain([arrival]).collect::<Vec<_>>()))
    }
}

impl OperatorFactory for WindowRank {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        let field = |i: usize| self.input_schema.field(i).data_type().clone();
        let keys = self.keys.iter().map(|i| SortField::new(field(*i))).collect();
        let order = self.order.iter().map(|by| by.sort_field(&self.input_schema));
        let arrival = SortOptions { descending: self.later_first, nulls_first: false };
        let arrival = SortField::new_with_options(DataType::UInt64, arrival);
        Ok(Box::new(RankTask {
            task,
            windows: Slices::new(self.windowing()),
            keys: RowConverter::new(keys)?,
            order: RowConverter::new(order.chain([arrival]).collect())?,
            state_schema: self.state_schema(),
            arrived: 0,
            account: Account::default(),
            plan: Arc::new(self.clone()),
        }))
    }

    fn signature(&self) -> String {
        let name = |i: &usize| {
            let field = self.input_schema.field(*i);
            format!("{} {}", field.name(), field.data_type())
        };
        let keys: Vec<String> = self.keys.iter().map(name).collect();
        let rows: Vec<String> = (0..self.input_schema.fields().len()).map(|i| name(&i)).collect();
        let (keys, rows) = (keys.join(", "), rows.join(", "));
        format!("Rank up to {} by [{keys}] order {:?}: rows [{rows}]", self.to, self.order)
    }
}

/// The rows a window may still need, in the order they came.
#[derive(Default)]
struct Window {
    batches: Vec<RecordBatch>,
    rows: usize,
    /// Rows that were needed when it was last looked through.
    needed: usize,
}

struct RankTask {
    plan: Arc<WindowRank>,
    task: TaskIndex,
    windows: Slices<Window>,
    keys: RowConverter,
    /// By the order's columns, then by arrival.
    order: RowConverter,
    state_schema: SchemaRef,
    /// The number of the next row.
    arrived: u64,
    account: Account,
}

impl Operator for RankTask {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let (windowing, watermark) = (self.plan.windowing(), self.windows.watermark);
        let split = windowing.split(&batch, watermark)?;
        self.account.set_aside(&batch, windowing.time(), &split, watermark, &self.plan.origin, out)?;
        let arrival = self.arrived..self.arrived + batch.num_rows() as u64;
        self.arrived = arrival.end;
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(UInt64Array::from_iter_values(arrival)));
        let batch = RecordBatch::try_new(self.state_schema.clone(), columns)?;
        let whole = split.is_whole();
        for (span, rows) in split.slices {
            self.account.admitted += rows.len() as u64;
            let rows =
                if whole { batch.clone() } else { take_record_batch(&batch, &UInt32Array::from(rows))? };
            self.add(span, rows)?;
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<(), StreamError> {
        for span in self.windows.advance(watermark) {
            let Some(window) = self.windows.kept.remove(&span) else { continue };
            let (rows, numbers) = self.first_rows(&window, self.plan.from)?;
            if rows.num_rows() > 0 {
                let mut columns = rows.columns()[..self.plan.input_schema.fields().len()].to_vec();
                columns.push(Arc::new(numbers));
                out.rows.push(RecordBatch::try_new(self.plan.output_schema.clone(), columns)?);
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let windows: Vec<Span> = self.windows.kept.keys().copied().collect();
        let mut batches = Vec::with_capacity(windows.len());
        for span in &windows {
            batches.push(self.tidied(*span)?);
        }
        let counters = self.account.counters(self.plan.of_source);
        Ok(TaskState { counters, ..self.windows.saved(batches)? })
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        for state in states {
            for (span, batch) in self.windows.restore(state)?.iter().zip(&state.batches) {
                // A key's rows all come from one task, so their numbers tell their order.
                let arrivals = batch.column(batch.num_columns() - 1).as_primitive::<UInt64Type>();
                let last = arrow::compute::max(arrivals).map_or(0, |last| last + 1);
                self.arrived = self.arrived.max(last);
                let mine = own_rows(batch, &self.plan.keys, self.task)?;
                if mine.num_rows() > 0 {
                    self.add(*span, mine)?;
                }
            }
        }
        Ok(())
    }
}

impl RankTask {
    fn add(&mut self, span: Span, rows: RecordBatch) -> Result<(), StreamError> {
        let window = self.windows.kept.entry(span).or_default();
        window.rows += rows.num_rows();
        window.batches.push(rows);
        if window.rows > 2 * window.needed + SPARE_ROWS {
            self.tidied(span)?;
        }
        Ok(())
    }

    /// Leaves just the rows of a window that may be wanted, and returns them.
    fn tidied(&mut self, span: Span) -> Result<RecordBatch, StreamError> {
        let Some(window) = self.windows.kept.get(&span) else {
            return Err(StreamError::internal("no such window"));
        };
        let (rows, _) = self.first_rows(window, 1)?;
        let count = rows.num_rows();
        self.windows.kept.insert(span, Window { batches: vec![rows.clone()], rows: count, needed: count });
        Ok(rows)
    }

    /// Each key's rows `from..=to` in their order, and their numbers.
    fn first_rows(&self, window: &Window, from: u64) -> Result<(RecordBatch, Int64Array), StreamError> {
        let rows = concat_batches(&self.state_schema, &window.batches)?;
        let columns =
            |of: Vec<usize>| -> Vec<ArrayRef> { of.iter().map(|i| rows.column(*i).clone()).collect() };
        let keys = match self.plan.keys.is_empty() {
            true => None,
            false => Some(self.keys.convert_columns(&columns(self.plan.keys.clone()))?),
        };
        let order = self.plan.order.iter().map(|by| by.column).chain([rows.num_columns() - 1]);
        let order = self.order.convert_columns(&columns(order.collect()))?;
        let key = |i: &u32| keys.as_ref().map(|keys: &Rows| keys.row(*i as usize));
        let mut sorted: Vec<u32> = (0..rows.num_rows() as u32).collect();
        sorted.sort_unstable_by(|a, b| {
            key(a).cmp(&key(b)).then_with(|| order.row(*a as usize).cmp(&order.row(*b as usize)))
        });
        let (mut wanted, mut numbers) = (Vec::new(), Vec::new());
        let mut number = 0_u64;
        for (at, row) in sorted.iter().enumerate() {
            let same = at > 0 && key(&sorted[at - 1]) == key(row);
            number = if same { number + 1 } else { 1 };
            if (from..=self.plan.to).contains(&number) {
                wanted.push(*row);
                numbers.push(number as i64);
            }
        }
        Ok((take_record_batch(&rows, &UInt32Array::from(wanted))?, Int64Array::from(numbers)))
    }
}
