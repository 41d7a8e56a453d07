//! Functions of numbers.

use super::Call;
use super::udf::call as function;
use crate::fault::unsupported;
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Float64Builder, Int64Array};
use arrow::compute::cast as arrow_cast;
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{Expr, Operator, cast, lit};
use datafusion_functions::math;
use std::sync::Arc;

pub(super) fn choose(call: Call<'_>) -> Result<Expr> {
    for i in 0..call.types.len() {
        call.number(i)?;
    }
    let doubles = || call.arguments.iter().map(|a| cast(a.clone(), DataType::Float64)).collect::<Vec<_>>();
    Ok(match call.name.as_str() {
        "abs" if call.types[0].is_integer() => {
            let result = call.types[0].clone();
            function("abs", result, absolute, call.arguments)
        }
        "abs" => math::abs().call(call.arguments),
        "sqrt" => function("sqrt", DataType::Float64, square_root, doubles()),
        "exp" => math::exp().call(doubles()),
        "ln" => math::ln().call(doubles()),
        "log10" => math::log10().call(doubles()),
        "power" => function("power", DataType::Float64, power, doubles()),
        "mod" => {
            let [left, right] = <[Expr; 2]>::try_from(call.arguments).unwrap_or_default();
            return crate::semantics::arithmetic(left, Operator::Modulo, right, call.schema);
        }
        "round" => return round(call),
        name => match &call.types[0] {
            t if t.is_integer() || t.is_null() => call.arguments[0].clone(),
            DataType::Decimal128(..) => {
                let what = format!("{} of a DECIMAL", name.to_uppercase());
                return Err(unsupported(name, what));
            }
            _ if name == "floor" => math::floor().call(call.arguments),
            _ => math::ceil().call(call.arguments),
        },
    })
}

/// The smallest number has no counterpart and stays as it is.
fn absolute(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let wide = arrow_cast(&arguments[0], &DataType::Int64)?;
    let absolute: Int64Array = wide.as_primitive::<Int64Type>().unary(i64::wrapping_abs);
    wrap_integers(&[Arc::new(absolute)], to)
}

/// As IEEE 754: zero to a negative power is infinite.
fn power(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let (base, exponent) = (arguments[0].as_primitive::<Float64Type>(), arguments[1].as_primitive());
    let powers: Float64Array = arrow::compute::binary::<_, Float64Type, _, _>(base, exponent, f64::powf)?;
    Ok(Arc::new(powers))
}

fn square_root(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let roots: Float64Array = arguments[0].as_primitive::<Float64Type>().unary(f64::sqrt);
    Ok(Arc::new(roots))
}

fn round(call: Call<'_>) -> Result<Expr> {
    let value = call.arguments[0].clone();
    let digits = call.argument(1).unwrap_or_else(|| lit(0_i32));
    let constant = match &digits {
        Expr::Literal(ScalarValue::Int32(Some(digits)), _) => Some(*digits),
        _ => None,
    };
    if call.types.get(1).is_some_and(|t| !t.is_integer()) {
        return Err(call.wrong_type(1, "an integer"));
    }
    match (&call.types[0], constant) {
        (DataType::Float64, _) => {
            let arguments = vec![value, cast(digits, DataType::Int32)];
            Ok(function("round", DataType::Float64, round_doubles, arguments))
        }
        (t, Some(0..)) if t.is_integer() || t.is_null() => Ok(value),
        (DataType::Decimal128(_, scale), Some(digits)) if digits >= i32::from(*scale) => Ok(value),
        (DataType::Decimal128(precision, scale), Some(digits @ 0..)) => {
            let precision = (1 + i32::from(*precision) - i32::from(*scale) + digits).min(38);
            Ok(cast(value, DataType::Decimal128(precision as u8, digits as i8)))
        }
        (other, _) => {
            let what = format!("ROUND of {} to this many digits", event::type_name(other));
            Err(unsupported("round", what))
        }
    }
}

/// Rounds the decimal digits a person sees, as `BigDecimal.valueOf(x)` does: 1.005 to two digits is 1.01.
fn round_doubles(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let values = arguments[0].as_primitive::<Float64Type>();
    let digits = arguments[1].as_primitive::<Int32Type>();
    let mut out = Float64Builder::with_capacity(values.len());
    for row in 0..values.len() {
        if values.is_null(row) || digits.is_null(row) {
            out.append_null();
        } else {
            out.append_value(round_double(values.value(row), digits.value(row)));
        }
    }
    Ok(Arc::new(out.finish()))
}

fn round_double(value: f64, digits: i32) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let text = format!("{}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let keep = whole.len() as i64 + i64::from(digits);
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    // A zero has no sign any more.
    if keep >= all.len() as i64 {
        return value + 0.0;
    }
    if keep < 0 {
        return 0.0;
    }
    let keep = keep as usize;
    let up = all[keep] >= 5;
    let mut kept: Vec<u8> = std::iter::once(0).chain(all[..keep].iter().copied()).collect();
    if up {
        for digit in kept.iter_mut().rev() {
            *digit = (*digit + 1) % 10;
            if *digit != 0 {
                break;
            }
        }
    }
    let mantissa: String = kept.iter().map(|d| char::from(b'0' + d)).collect();
    let rounded: f64 = format!("{mantissa}e{}", -i64::from(digits)).parse().unwrap_or(value);
    rounded.copysign(value) + 0.0
}

/// Narrows to an integer type as Java does: too large integers wrap around, too large floating-point numbers stop at
/// the end of INT or BIGINT, NaN is 0.
pub(crate) fn wrap(value: Expr, to: &DataType) -> Expr {
    function("wrap", to.clone(), wrap_integers, vec![value])
}

pub(super) fn wrap_integers(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let from = &arguments[0];
    let wide: Int64Array = if from.data_type().is_floating() {
        let doubles = arrow_cast(from, &DataType::Float64)?;
        let doubles = doubles.as_primitive::<Float64Type>();
        match to {
            DataType::Int64 => doubles.unary(|v| v as i64),
            _ => doubles.unary(|v| i64::from(v as i32)),
        }
    } else {
        arrow_cast(from, &DataType::Int64)?.as_primitive::<Int64Type>().clone()
    };
    let narrowed: Int64Array = match to {
        DataType::Int8 => wide.unary(|v| i64::from(v as i8)),
        DataType::Int16 => wide.unary(|v| i64::from(v as i16)),
        DataType::Int32 => wide.unary(|v| i64::from(v as i32)),
        _ => wide,
    };
    Ok(arrow_cast(&narrowed, to)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_by_their_decimal_digits() {
        assert_eq!(round_double(1.005, 2), 1.01);
        assert_eq!(round_double(2.5, 0), 3.0);
        assert_eq!(round_double(-2.5, 0), -3.0);
        assert_eq!(round_double(9.995, 2), 10.0);
        assert_eq!(round_double(1234.0, -2), 1200.0);
        assert_eq!(round_double(1e300, 2), 1e300);
        assert_eq!(round_double(4.0, -3), 0.0);
        assert!(round_double(-0.4, 0).is_sign_positive());
        assert_eq!(round_double(0.1, 400), 0.1);
    }
}
