//! What a script says about a table of files.

use crate::parquet_rows::Compression;
use formats::{CsvOptions, FormatError, JsonOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use stream::{ColumnKind, StreamError, TableSpec};

/// How rows lie in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileFormat {
    /// One object per line.
    Json(JsonOptions),
    /// One record per line, without a header.
    Csv(CsvOptions),
    Parquet(Compression),
}

impl FileFormat {
    /// The ending of a data file's name.
    pub fn extension(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Csv(_) => "csv",
            Self::Parquet(_) => "parquet",
        }
    }

    fn from_table(table: &TableSpec) -> Result<Self, StreamError> {
        let options = &table.options;
        let format = match options.get("format").map(String::as_str) {
            Some("json") => {
                Self::Json(JsonOptions::from_table(options, "json.").map_err(|e| refused(table, e))?)
            }
            Some("csv") => Self::Csv(CsvOptions::from_table(options, "csv.").map_err(|e| refused(table, e))?),
            Some("parquet") => Self::Parquet(Compression::from_table(options)?),
            Some(other) => {
                let problem = format!("format '{other}' is not one of json, csv, parquet");
                return Err(StreamError::config(format!("table {}: {problem}", table.name)));
            }
            None => {
                return Err(StreamError::config(format!("table {}: option 'format' is missing", table.name)));
            }
        };
        let foreign = options.keys().find(|name| {
            ["json.", "csv.", "parquet."].iter().any(|prefix| name.starts_with(prefix))
                && name.split('.').next() != Some(format.extension())
        });
        match foreign {
            None => Ok(format),
            Some(name) => Err(StreamError::config(format!(
                "table {}: option '{name}' does not belong to format '{}'",
                table.name,
                format.extension()
            ))),
        }
    }
}

/// The options of a table, checked.
#[derive(Clone, Debug)]
pub(crate) struct TableOptions {
    pub path: PathBuf,
    pub format: FileFormat,
    /// How often to look for new files; `None`: the source ends.
    pub monitor: Option<Duration>,
}

impl TableOptions {
    pub(crate) fn new(table: &TableSpec, base_dir: &Path) -> Result<Self, StreamError> {
        let wrong = |problem: String| StreamError::config(format!("table {}: {problem}", table.name));
        let metadata = table.columns.iter().find(|column| column.kind != ColumnKind::Physical);
        if let Some(column) = metadata {
            return Err(wrong(format!(
                "the filesystem connector has no metadata for column '{}'",
                column.name
            )));
        }
        if !table.partitioned_by.is_empty() {
            return Err(wrong("PARTITIONED BY is not supported by the filesystem connector".into()));
        }
        let written = table.options.get("path").ok_or_else(|| wrong("option 'path' is missing".into()))?;
        let path = match written.split_once("://") {
            None => base_dir.join(written),
            Some(("file", path)) => PathBuf::from(path),
            Some((scheme, _)) => {
                let problem =
                    format!("option 'path' = '{written}': {scheme}:// is not supported, only local files");
                return Err(wrong(problem));
            }
        };
        let monitor = match table.options.get("source.monitor-interval") {
            None => None,
            Some(text) => Some(parse_duration(text).ok_or_else(|| {
                wrong(format!("option 'source.monitor-interval' = '{text}': expected a time such as '10 s'"))
            })?),
        };
        Ok(Self { path, format: FileFormat::from_table(table)?, monitor })
    }
}

/// What a format says about an option or a column, as an error of the table.
pub(crate) fn refused(table: &TableSpec, error: FormatError) -> StreamError {
    StreamError::config(format!("table {}: {error}", table.name))
}

/// Flink's durations: `500 ms`, `10 s`, `1 min`, `2h`. More than zero.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let ms = match text[digits..].trim() {
        "" | "ms" => 1,
        "s" | "sec" | "second" | "seconds" => 1_000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(ms).filter(|ms| *ms > 0).map(Duration::from_millis)
}

/// Reads `parquet.compression`.
pub(crate) fn compression(options: &BTreeMap<String, String>) -> Result<Compression, StreamError> {
    const NAME: &str = "parquet.compression";
    if let Some(name) = options.keys().find(|name| name.starts_with("parquet.") && *name != NAME) {
        return Err(StreamError::config(format!(
            "option '{name}' is not an option of the parquet format; known is {NAME}"
        )));
    }
    let Some(value) = options.get(NAME) else { return Ok(Compression::default()) };
    match value.to_ascii_uppercase().as_str() {
        "SNAPPY" => Ok(Compression::Snappy),
        "ZSTD" => Ok(Compression::Zstd),
        "UNCOMPRESSED" => Ok(Compression::Uncompressed),
        _ => Err(StreamError::config(format!(
            "option '{NAME}' = '{value}': expected SNAPPY, ZSTD or UNCOMPRESSED"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_flink_writes_them() {
        let cases = [
            ("10 s", Some(10_000)),
            ("1min", Some(60_000)),
            ("500 ms", Some(500)),
            ("7", Some(7)),
            ("0 s", None),
        ];
        for (text, ms) in cases.into_iter().chain([("soon", None), ("10 years", None), ("", None)]) {
            assert_eq!(parse_duration(text), ms.map(Duration::from_millis), "{text}");
        }
    }
}
