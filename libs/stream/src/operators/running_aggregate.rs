//! Aggregates per key, without a window: what a key has come to, said again whenever it changes.

use super::epoch_rows::{EpochRows, KEYS_AT_HAND_MAX, opened};
use super::groups::{AggregateSpec, Groups};
use crate::state::KeyedState;
use crate::{Barrier, Operator, OperatorFactory, Output, StreamError, TaskIndex, TaskState};
use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::{filter, take};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use event::Watermark;
use std::sync::Arc;
use std::time::Duration;

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
            added: 0,
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
    rows: Option<EpochRows>,
    /// The keys at hand, with all that is known of them.
    groups: Groups,
    /// By group: whether nothing was known of its key.
    new: Vec<bool>,
    /// Keys at hand that the state has no row for.
    added: usize,
    admitted: u64,
}

impl Operator for RunningTask {
    fn open(&mut self, state: Box<dyn KeyedState>) -> Result<(), StreamError> {
        let spec = &self.plan.spec;
        let schema = spec.state_schema()?;
        self.rows = Some(EpochRows::new(&schema, spec.keys.len(), self.plan.ttl, self.task, state)?);
        Ok(())
    }

    fn on_clock(&mut self, now_ms: i64) {
        self.rows.iter_mut().for_each(|rows| rows.on_clock(now_ms));
    }

    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        self.admitted += batch.num_rows() as u64;
        let keys: Vec<ArrayRef> = self.plan.spec.keys.iter().map(|i| batch.column(*i).clone()).collect();
        let before = self.groups.len();
        self.groups.intern(&keys, batch.num_rows())?;
        let known = self.known(&keys, before)?;
        self.groups.accumulate(&self.plan.spec.arguments(&batch)?)?;
        // After the rows: accumulators take it that every new group is in the first rows they are given.
        if let Some((values, ids)) = known {
            self.groups.merge_into(&values, &ids)?;
        }
        if self.groups.len() > KEYS_AT_HAND_MAX {
            self.write(out)?;
        }
        Ok(())
    }

    fn on_watermark(&mut self, _watermark: Watermark, _out: &mut Output) -> Result<(), StreamError> {
        Ok(())
    }

    fn on_barrier(&mut self, barrier: Barrier, out: &mut Output) -> Result<(), StreamError> {
        opened(&mut self.rows)?.on_barrier(barrier);
        self.write(out)
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let counters = [("admitted".to_owned(), self.admitted)];
        let counters = counters.into_iter().filter(|_| self.plan.of_source).collect();
        Ok(TaskState { counters, ..opened(&mut self.rows)?.snapshot()? })
    }

    fn state_rows(&self) -> Option<u64> {
        self.rows.as_ref().map(EpochRows::len)
    }

    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError> {
        opened(&mut self.rows)?.restore(states)
    }
}

/// Rows of state, without their keys, and the group of each.
type Known = (Vec<ArrayRef>, Vec<usize>);

impl RunningTask {
    /// What is known of the keys that the last batch has added to `before` groups, and the groups of those.
    fn known(&mut self, keys: &[ArrayRef], before: usize) -> Result<Option<Known>, StreamError> {
        if self.groups.len() == before {
            return Ok(None);
        }
        let first = UInt32Array::from(self.groups.first_rows(before));
        let keys = keys.iter().map(|key| take(key, &first, None)).collect::<Result<Vec<_>, _>>()?;
        let found = opened(&mut self.rows)?.find(&keys)?;
        self.added += found.absent;
        self.new.resize(self.groups.len(), true);
        let ids: Vec<usize> = found.places.iter().map(|place| before + place).collect();
        ids.iter().for_each(|id| self.new[*id] = false);
        Ok(Some((found.values, ids)).filter(|(_, ids)| !ids.is_empty()))
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
        opened(&mut self.rows)?.write(state, std::mem::take(&mut self.added))?;
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
