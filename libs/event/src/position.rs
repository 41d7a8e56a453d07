//! Where reading continues, per partition.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One ordered stripe of a source: a Kafka partition (`topic/3`), a file (`flights/part-0.jsonl`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(pub Arc<str>);

impl Partition {
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Arc::from(name.as_ref()))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The offset of the next record to read in each partition. What an offset counts is the source's own affair
/// (Kafka: offsets; JSON lines: bytes; Parquet: rows); it only ever rises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub BTreeMap<Partition, i64>);

impl Position {
    /// Moves `partition` to `offset`.
    pub fn advance(&mut self, partition: &Partition, offset: i64) {
        match self.0.get_mut(partition) {
            Some(at) => *at = offset,
            None => {
                self.0.insert(partition.clone(), offset);
            }
        }
    }

    /// Takes over every partition of `other`.
    pub fn merge(&mut self, other: &Position) {
        self.0.extend(other.0.iter().map(|(p, o)| (p.clone(), *o)));
    }
}
