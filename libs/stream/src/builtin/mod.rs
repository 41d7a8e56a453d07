//! Connectors that need no system: rows to the screen, rows to nowhere, rows from nowhere.

mod blackhole;
mod datagen;
mod field;
mod print;
mod text;

pub use blackhole::Blackhole;
pub use datagen::Datagen;
pub use print::Print;

use crate::{ColumnKind, StreamError, TableSpec};
use std::str::FromStr;

/// The value of an option, if it is set.
fn option<T: FromStr>(table: &TableSpec, name: &str, expected: &str) -> Result<Option<T>, StreamError> {
    match table.options.get(name) {
        None => Ok(None),
        Some(value) => value.trim().parse().map(Some).map_err(|_| {
            StreamError::config(format!(
                "table {}: option '{name}' = '{value}': expected {expected}",
                table.name
            ))
        }),
    }
}

/// These connectors know nothing beside the columns.
fn refuse_metadata(table: &TableSpec, connector: &str) -> Result<(), StreamError> {
    match table.columns.iter().find(|column| column.kind != ColumnKind::Physical) {
        None => Ok(()),
        Some(column) => Err(StreamError::config(format!(
            "table {}: the {connector} connector has no metadata for column '{}'",
            table.name, column.name
        ))),
    }
}
