//! State by key through epochs: what a snapshot has to hold of it, and how it comes back.

use super::keyed_rows::{Found, KeyedRows};
use crate::state::{KeyGroup, KeyedState};
use crate::{Barrier, StreamError, TaskIndex, TaskState};
use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use event::Epoch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// Keys an operator has at hand at most; beyond, it writes them and emits their results before the epoch ends.
pub(super) const KEYS_AT_HAND_MAX: usize = 1 << 18;
/// State of up to this many keys is written whole in every snapshot.
const WHOLE_KEYS_MAX: u64 = 10_000;
/// Of more keys, a snapshot holds what changed and every 32nd key group whole, so that it builds on 31 others.
const WHOLE_EVERY_EPOCHS: u64 = 32;

/// Rows by key, what was written of them in the epoch at hand, and how far back their snapshots reach.
pub(super) struct EpochRows {
    rows: KeyedRows,
    changes: Vec<RecordBatch>,
    /// The first epoch that the state of the last one builds on, if it is not whole itself.
    since: Option<Epoch>,
    /// Whether there was an epoch before.
    restored: bool,
    now_ms: i64,
    /// The end of the epoch at hand, once it is there.
    barrier: Barrier,
}

/// What [`TaskState::value`] holds. The batches are rows: what changed in other key groups, then all of these.
#[derive(Serialize, Deserialize)]
struct Saved {
    whole: BTreeSet<KeyGroup>,
}

/// The state of an operator that was opened.
pub(super) fn opened(rows: &mut Option<EpochRows>) -> Result<&mut EpochRows, StreamError> {
    rows.as_mut().ok_or_else(|| StreamError::internal("an operator with state by key was not opened"))
}

impl EpochRows {
    /// `schema`: key columns, then value columns.
    pub fn new(
        schema: &Schema,
        key_count: usize,
        ttl: Option<Duration>,
        task: TaskIndex,
        state: Box<dyn KeyedState>,
    ) -> Result<Self, StreamError> {
        Ok(Self {
            rows: KeyedRows::new(schema, key_count, ttl, task, state)?,
            changes: Vec::new(),
            since: None,
            restored: false,
            now_ms: 0,
            barrier: Barrier { epoch: Epoch(0), whole: true },
        })
    }

    /// How many keys there are.
    pub fn len(&self) -> u64 {
        self.rows.len
    }

    pub fn on_clock(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    /// The rows of these keys that have not expired.
    pub fn find(&self, keys: &[ArrayRef]) -> Result<Found, StreamError> {
        self.rows.find(keys, self.now_ms)
    }

    /// Writes rows, keys first; `absent` of their keys had none before.
    pub fn write(&mut self, columns: Vec<ArrayRef>, absent: usize) -> Result<(), StreamError> {
        let written = self.rows.written(columns, self.now_ms)?;
        self.rows.put(&written, absent)?;
        self.changes.push(written);
        Ok(())
    }

    pub fn on_barrier(&mut self, barrier: Barrier) {
        self.barrier = barrier;
    }

    pub fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let Barrier { epoch, whole: all } = self.barrier;
        let all = all || self.rows.len <= WHOLE_KEYS_MAX;
        let turn = |n: u64| n % WHOLE_EVERY_EPOCHS;
        let due = |group: &KeyGroup| all || turn(u64::from(*group)) == turn(epoch.0);
        let whole: BTreeSet<KeyGroup> = self.rows.own_groups().filter(due).collect();
        let before = if self.restored { Epoch(epoch.0.saturating_sub(1)) } else { epoch };
        let oldest = Epoch(epoch.0.saturating_sub(WHOLE_EVERY_EPOCHS - 1));
        let since = if all { epoch } else { self.since.unwrap_or(before).max(oldest) };
        let mut batches = Vec::new();
        for changed in self.changes.drain(..) {
            batches.push(self.rows.outside(&changed, &whole)?);
        }
        for group in &whole {
            batches.push(self.rows.group(*group, self.now_ms)?);
        }
        batches.retain(|batch| batch.num_rows() > 0);
        self.since = (since < epoch).then_some(since);
        self.restored = true;
        let value =
            serde_json::to_value(Saved { whole }).map_err(|e| StreamError::internal(e.to_string()))?;
        Ok(TaskState { value, batches, since: self.since, ..TaskState::default() })
    }

    pub fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        self.since = states.iter().filter_map(|state| state.since).min();
        self.restored = true;
        for state in states {
            let saved: Saved = serde_json::from_value(state.value.clone())
                .map_err(|e| StreamError::internal(format!("state by key is unreadable: {e}")))?;
            self.rows.clear(&saved.whole)?;
            for batch in &state.batches {
                self.rows.take_over(batch)?;
            }
        }
        Ok(())
    }
}
