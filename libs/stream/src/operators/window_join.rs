//! Window join: rows of two inputs that share window and keys.

use super::windowing::{Account, Slices, Windowing};
use crate::exchange::own_rows;
use crate::{Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch, take, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion_physical_expr::PhysicalExpr;
use event::Watermark;
use std::collections::HashMap;
use std::sync::Arc;

/// Pairs of rows that are looked at together.
const PAIRS_MAX: usize = 8_192;

/// What becomes of rows without a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    /// Those of the left side are kept, with NULLs beside them.
    Left,
    Right,
    Full,
}

impl JoinKind {
    /// Whether the rows of the left (0) or right (1) side are kept without a partner.
    fn keeps(self, side: usize) -> bool {
        match self {
            Self::Inner => false,
            Self::Left => side == 0,
            Self::Right => side == 1,
            Self::Full => true,
        }
    }
}

/// One input of a join.
#[derive(Clone, Debug)]
pub struct JoinSide {
    pub schema: SchemaRef,
    /// The columns of the window's bounds, timestamps in ms.
    pub start: usize,
    pub end: usize,
    /// The n-th is compared with the other side's n-th, which has the same type; NULL equals nothing.
    pub keys: Vec<usize>,
    /// Whether the rows are those of a source, and so accounted for here.
    pub of_source: bool,
    /// The source table's name, for dead letters.
    pub origin: Arc<str>,
}

impl JoinSide {
    fn windowing(&self) -> Windowing {
        Windowing::Attached { start: self.start, end: self.end }
    }
}

/// `left JOIN right ON` equal `window_start` and `window_end`, equal keys, `AND condition`.
///
/// Its inputs are hashed by their keys. A window is joined once, when the watermark reaches its last millisecond; a row
/// whose window was joined is late and leaves as a dead letter.
#[derive(Clone, Debug)]
pub struct WindowJoin {
    /// Left and right: the edges of the node, in this order.
    pub sides: [JoinSide; 2],
    pub kind: JoinKind,
    /// Over the output's columns.
    pub condition: Option<Arc<dyn PhysicalExpr>>,
    /// The left side's columns, then the right side's.
    pub output_schema: SchemaRef,
}

impl OperatorFactory for WindowJoin {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        let side = &self.sides[0];
        let fields = side.keys.iter().map(|i| SortField::new(side.schema.field(*i).data_type().clone()));
        Ok(Box::new(JoinTask {
            task,
            windows: Slices::new(side.windowing()),
            keys: RowConverter::new(fields.collect())?,
            accounts: Default::default(),
            plan: Arc::new(self.clone()),
        }))
    }

    fn signature(&self) -> String {
        let side = |side: &JoinSide| {
            let fields = side.schema.fields().iter();
            let fields: Vec<String> = fields.map(|f| format!("{} {}", f.name(), f.data_type())).collect();
            format!("{:?} of [{}]", side.keys, fields.join(", "))
        };
        format!("{:?} join by {} and {}", self.kind, side(&self.sides[0]), side(&self.sides[1]))
    }
}

/// The rows of both sides.
type Window = [Vec<RecordBatch>; 2];

struct JoinTask {
    plan: Arc<WindowJoin>,
    task: TaskIndex,
    windows: Slices<Window>,
    keys: RowConverter,
    accounts: [Account; 2],
}

