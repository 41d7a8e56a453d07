//! Aggregates per key, without a window: what a key has come to, said again whenever it changes.

use super::groups::{AggregateSpec, Groups};
use super::keyed_rows::KeyedRows;
use crate::state::{KeyGroup, KeyedState};
use crate::{Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState};
use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::{filter, take};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use event::{Epoch, Watermark};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Keys at hand at most; beyond, their results are emitted before the epoch ends.
const KEYS_AT_HAND_MAX: usize = 1 << 18;
/// State of up to this many keys is written whole in every snapshot.
const WHOLE_KEYS_MAX: u64 = 10_000;
/// Of more keys, a snapshot holds what changed and every 32nd key group whole, so that it builds on 31 others.
const WHOLE_EVERY_EPOCHS: u64 = 32;

/// `GROUP BY` keys without a window.
///
/// Emits a row per key and epoch in which the key had rows, so the output is a changelog of updates by key without
/// deletions; without aggregates (`SELECT DISTINCT`) a row per new key. A key's state expires when it had no row for `ttl`, by
/// the wall clock; its next row begins anew.
#[derive(Clone, Debug)]
pub struct RunningAggregate {
    /// With at least one key.
    pub spec: AggregateSpec,
    /// Which key each of the first columns of the output is; the aggregates follow.
    pub key_output: Vec<usize>,
    pub output_schema: SchemaRef,
    /// `None`: state is kept for ever.
    pub ttl: Option<Duration>,
    /// Whether the rows are those of a source, and so accounted for here.
    pub of_source: bool,
}

impl OperatorFactory for RunningAggregate {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Ok(Box::new(RunningTask {
            plan: Arc::new(self.clone()),
            task,
            rows: None,
            groups: Groups::new(&self.spec)?,
            new: Vec::new(),
            changes: Vec::new(),
            added: 0,
            since: None,
            restored: false,
            now_ms: 0,
            epoch: Epoch(0),
            admitted: 0,
        }))
    }

    fn keeps_keyed_state(&self) -> bool {
        true
    }

    fn signature(&self) -> String {
        format!("Running {}", self.spec.signature())
    }
}

struct RunningTask {
    plan: Arc<RunningAggregate>,
    task: TaskIndex,
    /// What is known of every key, but for the changes at hand; `None` until it is opened.
    rows: Option<KeyedRows>,
    /// The keys at hand, with all that is known of them.
    groups: Groups,
    /// By group: whether nothing was known of its key.
    new: Vec<bool>,
    /// Keys at hand that the state has no row for.
    added: usize,
    /// The rows of state that were written in this epoch.
    changes: Vec<RecordBatch>,
    /// The first epoch that the state of the last one builds on, if it is not whole itself.
    since: Option<Epoch>,
    /// Whether there was an epoch before.
    restored: bool,
    now_ms: i64,
    epoch: Epoch,
    admitted: u64,
}

/// What [`TaskState::value`] holds. The batches are rows of state: what changed in other key groups, then all of these.
#[derive(Serialize, Deserialize)]
struct SavedRunning {
    whole: BTreeSet<KeyGroup>,
}

impl Operator for RunningTask {
    fn open(&mut self, state: Box<dyn KeyedState>) -> Result<(), StreamError> {
        let spec = &self.plan.spec;
        let schema = spec.state_schema()?;
        self.rows = Some(KeyedRows::new(&schema, spec.keys.len(), self.plan.ttl, self.task, state)?);
        Ok(())
    }

    fn on_clock(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        self.admitted += batch.num_rows() as u64;
        let keys: Vec<ArrayRef> = self.plan.spec.keys.iter().map(|i| batch.column(*i).clone()).collect();
        let before = self.groups.len();
        self.groups.intern(&keys, batch.num_rows())?;
        self.load(&keys, before)?;
        self.groups.accumulate(&self.plan.spec.arguments(&batch)?)?;
        if self.groups.len() > KEYS_AT_HAND_MAX {
            self.write(out)?;
        }
        Ok(())
    }

    fn on_watermark(&mut self, _watermark: Watermark, _out: &mut Output) -> Result<(), StreamError> {
        Ok(())
    }

