//! Flink's functions: which there are, and what each means once its arguments' types are known.
//!
//! `e2e/parity` compares them with Flink's, and `docs/flink-compat.md` lists what differs.

mod casts;
mod compare;
mod decimals;
mod java_time;
mod numbers;
mod pieces;
mod regexp;
mod row_number;
mod text;
mod time;
mod udf;

pub(crate) use casts::cast;
pub(crate) use compare::compare;
pub(crate) use decimals::{decimal, decimal_divide};
pub(crate) use numbers::wrap;
pub(crate) use row_number::{ROW_NUMBER, row_number};
pub(crate) use udf::is_placeholder;

use crate::fault::wrong;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::{Expr, ExprSchemable, ScalarUDF, when};
use event::type_name;
use std::sync::Arc;

/// The aggregate functions.
pub(crate) const AGGREGATES: [&str; 13] = [
    "avg",
    "count",
    "grouping",
    "grouping_id",
    "max",
    "min",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// The aggregate that tells grouping sets apart; `GROUPING_ID` is the same.
pub(crate) const GROUPING: &str = "grouping";

/// Functions whose value depends on when or where they run.
pub(crate) const NON_DETERMINISTIC: [&str; 16] = [
    "now",
    "proctime",
    "current_timestamp",
    "current_date",
    "current_time",
    "current_row_timestamp",
    "localtime",
    "localtimestamp",
    "current_watermark",
    "rand",
    "rand_integer",
    "uuid",
    "current_database",
    "source_watermark",
    "user",
    "session_user",
];

fn first(types: &[DataType]) -> DataType {
    types.iter().find(|t| **t != DataType::Null).cloned().unwrap_or(DataType::Null)
}

fn second(types: &[DataType]) -> DataType {
    first(types.get(1..).unwrap_or_default())
}

fn string(_: &[DataType]) -> DataType {
    DataType::Utf8
}

fn boolean(_: &[DataType]) -> DataType {
    DataType::Boolean
}

fn int(_: &[DataType]) -> DataType {
    DataType::Int32
}

fn bigint(_: &[DataType]) -> DataType {
    DataType::Int64
}

fn double(_: &[DataType]) -> DataType {
    DataType::Float64
}

fn timestamp(_: &[DataType]) -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, None)
}

fn timestamp_ltz(_: &[DataType]) -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, crate::types::utc())
}

type Rough = fn(&[DataType]) -> DataType;

/// Name, least and most arguments, and the result's type as far as it is known before the choice.
const FUNCTIONS: &[(&str, usize, usize, Rough)] = &[
    ("abs", 1, 1, first),
    ("ceil", 1, 1, first),
    ("ceiling", 1, 1, first),
    ("char_length", 1, 1, int),
    ("character_length", 1, 1, int),
    ("coalesce", 1, 64, first),
    ("concat", 1, 64, string),
    ("concat_ws", 2, 64, string),
    ("date_format", 2, 2, string),
    ("dayofmonth", 1, 1, bigint),
    ("dayofyear", 1, 1, bigint),
    ("exp", 1, 1, double),
    ("extract", 2, 2, bigint),
    ("floor", 1, 1, first),
    ("floor_to", 2, 2, second),
    ("hour", 1, 1, bigint),
    ("if", 3, 3, second),
    ("ifnull", 2, 2, first),
    ("ln", 1, 1, double),
    ("log10", 1, 1, double),
    ("lower", 1, 1, string),
    ("lpad", 3, 3, string),
    ("ltrim", 1, 2, string),
    ("minute", 1, 1, bigint),
    ("mod", 2, 2, second),
    ("month", 1, 1, bigint),
    ("nullif", 2, 2, first),
    ("position", 2, 2, int),
    ("power", 2, 2, double),
    ("quarter", 1, 1, bigint),
    ("regexp", 2, 2, boolean),
    ("regexp_extract", 2, 3, string),
    ("regexp_replace", 3, 3, string),
    ("repeat", 2, 2, string),
    ("replace", 3, 3, string),
    ("reverse", 1, 1, string),
    ("round", 1, 2, first),
    ("rpad", 3, 3, string),
    ("rtrim", 1, 2, string),
    ("second", 1, 1, bigint),
    ("split_index", 3, 3, string),
    ("sqrt", 1, 1, double),
    ("substr", 2, 3, string),
    ("substring", 2, 3, string),
    ("to_timestamp", 1, 2, timestamp),
    ("to_timestamp_ltz", 2, 2, timestamp_ltz),
    ("trim", 1, 2, string),
    ("upper", 1, 1, string),
    ("week", 1, 1, bigint),
    ("year", 1, 1, bigint),
];

