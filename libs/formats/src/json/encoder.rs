//! Rows as JSON objects.

use super::options::JsonOptions;
use crate::temporal;
use crate::text;
use crate::{FormatError, TimestampFormat};
use arrow::array::{Array, AsArray, BinaryArray, RecordBatch, StructArray};
use arrow::datatypes::*;
use arrow::error::ArrowError;
use arrow::json::writer::make_encoder;
use arrow::json::{Encoder, EncoderFactory, EncoderOptions, writer::NullableEncoder};
use base64::Engine as _;
use event::type_name;
use std::sync::Arc;

/// Writes each row as one JSON object without line breaks, as Flink does.
///
/// NULL is written as `null` (unless `ignore_null_fields`), 64-bit integers and decimals as numbers, NaN and the
/// infinities as `"NaN"`, `"Infinity"` and `"-Infinity"`, bytes in base64, timestamps in the form of the options with
/// as many digits as they need. What it writes, [`crate::JsonDecoder`] reads back unchanged.
pub struct JsonEncoder {
    options: EncoderOptions,
}

impl JsonEncoder {
    /// # Errors
    /// [`FormatError::UnsupportedType`] for a column JSON cannot carry.
    pub fn new(schema: &Schema, options: JsonOptions) -> Result<Self, FormatError> {
        for field in schema.fields() {
            if !text::supported(field.data_type(), true) {
                return Err(FormatError::UnsupportedType {
                    column: field.name().clone(),
                    type_name: type_name(field.data_type()),
                    format: "json",
                });
            }
        }
        let options = EncoderOptions::default()
            .with_explicit_nulls(!options.ignore_null_fields)
            .with_encoder_factory(Arc::new(Leaves { format: options.timestamp_format }));
        Ok(Self { options })
    }

    /// Appends every row of `batch` to `out`; after each one `end` is given the bytes so far, to add a line break or
    /// to note where it ended.
    pub fn encode(
        &self,
        batch: &RecordBatch,
        out: &mut Vec<u8>,
        mut end: impl FnMut(&mut Vec<u8>),
    ) -> Result<(), FormatError> {
        let rows = StructArray::from(batch.clone());
        let field = Arc::new(Field::new("row", rows.data_type().clone(), false));
        let mut encoder = make_encoder(&field, &rows, &self.options)?;
        for row in 0..batch.num_rows() {
            encoder.encode(row, out);
            end(out);
        }
        Ok(())
    }

    /// Each row as its own bytes.
    pub fn encode_rows(&self, batch: &RecordBatch) -> Result<Vec<Vec<u8>>, FormatError> {
        let mut rows = Vec::with_capacity(batch.num_rows());
        let mut out = Vec::new();
        self.encode(batch, &mut out, |row| rows.push(std::mem::take(row)))?;
        Ok(rows)
    }
}

/// The types that Flink writes differently from arrow-json.
#[derive(Debug)]
struct Leaves {
    format: TimestampFormat,
}

impl EncoderFactory for Leaves {
    fn make_default_encoder<'a>(
        &self,
        _field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Binary => Box::new(Base64(array.as_binary::<i32>())),
            DataType::Float32 => Box::new(Floats(array.as_primitive::<Float32Type>().values())),
            DataType::Float64 => Box::new(Floats(array.as_primitive::<Float64Type>().values())),
            DataType::Timestamp(unit, zone) => {
                let values = match unit {
                    TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
                    TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
                    TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
                    TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
                };
                Box::new(Timestamps { values, unit: *unit, zoned: zone.is_some(), format: self.format })
            }
            _ => return Ok(None),
        };
        Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
    }
}

struct Base64<'a>(&'a BinaryArray);

impl Encoder for Base64<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let text = base64::engine::general_purpose::STANDARD.encode(self.0.value(row));
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

struct Floats<'a, T>(&'a [T]);

impl<T: Copy + Into<f64> + serde::Serialize> Encoder for Floats<'_, T> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.0[row];
        let wide: f64 = value.into();
        if wide.is_finite() {
            serde_json::to_writer(out, &value).expect("writing to memory does not fail");
        } else {
            out.push(b'"');
            out.extend_from_slice(text::float_text(wide).as_bytes());
            out.push(b'"');
        }
    }
}

struct Timestamps<'a> {
    values: &'a [i64],
    unit: TimeUnit,
    zoned: bool,
    format: TimestampFormat,
}

impl Encoder for Timestamps<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        out.push(b'"');
        temporal::write_timestamp(self.values[row], self.unit, self.format, self.zoned, out);
        out.push(b'"');
    }
}
