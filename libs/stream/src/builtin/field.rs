//! One generated column.

use super::option;
use crate::{Column, StreamError, TableSpec};
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray, StringArray};
use arrow::datatypes::*;
use std::str::FromStr;
use std::sync::Arc;

/// How the values of a column come about: each is a function of its row's number alone.
#[derive(Clone, Debug)]
pub(super) struct FieldGenerator {
    data_type: DataType,
    seed: u64,
    kind: Kind,
    null_rate: f64,
}

#[derive(Clone, Debug)]
enum Kind {
    /// `start + row`; ends with `end`.
    Sequence {
        start: i64,
        end: i64,
    },
    Integer {
        min: i64,
        max: i64,
    },
    Float {
        min: f64,
        max: f64,
    },
    Decimal {
        limit: i128,
    },
    Boolean,
    Text {
        length: usize,
    },
}

impl FieldGenerator {
    pub(super) fn new(table: &TableSpec, column: &Column) -> Result<Self, StreamError> {
        let name = &column.name;
        let key = |what: &str| format!("fields.{name}.{what}");
        let wrong = |problem: String| {
            StreamError::config(format!("table {}: column '{name}': {problem}", table.name))
        };
        let prefix = key("");
        let known = ["kind", "min", "max", "length", "start", "end", "null-rate"];
        let suffixes = table.options.keys().filter_map(|option| option.strip_prefix(&prefix));
        if let Some(other) = suffixes.into_iter().find(|suffix| !known.contains(suffix)) {
            return Err(wrong(format!(
                "option '{}' is not supported; known are {}",
                key(other),
                known.join(", ")
            )));
        }
        let sequence = match table.options.get(&key("kind")).map(String::as_str) {
            None | Some("random") => false,
            Some("sequence") => true,
            Some(other) => return Err(wrong(format!("kind '{other}' is not one of random, sequence"))),
        };
        let null_rate: f64 = option(table, &key("null-rate"), "a number from 0 to 1")?.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&null_rate) {
            return Err(wrong("null-rate must be from 0 to 1".into()));
        }
        if null_rate > 0.0 && !column.nullable {
            return Err(wrong("is NOT NULL, so it has no null-rate".into()));
        }
        let kind = if sequence { sequence_kind(table, column)? } else { random_kind(table, column)? };
        let digest = blake3::hash(name.as_bytes());
        let seed = digest.as_bytes()[..8].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        Ok(Self { data_type: column.data_type.clone(), seed, kind, null_rate })
    }

    /// How many rows this column allows.
    pub(super) fn rows_max(&self) -> Option<u64> {
        match self.kind {
            Kind::Sequence { start, end } => Some(end.abs_diff(start).saturating_add(1)),
            _ => None,
        }
    }

    /// The values of these rows.
    pub(super) fn generate(&self, rows: &[u64]) -> ArrayRef {
        match self.data_type {
            DataType::Int8 => self.integers::<Int8Type>(rows, |v| v as i8),
            DataType::Int16 => self.integers::<Int16Type>(rows, |v| v as i16),
            DataType::Int32 => self.integers::<Int32Type>(rows, |v| v as i32),
            DataType::Int64 => self.integers::<Int64Type>(rows, |v| v),
            DataType::Float32 => self.floats::<Float32Type>(rows, |v| v as f32),
            DataType::Float64 => self.floats::<Float64Type>(rows, |v| v),
            DataType::Boolean => Arc::new(
                rows.iter().map(|row| self.unless_null(*row, |bits| bits & 1 == 1)).collect::<BooleanArray>(),
            ),
            DataType::Decimal128(_, _) => {
                let values = rows.iter().map(|row| self.unless_null(*row, |bits| self.decimal(*row, bits)));
                let values: Decimal128Array = values.collect();
                Arc::new(values.with_data_type(self.data_type.clone()))
            }
            _ => Arc::new(
                rows.iter().map(|row| self.unless_null(*row, |_| self.text(*row))).collect::<StringArray>(),
            ),
        }
    }

    fn integers<T: ArrowPrimitiveType>(&self, rows: &[u64], narrow: impl Fn(i64) -> T::Native) -> ArrayRef {
        let value = |row: u64, bits: u64| match self.kind {
            Kind::Integer { min, max } => {
                let span = (i128::from(max) - i128::from(min) + 1) as u128;
                (i128::from(min) + ((u128::from(bits) * span) >> 64) as i128) as i64
            }
            Kind::Sequence { start, .. } => start.wrapping_add_unsigned(row),
            _ => 0,
        };
        let values = rows.iter().map(|row| self.unless_null(*row, |bits| narrow(value(*row, bits))));
        Arc::new(values.collect::<PrimitiveArray<T>>())
    }

    fn floats<T: ArrowPrimitiveType>(&self, rows: &[u64], narrow: impl Fn(f64) -> T::Native) -> ArrayRef {
        let value = |row: u64, bits: u64| match self.kind {
            Kind::Float { min, max } => min + (max - min) * unit(bits),
            Kind::Sequence { start, .. } => start.wrapping_add_unsigned(row) as f64,
            _ => 0.0,
        };
        let values = rows.iter().map(|row| self.unless_null(*row, |bits| narrow(value(*row, bits))));
        Arc::new(values.collect::<PrimitiveArray<T>>())
    }

    fn decimal(&self, row: u64, bits: u64) -> i128 {
        let wide = u128::from(bits) << 64 | u128::from(mix(bits ^ row));
        match self.kind {
            Kind::Decimal { limit } => (wide % limit as u128) as i128,
            _ => 0,
        }
    }

    /// Hexadecimal digits, as Flink's.
    fn text(&self, row: u64) -> String {
        match self.kind {
            Kind::Sequence { start, .. } => start.wrapping_add_unsigned(row).to_string(),
            Kind::Text { length } => {
                let mut text = String::with_capacity(length + 16);
                let mut bits = mix(self.seed ^ mix(row));
                while text.len() < length {
                    text.push_str(&format!("{bits:016x}"));
                    bits = mix(bits);
                }
                text.truncate(length);
                text
            }
            _ => String::new(),
        }
    }

    fn unless_null<T>(&self, row: u64, value: impl FnOnce(u64) -> T) -> Option<T> {
        let bits = mix(self.seed ^ mix(row));
        (self.null_rate <= 0.0 || unit(mix(bits)) >= self.null_rate).then(|| value(bits))
    }
}

