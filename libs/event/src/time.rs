//! Event time and epochs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A promise: no record with an event time at or before this is still to come, except late ones.
///
/// Milliseconds since 1970-01-01T00:00:00Z. A timestamp without zone counts as if it were UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Watermark(pub i64);

impl Watermark {
    /// Before every record.
    pub const MIN: Self = Self(i64::MIN);
    /// After every record: the input has ended.
    pub const MAX: Self = Self(i64::MAX);
}

/// What every sink commits as one, numbered from 1; epoch 0 is the start, before the first read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
