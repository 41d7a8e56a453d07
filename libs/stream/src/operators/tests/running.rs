//! Aggregates and first rows without windows, against a plain map: any batches, epochs, restarts into other numbers of tasks.

use super::fleet::{count_and_sum, schema, through_a_file};
use crate::exchange::split;
use crate::{
    AggregateSpec, Barrier, FirstRow, Operator, OperatorFactory, Output, RankOrder, RunningAggregate,
    StateBackend, TaskIndex, TaskState,
};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use event::Epoch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Stands for NULL.
const NULL: i64 = i64::MIN;

type Totals = BTreeMap<Option<String>, (i64, i64)>;

fn plan(ttl: Option<Duration>) -> RunningAggregate {
    let output_schema = Schema::new(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("count", DataType::Int64, true),
        Field::new("sum", DataType::Int64, true),
    ]);
    let output_schema = Arc::new(output_schema);
    RunningAggregate { spec: count_and_sum(), key_output: vec![0], output_schema, ttl, of_source: true }
}

fn batch(rows: &[(Option<String>, Option<i64>)]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.0.clone()).collect::<StringArray>()),
        Arc::new(TimestampMillisecondArray::from(vec![None; rows.len()])),
        Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>()),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

fn updates(out: &mut Output) -> Vec<(Option<String>, (i64, i64))> {
    let mut updates = Vec::new();
    for batch in out.rows.drain(..) {
        let keys = batch.column(0).as_string::<i32>();
        let number = |column: usize, row: usize| {
            let column = cast(batch.column(column), &DataType::Int64).unwrap();
            if column.is_null(row) { NULL } else { column.as_primitive::<Int64Type>().value(row) }
        };
        for row in 0..batch.num_rows() {
            let key = keys.is_valid(row).then(|| keys.value(row).to_owned());
            updates.push((key, (number(1, row), number(2, row))));
        }
    }
    updates
}

/// The tasks of a running aggregate, and the states of its epochs as the engine keeps them.
struct Fleet {
    plan: Arc<dyn OperatorFactory>,
    backend: StateBackend,
    tasks: Vec<Box<dyn Operator>>,
    epochs: BTreeMap<u64, Vec<TaskState>>,
    now_ms: i64,
}

impl Fleet {
    fn new(plan: impl OperatorFactory + 'static, backend: StateBackend) -> Self {
        let plan = Arc::new(plan);
        let mut fleet = Self { plan, backend, tasks: Vec::new(), epochs: BTreeMap::new(), now_ms: 1_000 };
        fleet.restart(1);
        fleet
    }

    /// Restores the last epoch, and what it says that it builds on, into this many tasks.
    fn restart(&mut self, count: usize) {
        self.tasks.clear();
        for index in 0..count {
            let task = TaskIndex { index, count };
            let mut operator = self.plan.create(task).unwrap();
            operator.open(self.backend.open("query/running", task).unwrap()).unwrap();
            self.tasks.push(operator);
        }
        let Some((newest, states)) = self.epochs.last_key_value() else { return };
        let since = states.iter().filter_map(|state| state.since).min().unwrap_or(Epoch(*newest));
        for (_, states) in self.epochs.range(since.0..) {
            self.tasks.iter_mut().for_each(|task| task.restore(states).unwrap());
        }
    }

    fn rows(&mut self, rows: &[(Option<String>, Option<i64>)]) {
        self.batch(batch(rows));
    }

    fn batch(&mut self, batch: RecordBatch) {
        let parts = split(batch, &[0], self.tasks.len()).unwrap();
        let mut out = Output::default();
        for (task, part) in self.tasks.iter_mut().zip(parts) {
            let Some(part) = part else { continue };
            task.on_clock(self.now_ms);
            task.on_batch(part, &mut out).unwrap();
        }
        assert!(out.rows.is_empty(), "few keys wait for the end of the epoch");
    }

    /// Ends an epoch; what it emits, a key and two numbers each.
    fn barrier(&mut self, whole: bool) -> Vec<(Option<String>, (i64, i64))> {
        let epoch = self.epochs.last_key_value().map_or(1, |(epoch, _)| epoch + 1);
        let mut out = Output::default();
        let mut states = Vec::new();
        for task in &mut self.tasks {
            task.on_clock(self.now_ms);
            task.on_barrier(Barrier { epoch: Epoch(epoch), whole }, &mut out).unwrap();
            states.push(task.snapshot().unwrap());
        }
        self.epochs.insert(epoch, through_a_file(states));
        updates(&mut out)
    }