impl Operator for JoinTask {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        self.on_input(0, batch, out)
    }

    fn on_input(&mut self, input: usize, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let side = &self.plan.sides[input];
        let (windowing, watermark) = (side.windowing(), self.windows.watermark);
        let split = windowing.split(&batch, watermark)?;
        let account = &mut self.accounts[input];
        account.set_aside(&batch, windowing.time(), &split, watermark, &side.origin, out)?;
        let whole = split.is_whole();
        for (span, rows) in split.slices {
            account.admitted += rows.len() as u64;
            let rows =
                if whole { batch.clone() } else { take_record_batch(&batch, &UInt32Array::from(rows))? };
            self.windows.kept.entry(span).or_default()[input].push(rows);
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<(), StreamError> {
        for span in self.windows.advance(watermark) {
            if let Some(window) = self.windows.kept.remove(&span) {
                self.join(&window, out)?;
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let mut batches = Vec::new();
        for window in self.windows.kept.values_mut() {
            for (rows, side) in window.iter_mut().zip(&self.plan.sides) {
                let all = concat_batches(&side.schema, rows.iter())?;
                *rows = vec![all.clone()];
                batches.push(all);
            }
        }
        let mut state = self.windows.saved(batches)?;
        for (account, side) in self.accounts.iter().zip(&self.plan.sides) {
            for (name, count) in account.counters(side.of_source) {
                *state.counters.entry(name).or_default() += count;
            }
        }
        Ok(state)
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        for state in states {
            for (span, sides) in self.windows.restore(state)?.iter().zip(state.batches.chunks(2)) {
                for (input, batch) in sides.iter().enumerate() {
                    let mine = own_rows(batch, &self.plan.sides[input].keys, self.task)?;
                    if mine.num_rows() > 0 {
                        self.windows.kept.entry(*span).or_default()[input].push(mine);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A side's rows of one window.
struct Side {
    rows: RecordBatch,
    /// `None` without keys.
    keys: Option<Rows>,
}

/// Which rows of each side have found a partner.
type Matched = [Vec<bool>; 2];

impl Side {
    /// The row's key; `None` if a NULL in it keeps it from being equal to any.
    fn key(&self, row: usize, columns: &[usize]) -> Option<&[u8]> {
        if columns.iter().any(|i| self.rows.column(*i).is_null(row)) {
            return None;
        }
        Some(self.keys.as_ref().map_or(&[], |keys| keys.row(row).data()))
    }
}

impl JoinTask {
    fn side(&self, rows: &[RecordBatch], side: &JoinSide) -> Result<Side, StreamError> {
        let rows = concat_batches(&side.schema, rows)?;
        let keys: Vec<ArrayRef> = side.keys.iter().map(|i| rows.column(*i).clone()).collect();
        let keys = if keys.is_empty() { None } else { Some(self.keys.convert_columns(&keys)?) };
        Ok(Side { rows, keys })
    }

    /// Pairs the rows of one window.
    fn join(&self, window: &Window, out: &mut Output) -> Result<(), StreamError> {
        let [of_left, of_right] = &self.plan.sides;
        let sides = [self.side(&window[0], of_left)?, self.side(&window[1], of_right)?];
        let [left, right] = &sides;
        let mut matched = [vec![false; left.rows.num_rows()], vec![false; right.rows.num_rows()]];
        let mut by_key: HashMap<&[u8], Vec<u32>> = HashMap::new();
        for row in 0..right.rows.num_rows() {
            if let Some(key) = right.key(row, &of_right.keys) {
                by_key.entry(key).or_default().push(row as u32);
            }
        }
        let mut pairs: (Vec<u32>, Vec<u32>) = Default::default();
        for row in 0..left.rows.num_rows() {
            let partners = left.key(row, &of_left.keys).and_then(|key| by_key.get(key));
            for partner in partners.into_iter().flatten() {
                pairs.0.push(row as u32);
                pairs.1.push(*partner);
                if pairs.0.len() == PAIRS_MAX {
                    self.emit(std::mem::take(&mut pairs), &sides, &mut matched, out)?;
                }
            }
        }
        self.emit(pairs, &sides, &mut matched, out)?;
        self.emit_alone(&sides, &matched, out)
    }

    /// Emits the pairs that meet the condition.
    fn emit(
        &self,
        (of_left, of_right): (Vec<u32>, Vec<u32>),
        sides: &[Side; 2],
        matched: &mut Matched,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        if of_left.is_empty() {
            return Ok(());
        }
        let rows = of_left.len();
        let (of_left, of_right) = (UInt32Array::from(of_left), UInt32Array::from(of_right));
        let mut joined = self.beside(sides, &of_left, &of_right)?;
        let kept = match &self.plan.condition {
            Some(condition) => {
                let kept = condition.evaluate(&joined)?.into_array(rows)?;
                let kept = kept.as_boolean().clone();
                joined = filter_record_batch(&joined, &kept)?;
                kept
            }
            None => BooleanArray::from(vec![true; rows]),
        };
        for pair in (0..rows).filter(|pair| kept.is_valid(*pair) && kept.value(*pair)) {
            matched[0][of_left.value(pair) as usize] = true;
            matched[1][of_right.value(pair) as usize] = true;
        }
        if joined.num_rows() > 0 {
            out.rows.push(joined);
        }
        Ok(())
    }

    /// Emits the rows without a partner that are wanted.
    fn emit_alone(&self, sides: &[Side; 2], matched: &Matched, out: &mut Output) -> Result<(), StreamError> {
        for side in [0, 1].into_iter().filter(|side| self.plan.kind.keeps(*side)) {
            let alone = matched[side].iter().enumerate().filter(|(_, matched)| !**matched);
            let alone: UInt32Array = alone.map(|(row, _)| Some(row as u32)).collect();
            if alone.is_empty() {
                continue;
            }
            let nobody = UInt32Array::new_null(alone.len());
            let (of_left, of_right) = if side == 0 { (&alone, &nobody) } else { (&nobody, &alone) };
            out.rows.push(self.beside(sides, of_left, of_right)?);
        }
        Ok(())
    }

    /// These rows of the left side beside these of the right; a NULL is nobody.
    fn beside(
        &self,
        [left, right]: &[Side; 2],
        of_left: &UInt32Array,
        of_right: &UInt32Array,
    ) -> Result<RecordBatch, StreamError> {
        let left = left.rows.columns().iter().map(|column| take(column, of_left, None));
        let right = right.rows.columns().iter().map(|column| take(column, of_right, None));
        let columns = left.chain(right).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(of_left.len()));
        Ok(RecordBatch::try_new_with_options(self.plan.output_schema.clone(), columns, &options)?)
    }
}