    fn on_barrier(&mut self, epoch: Epoch, out: &mut Output) -> Result<(), StreamError> {
        self.epoch = epoch;
        self.write(out)
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let (epoch, now_ms) = (self.epoch, self.now_ms);
        let rows = opened(&mut self.rows)?;
        let all = rows.len <= WHOLE_KEYS_MAX;
        let turn = |n: u64| n % WHOLE_EVERY_EPOCHS;
        let due = |group: &KeyGroup| all || turn(u64::from(*group)) == turn(epoch.0);
        let whole: BTreeSet<KeyGroup> = rows.own_groups().filter(due).collect();
        let before = if self.restored { Epoch(epoch.0.saturating_sub(1)) } else { epoch };
        let oldest = Epoch(epoch.0.saturating_sub(WHOLE_EVERY_EPOCHS - 1));
        let since = if all { epoch } else { self.since.unwrap_or(before).max(oldest) };
        let mut batches = Vec::new();
        for changed in self.changes.drain(..) {
            batches.push(rows.outside(&changed, &whole)?);
        }
        for group in &whole {
            batches.push(rows.group(*group, now_ms)?);
        }
        batches.retain(|batch| batch.num_rows() > 0);
        self.since = (since < epoch).then_some(since);
        self.restored = true;
        let saved = SavedRunning { whole };
        let account = [("admitted".to_owned(), self.admitted)];
        Ok(TaskState {
            value: serde_json::to_value(saved).map_err(|e| StreamError::internal(e.to_string()))?,
            batches,
            since: self.since,
            counters: account.into_iter().filter(|_| self.plan.of_source).collect(),
        })
    }

    fn state_rows(&self) -> Option<u64> {
        self.rows.as_ref().map(|rows| rows.len)
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        let rows = opened(&mut self.rows)?;
        self.since = states.iter().filter_map(|state| state.since).min();
        self.restored = true;
        for state in states {
            let saved: SavedRunning = serde_json::from_value(state.value.clone()).map_err(|e| {
                StreamError::internal(format!("state of a running aggregate is unreadable: {e}"))
            })?;
            rows.clear(&saved.whole)?;
            for batch in &state.batches {
                rows.take_over(batch)?;
            }
        }
        Ok(())
    }
}

fn opened(rows: &mut Option<KeyedRows>) -> Result<&mut KeyedRows, StreamError> {
    rows.as_mut().ok_or_else(|| StreamError::internal("a running aggregate was not opened"))
}

impl RunningTask {
    /// Brings what is known of the keys that the last batch has added to `before` groups.
    fn load(&mut self, keys: &[ArrayRef], before: usize) -> Result<(), StreamError> {
        if self.groups.len() == before {
            return Ok(());
        }
        let first = UInt32Array::from(self.groups.first_rows(before));
        let keys = keys.iter().map(|key| take(key, &first, None)).collect::<Result<Vec<_>, _>>()?;
        let found = opened(&mut self.rows)?.find(&keys, self.now_ms)?;
        self.added += found.absent;
        self.new.resize(self.groups.len(), true);
        let ids: Vec<usize> = found.places.iter().map(|place| before + place).collect();
        ids.iter().for_each(|id| self.new[*id] = false);
        if !ids.is_empty() {
            self.groups.merge_into(&found.values, &ids)?;
        }
        Ok(())
    }

    /// Writes the keys at hand into the state, and emits their results.
    fn write(&mut self, out: &mut Output) -> Result<(), StreamError> {
        if self.groups.len() == 0 {
            return Ok(());
        }
        let groups = std::mem::replace(&mut self.groups, Groups::new(&self.plan.spec)?);
        let new = BooleanArray::from(std::mem::take(&mut self.new));
        let state = groups.into_state()?;
        out.rows.extend(self.results(&state, &new)?);
        let rows = opened(&mut self.rows)?;
        let written = rows.written(state, self.now_ms)?;
        rows.put(&written, std::mem::take(&mut self.added))?;
        self.changes.push(written);
        Ok(())
    }

    fn results(&self, state: &[ArrayRef], new: &BooleanArray) -> Result<Option<RecordBatch>, StreamError> {
        let spec = &self.plan.spec;
        let (keys, aggregates) = if spec.aggregates.is_empty() {
            (state.iter().map(|key| filter(key, new)).collect::<Result<Vec<_>, _>>()?, Vec::new())
        } else {
            // Reading the state has emptied the accumulators.
            let mut groups = Groups::new(spec)?;
            groups.merge(state, spec.keys.len())?;
            groups.into_result()?
        };
        let columns = self.plan.key_output.iter().map(|key| keys[*key].clone()).chain(aggregates);
        let results = RecordBatch::try_new(self.plan.output_schema.clone(), columns.collect())?;
        Ok(Some(results).filter(|results| results.num_rows() > 0))
    }
}
