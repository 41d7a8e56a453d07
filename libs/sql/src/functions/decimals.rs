//! Arithmetic of `DECIMAL`s: exact with up to 76 digits, then rounded half away from zero to the result's scale; NULL when
//! that does not fit.

use super::udf::{Run, call as function};
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Builder};
use arrow::datatypes::{DataType, Decimal128Type, i256};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{Expr, Operator};
use std::sync::Arc;

/// `left op right` as a value of type `result`; both are `DECIMAL`s.
pub(crate) fn decimal(left: Expr, op: Operator, right: Expr, result: DataType) -> Expr {
    let (name, run): (&'static str, Run) = match op {
        Operator::Plus => ("decimal_add", |a, to| aligned(a, to, |l, r| l.checked_add(r))),
        Operator::Minus => ("decimal_subtract", |a, to| aligned(a, to, |l, r| l.checked_sub(r))),
        Operator::Multiply => ("decimal_multiply", multiply),
        Operator::Modulo => ("decimal_remainder", remainder),
        _ => return decimal_divide(left, right, result),
    };
    function(name, result, run, vec![left, right])
}

/// Divides two `DECIMAL`s.
pub(crate) fn decimal_divide(dividend: Expr, divisor: Expr, result: DataType) -> Expr {
    function("decimal_divide", result, divide, vec![dividend, divisor])
}

/// Applies `op` to numbers of one scale, which is the result's, too.
fn aligned(
    arguments: &[ArrayRef],
    result: &DataType,
    op: impl Fn(i256, i256) -> Option<i256>,
) -> Result<ArrayRef> {
    let (left, right, scale) = scales(arguments, result)?;
    let common = left.max(right);
    rows(arguments, result, |l, r| {
        let number = |value: i128, own: i32| i256::from_i128(value).checked_mul(ten(common - own)?);
        rounded(op(number(l, left)?, number(r, right)?)?, ten(common - scale)?)
    })
}

fn multiply(arguments: &[ArrayRef], result: &DataType) -> Result<ArrayRef> {
    let (left, right, scale) = scales(arguments, result)?;
    rows(arguments, result, |l, r| {
        let product = i256::from_i128(l).checked_mul(i256::from_i128(r))?;
        rounded(product, ten(left + right - scale)?)
    })
}

fn remainder(arguments: &[ArrayRef], result: &DataType) -> Result<ArrayRef> {
    no_zero(arguments)?;
    aligned(arguments, result, |l, r| l.checked_rem(r))
}

fn no_zero(arguments: &[ArrayRef]) -> Result<()> {
    let dividends = arguments[0].as_primitive::<Decimal128Type>();
    let divisors = arguments[1].as_primitive::<Decimal128Type>();
    match dividends.iter().zip(divisors).any(|(top, bottom)| top.is_some() && bottom == Some(0)) {
        true => exec_err!("division by zero"),
        false => Ok(()),
    }
}

fn divide(arguments: &[ArrayRef], result: &DataType) -> Result<ArrayRef> {
    no_zero(arguments)?;
    let (left, right, scale) = scales(arguments, result)?;
    rows(arguments, result, |l, r| quotient(l, r, scale - left + right))
}

fn scales(arguments: &[ArrayRef], result: &DataType) -> Result<(i32, i32, i32)> {
    match (arguments[0].data_type(), arguments[1].data_type(), result) {
        (DataType::Decimal128(_, left), DataType::Decimal128(_, right), DataType::Decimal128(_, scale)) => {
            Ok((i32::from(*left), i32::from(*right), i32::from(*scale)))
        }
        _ => exec_err!("decimal arithmetic takes DECIMALs"),
    }
}

/// The result of each row whose arguments are not NULL.
fn rows(
    arguments: &[ArrayRef],
    result: &DataType,
    op: impl Fn(i128, i128) -> Option<i128>,
) -> Result<ArrayRef> {
    let lefts = arguments[0].as_primitive::<Decimal128Type>();
    let rights = arguments[1].as_primitive::<Decimal128Type>();
    let mut out = Decimal128Builder::with_capacity(lefts.len()).with_data_type(result.clone());
    let DataType::Decimal128(precision, _) = result else { return exec_err!("no DECIMAL") };
    let limit = 10_i128.pow(u32::from(*precision));
    for (left, right) in lefts.iter().zip(rights) {
        let value = match (left, right) {
            (Some(left), Some(right)) => op(left, right),
            _ => None,
        };
        out.append_option(value.filter(|value| value.abs() < limit));
    }
    Ok(Arc::new(out.finish()))
}

/// 10 to a power that is not negative.
fn ten(power: i32) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::try_from(power).ok()?)
}

/// `dividend * 10^shift / divisor`; `None` when it does not fit.
fn quotient(dividend: i128, divisor: i128, shift: i32) -> Option<i128> {
    let mut top = i256::from_i128(dividend);
    let mut bottom = i256::from_i128(divisor);
    if shift >= 0 {
        top = top.checked_mul(ten(shift)?)?;
    } else {
        bottom = bottom.checked_mul(ten(-shift)?)?;
    }
    rounded(top, bottom)
}

/// `top / bottom`, rounded half away from zero.
fn rounded(top: i256, bottom: i256) -> Option<i128> {
    let whole = top.checked_div(bottom)?;
    let rest = top.checked_sub(whole.checked_mul(bottom)?)?;
    let twice = rest.wrapping_abs().checked_mul(i256::from_i128(2))?;
    let negative = top.is_negative() != bottom.is_negative();
    let step = i256::from_i128(if negative { -1 } else { 1 });
    let rounded = if twice >= bottom.wrapping_abs() { whole.checked_add(step)? } else { whole };
    rounded.to_i128()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_round_half_up() {
        assert_eq!(quotient(1, 3, 6), Some(333_333));
        assert_eq!(quotient(2, 3, 6), Some(666_667));
        assert_eq!(quotient(-1, 2, 0), Some(-1));
        assert_eq!(quotient(i128::MAX, 1, 38), None);
    }
}
