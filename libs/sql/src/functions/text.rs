//! Functions of text. Positions count characters from 1.

use super::Call;
use super::udf::call as function;
use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::Result;
use datafusion_expr::{Expr, Operator, binary_expr, cast};
use datafusion_functions::{string, unicode};
use std::sync::Arc;

pub(super) fn choose(call: Call<'_>) -> Result<Expr> {
    if !call.name.starts_with("substr") {
        call.all_strings()?;
    }
    let arguments = call.arguments.clone();
    let utf8 = |e: Expr| cast(e, DataType::Utf8);
    Ok(match call.name.as_str() {
        "upper" => string::upper().call(arguments),
        "lower" => string::lower().call(arguments),
        "trim" => string::btrim().call(arguments),
        "ltrim" => string::ltrim().call(arguments),
        "rtrim" => string::rtrim().call(arguments),
        "char_length" | "character_length" => unicode::character_length().call(arguments),
        "position" => {
            // POSITION(a IN b), where b is searched.
            unicode::strpos().call(arguments.into_iter().rev().collect())
        }
        // Unlike DataFusion's, NULL when an argument is NULL.
        "concat" => arguments
            .into_iter()
            .map(utf8)
            .reduce(|left, right| binary_expr(left, Operator::StringConcat, right))
            .unwrap_or_default(),
        _ => {
            if call.types[0] != DataType::Utf8 && call.types[0] != DataType::Null {
                return Err(call.wrong_type(0, "STRING"));
            }
            if let Some(i) =
                (1..call.types.len()).find(|i| !call.types[*i].is_integer() && !call.types[*i].is_null())
            {
                return Err(call.wrong_type(i, "an integer"));
            }
            let mut converted = vec![utf8(arguments[0].clone())];
            converted.extend(arguments.into_iter().skip(1).map(|e| cast(e, DataType::Int64)));
            function("substring", DataType::Utf8, substring, converted)
        }
    })
}

/// As Flink: 0 counts as 1, a negative start counts from the end, a negative length gives NULL.
fn substring(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let texts = arguments[0].as_string::<i32>();
    let starts = arguments[1].as_primitive::<Int64Type>();
    let lengths = arguments.get(2).map(|a| a.as_primitive::<Int64Type>());
    let mut out = StringBuilder::new();
    for row in 0..texts.len() {
        let null = texts.is_null(row) || starts.is_null(row) || lengths.is_some_and(|l| l.is_null(row));
        let length = lengths.map_or(i64::MAX, |l| if null { 0 } else { l.value(row) });
        if null || length < 0 {
            out.append_null();
        } else {
            out.append_value(part(texts.value(row), starts.value(row), length));
        }
    }
    Ok(Arc::new(out.finish()))
}

fn part(text: &str, start: i64, length: i64) -> &str {
    let skip = match start {
        1.. => usize::try_from(start - 1).unwrap_or(usize::MAX),
        0 => 0,
        _ => {
            let count = text.chars().count() as i64;
            match usize::try_from(count.saturating_add(start)) {
                Ok(skip) => skip,
                Err(_) => return "",
            }
        }
    };
    let offset = |from: &str, n: usize| from.char_indices().nth(n).map_or(from.len(), |(at, _)| at);
    let rest = &text[offset(text, skip)..];
    &rest[..offset(rest, usize::try_from(length).unwrap_or(usize::MAX))]
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn substring_counts_as_flink_does() {
        assert_eq!(part("Straße", 1, 3), "Str");
        assert_eq!(part("Straße", 0, 3), "Str");
        assert_eq!(part("Straße", 5, 100), "ße");
        assert_eq!(part("Straße", -2, 1), "ß");
        assert_eq!(part("abc", -4, 2), "");
        assert_eq!(part("abc", 4, 2), "");
        assert_eq!(part("", -1, 2), "");
        assert_eq!(part("abc", i64::MIN, i64::MAX), "");
    }
}
