//! A window table function without an aggregate: each row once per window it falls into.

use super::rowtime::{RowTime, no_time_letter, window_columns};
use crate::{Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState, WindowShape};
use arrow::array::UInt32Array;
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use event::Watermark;
use std::sync::Arc;

/// Appends `window_start`, `window_end` and `window_time` to each row.
#[derive(Clone, Debug)]
pub struct WindowAssign {
    pub shape: WindowShape,
    /// Index of the rowtime column, a millisecond timestamp.
    pub time: usize,
    /// The input's columns, then `window_start`, `window_end`, `window_time`: timestamps in ms.
    pub schema: SchemaRef,
    /// The source table's name, for dead letters.
    pub origin: Arc<str>,
}

impl OperatorFactory for WindowAssign {
    fn create(&self, _task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Ok(Box::new(AssignTask { plan: self.clone(), no_event_time: 0 }))
    }

    fn signature(&self) -> String {
        format!("{:?}", self.shape)
    }
}

struct AssignTask {
    plan: WindowAssign,
    no_event_time: u64,
}

impl Operator for AssignTask {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let times = RowTime::of(&batch, self.plan.time)?;
        let mut rows = Vec::with_capacity(batch.num_rows());
        let mut windows = Vec::with_capacity(batch.num_rows());
        for row in 0..times.len() {
            match times.get(row) {
                Some(time) => {
                    for window in self.plan.shape.windows_of(self.plan.shape.slice_of(time)) {
                        rows.push(row as u32);
                        windows.push(window);
                    }
                }
                None => {
                    self.no_event_time += 1;
                    out.dead.push(no_time_letter(&batch, row, self.plan.time, &self.plan.origin)?);
                }
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let rows = UInt32Array::from(rows);
        let mut columns =
            batch.columns().iter().map(|column| take(column, &rows, None)).collect::<Result<Vec<_>, _>>()?;
        columns.extend(window_columns(&windows, &self.plan.schema.fields()[batch.num_columns()..]));
        out.rows.push(RecordBatch::try_new(self.plan.schema.clone(), columns)?);
        Ok(())
    }

    fn on_watermark(&mut self, _watermark: Watermark, _out: &mut Output) -> Result<(), StreamError> {
        Ok(())
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let mut state = TaskState::default();
        state.counters.insert("no_event_time".into(), self.no_event_time);
        Ok(state)
    }

    fn restore(&mut self, _states: &[TaskState]) -> Result<(), StreamError> {
        Ok(())
    }
}