    fn saved_rows(&self) -> usize {
        let (_, states) = self.epochs.last_key_value().unwrap();
        states.iter().flat_map(|state| &state.batches).map(RecordBatch::num_rows).sum()
    }
}

fn backends(folder: &tempfile::TempDir) -> [StateBackend; 2] {
    [StateBackend::Memory, StateBackend::Lsm { folder: folder.path().join("lsm") }]
}

/// Goal: each epoch emits just the keys that had rows, with what a map adds up; snapshots of many keys hold a part of
/// them, and a restart from such a chain, into any number of tasks, knows every key.
#[test]
fn every_epoch_says_what_its_keys_have_come_to() {
    let folder = tempfile::tempdir().unwrap();
    for backend in backends(&folder) {
        let mut random = StdRng::seed_from_u64(20);
        let mut fleet = Fleet::new(plan(None), backend.clone());
        let mut truth = Totals::new();
        let mut partial = 0;
        for epoch in 1..=90 {
            let mut touched = Totals::new();
            for _ in 0..random.random_range(0..3) {
                let rows: Vec<(Option<String>, Option<i64>)> = (0..random.random_range(1..2_000))
                    .map(|_| {
                        let key = random.random_range(0..30_000_u32);
                        let value = random.random_range(-50..50);
                        ((key > 0).then(|| format!("key-{key}")), (value > -49).then_some(value))
                    })
                    .collect();
                for (key, value) in &rows {
                    let total = truth.entry(key.clone()).or_insert((0, NULL));
                    if let Some(value) = value {
                        *total = (total.0 + 1, if total.1 == NULL { *value } else { total.1 + value });
                    }
                    touched.insert(key.clone(), *total);
                }
                fleet.rows(&rows);
            }
            let emitted = fleet.barrier(false);
            assert_eq!(emitted.len(), touched.len(), "epoch {epoch}: one row per key");
            assert_eq!(emitted.into_iter().collect::<Totals>(), touched, "epoch {epoch} with {backend:?}");
            partial += usize::from(fleet.saved_rows() < truth.len() / 2);
            if epoch % 7 == 0 || epoch > 80 {
                fleet.restart(random.random_range(1..5));
            }
            let keys: u64 = fleet.tasks.iter().filter_map(|task| task.state_rows()).sum();
            assert_eq!(keys, truth.len() as u64, "epoch {epoch} with {backend:?}");
        }
        assert!(truth.len() > 20_000, "{} keys", truth.len());
        fleet.barrier(true);
        assert_eq!(fleet.saved_rows(), truth.len(), "a whole state has every key");
        assert!(fleet.epochs.last_key_value().unwrap().1.iter().all(|state| state.since.is_none()));
        assert!(partial > 40, "only {partial} snapshots were small");
    }
}

/// Goal: state that had no row for its time to live begins anew, before and after a restart, and goes away.
#[test]
fn state_expires_by_the_wall_clock() {
    let folder = tempfile::tempdir().unwrap();
    for backend in backends(&folder) {
        let mut fleet = Fleet::new(plan(Some(Duration::from_millis(100))), backend);
        let row = |key: &str, value| (Some(key.to_owned()), Some(value));
        let total = |key: &str, count, sum| (Some(key.to_owned()), (count, sum));
        fleet.rows(&[row("a", 1), row("b", 10)]);
        assert_eq!(fleet.barrier(false).len(), 2);
        fleet.now_ms += 99;
        fleet.rows(&[row("a", 2)]);
        assert_eq!(fleet.barrier(false), [total("a", 2, 3)], "in time");
        fleet.restart(2);
        fleet.now_ms += 99;
        fleet.rows(&[row("a", 4), row("b", 20)]);
        let emitted: Totals = fleet.barrier(false).into_iter().collect();
        assert_eq!(
            emitted,
            Totals::from([total("a", 3, 7), total("b", 1, 20)]),
            "a was written since, b not"
        );
        fleet.now_ms += 100;
        assert!(fleet.barrier(false).is_empty());
        assert_eq!(fleet.saved_rows(), 0, "what has expired is not saved");
    }
}

