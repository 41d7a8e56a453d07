//! Aggregates per key and event-time window.

use crate::{Operator, OperatorFactory, StreamError, TaskIndex, WindowShape};
use arrow::datatypes::SchemaRef;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
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
    /// `Start` and `End` are timestamps in ms without zone; `Time` has the type its field says.
    pub output_schema: SchemaRef,
    /// The source table's name, for dead letters.
    pub origin: Arc<str>,
}

impl OperatorFactory for WindowAggregate {
    fn create(&self, _task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Err(StreamError::internal("not yet"))
    }
}
