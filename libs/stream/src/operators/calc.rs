//! Filters and projections, chained in one operator.

use crate::{ErrorKind, Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState};
use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion_physical_expr::PhysicalExpr;
use event::Watermark;
use std::sync::Arc;

/// One step over a batch.
#[derive(Clone, Debug)]
pub enum CalcStep {
    /// Keeps the rows for which this is true; NULL counts as false.
    Filter(Arc<dyn PhysicalExpr>),
    /// Computes these columns.
    Project { expressions: Vec<Arc<dyn PhysicalExpr>>, schema: SchemaRef },
    /// Each row once for each of these lists, with the columns it computes.
    Expand { copies: Vec<Vec<Arc<dyn PhysicalExpr>>>, schema: SchemaRef },
}

/// Where a [`Calc`] stands in its query, which decides what its counters mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalcRole {
    /// Rows it drops are `filtered`; what passes is counted by the aggregate.
    BeforeAggregate,
    /// Rows it drops are `filtered`; what passes is `admitted`.
    Stateless,
    /// Rows it drops are results nobody asked for (`HAVING`): `suppressed`.
    AfterAggregate,
}

/// Stateless steps, one after the other.
#[derive(Clone, Debug)]
pub struct Calc {
    pub steps: Vec<CalcStep>,
    pub role: CalcRole,
}

impl OperatorFactory for Calc {
    fn create(&self, _task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Ok(Box::new(CalcTask { calc: self.clone(), dropped: 0, passed: 0 }))
    }
}

/// Applies `steps` to `batch`; also returns how many rows the filters dropped.
pub(crate) fn apply(steps: &[CalcStep], mut batch: RecordBatch) -> Result<(RecordBatch, u64), StreamError> {
    let mut dropped = 0;
    for step in steps {
        batch = match step {
            CalcStep::Filter(predicate) => {
                let keep = predicate.evaluate(&batch)?.into_array(batch.num_rows())?;
                let keep = keep.as_any().downcast_ref::<BooleanArray>();
                let keep = keep.ok_or_else(|| StreamError::internal("a filter did not yield booleans"))?;
                let kept = filter_record_batch(&batch, keep)?;
                dropped += (batch.num_rows() - kept.num_rows()) as u64;
                kept
            }
            CalcStep::Project { expressions, schema } => computed(expressions, schema, &batch)?,
            CalcStep::Expand { copies, schema } => {
                let copies = copies.iter().map(|expressions| computed(expressions, schema, &batch));
                concat_batches(schema, &copies.collect::<Result<Vec<_>, _>>()?)?
            }
        };
    }
    Ok((batch, dropped))
}

fn computed(
    expressions: &[Arc<dyn PhysicalExpr>],
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<RecordBatch, StreamError> {
    let rows = batch.num_rows();
    let columns = expressions.iter().map(|e| e.evaluate(batch)?.into_array(rows));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    no_forbidden_null(&columns, schema)?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

/// A NULL where the table that is written takes none is a mistake of the data, or of the script.
fn no_forbidden_null(columns: &[ArrayRef], schema: &Schema) -> Result<(), StreamError> {
    let wrong =
        columns.iter().zip(schema.fields()).find(|(c, field)| !field.is_nullable() && c.null_count() > 0);
    match wrong {
        None => Ok(()),
        Some((_, field)) => {
            let message = format!("column '{}' is NOT NULL, but a row has NULL there", field.name());
            Err(StreamError::new(ErrorKind::Data, message))
        }
    }
}

struct CalcTask {
    calc: Calc,
    dropped: u64,
    passed: u64,
}

impl Operator for CalcTask {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let (result, dropped) = apply(&self.calc.steps, batch)?;
        self.dropped += dropped;
        self.passed += result.num_rows() as u64;
        if result.num_rows() > 0 {
            out.rows.push(result);
        }
        Ok(())
    }

    fn on_watermark(&mut self, _watermark: Watermark, _out: &mut Output) -> Result<(), StreamError> {
        Ok(())
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let mut state = TaskState::default();
        let (dropped, passed) = match self.calc.role {
            CalcRole::BeforeAggregate => ("filtered", None),
            CalcRole::Stateless => ("filtered", Some("admitted")),
            CalcRole::AfterAggregate => ("suppressed", None),
        };
        state.counters.insert(dropped.into(), self.dropped);
        if let Some(name) = passed {
            state.counters.insert(name.into(), self.passed);
        }
        Ok(state)
    }

    fn restore(&mut self, _states: &[TaskState]) -> Result<(), StreamError> {
        Ok(())
    }
}
