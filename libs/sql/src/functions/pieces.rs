//! Functions that take texts apart and put them together. Lengths and positions count characters.

use super::Call;
use super::udf::{Run, call as function};
use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Int32Type};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{Expr, cast};
use std::sync::Arc;

/// The longest text that a function makes, in bytes: what one could do with REPEAT must not take all memory.
const TEXT_BYTES_MAX: usize = 16 << 20;

pub(super) fn choose(call: Call<'_>) -> Result<Expr> {
    let (name, integer, run): (_, Option<usize>, Run) = match call.name.as_str() {
        "replace" => ("replace", None, replace),
        "reverse" => ("reverse", None, reverse),
        "concat_ws" => ("concat_ws", None, concat_ws),
        "repeat" => ("repeat", Some(1), repeat),
        "split_index" => ("split_index", Some(2), split_index),
        "lpad" => ("lpad", Some(1), lpad),
        _ => ("rpad", Some(1), rpad),
    };
    let mut arguments = Vec::with_capacity(call.arguments.len());
    for (i, argument) in call.arguments.iter().enumerate() {
        let data_type = if integer == Some(i) {
            if !call.types[i].is_integer() && !call.types[i].is_null() {
                return Err(call.wrong_type(i, "an integer"));
            }
            DataType::Int32
        } else {
            call.string(i)?;
            DataType::Utf8
        };
        arguments.push(cast(argument.clone(), data_type));
    }
    Ok(function(name, DataType::Utf8, run, arguments))
}

/// One text for each row, NULL where it gives none.
fn texts(rows: usize, mut text: impl FnMut(usize) -> Option<String>) -> Result<ArrayRef> {
    let mut out = StringBuilder::new();
    for row in 0..rows {
        let text = text(row);
        if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
            return exec_err!("a text of more than {TEXT_BYTES_MAX} bytes");
        }
        out.append_option(text);
    }
    Ok(Arc::new(out.finish()))
}

/// The value of a row in a column of texts.
fn string(column: &ArrayRef, row: usize) -> Option<&str> {
    let column = column.as_string::<i32>();
    column.is_valid(row).then(|| column.value(row))
}

fn integer(column: &ArrayRef, row: usize) -> Option<i32> {
    let column = column.as_primitive::<Int32Type>();
    column.is_valid(row).then(|| column.value(row))
}

fn replace(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let [text, from, to] = [0, 1, 2].map(|i| &arguments[i]);
    texts(text.len(), |row| Some(string(text, row)?.replace(string(from, row)?, string(to, row)?)))
}

fn reverse(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    texts(arguments[0].len(), |row| Some(string(&arguments[0], row)?.chars().rev().collect()))
}

/// NULLs behind the separator are left out; a separator of NULL gives NULL.
fn concat_ws(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    texts(arguments[0].len(), |row| {
        let separator = string(&arguments[0], row)?;
        let parts: Vec<&str> = arguments[1..].iter().filter_map(|column| string(column, row)).collect();
        Some(parts.join(separator))
    })
}

fn repeat(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    texts(arguments[0].len(), |row| {
        let (text, times) = (string(&arguments[0], row)?, integer(&arguments[1], row)?);
        // One more than what is refused is enough to be refused.
        let times_max = TEXT_BYTES_MAX / text.len().max(1) + 1;
        Some(text.repeat(usize::try_from(times).unwrap_or(0).min(times_max)))
    })
}

/// The n-th part, from 0; NULL for one that is not there. Without a separator, the n-th word.
fn split_index(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    texts(arguments[0].len(), |row| {
        let (text, separator) = (string(&arguments[0], row)?, string(&arguments[1], row)?);
        let index = usize::try_from(integer(&arguments[2], row)?).ok()?;
        let part = match (text, separator) {
            ("", _) => None,
            (text, "") => text.split(char::is_whitespace).nth(index),
            (text, separator) => text.split(separator).nth(index),
        };
        part.map(str::to_owned)
    })
}

fn lpad(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    pad(arguments, |text, padding| padding + text)
}

fn rpad(arguments: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    pad(arguments, |text, padding| text.to_owned() + &padding)
}

/// A text of exactly so many characters: cut, or filled up. NULL for a negative length and an empty filling.
fn pad(arguments: &[ArrayRef], put: fn(&str, String) -> String) -> Result<ArrayRef> {
    texts(arguments[0].len(), |row| {
        let (text, filling) = (string(&arguments[0], row)?, string(&arguments[2], row)?);
        let length = usize::try_from(integer(&arguments[1], row)?).ok().filter(|_| !filling.is_empty())?;
        let kept = text.char_indices().nth(length).map_or(text, |(at, _)| &text[..at]);
        let missing = (length - kept.chars().count()).min(TEXT_BYTES_MAX + 1);
        Some(put(kept, filling.chars().cycle().take(missing).collect()))
    })
}
