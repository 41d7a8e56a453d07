//! Grouped accumulators: keys to group ids, group ids to aggregate states.

use crate::StreamError;
use crate::operators::WindowAggregate;
use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion_expr::{EmitTo, GroupsAccumulator};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::GroupsAccumulatorAdapter;
use datafusion_physical_expr::aggregate::AggregateFunctionExpr;
use datafusion_physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion_physical_plan::aggregates::order::GroupOrdering;
use std::sync::Arc;

/// One aggregate's columns for a set of rows.
pub(super) struct Arguments {
    pub values: Vec<ArrayRef>,
    pub filter: Option<BooleanArray>,
}

/// The aggregates of every key seen in one slice (or one window) of time.
pub(super) struct Groups {
    /// `None` without key columns: then there is one group.
    keys: Option<Box<dyn GroupValues>>,
    accumulators: Vec<Box<dyn GroupsAccumulator>>,
    /// Columns of state each accumulator has.
    state_widths: Vec<usize>,
    /// Scratch: the group of each row of the batch at hand.
    ids: Vec<usize>,
    groups: usize,
}

impl Groups {
    pub fn new(plan: &WindowAggregate) -> Result<Self, StreamError> {
        let key_schema = key_schema(plan);
        let keys = match key_schema.fields().is_empty() {
            true => None,
            false => Some(new_group_values(key_schema, &GroupOrdering::None)?),
        };
        let accumulators = plan.aggregates.iter().map(accumulator).collect::<Result<Vec<_>, _>>()?;
        let state_widths = plan.aggregates.iter().map(|a| Ok(a.state_fields()?.len()));
        let state_widths = state_widths.collect::<Result<Vec<_>, StreamError>>()?;
        Ok(Self { keys, accumulators, state_widths, ids: Vec::new(), groups: 0 })
    }

    /// Adds `rows` rows.
    pub fn update(
        &mut self,
        keys: &[ArrayRef],
        arguments: &[Arguments],
        rows: usize,
    ) -> Result<(), StreamError> {
        self.intern(keys, rows)?;
        for (accumulator, argument) in self.accumulators.iter_mut().zip(arguments) {
            accumulator.update_batch(&argument.values, &self.ids, argument.filter.as_ref(), self.groups)?;
        }
        Ok(())
    }

    /// Adds what [`Self::into_state`] gave.
    pub fn merge(&mut self, state: &[ArrayRef], key_count: usize) -> Result<(), StreamError> {
        let rows = state.first().map_or(0, |column| column.len());
        self.intern(&state[..key_count], rows)?;
        let mut at = key_count;
        for (accumulator, width) in self.accumulators.iter_mut().zip(&self.state_widths) {
            accumulator.merge_batch(&state[at..at + width], &self.ids, self.groups)?;
            at += width;
        }
        Ok(())
    }

    /// Key columns, then each aggregate's state columns.
    pub fn into_state(mut self) -> Result<Vec<ArrayRef>, StreamError> {
        let mut columns = self.emit_keys()?;
        for accumulator in &mut self.accumulators {
            columns.extend(accumulator.state(EmitTo::All)?);
        }
        Ok(columns)
    }

    /// Key columns and aggregate results.
    pub fn into_result(mut self) -> Result<(Vec<ArrayRef>, Vec<ArrayRef>), StreamError> {
        let keys = self.emit_keys()?;
        let results =
            self.accumulators.iter_mut().map(|a| a.evaluate(EmitTo::All)).collect::<Result<_, _>>()?;
        Ok((keys, results))
    }

    pub fn len(&self) -> usize {
        self.groups
    }

    fn intern(&mut self, keys: &[ArrayRef], rows: usize) -> Result<(), StreamError> {
        match &mut self.keys {
            Some(values) => {
                values.intern(keys, &mut self.ids)?;
                self.groups = values.len();
            }
            None => {
                self.ids.clear();
                self.ids.resize(rows, 0);
                self.groups = 1;
            }
        }
        Ok(())
    }

    fn emit_keys(&mut self) -> Result<Vec<ArrayRef>, StreamError> {
        match &mut self.keys {
            Some(values) => Ok(values.emit(EmitTo::All)?),
            None => Ok(Vec::new()),
        }
    }
}

/// The key columns of the plan.
pub(super) fn key_schema(plan: &WindowAggregate) -> SchemaRef {
    Arc::new(plan.input_schema.project(&plan.keys).unwrap_or_else(|_| Schema::empty()))
}

/// The columns of [`Groups::into_state`].
pub(super) fn state_schema(plan: &WindowAggregate) -> Result<SchemaRef, StreamError> {
    let mut fields: Vec<_> = key_schema(plan).fields().iter().cloned().collect();
    for aggregate in &plan.aggregates {
        fields.extend(aggregate.state_fields()?);
    }
    // Group values may hand back a key column with NULLs even where the input said it has none.
    let nullable = fields.iter().map(|field| field.as_ref().clone().with_nullable(true));
    Ok(Arc::new(Schema::new(nullable.collect::<Vec<_>>())))
}

fn accumulator(aggregate: &Arc<AggregateFunctionExpr>) -> Result<Box<dyn GroupsAccumulator>, StreamError> {
    if aggregate.groups_accumulator_supported() {
        return Ok(aggregate.create_groups_accumulator()?);
    }
    let aggregate = aggregate.clone();
    Ok(Box::new(GroupsAccumulatorAdapter::new(move || aggregate.create_accumulator())))
}
