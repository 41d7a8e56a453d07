//! What a person must change before a format can be used.

use arrow::error::ArrowError;

/// Why a decoder or an encoder could not be made, or stopped. A single bad record is none of these: it becomes a dead
/// letter.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// An option of the table.
    #[error("option '{name}' = '{value}': {problem}")]
    Option { name: String, value: String, problem: String },
    /// A column whose type the format cannot carry.
    #[error("column \"{column}\" of type {type_name} cannot be carried by the {format} format")]
    UnsupportedType { column: String, type_name: String, format: &'static str },
    /// Columns did not fit together: a broken invariant of ours.
    #[error("columns did not fit together")]
    Columns(#[from] ArrowError),
}

impl FormatError {
    pub(crate) fn option(name: &str, value: &str, problem: impl Into<String>) -> Self {
        Self::Option { name: name.into(), value: value.into(), problem: problem.into() }
    }
}

/// Reads `true` or `false`.
pub(crate) fn parse_bool(name: &str, value: &str) -> Result<bool, FormatError> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(FormatError::option(name, value, "expected 'true' or 'false'")),
    }
}

/// Flink turns bad fields into NULL under this option, which loses data without a trace.
pub(crate) fn refuse_ignore_parse_errors(name: &str, value: &str) -> Result<(), FormatError> {
    if parse_bool(name, value)? {
        let problem =
            "not supported: bad records are never dropped, they go to the dead letters; remove the option";
        return Err(FormatError::option(name, value, problem));
    }
    Ok(())
}
