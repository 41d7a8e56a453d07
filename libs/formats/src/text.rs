//! Columns that arrive as text and become what their type says: a failing cell is reported, never dropped.
//!
//! JSON carries timestamps, dates, times, bytes and decimals as text here, because a JSON number for a timestamp has
//! no unit, bytes are base64, and a decimal must not pass through a float. CSV carries everything as text.

use crate::record::shorten;
use crate::temporal::{self, TimestampFormat};
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryBuilder, BooleanBuilder, ListArray, MapArray,
    PrimitiveArray, StringArray, StructArray,
};
use arrow::datatypes::*;
use arrow::error::ArrowError;
use base64::Engine as _;
use event::type_name;
use std::str::FromStr;
use std::sync::Arc;

/// A cell whose text is not what its column holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BadCell {
    pub row: usize,
    pub error: String,
}

/// The type in which a JSON value of `target` is decoded first.
pub(crate) fn wire_type(target: &DataType) -> DataType {
    match target {
        DataType::Timestamp(_, _)
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Decimal128(_, _)
        | DataType::Binary => DataType::Utf8,
        DataType::List(field) => DataType::List(wire_field(field)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(wire_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(wire_field(entries), *sorted),
        other => other.clone(),
    }
}

pub(crate) fn wire_field(field: &FieldRef) -> FieldRef {
    match wire_type(field.data_type()) {
        same if same == *field.data_type() => field.clone(),
        wire => Arc::new(field.as_ref().clone().with_data_type(wire)),
    }
}

/// Types a JSON or CSV column may have; the rest is refused before anything is read.
pub(crate) fn supported(data_type: &DataType, nested: bool) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::Binary
        | DataType::Date32
        | DataType::Timestamp(_, _)
        | DataType::Time32(_)
        | DataType::Time64(_) => true,
        DataType::Decimal128(_, scale) => *scale >= 0,
        DataType::List(field) => nested && supported(field.data_type(), nested),
        DataType::Struct(fields) => nested && fields.iter().all(|f| supported(f.data_type(), nested)),
        DataType::Map(entries, _) => {
            nested
                && matches!(entries.data_type(), DataType::Struct(f)
                    if f.len() == 2 && f[0].data_type() == &DataType::Utf8 && supported(f[1].data_type(), nested))
        }
        _ => false,
    }
}

/// Turns the text leaves of `array` (of type `wire_type(target)`) into `target`. Rows with a bad cell are listed in
/// `bad` and hold a placeholder.
pub(crate) fn convert(
    array: &ArrayRef,
    target: &DataType,
    path: &str,
    format: TimestampFormat,
    bad: &mut Vec<BadCell>,
) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == target {
        return Ok(array.clone());
    }
    match target {
        DataType::Struct(fields) => {
            let rows = array.as_struct();
            let columns = fields.iter().zip(rows.columns()).map(|(field, column)| {
                convert(column, field.data_type(), &format!("{path}.{}", field.name()), format, bad)
            });
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            let converted =
                StructArray::try_new_with_length(fields.clone(), columns, rows.nulls().cloned(), rows.len())?;
            Ok(Arc::new(converted))
        }
        DataType::List(field) => {
            let lists = array.as_list::<i32>();
            let mut cells = Vec::new();
            let values =
                convert(lists.values(), field.data_type(), &format!("{path}[]"), format, &mut cells)?;
            lift(cells, lists.value_offsets(), bad);
            let offsets = lists.offsets().clone();
            Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, lists.nulls().cloned())?))
        }
        DataType::Map(entries, sorted) => {
            let maps = array.as_map();
            let mut cells = Vec::new();
            let inner: ArrayRef = Arc::new(maps.entries().clone());
            let values = convert(&inner, entries.data_type(), path, format, &mut cells)?;
            lift(cells, maps.value_offsets(), bad);
            let (offsets, nulls) = (maps.offsets().clone(), maps.nulls().cloned());
            let map =
                MapArray::try_new(entries.clone(), offsets, values.as_struct().clone(), nulls, *sorted)?;
            Ok(Arc::new(map))
        }
        leaf => parse_column(array.as_string::<i32>(), leaf, path, format, bad),
    }
}