pub(crate) fn is_function(name: &str) -> bool {
    names().any(|known| known == name)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}

/// What stands for the function until it is chosen.
pub(crate) fn lookup(name: &str) -> Option<Arc<ScalarUDF>> {
    let (name, _, _, result) = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
    Some(udf::placeholder(name, *result))
}

/// A call whose arguments have their final types.
pub(crate) struct Call<'s> {
    pub name: String,
    pub arguments: Vec<Expr>,
    pub types: Vec<DataType>,
    pub schema: &'s DFSchema,
}

impl Call<'_> {
    /// The i-th argument, if it is there.
    fn argument(&self, i: usize) -> Option<Expr> {
        self.arguments.get(i).cloned()
    }

    fn wrong_type(&self, i: usize, expected: &str) -> datafusion_common::DataFusionError {
        let found = self.types.get(i).map(type_name).unwrap_or_default();
        let name = self.name.to_uppercase();
        wrong(
            &self.name,
            format!("argument {} of {name} is {found}, but must be {expected}; use CAST", i + 1),
        )
    }

    /// Checks that every argument is a text, or the NULL literal.
    fn all_strings(&self) -> Result<()> {
        (0..self.types.len()).try_for_each(|i| self.string(i))
    }

    /// Checks that the i-th argument is a text, or the NULL literal.
    fn string(&self, i: usize) -> Result<()> {
        match self.types[i] {
            DataType::Utf8 | DataType::Null => Ok(()),
            _ => Err(self.wrong_type(i, "STRING")),
        }
    }

    /// Checks that the i-th argument is a number.
    fn number(&self, i: usize) -> Result<()> {
        match &self.types[i] {
            t if t.is_numeric() || *t == DataType::Null => Ok(()),
            _ => Err(self.wrong_type(i, "a number")),
        }
    }
}

/// Chooses what a call means.
pub(crate) fn choose(name: &str, arguments: Vec<Expr>, schema: &DFSchema) -> Result<Expr> {
    let (least, most) = FUNCTIONS.iter().find(|f| f.0 == name).map_or((0, usize::MAX), |f| (f.1, f.2));
    if arguments.len() < least || arguments.len() > most {
        let takes = match (least, most) {
            (1, 1) => "one argument".to_string(),
            (least, most) if least == most => format!("{least} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        };
        let message = format!("{} takes {takes}, not {}", name.to_uppercase(), arguments.len());
        return Err(wrong(name, message));
    }
    let types = arguments.iter().map(|a| a.get_type(schema)).collect::<Result<Vec<_>>>()?;
    let call = Call { name: name.into(), arguments, types, schema };
    match name {
        "coalesce" | "ifnull" => {
            let arguments = crate::semantics::alike(call.arguments, name, schema)?;
            Ok(datafusion_functions::core::coalesce().call(arguments))
        }
        "nullif" => {
            let result = call.arguments[0].clone();
            let null = typed_null(&call.types[0])?;
            let compared = crate::semantics::alike(call.arguments, "nullif", schema)?;
            let [a, b] = <[Expr; 2]>::try_from(compared).unwrap_or_default();
            when(a.eq(b), null).otherwise(result)
        }
        "if" => {
            let mut arguments = call.arguments;
            let results = crate::semantics::alike(arguments.split_off(1), "if", schema)?;
            let [yes, no] = <[Expr; 2]>::try_from(results).unwrap_or_default();
            when(arguments.pop().unwrap_or_default(), yes).otherwise(no)
        }
        "concat" | "upper" | "lower" | "trim" | "ltrim" | "rtrim" | "char_length" | "character_length"
        | "substring" | "substr" | "position" => text::choose(call),
        "concat_ws" | "lpad" | "repeat" | "replace" | "reverse" | "rpad" | "split_index" => {
            pieces::choose(call)
        }
        "regexp" | "regexp_extract" | "regexp_replace" => regexp::choose(call),
        "abs" | "ceil" | "ceiling" | "floor" | "exp" | "ln" | "log10" | "mod" | "power" | "round"
        | "sqrt" => numbers::choose(call),
        _ => time::choose(call),
    }
}

fn typed_null(data_type: &DataType) -> Result<Expr> {
    Ok(Expr::Literal(datafusion_common::ScalarValue::try_from(data_type)?, None))
}
