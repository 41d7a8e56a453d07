//! How timestamps are written where people read them.

use crate::temporal::{self, TimestampFormat};
use arrow::datatypes::TimeUnit;

/// `2026-01-01 10:00:00.5`, with `Z` if `zoned`: how a timestamp is written everywhere people read it.
pub fn timestamp_text(value: i64, unit: TimeUnit, zoned: bool) -> String {
    let mut out = Vec::with_capacity(24);
    temporal::write_timestamp(value, unit, TimestampFormat::Sql, zoned, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
