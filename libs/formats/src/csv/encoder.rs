//! Rows as CSV records.

use super::decoder::check_types;
use super::options::CsvOptions;
use crate::FormatError;
use crate::temporal::{self, TimestampFormat};
use crate::text::float_text;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::*;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base64::Engine as _;
use std::io::Write as _;

/// Writes each row as one record with a line break, without a header, as Flink does.
///
/// NULL is the `null-literal`, or nothing when none is set. A field is quoted where it must be: a delimiter, a quote or
/// a line break in it, or text that would read as NULL.
pub struct CsvEncoder {
    options: CsvOptions,
}

impl CsvEncoder {
    /// # Errors
    /// [`FormatError::UnsupportedType`] for a column CSV cannot carry (ARRAY, MAP, ROW).
    pub fn new(schema: &Schema, options: CsvOptions) -> Result<Self, FormatError> {
        check_types(schema)?;
        Ok(Self { options })
    }

    /// Appends every row of `batch` to `out`.
    pub fn encode(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let display = FormatOptions::new();
        let columns =
            batch.columns().iter().map(|array| Ok((array, ArrayFormatter::try_new(array, &display)?)));
        let columns = columns.collect::<Result<Vec<_>, FormatError>>()?;
        let mut text = Vec::new();
        for row in 0..batch.num_rows() {
            for (place, (array, formatter)) in columns.iter().enumerate() {
                if place > 0 {
                    out.push(self.options.delimiter);
                }
                if array.is_null(row) {
                    out.extend_from_slice(
                        self.options.null_literal.as_deref().unwrap_or_default().as_bytes(),
                    );
                    continue;
                }
                text.clear();
                write_text(array, formatter, row, &mut text);
                self.field(&text, out);
            }
            out.push(b'\n');
        }
        Ok(())
    }

    fn field(&self, text: &[u8], out: &mut Vec<u8>) {
        let Some(quote) = self.options.quote else { return out.extend_from_slice(text) };
        let special =
            |b: &u8| *b == quote || *b == self.options.delimiter || matches!(b, b'\n' | b'\r' | b'#');
        let reads_as_null = self.options.null_literal.as_deref().map(str::as_bytes) == Some(text);
        if !reads_as_null && !text.is_empty() && !text.iter().any(special) {
            return out.extend_from_slice(text);
        }
        out.push(quote);
        for byte in text {
            if *byte == quote {
                out.push(quote);
            }
            out.push(*byte);
        }
        out.push(quote);
    }
}

fn write_text(array: &ArrayRef, formatter: &ArrayFormatter<'_>, row: usize, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Utf8 => out.extend_from_slice(array.as_string::<i32>().value(row).as_bytes()),
        DataType::Binary => {
            let bytes = array.as_binary::<i32>().value(row);
            out.extend_from_slice(base64::engine::general_purpose::STANDARD.encode(bytes).as_bytes());
        }
        DataType::Timestamp(unit, zone) => {
            let value = match unit {
                TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row),
                TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
                TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
                TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row),
            };
            temporal::write_timestamp(value, *unit, TimestampFormat::Sql, zone.is_some(), out);
        }
        DataType::Float32 if !array.as_primitive::<Float32Type>().value(row).is_finite() => {
            out.extend_from_slice(
                float_text(array.as_primitive::<Float32Type>().value(row).into()).as_bytes(),
            );
        }
        DataType::Float64 if !array.as_primitive::<Float64Type>().value(row).is_finite() => {
            out.extend_from_slice(float_text(array.as_primitive::<Float64Type>().value(row)).as_bytes());
        }
        _ => write!(out, "{}", formatter.value(row)).expect("writing to memory does not fail"),
    }
}
