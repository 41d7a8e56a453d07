//! Comparisons of floating-point numbers by IEEE 754, as in Java: NaN is neither equal to, nor above, nor below anything.

use super::udf::{Run, call as function};
use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::compute::cast as arrow_cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion_common::Result;
use datafusion_expr::{Expr, Operator};
use std::sync::Arc;

/// `left op right`, if `op` compares.
pub(crate) fn compare(left: Expr, op: Operator, right: Expr) -> Option<Expr> {
    let (name, run): (&'static str, Run) = match op {
        Operator::Eq => ("float_eq", |a, _| each(a, |l, r| l == r)),
        Operator::NotEq => ("float_ne", |a, _| each(a, |l, r| l != r)),
        Operator::Lt => ("float_lt", |a, _| each(a, |l, r| l < r)),
        Operator::LtEq => ("float_le", |a, _| each(a, |l, r| l <= r)),
        Operator::Gt => ("float_gt", |a, _| each(a, |l, r| l > r)),
        Operator::GtEq => ("float_ge", |a, _| each(a, |l, r| l >= r)),
        _ => return None,
    };
    Some(function(name, DataType::Boolean, run, vec![left, right]))
}

fn each(arguments: &[ArrayRef], op: impl Fn(f64, f64) -> bool) -> Result<ArrayRef> {
    let left = arrow_cast(&arguments[0], &DataType::Float64)?;
    let right = arrow_cast(&arguments[1], &DataType::Float64)?;
    let (left, right) = (left.as_primitive::<Float64Type>(), right.as_primitive::<Float64Type>());
    Ok(Arc::new(BooleanArray::from_binary(left, right, op)))
}