/// Bad elements of lists become bad rows.
fn lift(cells: Vec<BadCell>, offsets: &[i32], bad: &mut Vec<BadCell>) {
    for cell in cells {
        let row = offsets.partition_point(|offset| *offset as usize <= cell.row) - 1;
        bad.push(BadCell { row, error: cell.error });
    }
}

/// Parses a column of text as a flat type.
pub(crate) fn parse_column(
    texts: &StringArray,
    target: &DataType,
    path: &str,
    format: TimestampFormat,
    bad: &mut Vec<BadCell>,
) -> Result<ArrayRef, ArrowError> {
    let mut column = Column { texts, target, path, bad };
    Ok(match target {
        DataType::Utf8 => Arc::new(texts.clone()),
        DataType::Int8 => column.parse_trimmed::<Int8Type>(),
        DataType::Int16 => column.parse_trimmed::<Int16Type>(),
        DataType::Int32 => column.parse_trimmed::<Int32Type>(),
        DataType::Int64 => column.parse_trimmed::<Int64Type>(),
        DataType::Float32 => column.parse_trimmed::<Float32Type>(),
        DataType::Float64 => column.parse_trimmed::<Float64Type>(),
        DataType::Boolean => column.booleans(),
        DataType::Binary => column.binaries(),
        DataType::Decimal128(precision, scale) => {
            let (precision, scale) = (*precision, *scale);
            column.parse::<Decimal128Type>("", |text| parse_decimal(text.trim(), precision, scale))
        }
        DataType::Date32 => column.parse::<Date32Type>(" ('2026-01-01')", temporal::parse_date),
        DataType::Time32(TimeUnit::Second) => column.times::<Time32SecondType>(1_000_000_000, |t| t as i32),
        DataType::Time32(_) => column.times::<Time32MillisecondType>(1_000_000, |t| t as i32),
        DataType::Time64(TimeUnit::Microsecond) => column.times::<Time64MicrosecondType>(1_000, |t| t),
        DataType::Time64(_) => column.times::<Time64NanosecondType>(1, |t| t),
        DataType::Timestamp(TimeUnit::Second, _) => column.timestamps::<TimestampSecondType>(format),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            column.timestamps::<TimestampMillisecondType>(format)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            column.timestamps::<TimestampMicrosecondType>(format)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => column.timestamps::<TimestampNanosecondType>(format),
        other => {
            return Err(ArrowError::NotYetImplemented(format!("column \"{path}\" of type {other} as text")));
        }
    })
}

struct Column<'a> {
    texts: &'a StringArray,
    target: &'a DataType,
    path: &'a str,
    bad: &'a mut Vec<BadCell>,
}

impl Column<'_> {
    fn parse<T: ArrowPrimitiveType>(
        &mut self,
        hint: &str,
        parse: impl Fn(&str) -> Option<T::Native>,
    ) -> ArrayRef {
        let mut values = Vec::with_capacity(self.texts.len());
        for row in 0..self.texts.len() {
            let value = if self.texts.is_null(row) { None } else { parse(self.texts.value(row)) };
            if value.is_none() && self.texts.is_valid(row) {
                self.refuse(row, hint);
            }
            values.push(value.unwrap_or_default());
        }
        let array = PrimitiveArray::<T>::new(values.into(), self.texts.nulls().cloned());
        Arc::new(array.with_data_type(self.target.clone()))
    }

    fn parse_trimmed<T: ArrowPrimitiveType<Native: FromStr>>(&mut self) -> ArrayRef {
        self.parse::<T>("", |text| text.trim().parse().ok())
    }

    fn times<T: ArrowPrimitiveType>(&mut self, nanos: i64, narrow: impl Fn(i64) -> T::Native) -> ArrayRef {
        self.parse::<T>(" ('10:00:00')", |text| temporal::parse_time(text).map(|t| narrow(t / nanos)))
    }

    fn timestamps<T: ArrowTimestampType>(&mut self, format: TimestampFormat) -> ArrayRef {
        let zoned = matches!(self.target, DataType::Timestamp(_, Some(_)));
        let hint = format!(" ({})", format.example(zoned));
        self.parse::<T>(&hint, |text| temporal::parse_timestamp(text, T::UNIT, format, zoned))
    }

    fn booleans(&mut self) -> ArrayRef {
        let mut builder = BooleanBuilder::with_capacity(self.texts.len());
        for row in 0..self.texts.len() {
            let value = match self.texts.value(row).trim() {
                _ if self.texts.is_null(row) => None,
                text if text.eq_ignore_ascii_case("true") => Some(true),
                text if text.eq_ignore_ascii_case("false") => Some(false),
                _ => {
                    self.refuse(row, "");
                    Some(false)
                }
            };
            builder.append_option(value);
        }
        Arc::new(builder.finish())
    }

    fn binaries(&mut self) -> ArrayRef {
        let mut builder = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for row in 0..self.texts.len() {
            if self.texts.is_null(row) {
                builder.append_null();
                continue;
            }
            bytes.clear();
            let engine = base64::engine::general_purpose::STANDARD;
            if engine.decode_vec(self.texts.value(row), &mut bytes).is_err() {
                self.refuse(row, " (base64)");
            }
            builder.append_value(&bytes);
        }
        Arc::new(builder.finish())
    }

    fn refuse(&mut self, row: usize, hint: &str) {
        let (name, text) = (type_name(self.target), shorten(self.texts.value(row)));
        let error = format!("column \"{}\": expected {name}{hint}, got \"{text}\"", self.path);
        self.bad.push(BadCell { row, error });
    }
}

