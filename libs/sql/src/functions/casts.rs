//! `CAST` and `TRY_CAST` as Flink means them.

use super::java_time::{from_units, parse_default, print_default, to_units};
use super::numbers::wrap_integers;
use super::udf::call as function;
use super::wrap;
use crate::fault::unsupported;
use arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, Int64Array, Int64Builder, StringBuilder};
use arrow::compute::cast as arrow_cast;
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimeUnit};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{Expr, cast as plain, lit, try_cast, when};
use datafusion_functions::string::btrim;
use event::type_name;
use std::sync::Arc;

/// Converts; `strict` stops at a text that does not convert, otherwise it becomes NULL.
pub(crate) fn cast(value: Expr, from: &DataType, to: &DataType, strict: bool) -> Result<Expr> {
    use DataType as T;
    let arrow = |value: Expr| if strict { plain(value, to.clone()) } else { try_cast(value, to.clone()) };
    let number = |t: &T| t.is_integer() || t.is_floating() || matches!(t, T::Decimal128(..));
    Ok(match (from, to) {
        _ if from == to => value,
        (T::Null, _) => plain(value, to.clone()),
        (T::Boolean, T::Utf8) => {
            when(value.clone(), lit("TRUE")).when(datafusion_expr::not(value), lit("FALSE")).end()?
        }
        (T::Timestamp(..), T::Utf8) => function("timestamp_to_string", T::Utf8, print, vec![value]),
        (T::Decimal128(..) | T::Date32, T::Utf8) => arrow(value),
        (_, T::Utf8) if from.is_integer() => arrow(value),
        (T::Utf8, T::Timestamp(..)) => {
            let value = btrim().call(vec![value]);
            match strict {
                true => function("string_to_timestamp", to.clone(), parse_strict, vec![value]),
                false => function("try_string_to_timestamp", to.clone(), parse_lenient, vec![value]),
            }
        }
        (T::Utf8, T::Boolean) if strict => {
            function("string_to_boolean", T::Boolean, truth_strict, vec![value])
        }
        (T::Utf8, T::Boolean) => function("try_string_to_boolean", T::Boolean, truth_lenient, vec![value]),
        (T::Utf8, T::Date32) => arrow(btrim().call(vec![value])),
        (T::Utf8, _) if to.is_integer() => {
            let value = btrim().call(vec![value]);
            match strict {
                true => function("string_to_integer", to.clone(), integers_strict, vec![value]),
                false => function("try_string_to_integer", to.clone(), integers_lenient, vec![value]),
            }
        }
        (T::Utf8, _) if number(to) => arrow(btrim().call(vec![value])),
        // A DECIMAL that does not fit is NULL in Flink.
        (_, T::Decimal128(..)) if number(from) => try_cast(value, to.clone()),
        (T::Decimal128(..), _) if to.is_integer() => {
            function("decimal_to_integer", to.clone(), whole_part, vec![value])
        }
        (_, _) if to.is_integer() && (from.is_integer() || from.is_floating()) => wrap(value, to),
        (_, _) if number(from) && number(to) => arrow(value),
        (T::Boolean, _) if number(to) => arrow(value),
        (_, T::Boolean) if from.is_integer() => arrow(value),
        (T::Timestamp(..), T::Timestamp(..) | T::Date32) | (T::Date32, T::Timestamp(..)) => arrow(value),
        _ => {
            return Err(unsupported("CAST", format!("CAST from {} to {}", type_name(from), type_name(to))));
        }
    })
}

/// The fraction is cut off; what is too large wraps around.
fn whole_part(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let decimals = arguments[0].as_primitive::<Decimal128Type>();
    let one = 10_i128.pow(u32::try_from(decimals.scale()).unwrap_or(0));
    let wide: Int64Array = decimals.unary(|value| (value / one) as i64);
    wrap_integers(&[Arc::new(wide)], to)
}

fn per_second(data_type: &DataType) -> i64 {
    match data_type {
        DataType::Timestamp(TimeUnit::Second, _) => 1,
        DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000_000,
        _ => 1_000_000_000,
    }
}

fn print(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let per_second = per_second(arguments[0].data_type());
    let digits = per_second.ilog10() as usize;
    let values = arrow_cast(&arguments[0], &DataType::Int64)?;
    let mut out = StringBuilder::new();
    for value in values.as_primitive::<Int64Type>() {
        out.append_option(
            value.and_then(|v| from_units(v, per_second)).map(|time| print_default(&time, digits)),
        );
    }
    Ok(Arc::new(out.finish()))
}

fn truth_strict(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    truths(&arguments[0], true)
}

fn truth_lenient(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    truths(&arguments[0], false)
}

fn truths(texts: &ArrayRef, strict: bool) -> Result<ArrayRef> {
    let mut out = BooleanBuilder::new();
    for text in texts.as_string::<i32>() {
        let value = text.and_then(truth);
        if let (Some(text), None, true) = (text, value, strict) {
            return exec_err!("'{text}' is no BOOLEAN; TRY_CAST would give NULL");
        }
        out.append_option(value);
    }
    Ok(Arc::new(out.finish()))
}

/// Without spaces around it, unlike a number.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn integers_strict(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    integers(arguments, to, true)
}

fn integers_lenient(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    integers(arguments, to, false)
}

fn integers(arguments: &[ArrayRef], to: &DataType, strict: bool) -> Result<ArrayRef> {
    let texts = arguments[0].as_string::<i32>();
    let bits = to.primitive_width().map_or(64, |bytes| 8 * bytes as u32);
    let mut out = Int64Builder::with_capacity(texts.len());
    for text in texts {
        // The upper bits of a number that fits repeat its sign.
        let value = text.and_then(integer).filter(|v| bits == 64 || (v >> (bits - 1)) == (v >> 63));
        if let (Some(text), None, true) = (text, value, strict) {
            return exec_err!("'{text}' is no {}; TRY_CAST would give NULL", type_name(to));
        }
        out.append_option(value);
    }
    let values: ArrayRef = Arc::new(out.finish());
    Ok(arrow_cast(&values, to)?)
}

/// A whole number; a fraction, which must be digits, is cut off.
fn integer(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if text.is_empty() || text == "+" || text == "-" || !plain(digits) || !plain(fraction) {
        return None;
    }
    if digits.is_empty() { Some(0) } else { whole.parse().ok() }
}

fn parse_strict(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    parse(arguments, to, true)
}

fn parse_lenient(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    parse(arguments, to, false)
}

fn parse(arguments: &[ArrayRef], to: &DataType, strict: bool) -> Result<ArrayRef> {
    let per_second = per_second(to);
    let texts = arguments[0].as_string::<i32>();
    let mut out = Int64Builder::with_capacity(texts.len());
    for text in texts {
        let value = text.and_then(parse_default).and_then(|time| to_units(&time, per_second));
        if let (Some(text), None, true) = (text, value, strict) {
            return exec_err!("'{text}' is no timestamp; TRY_CAST would give NULL");
        }
        out.append_option(value);
    }
    let values: ArrayRef = Arc::new(out.finish());
    Ok(arrow_cast(&values, to)?)
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn texts_are_whole_numbers_as_flink_reads_them() {
        for (text, value) in [("12.5", 12), ("-12.9", -12), ("+7", 7), (".5", 0), ("1.", 1), ("-0", 0)] {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        for text in ["", "-", "+", "1e3", "1.x", "1.2.3", " 1", "9223372036854775808"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }
}
