//! The `json.*` options of a table.

use crate::TimestampFormat;
use crate::error::{FormatError, parse_bool, refuse_ignore_parse_errors};
use std::collections::BTreeMap;

/// How JSON is read and written. The default is Flink's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonOptions {
    /// `timestamp-format.standard`: `SQL` (default) or `ISO-8601`.
    pub timestamp_format: TimestampFormat,
    /// `fail-on-missing-field`: a record without one of the columns is a dead letter; by default the column is NULL.
    pub fail_on_missing_field: bool,
    /// `encode.ignore-null-fields`: a NULL is left out instead of written as `null`.
    pub ignore_null_fields: bool,
}

impl JsonOptions {
    /// Reads the options whose names start with `prefix` (`json.`, or `value.json.`).
    ///
    /// # Errors
    /// [`FormatError::Option`] for one that is unknown, malformed, or not supported.
    pub fn from_table(options: &BTreeMap<String, String>, prefix: &str) -> Result<Self, FormatError> {
        let mut read = Self::default();
        for (name, value) in options {
            let Some(key) = name.strip_prefix(prefix) else { continue };
            match key {
                "timestamp-format.standard" => read.timestamp_format = timestamp_format(name, value)?,
                "fail-on-missing-field" => read.fail_on_missing_field = parse_bool(name, value)?,
                "encode.ignore-null-fields" => read.ignore_null_fields = parse_bool(name, value)?,
                "ignore-parse-errors" => refuse_ignore_parse_errors(name, value)?,
                _ => {
                    let known = "known are timestamp-format.standard, fail-on-missing-field, \
                                 encode.ignore-null-fields";
                    return Err(FormatError::option(
                        name,
                        value,
                        format!("not an option of the json format; {known}"),
                    ));
                }
            }
        }
        Ok(read)
    }
}

fn timestamp_format(name: &str, value: &str) -> Result<TimestampFormat, FormatError> {
    match value {
        "SQL" => Ok(TimestampFormat::Sql),
        "ISO-8601" => Ok(TimestampFormat::Iso8601),
        _ => Err(FormatError::option(name, value, "expected 'SQL' or 'ISO-8601'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn every_wrong_option_is_named() {
        let mut table = String::new();
        for (name, value) in [
            ("json.timestamp-format.standard", "ISO-8601"),
            ("json.timestamp-format.standard", "RFC"),
            ("json.fail-on-missing-field", "yes"),
            ("json.ignore-parse-errors", "false"),
            ("json.ignore-parse-errors", "true"),
            ("json.decode.x", "1"),
            ("path", "x"),
        ] {
            let options = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            let line = match JsonOptions::from_table(&options, "json.") {
                Ok(_) => "ok".to_owned(),
                Err(error) => error.to_string(),
            };
            table.push_str(&format!("{line}\n"));
        }
        expect![[r#"
            ok
            option 'json.timestamp-format.standard' = 'RFC': expected 'SQL' or 'ISO-8601'
            option 'json.fail-on-missing-field' = 'yes': expected 'true' or 'false'
            ok
            option 'json.ignore-parse-errors' = 'true': not supported: bad records are never dropped, they go to the dead letters; remove the option
            option 'json.decode.x' = '1': not an option of the json format; known are timestamp-format.standard, fail-on-missing-field, encode.ignore-null-fields
            ok
        "#]]
        .assert_eq(&table);
    }
}