/// A float that is no number, in Java's words.
pub(crate) fn float_text(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// A decimal from its text, exact; digits beyond the scale round half up, as in Flink. `None`: not a number, or more
/// digits than the precision.
pub(crate) fn parse_decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    if whole.len() + fraction.len() == 0 || !all().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if all().all(|b| b == b'0') {
        return Some(0);
    }
    // How many of the digits stand before the last one that is kept.
    let kept = whole.len() as i64 + i64::from(exponent) + i64::from(scale);
    if kept < 0 {
        return Some(0);
    }
    let limit = 10_i128.pow(u32::from(precision));
    let mut digits = all().map(|b| i128::from(b - b'0'));
    let mut value = 0_i128;
    for place in 0..kept {
        // A nonzero value grows tenfold per place, so this ends within the precision; zeros end with the digits.
        if value >= limit / 10 || (value == 0 && place > mantissa.len() as i64) {
            return None;
        }
        value = value * 10 + digits.next().unwrap_or(0);
    }
    if digits.next().is_some_and(|next| next >= 5) {
        value += 1;
    }
    (value < limit).then_some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn decimals_are_exact_and_round_half_up() {
        let mut table = String::new();
        for text in [
            "1.23",
            "1.235",
            "1.2349",
            "-1.235",
            "99.999",
            "100",
            "1e1",
            "1.5E-1",
            "4e-3",
            "5e-3",
            "0e999999999",
            "1e999999999",
            "1e-999999999",
            "0.1",
            ".5",
            "5.",
            "+7",
            "",
            ".",
            "-",
            "1,5",
            "1e",
            "NaN",
            "0x1",
        ] {
            let value = parse_decimal(text, 4, 2);
            table.push_str(&format!("{text} -> {}\n", value.map_or("-".into(), |v| v.to_string())));
        }
        expect![[r#"
            1.23 -> 123
            1.235 -> 124
            1.2349 -> 123
            -1.235 -> -124
            99.999 -> -
            100 -> -
            1e1 -> 1000
            1.5E-1 -> 15
            4e-3 -> 0
            5e-3 -> 1
            0e999999999 -> 0
            1e999999999 -> -
            1e-999999999 -> 0
            0.1 -> 10
            .5 -> 50
            5. -> 500
            +7 -> 700
             -> -
            . -> -
            - -> -
            1,5 -> -
            1e -> -
            NaN -> -
            0x1 -> -
        "#]]
        .assert_eq(&table);
        let long = "9".repeat(400);
        assert_eq!(parse_decimal(&long, 38, 0), None);
        assert_eq!(parse_decimal("99999999999999999999999999999999999999", 38, 0), Some(10_i128.pow(38) - 1));
    }

    #[test]
    fn a_bad_element_names_its_row() {
        let mut bad = Vec::new();
        lift(vec![BadCell { row: 2, error: "x".into() }], &[0, 0, 2, 2, 3], &mut bad);
        assert_eq!(bad, [BadCell { row: 3, error: "x".into() }]);
    }
}
