//! Functions of time. The session's zone is UTC, so a `TIMESTAMP_LTZ` reads like the `TIMESTAMP` of the same clock.

use super::Call;
use super::java_time::{Pattern, from_units, parse_default, to_units};
use super::udf::call as function;
use crate::fault::{unsupported, wrong};
use crate::types::utc;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, PrimitiveBuilder, StringBuilder};
use arrow::compute::cast as arrow_cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};
use chrono::{Datelike, NaiveDateTime, Timelike};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{Expr, cast};
use std::sync::Arc;

pub(super) fn choose(call: Call<'_>) -> Result<Expr> {
    let millis = DataType::Timestamp(TimeUnit::Millisecond, None);
    match call.name.as_str() {
        "to_timestamp" => {
            call.all_strings()?;
            let mut arguments = vec![cast(call.arguments[0].clone(), DataType::Utf8)];
            let pattern = call.argument(1);
            if let Some(pattern) = &pattern {
                check_pattern(&call.name, pattern)?;
            }
            arguments.extend(pattern);
            Ok(function("to_timestamp", millis, to_timestamp, arguments))
        }
        "to_timestamp_ltz" => to_timestamp_ltz(call),
        "date_format" => {
            check_pattern(&call.name, &call.arguments[1])?;
            let time = time_argument(&call, 0)?;
            Ok(function("date_format", DataType::Utf8, date_format, vec![time, call.arguments[1].clone()]))
        }
        "floor_to" => {
            let unit = text(&call.arguments[0]).unwrap_or_default();
            if !["SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "YEAR"].contains(&unit.as_str()) {
                return Err(unsupported("floor", format!("FLOOR to {unit}")));
            }
            let zone = match &call.types[1] {
                DataType::Timestamp(_, zone) => zone.clone(),
                _ => return Err(wrong("floor", "FLOOR … TO takes a timestamp")),
            };
            let time = time_argument(&call, 1)?;
            let floored = function("floor_to", millis, floor_to, vec![call.arguments[0].clone(), time]);
            Ok(if zone.is_some() { in_utc(floored) } else { floored })
        }
        "extract" => {
            let unit = text(&call.arguments[0]).unwrap_or_default();
            field(&call, &unit, 1)
        }
        "dayofmonth" => field(&call, "DAY", 0),
        "dayofyear" => field(&call, "DOY", 0),
        name => field(&call, &name.to_uppercase(), 0),
    }
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text.clone()),
        _ => None,
    }
}

fn check_pattern(name: &str, pattern: &Expr) -> Result<()> {
    let Some(pattern) = text(pattern) else {
        return Err(unsupported(name, "a pattern that is no literal"));
    };
    match Pattern::read(&pattern) {
        Ok(_) => Ok(()),
        Err(letter) => {
            Err(unsupported(name, format!("pattern letter '{letter}' in this form in '{pattern}'")))
        }
    }
}

/// The argument as a timestamp in ms without zone.
fn time_argument(call: &Call<'_>, i: usize) -> Result<Expr> {
    let millis = DataType::Timestamp(TimeUnit::Millisecond, None);
    match &call.types[i] {
        DataType::Timestamp(_, None) | DataType::Date32 | DataType::Null => {
            Ok(cast(call.arguments[i].clone(), millis))
        }
        DataType::Timestamp(..) => {
            let instant = cast(call.arguments[i].clone(), DataType::Timestamp(TimeUnit::Millisecond, utc()));
            Ok(function("utc_clock", millis, retype, vec![instant]))
        }
        _ => Err(call.wrong_type(i, "a timestamp or date")),
    }
}

/// The same milliseconds under another timestamp type.
fn retype(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let millis = arguments[0].as_primitive::<TimestampMillisecondType>();
    Ok(Arc::new(millis.clone().with_data_type(to.clone())))
}

fn in_utc(time: Expr) -> Expr {
    function("in_utc", DataType::Timestamp(TimeUnit::Millisecond, utc()), retype, vec![time])
}

fn to_timestamp(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let texts = arguments[0].as_string::<i32>();
    let pattern = match arguments.get(1) {
        Some(patterns) if !patterns.is_empty() => Some(read_pattern(patterns)?),
        _ => None,
    };
    let mut out = PrimitiveBuilder::<TimestampMillisecondType>::with_capacity(texts.len());
    for text in texts {
        let time = text.and_then(|text| match &pattern {
            Some(pattern) => pattern.parse(text),
            None => parse_default(text),
        });
        out.append_option(time.and_then(|time| to_units(&time, 1000)));
    }
    Ok(Arc::new(out.finish()))
}

fn read_pattern(patterns: &ArrayRef) -> Result<Pattern> {
    match Pattern::read(patterns.as_string::<i32>().value(0)) {
        Ok(pattern) => Ok(pattern),
        Err(letter) => exec_err!("pattern letter '{letter}' is not supported"),
    }
}