/// Goal: without aggregates a key is emitted when it comes for the first time, and never again.
#[test]
fn distinct_keys_are_emitted_once() {
    let mut plan = plan(None);
    plan.spec = AggregateSpec { aggregates: Vec::new(), filters: Vec::new(), ..plan.spec };
    plan.output_schema = Arc::new(Schema::new(vec![Field::new("key", DataType::Utf8, true)]));
    let mut fleet = Fleet::new(plan, StateBackend::Memory);
    let mut emitted = |rows: &[&str], tasks: usize| {
        let rows: Vec<_> = rows.iter().map(|key| (Some((*key).to_owned()), Some(1))).collect();
        fleet.rows(&rows);
        let mut out = Output::default();
        let mut states = Vec::new();
        for task in &mut fleet.tasks {
            task.on_barrier(Barrier { epoch: Epoch(1), whole: false }, &mut out).unwrap();
            states.push(task.snapshot().unwrap());
        }
        fleet.epochs.insert(1, through_a_file(states));
        fleet.restart(tasks);
        let mut keys: Vec<String> = out
            .rows
            .iter()
            .flat_map(|b| b.column(0).as_string::<i32>().iter().flatten().map(str::to_owned))
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(emitted(&["a", "b", "a"], 3), ["a", "b"]);
    assert_eq!(emitted(&["b", "c"], 1), ["c"]);
    assert_eq!(emitted(&["a", "b", "c"], 1), Vec::<String>::new());
}

/// Goal: each epoch emits the rows that have become the first of their key, of equal ones the first or the last that came,
/// through restarts as above.
#[test]
fn the_first_row_of_each_key() {
    let folder = tempfile::tempdir().unwrap();
    let [memory, lsm] = backends(&folder);
    for (later_first, descending, backend) in [(false, false, memory), (true, true, lsm)] {
        let order = vec![RankOrder { column: 2, descending, nulls_first: false }];
        let plan =
            FirstRow { schema: schema(), keys: vec![0], order, later_first, ttl: None, of_source: true };
        let mut random = StdRng::seed_from_u64(21);
        let mut fleet = Fleet::new(plan, backend);
        // The row's number, and the value it is ordered by.
        let mut truth = Totals::new();
        let mut number = 0;
        for epoch in 1..=70 {
            let mut changed = Totals::new();
            for _ in 0..random.random_range(0..90) {
                let rows: Vec<(Option<String>, Option<i64>)> = (0..random.random_range(1..60))
                    .map(|_| {
                        (
                            Some(format!("key-{}", random.random_range(0..15_000))),
                            Some(random.random_range(0..9)),
                        )
                    })
                    .collect();
                for (at, (key, value)) in rows.iter().enumerate() {
                    let row = (number + at as i64, value.unwrap());
                    let first = truth.get(key).is_none_or(|(_, best)| match (descending, later_first) {
                        (_, true) if row.1 == *best => true,
                        (true, _) => row.1 > *best,
                        (false, _) => row.1 < *best,
                    });
                    if first {
                        truth.insert(key.clone(), row);
                        changed.insert(key.clone(), row);
                    }
                }
                let times = TimestampMillisecondArray::from_iter_values(number..number + rows.len() as i64);
                number += rows.len() as i64;
                let plain = batch(&rows);
                let columns =
                    vec![plain.column(0).clone(), Arc::new(times) as ArrayRef, plain.column(2).clone()];
                fleet.batch(RecordBatch::try_new(schema(), columns).unwrap());
            }
            let emitted: Totals = fleet.barrier(false).into_iter().collect();
            assert_eq!(emitted, changed, "epoch {epoch}, later first: {later_first}");
            let keys: u64 = fleet.tasks.iter().filter_map(|task| task.state_rows()).sum();
            assert_eq!(keys, truth.len() as u64, "epoch {epoch}: rows of the state");
            if epoch % 6 == 0 {
                fleet.restart(random.random_range(1..5));
            }
        }
        assert!(truth.len() > 12_000, "{} keys", truth.len());
    }
}
