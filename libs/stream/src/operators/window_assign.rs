//! A window table function without an aggregate: each row once per window it falls into.

use crate::{Operator, OperatorFactory, StreamError, TaskIndex, WindowShape};

/// Appends `window_start`, `window_end` and `window_time` to each row.
#[derive(Clone, Debug)]
pub struct WindowAssign {
    pub shape: WindowShape,
    /// Index of the rowtime column, a millisecond timestamp.
    pub time: usize,
    /// The input's columns, then `window_start`, `window_end`, `window_time` in the rowtime's type (the first two
    /// without zone).
    pub schema: arrow::datatypes::SchemaRef,
    /// The source table's name, for dead letters.
    pub origin: std::sync::Arc<str>,
}

impl OperatorFactory for WindowAssign {
    fn create(&self, _task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Err(StreamError::internal("not yet"))
    }
}
