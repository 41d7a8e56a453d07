//! What the source topic holds, read by a plain consumer when all is produced.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Origin of a record: partition and offset in the source topic.
pub type Origin = (i32, i64);

/// The columns of an event as the scripts declare them.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Event {
    pub event_id: i64,
    pub event_key: String,
    pub amount: f64,
    /// `2026-01-31 23:59:59.123Z`
    pub event_time: String,
}

/// Every record of a topic: whole events, and poison, by where they lie.
#[derive(Default)]
pub struct SourceLog {
    pub events: BTreeMap<Origin, Event>,
    pub poison: Vec<Origin>,
}

impl SourceLog {
    pub fn read(records: impl IntoIterator<Item = (i32, i64, Vec<u8>)>) -> Self {
        let mut log = Self::default();
        for (partition, offset, value) in records {
            match serde_json::from_slice(&value) {
                Ok(event) => drop(log.events.insert((partition, offset), event)),
                Err(_) => log.poison.push((partition, offset)),
            }
        }
        log
    }

    pub fn records(&self) -> usize {
        self.events.len() + self.poison.len()
    }
}
