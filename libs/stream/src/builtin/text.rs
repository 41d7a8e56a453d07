//! Rows as Flink prints them: Java's `toString` of each value.

use crate::StreamError;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::io::Write as _;

/// Appends one line for each row.
pub(super) fn write_rows(batch: &RecordBatch, prefix: &str, out: &mut Vec<u8>) -> Result<(), StreamError> {
    let columns = batch.columns().iter().map(Column::new).collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        out.extend_from_slice(prefix.as_bytes());
        out.extend_from_slice(b"+I");
        write_row(&columns, row, out);
        out.push(b'\n');
    }
    Ok(())
}

fn write_row(columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            out.extend_from_slice(b", ");
        }
        column.write(row, out);
    }
    out.push(b']');
}

struct Column<'a> {
    array: &'a ArrayRef,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Text(&'a arrow::array::StringArray),
    Float(&'a [f32]),
    Double(&'a [f64]),
    Bytes(&'a arrow::array::BinaryArray),
    Timestamp { micros: ArrayRef, zoned: bool },
    Row(Vec<Column<'a>>),
    Array(Box<Column<'a>>, &'a [i32]),
    Map(Box<(Column<'a>, Column<'a>)>, &'a [i32]),
    Other(ArrayFormatter<'a>),
}

impl<'a> Column<'a> {
    fn new(array: &'a ArrayRef) -> Result<Self, StreamError> {
        const DISPLAY: FormatOptions<'static> = FormatOptions::new();
        let kind = match array.data_type() {
            DataType::Utf8 => Kind::Text(array.as_string()),
            DataType::Float32 => Kind::Float(array.as_primitive::<Float32Type>().values()),
            DataType::Float64 => Kind::Double(array.as_primitive::<Float64Type>().values()),
            DataType::Binary => Kind::Bytes(array.as_binary()),
            DataType::Timestamp(_, zone) => {
                let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                Kind::Timestamp { micros, zoned: zone.is_some() }
            }
            DataType::Struct(_) => {
                let fields = array.as_struct().columns().iter().map(Column::new);
                Kind::Row(fields.collect::<Result<_, _>>()?)
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Kind::Array(Box::new(Column::new(list.values())?), list.value_offsets())
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                let pair = (Column::new(map.keys())?, Column::new(map.values())?);
                Kind::Map(Box::new(pair), map.value_offsets())
            }
            _ => Kind::Other(ArrayFormatter::try_new(array, &DISPLAY)?),
        };
        Ok(Self { array, kind })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.array.is_null(row) {
            return out.extend_from_slice(b"null");
        }
        match &self.kind {
            Kind::Text(texts) => out.extend_from_slice(texts.value(row).as_bytes()),
            Kind::Float(values) => write_float(f64::from(values[row]), format!("{:?}", values[row]), out),
            Kind::Double(values) => write_float(values[row], format!("{:?}", values[row]), out),
            Kind::Bytes(bytes) => {
                // Java's bytes are signed.
                let signed: Vec<i8> = bytes.value(row).iter().map(|byte| *byte as i8).collect();
                text(out, format_args!("{signed:?}"));
            }
            Kind::Timestamp { micros, zoned } => {
                write_timestamp(micros.as_primitive::<TimestampMicrosecondType>().value(row), *zoned, out);
            }
            Kind::Row(fields) => {
                out.extend_from_slice(b"+I");
                write_row(fields, row, out);
            }
            Kind::Array(values, offsets) => {
                out.push(b'[');
                for at in offsets[row]..offsets[row + 1] {
                    if at > offsets[row] {
                        out.extend_from_slice(b", ");
                    }
                    values.write(at as usize, out);
                }
                out.push(b']');
            }
            Kind::Map(pair, offsets) => {
                out.push(b'{');
                for at in offsets[row]..offsets[row + 1] {
                    if at > offsets[row] {
                        out.extend_from_slice(b", ");
                    }
                    pair.0.write(at as usize, out);
                    out.push(b'=');
                    pair.1.write(at as usize, out);
                }
                out.push(b'}');
            }
            Kind::Other(formatter) => text(out, format_args!("{}", formatter.value(row))),
        }
    }
}

fn text(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("writing to memory does not fail");
}

/// `1.0`, `1.0E10`, `NaN`, `-Infinity`: Java's form, from Rust's shortest digits.
fn write_float(value: f64, shortest: String, out: &mut Vec<u8>) {
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" });
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return out.extend_from_slice(shortest.as_bytes());
    }
    let (sign, digits) = match shortest.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", shortest.as_str()),
    };
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let zeros = all.len() - all.trim_start_matches('0').len();
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    let exponent = exponent.parse::<i64>().unwrap_or(0) + whole.len() as i64 - 1 - zeros as i64;
    let (first, rest) = significant.split_at(1);
    let rest = if rest.is_empty() { "0" } else { rest };
    text(out, format_args!("{sign}{first}.{rest}E{exponent}"));
}

/// Java's `LocalDateTime` leaves out seconds that are zero; its `Instant` does not. Fractions come in threes.
fn write_timestamp(micros: i64, zoned: bool, out: &mut Vec<u8>) {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = arrow::datatypes::Date32Type::to_naive_date_opt(days as i32);
    match date {
        Some(date) => text(out, format_args!("{date}")),
        None => text(out, format_args!("day {days}")),
    }
    text(out, format_args!("T{:02}:{:02}", second_of_day / 3_600, second_of_day / 60 % 60));
    let second = second_of_day % 60;
    if zoned || second > 0 || fraction > 0 {
        text(out, format_args!(":{second:02}"));
    }
    if fraction > 0 {
        if fraction % 1_000 == 0 {
            text(out, format_args!(".{:03}", fraction / 1_000));
        } else {
            text(out, format_args!(".{fraction:06}"));
        }
    }
    if zoned {
        out.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_java_writes_them() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (1e7, "1.0E7"),
            (1.234e10, "1.234E10"),
            (-1e-4, "-1.0E-4"),
            (123456789.125, "1.23456789125E8"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, expected) in cases {
            let mut out = Vec::new();
            write_float(value, format!("{value:?}"), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn timestamps_are_written_as_java_writes_them() {
        let cases = [
            (0, false, "1970-01-01T00:00"),
            (0, true, "1970-01-01T00:00:00Z"),
            (1_500_000, false, "1970-01-01T00:00:01.500"),
            (-1, true, "1969-12-31T23:59:59.999999Z"),
        ];
        for (micros, zoned, expected) in cases {
            let mut out = Vec::new();
            write_timestamp(micros, zoned, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
