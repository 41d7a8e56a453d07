//! Many raw CSV records into one `RecordBatch`.

use super::options::CsvOptions;
use super::split;
use crate::text::{self, BadCell};
use crate::{Decoded, FormatError, Origin, Record, TimestampFormat};
use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray, StringBuilder,
};
use arrow::compute::filter;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use event::type_name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Decodes CSV records by the place of their fields, with Flink's meaning.
///
/// A record has exactly one field for each column of the table. An unquoted field that equals `null-literal` is NULL;
/// an empty one is the empty string, and NULL where the column is not text (Flink calls that an error). Timestamps are
/// `2026-01-01 10:00:00.123` (TIMESTAMP_LTZ with `Z`), bytes base64.
pub struct CsvDecoder {
    schema: SchemaRef,
    /// Columns a record has.
    width: usize,
    /// The places of the columns of `schema`.
    projection: Vec<usize>,
    options: CsvOptions,
}

impl CsvDecoder {
    /// Decodes the columns `projection` of a table; the others are only counted.
    ///
    /// # Errors
    /// [`FormatError::UnsupportedType`] for a column CSV cannot carry (ARRAY, MAP, ROW).
    pub fn new(table: &Schema, projection: &[usize], options: CsvOptions) -> Result<Self, FormatError> {
        check_types(table)?;
        let schema = Arc::new(table.project(projection)?);
        Ok(Self { schema, width: table.fields().len(), projection: projection.to_vec(), options })
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Decodes every record, into a row or a dead letter.
    ///
    /// # Errors
    /// Only a broken invariant; a bad record is none.
    pub fn decode(&mut self, records: &[Record<'_>], origin: &Origin) -> Result<Decoded, FormatError> {
        let mut bad = BTreeMap::new();
        let mut kept = Vec::with_capacity(records.len());
        let mut texts: Vec<StringBuilder> = self.projection.iter().map(|_| StringBuilder::new()).collect();
        for (index, record) in records.iter().enumerate() {
            match self.split(record.value.unwrap_or_default(), &mut texts) {
                Ok(()) => kept.push(index),
                Err(error) => drop(bad.insert(index, error)),
            }
        }
        let mut cells: Vec<BadCell> = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(texts.len());
        for (field, texts) in self.schema.fields().iter().zip(&mut texts) {
            let texts: StringArray = texts.finish();
            if !field.is_nullable() {
                let nulls = (0..texts.len()).filter(|row| texts.is_null(*row));
                let error = format!("column \"{}\" is NOT NULL, but empty", field.name());
                cells.extend(nulls.map(|row| BadCell { row, error: error.clone() }));
            }
            let (target, name) = (field.data_type(), field.name());
            columns.push(text::parse_column(&texts, target, name, TimestampFormat::Sql, &mut cells)?);
        }
        let mut keep = vec![true; kept.len()];
        for cell in cells {
            keep[cell.row] = false;
            bad.entry(kept[cell.row]).or_insert(cell.error);
        }
        let keep = BooleanArray::from(keep);
        let columns = columns.iter().map(|column| filter(column, &keep)).collect::<Result<_, _>>()?;
        let count = RecordBatchOptions::new().with_row_count(Some(keep.true_count()));
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), columns, &count)?;
        Ok(Decoded::new(rows, bad, records, origin))
    }

    /// Appends one field to each column, or nothing to any.
    fn split(&self, record: &[u8], texts: &mut [StringBuilder]) -> Result<(), String> {
        let cells = split::cells(record, &self.options)?;
        if cells.len() != self.width {
            return Err(format!("expected {} fields, got {}", self.width, cells.len()));
        }
        let mut values = Vec::with_capacity(texts.len());
        for (place, field) in self.projection.iter().zip(self.schema.fields()) {
            let cell = &cells[*place];
            let text = std::str::from_utf8(&cell.text)
                .map_err(|_| format!("column \"{}\" is not UTF-8", field.name()))?;
            let null = !cell.quoted
                && (self.options.null_literal.as_deref() == Some(text)
                    || (text.is_empty() && field.data_type() != &DataType::Utf8));
            values.push(if null { None } else { Some(text) });
        }
        for (builder, value) in texts.iter_mut().zip(values) {
            builder.append_option(value);
        }
        Ok(())
    }
}

pub(super) fn check_types(table: &Schema) -> Result<(), FormatError> {
    match table.fields().iter().find(|field| !text::supported(field.data_type(), false)) {
        None => Ok(()),
        Some(field) => Err(FormatError::UnsupportedType {
            column: field.name().clone(),
            type_name: type_name(field.data_type()),
            format: "csv",
        }),
    }
}