fn to_timestamp_ltz(call: Call<'_>) -> Result<Expr> {
    if !call.types[0].is_integer() && !call.types[0].is_null() {
        return Err(unsupported(&call.name, "TO_TIMESTAMP_LTZ of anything but an integer"));
    }
    let run = match &call.arguments[1] {
        Expr::Literal(ScalarValue::Int32(Some(0)), _) => from_seconds,
        Expr::Literal(ScalarValue::Int32(Some(3)), _) => from_millis,
        _ => {
            return Err(wrong(
                &call.name,
                "the precision of TO_TIMESTAMP_LTZ is 0 (seconds) or 3 (milliseconds)",
            ));
        }
    };
    let name = match &call.arguments[1] {
        Expr::Literal(ScalarValue::Int32(Some(0)), _) => "to_timestamp_ltz_seconds",
        _ => "to_timestamp_ltz_millis",
    };
    let number = cast(call.arguments[0].clone(), DataType::Int64);
    Ok(function(name, DataType::Timestamp(TimeUnit::Millisecond, utc()), run, vec![number]))
}

fn from_seconds(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let seconds = arguments[0].as_primitive::<Int64Type>();
    let millis: arrow::array::PrimitiveArray<TimestampMillisecondType> =
        seconds.unary_opt(|seconds| seconds.checked_mul(1000));
    Ok(Arc::new(millis.with_data_type(to.clone())))
}

fn from_millis(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let millis = arguments[0].as_primitive::<Int64Type>().reinterpret_cast::<TimestampMillisecondType>();
    Ok(Arc::new(millis.with_data_type(to.clone())))
}

fn date_format(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let times = arguments[0].as_primitive::<TimestampMillisecondType>();
    let mut out = StringBuilder::new();
    if arguments[1].is_empty() {
        return Ok(Arc::new(out.finish()));
    }
    let pattern = read_pattern(&arguments[1])?;
    for time in times {
        out.append_option(time.and_then(|time| from_units(time, 1000)).map(|time| pattern.format(&time)));
    }
    Ok(Arc::new(out.finish()))
}

fn floor_to(arguments: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let units = arguments[0].as_string::<i32>();
    let times = arguments[1].as_primitive::<TimestampMillisecondType>();
    if units.is_empty() {
        return Ok(arrow_cast(&arguments[1], to)?);
    }
    let unit = units.value(0);
    let fixed = match unit {
        "SECOND" => Some(1_000),
        "MINUTE" => Some(60_000),
        "HOUR" => Some(3_600_000),
        "DAY" => Some(86_400_000),
        _ => None,
    };
    let floored: arrow::array::PrimitiveArray<TimestampMillisecondType> =
        times.unary_opt(|time| match fixed {
            Some(width) => Some(time.div_euclid(width) * width),
            None => {
                let time = from_units(time, 1000)?;
                let month = if unit == "YEAR" { 1 } else { time.month() };
                let date = chrono::NaiveDate::from_ymd_opt(time.year(), month, 1)?;
                to_units(&date.and_time(chrono::NaiveTime::MIN), 1000)
            }
        });
    Ok(Arc::new(floored))
}

/// `EXTRACT(unit FROM time)`, a BIGINT.
fn field(call: &Call<'_>, unit: &str, i: usize) -> Result<Expr> {
    let run = match unit {
        "YEAR" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.year())),
        "QUARTER" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.month0() / 3 + 1)),
        "MONTH" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.month())),
        "WEEK" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.iso_week().week())),
        "DAY" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.day())),
        "DOY" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.ordinal())),
        "HOUR" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.hour())),
        "MINUTE" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.minute())),
        "SECOND" => |a: &[ArrayRef], _: &DataType| fields(a, |t| i64::from(t.second())),
        _ => return Err(unsupported(&call.name, format!("EXTRACT({unit} FROM …)"))),
    };
    let name = match unit {
        "YEAR" => "year",
        "QUARTER" => "quarter",
        "MONTH" => "month",
        "WEEK" => "week",
        "DAY" => "day",
        "DOY" => "day_of_year",
        "HOUR" => "hour",
        "MINUTE" => "minute",
        _ => "second",
    };
    let time = time_argument(call, i)?;
    Ok(function(name, DataType::Int64, run, vec![time]))
}

fn fields(arguments: &[ArrayRef], field: impl Fn(NaiveDateTime) -> i64) -> Result<ArrayRef> {
    let times = arguments[0].as_primitive::<TimestampMillisecondType>();
    let values: Int64Array =
        times.iter().map(|time| time.and_then(|t| from_units(t, 1000)).map(&field)).collect();
    Ok(Arc::new(values))
}