fn sequence_kind(table: &TableSpec, column: &Column) -> Result<Kind, StreamError> {
    let bound = |what: &str| -> Result<i64, StreamError> {
        let key = format!("fields.{}.{what}", column.name);
        option(table, &key, "an integer")?.ok_or_else(|| {
            StreamError::config(format!("table {}: a sequence needs option '{key}'", table.name))
        })
    };
    let (start, end) = (bound("start")?, bound("end")?);
    let (least, most) = match column.data_type {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 | DataType::Utf8 | DataType::Float32 | DataType::Float64 => (i64::MIN, i64::MAX),
        _ => return Err(unsupported(table, column, "a sequence")),
    };
    if start > end || start < least || end > most {
        let problem = format!("start {start} to end {end} is no range of its type");
        return Err(StreamError::config(format!(
            "table {}: column '{}': {problem}",
            table.name, column.name
        )));
    }
    Ok(Kind::Sequence { start, end })
}

fn random_kind(table: &TableSpec, column: &Column) -> Result<Kind, StreamError> {
    match &column.data_type {
        DataType::Boolean => Ok(Kind::Boolean),
        DataType::Int8 => integer_kind(table, column, i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => integer_kind(table, column, i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => integer_kind(table, column, i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => integer_kind(table, column, i64::MIN, i64::MAX),
        DataType::Float32 | DataType::Float64 => {
            let (min, max) = range(table, column, 0.0, 1.0)?;
            Ok(Kind::Float { min, max })
        }
        DataType::Decimal128(precision, _) => Ok(Kind::Decimal { limit: 10_i128.pow(u32::from(*precision)) }),
        DataType::Utf8 => {
            let length = option(table, &format!("fields.{}.length", column.name), "a length")?.unwrap_or(100);
            Ok(Kind::Text { length })
        }
        // Random times are relative to now, which replay could not repeat.
        DataType::Timestamp(_, _) | DataType::Date32 | DataType::Time32(_) | DataType::Time64(_) => {
            Err(StreamError::config(format!(
                "table {}: datagen cannot replay a random time (column '{}'); generate a BIGINT sequence and compute \
                 the time from it, such as ts AS TO_TIMESTAMP_LTZ(id * 1000, 3)",
                table.name, column.name
            )))
        }
        _ => Err(unsupported(table, column, "random values")),
    }
}

fn integer_kind(table: &TableSpec, column: &Column, least: i64, most: i64) -> Result<Kind, StreamError> {
    let (min, max) = range(table, column, least, most)?;
    if min < least || max > most {
        let problem = format!("min {min} to max {max} is no range of its type");
        return Err(StreamError::config(format!(
            "table {}: column '{}': {problem}",
            table.name, column.name
        )));
    }
    Ok(Kind::Integer { min, max })
}

fn range<T: FromStr + PartialOrd + Copy>(
    table: &TableSpec,
    column: &Column,
    least: T,
    most: T,
) -> Result<(T, T), StreamError> {
    let min = option(table, &format!("fields.{}.min", column.name), "a number")?.unwrap_or(least);
    let max = option(table, &format!("fields.{}.max", column.name), "a number")?.unwrap_or(most);
    if min > max {
        let problem = "min is above max";
        return Err(StreamError::config(format!(
            "table {}: column '{}': {problem}",
            table.name, column.name
        )));
    }
    Ok((min, max))
}

fn unsupported(table: &TableSpec, column: &Column, what: &str) -> StreamError {
    let (name, data_type) = (&column.name, &column.data_type);
    StreamError::config(format!(
        "table {}: datagen has no {what} of type {data_type} (column '{name}')",
        table.name
    ))
}

/// 64 well mixed bits (splitmix64).
fn mix(bits: u64) -> u64 {
    let mut z = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// From 0 to just below 1.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
