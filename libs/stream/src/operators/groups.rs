//! Grouped accumulators: keys to group ids, group ids to aggregate states.

use crate::StreamError;
use arrow::array::{ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion_expr::{EmitTo, GroupsAccumulator};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::GroupsAccumulatorAdapter;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::aggregate::AggregateFunctionExpr;
use datafusion_physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion_physical_plan::aggregates::order::GroupOrdering;
use std::sync::Arc;

/// Which aggregates are computed, per which keys.
#[derive(Clone, Debug)]
pub struct AggregateSpec {
    pub input_schema: SchemaRef,
    /// Indices of the key columns in the input.
    pub keys: Vec<usize>,
    /// Over the input's columns.
    pub aggregates: Vec<Arc<AggregateFunctionExpr>>,
    /// `FILTER (WHERE …)` of each aggregate, over the input's columns.
    pub filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
}

impl AggregateSpec {
    /// What its state means, in words.
    pub(super) fn signature(&self) -> String {
        let keys: Vec<String> =
            self.key_schema().fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
        let aggregates: Vec<&str> = self.aggregates.iter().map(|a| a.name()).collect();
        format!("by [{}]: [{}]", keys.join(", "), aggregates.join(", "))
    }

    fn key_schema(&self) -> SchemaRef {
        Arc::new(self.input_schema.project(&self.keys).unwrap_or_else(|_| Schema::empty()))
    }

    /// The columns of [`Groups::into_state`].
    pub(super) fn state_schema(&self) -> Result<SchemaRef, StreamError> {
        let mut fields: Vec<_> = self.key_schema().fields().iter().cloned().collect();
        for aggregate in &self.aggregates {
            fields.extend(aggregate.state_fields()?);
        }
        // Group values may hand back a key column with NULLs even where the input said it has none.
        let nullable = fields.iter().map(|field| field.as_ref().clone().with_nullable(true));
        Ok(Arc::new(Schema::new(nullable.collect::<Vec<_>>())))
    }

    /// The aggregates' columns for the rows of a batch.
    pub(super) fn arguments(&self, batch: &RecordBatch) -> Result<Vec<Arguments>, StreamError> {
        let rows = batch.num_rows();
        let column = |e: &Arc<dyn PhysicalExpr>| -> Result<ArrayRef, StreamError> {
            Ok(e.evaluate(batch)?.into_array(rows)?)
        };
        self.aggregates
            .iter()
            .zip(&self.filters)
            .map(|(aggregate, filter)| {
                let values = aggregate.expressions().iter().map(column).collect::<Result<_, _>>()?;
                let filter = filter.as_ref().map(|f| column(f).map(|array| array.as_boolean().clone()));
                Ok(Arguments { values, filter: filter.transpose()? })
            })
            .collect()
    }
}

/// One aggregate's columns for a set of rows.
pub(super) struct Arguments {
    pub values: Vec<ArrayRef>,
    pub filter: Option<BooleanArray>,
}

impl Arguments {
    pub fn take(&self, rows: &UInt32Array) -> Result<Self, StreamError> {
        let values = self.values.iter().map(|v| take(v, rows, None)).collect::<Result<_, _>>()?;
        let filter = match &self.filter {
            Some(filter) => Some(take(filter, rows, None)?.as_boolean().clone()),
            None => None,
        };
        Ok(Self { values, filter })
    }
}

/// The aggregates of groups that somebody else numbers.
pub(super) struct Accumulators {
    accumulators: Vec<Box<dyn GroupsAccumulator>>,
    /// Columns of state each accumulator has.
    state_widths: Vec<usize>,
}

impl Accumulators {
    pub fn new(spec: &AggregateSpec) -> Result<Self, StreamError> {
        let accumulators = spec.aggregates.iter().map(accumulator).collect::<Result<Vec<_>, _>>()?;
        let state_widths = spec.aggregates.iter().map(|a| Ok(a.state_fields()?.len()));
        let state_widths = state_widths.collect::<Result<Vec<_>, StreamError>>()?;
        Ok(Self { accumulators, state_widths })
    }

    /// Adds one row to each of `ids`, which are below `groups`.
    pub fn update(
        &mut self,
        arguments: &[Arguments],
        ids: &[usize],
        groups: usize,
    ) -> Result<(), StreamError> {
        for (accumulator, argument) in self.accumulators.iter_mut().zip(arguments) {
            accumulator.update_batch(&argument.values, ids, argument.filter.as_ref(), groups)?;
        }
        Ok(())
    }

    /// Adds one row of state, as [`Self::state`] gave it, to each of `ids`.
    pub fn merge(&mut self, state: &[ArrayRef], ids: &[usize], groups: usize) -> Result<(), StreamError> {
        let mut at = 0;
        for (accumulator, width) in self.accumulators.iter_mut().zip(&self.state_widths) {
            accumulator.merge_batch(&state[at..at + width], ids, groups)?;
            at += width;
        }
        Ok(())
    }

    /// Each aggregate's state columns, a row for each group.
    pub fn state(mut self) -> Result<Vec<ArrayRef>, StreamError> {
        let mut columns = Vec::new();
        for accumulator in &mut self.accumulators {
            columns.extend(accumulator.state(EmitTo::All)?);
        }
        Ok(columns)
    }

    /// The results, a row for each group.
    pub fn results(mut self) -> Result<Vec<ArrayRef>, StreamError> {
        Ok(self.accumulators.iter_mut().map(|a| a.evaluate(EmitTo::All)).collect::<Result<_, _>>()?)
    }
}

/// The aggregates of every key seen in one slice (or one window) of time.
pub(super) struct Groups {
    /// `None` without key columns: then there is one group.
    keys: Option<Box<dyn GroupValues>>,
    accumulators: Accumulators,
    /// Scratch: the group of each row of the batch at hand.
    ids: Vec<usize>,
    groups: usize,
}

impl Groups {
    pub fn new(spec: &AggregateSpec) -> Result<Self, StreamError> {
        let key_schema = spec.key_schema();
        let keys = match key_schema.fields().is_empty() {
            true => None,
            false => Some(new_group_values(key_schema, &GroupOrdering::None)?),
        };
        Ok(Self { keys, accumulators: Accumulators::new(spec)?, ids: Vec::new(), groups: 0 })
    }

    /// Adds `rows` rows.
    pub fn update(
        &mut self,
        keys: &[ArrayRef],
        arguments: &[Arguments],
        rows: usize,
    ) -> Result<(), StreamError> {
        self.intern(keys, rows)?;
        self.accumulate(arguments)
    }

    /// Adds the rows whose keys were interned last.
    pub fn accumulate(&mut self, arguments: &[Arguments]) -> Result<(), StreamError> {
        self.accumulators.update(arguments, &self.ids, self.groups)
    }

    /// Adds a row of state, key columns left out, to each of these groups. Every group must have been given rows before.
    pub fn merge_into(&mut self, state: &[ArrayRef], ids: &[usize]) -> Result<(), StreamError> {
        self.accumulators.merge(state, ids, self.groups)
    }

    /// Of the groups that the rows interned last have added to `before`: a row of each, in their order.
    pub fn first_rows(&self, before: usize) -> Vec<u32> {
        let mut first = vec![u32::MAX; self.groups - before];
        for (row, id) in self.ids.iter().enumerate() {
            if let Some(first) = id.checked_sub(before).map(|new| &mut first[new]) {
                *first = (*first).min(row as u32);
            }
        }
        first
    }

    /// Adds what [`Self::into_state`] gave.
    pub fn merge(&mut self, state: &[ArrayRef], key_count: usize) -> Result<(), StreamError> {
        let rows = state.first().map_or(0, |column| column.len());
        self.intern(&state[..key_count], rows)?;
        self.accumulators.merge(&state[key_count..], &self.ids, self.groups)
    }

    /// Key columns, then each aggregate's state columns.
    pub fn into_state(mut self) -> Result<Vec<ArrayRef>, StreamError> {
        let mut columns = self.emit_keys()?;
        columns.extend(self.accumulators.state()?);
        Ok(columns)
    }

    /// Key columns and aggregate results.
    pub fn into_result(mut self) -> Result<(Vec<ArrayRef>, Vec<ArrayRef>), StreamError> {
        Ok((self.emit_keys()?, self.accumulators.results()?))
    }

    pub fn len(&self) -> usize {
        self.groups
    }

    /// Finds or makes the group of each row.
    pub fn intern(&mut self, keys: &[ArrayRef], rows: usize) -> Result<(), StreamError> {
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

fn accumulator(aggregate: &Arc<AggregateFunctionExpr>) -> Result<Box<dyn GroupsAccumulator>, StreamError> {
    if aggregate.groups_accumulator_supported() {
        return Ok(aggregate.create_groups_accumulator()?);
    }
    let aggregate = aggregate.clone();
    Ok(Box::new(GroupsAccumulatorAdapter::new(move || aggregate.create_accumulator())))
}
