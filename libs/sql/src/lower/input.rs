//! What an aggregation reads, and its aggregates.

use crate::chain::{AggregateCall, Physical, plain_column};
use crate::fault::wrong;
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use datafusion_common::{Result, internal_err};
use datafusion_physical_expr::aggregate::AggregateExprBuilder;
use datafusion_physical_expr::expressions::{Column, cast};
use std::sync::Arc;

/// The columns an aggregation reads, each once: times, keys, arguments, filters.
pub(super) struct Input<'s> {
    pub expressions: Vec<Physical>,
    pub names: Vec<String>,
    schema: &'s Schema,
}

impl<'s> Input<'s> {
    pub fn new(schema: &'s Schema) -> Self {
        Self { expressions: Vec::new(), names: Vec::new(), schema }
    }

    /// A timestamp, in ms.
    pub fn add_time(&mut self, at: usize) -> Result<usize> {
        let field = self.schema.field(at);
        let column = Arc::new(Column::new(field.name(), at)) as Physical;
        let DataType::Timestamp(_, zone) = field.data_type() else {
            return internal_err!("the rowtime is no timestamp");
        };
        let time = cast(column, self.schema, DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))?;
        self.expressions.push(time);
        self.names.push(field.name().clone());
        Ok(self.expressions.len() - 1)
    }

    pub fn add(&mut self, expression: Physical, name: &str) -> Result<usize> {
        if let Some(at) = self.expressions.iter().position(|known| **known == *expression) {
            return Ok(at);
        }
        let name = match plain_column(&expression) {
            Some(i) => self.schema.field(i).name().clone(),
            None => name.to_string(),
        };
        self.expressions.push(expression);
        self.names.push(name);
        Ok(self.expressions.len() - 1)
    }
}

pub(super) type Aggregates =
    (Vec<Arc<datafusion_physical_expr::aggregate::AggregateFunctionExpr>>, Vec<Option<Physical>>);

pub(super) fn aggregates(
    calls: &[AggregateCall],
    arguments: &[(usize, Option<usize>)],
    input: &SchemaRef,
) -> Result<Aggregates> {
    let column = |i: usize| Arc::new(Column::new(input.field(i).name(), i)) as Physical;
    let mut aggregates = Vec::new();
    let mut filters = Vec::new();
    for (call, (argument, filter)) in calls.iter().zip(arguments) {
        let built = AggregateExprBuilder::new(call.function.clone(), vec![column(*argument)])
            .schema(input.clone())
            .alias(&call.name)
            .with_distinct(call.distinct)
            .build()
            .map_err(|error| wrong(call.function.name(), error.strip_backtrace()))?;
        aggregates.push(Arc::new(built));
        filters.push(filter.map(column));
    }
    Ok((aggregates, filters))
}
