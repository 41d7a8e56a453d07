//! How the values of a table lie in its records.

use formats::{CsvDecoder, CsvOptions, Decoded, FormatError, JsonDecoder, JsonOptions, Origin, Record};
use std::collections::BTreeMap;
use std::sync::Arc;
use stream::{ColumnKind, ErrorKind, StreamError, TableSpec};

/// The format of a table's records. Tables without one, or with one for files as a whole such as parquet, are given and
/// shown as JSON.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    Json(JsonOptions),
    Csv(CsvOptions),
}

impl Form {
    pub fn of(table: &TableSpec) -> Result<Self, StreamError> {
        let wrong = |error: FormatError| StreamError::config(format!("table {}: {error}", table.name));
        let format = table.options.get("value.format").or_else(|| table.options.get("format"));
        // Kafka's `value.json.…` means `json.…`.
        let bare = |(name, value): (&String, &String)| {
            (name.strip_prefix("value.").unwrap_or(name).to_owned(), value.clone())
        };
        let options: BTreeMap<String, String> = table.options.iter().map(bare).collect();
        match format.map(String::as_str) {
            Some("csv") => CsvOptions::from_table(&options, "csv.").map(Self::Csv).map_err(wrong),
            Some("json") => JsonOptions::from_table(&options, "json.").map(Self::Json).map_err(wrong),
            _ => Ok(Self::Json(JsonOptions::default())),
        }
    }

    /// How rows are shown: as the table's own JSON would be, or in the default form.
    pub fn shown(&self) -> JsonOptions {
        match self {
            Self::Json(options) => *options,
            Self::Csv(_) => JsonOptions::default(),
        }
    }
}

/// Decodes the columns that a record's value gives.
pub(crate) enum Decoder {
    Json(Box<JsonDecoder>),
    Csv(Box<CsvDecoder>),
}

impl Decoder {
    /// # Errors
    /// A column that the format cannot carry.
    pub fn new(table: &TableSpec, form: &Form) -> Result<Self, StreamError> {
        let wrong = |error: FormatError| StreamError::config(format!("table {}: {error}", table.name));
        let physical = |index: &usize| table.columns[*index].kind == ColumnKind::Physical;
        match form {
            Form::Json(options) => {
                let wanted: Vec<usize> = table.projection.iter().copied().filter(physical).collect();
                let schema = Arc::new(table.schema().project(&wanted)?);
                JsonDecoder::new(schema, *options).map(|json| Self::Json(Box::new(json))).map_err(wrong)
            }
            Form::Csv(_) if !(0..table.columns.len()).all(|index| physical(&index)) => {
                Err(StreamError::config(format!(
                    "table {}: csv with metadata columns is not supported",
                    table.name
                )))
            }
            Form::Csv(options) => CsvDecoder::new(&table.schema(), &table.projection, options.clone())
                .map(|csv| Self::Csv(Box::new(csv)))
                .map_err(wrong),
        }
    }

    pub fn decode(&mut self, record: Record<'_>, origin: &Origin) -> Result<Decoded, StreamError> {
        let decoded = match self {
            Self::Json(json) => json.decode(&[record], origin),
            Self::Csv(csv) => csv.decode(&[record], origin),
        };
        decoded.map_err(|cause| StreamError::because(ErrorKind::Internal, "a record did not decode", cause))
    }
}
