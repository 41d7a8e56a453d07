//! `ROW_NUMBER() OVER (…)` as planned: an operator of the engine stands for it, so it is never computed.

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::{Result, internal_err};
use datafusion_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion_expr::{PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl};
use std::sync::Arc;

pub(crate) const ROW_NUMBER: &str = "row_number";

#[derive(Debug, PartialEq, Eq, Hash)]
struct RowNumber {
    signature: Signature,
}

/// The function as the planner knows it.
pub(crate) fn row_number() -> Arc<WindowUDF> {
    let signature = Signature::nullary(Volatility::Immutable);
    Arc::new(WindowUDF::from(RowNumber { signature }))
}

impl WindowUDFImpl for RowNumber {
    fn name(&self) -> &str {
        ROW_NUMBER
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _arguments: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        internal_err!("ROW_NUMBER is no function of the engine")
    }

    fn field(&self, arguments: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(arguments.name(), DataType::Int64, false)))
    }
}
