//! The types of `CAST(… AS type)`, which the general parser has read, as Arrow types.

use crate::fault::unsupported;
use crate::types::{unit, utc};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::Result;
use datafusion_expr::planner::TypePlanner;
use datafusion_sql::sqlparser::ast::{DataType as Sql, ExactNumberInfo, TimezoneInfo};
use std::sync::Arc;

/// Flink's reading of a type's name.
#[derive(Debug)]
pub(crate) struct FlinkTypes;

impl TypePlanner for FlinkTypes {
    fn plan_type_field(&self, sql_type: &Sql) -> Result<Option<FieldRef>> {
        Ok(Some(Arc::new(Field::new("", data_type(sql_type)?, true))))
    }
}

fn data_type(sql_type: &Sql) -> Result<DataType> {
    Ok(match sql_type {
        Sql::String(None) => DataType::Utf8,
        Sql::Boolean => DataType::Boolean,
        Sql::TinyInt(None) => DataType::Int8,
        Sql::SmallInt(None) => DataType::Int16,
        Sql::Int(None) | Sql::Integer(None) => DataType::Int32,
        Sql::BigInt(None) => DataType::Int64,
        Sql::Float(ExactNumberInfo::None) => DataType::Float32,
        Sql::Double(ExactNumberInfo::None) | Sql::DoublePrecision => DataType::Float64,
        Sql::Decimal(info) | Sql::Numeric(info) | Sql::Dec(info) => {
            let (precision, scale) = match info {
                ExactNumberInfo::None => (10, 0),
                ExactNumberInfo::Precision(precision) => (*precision, 0),
                ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
            };
            match (u8::try_from(precision), i8::try_from(scale)) {
                (Ok(p @ 1..=38), Ok(s)) if s >= 0 && s as u8 <= p => DataType::Decimal128(p, s),
                _ => {
                    return Err(crate::fault::wrong(
                        "DECIMAL",
                        "DECIMAL takes a precision of 1 to 38 and a scale of at most that",
                    ));
                }
            }
        }
        Sql::Date => DataType::Date32,
        Sql::Timestamp(precision, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            DataType::Timestamp(unit(digits(*precision)?), None)
        }
        Sql::Custom(name, modifiers) if name.to_string().eq_ignore_ascii_case("TIMESTAMP_LTZ") => {
            let precision = modifiers.first().map(|m| m.parse::<u64>().unwrap_or(u64::MAX));
            DataType::Timestamp(unit(digits(precision)?), utc())
        }
        other => {
            let text = other.to_string();
            let word = text.split(['(', '<', ' ']).next().unwrap_or_default().to_string();
            let hint = if word.to_uppercase().contains("CHAR") { " (CAST to STRING is)" } else { "" };
            return Err(unsupported(word, format!("CAST to {text}{hint}")));
        }
    })
}

fn digits(precision: Option<u64>) -> Result<u32> {
    match precision.unwrap_or(6) {
        digits @ 0..=9 => Ok(digits as u32),
        _ => Err(crate::fault::wrong("TIMESTAMP", "a precision is 0 to 9")),
    }
}
