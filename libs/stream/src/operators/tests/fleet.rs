//! The tasks of one operator, and what tests feed them.

use crate::exchange::split;
use crate::snapshot::{NodeState, Snapshot, SnapshotStore};
use crate::{AggregateSpec, Barrier, Operator, OperatorFactory, Output, TaskIndex, TaskState, WindowColumn};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMillisecondType};
use arrow::record_batch::RecordBatch;
use datafusion_functions_aggregate::{count::count_udaf, sum::sum_udaf};
use datafusion_physical_expr::aggregate::AggregateExprBuilder;
use datafusion_physical_expr::expressions::Column;
use event::{Epoch, Watermark};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Key, time in ms, value.
pub type Row = (Option<&'static str>, i64, i64);

/// What happens to an operator, one after the other.
#[derive(Clone, Debug)]
pub enum Step {
    Rows(Vec<Row>),
    /// Event time moves on by this much.
    Pass(i64),
    /// Its state is saved and restored into this many tasks.
    Restart(usize),
}

const KEYS: [Option<&str>; 4] = [Some("ada"), Some("bob"), Some("cyd"), None];

/// Rows around a time that moves on by up to `pace` ms, some far behind it.
pub fn steps(spread: i64, pace: i64) -> impl Strategy<Value = Vec<Step>> {
    let row = (prop::sample::select(&KEYS[..]), -spread..spread, 1..100_i64);
    let step = prop_oneof![
        6 => prop::collection::vec(row, 1..12).prop_map(|rows| Step::Rows(rows.into_iter().collect())),
        4 => (1..pace).prop_map(Step::Pass),
        1 => (1..4_usize).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}

/// Rows are near the time of their step, whose watermark is that time too; the last watermark ends all.
pub fn timed(steps: Vec<Step>) -> Vec<(Step, i64)> {
    let mut now = 1_000;
    let mut timed: Vec<(Step, i64)> = steps
        .into_iter()
        .map(|step| {
            let step = match step {
                Step::Rows(rows) => Step::Rows(rows.into_iter().map(|(k, t, v)| (k, now + t, v)).collect()),
                Step::Pass(by) => {
                    now += by;
                    Step::Pass(by)
                }
                restart => restart,
            };
            (step, now)
        })
        .collect();
    timed.push((Step::Pass(0), i64::MAX));
    timed
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("time", stamp(), true),
        Field::new("value", DataType::Int64, true),
    ]))
}

pub fn stamp() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, None)
}

pub fn batch(rows: &[Row]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| Some(row.1)).collect::<TimestampMillisecondArray>()),
        Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Int64Array>()),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

/// `count(value), sum(value)` by key.
pub fn count_and_sum() -> AggregateSpec {
    let value = || vec![Arc::new(Column::new("value", 2)) as _];
    let count = AggregateExprBuilder::new(count_udaf(), value()).schema(schema()).alias("count");
    let sum = AggregateExprBuilder::new(sum_udaf(), value()).schema(schema()).alias("sum");
    AggregateSpec {
        input_schema: schema(),
        keys: vec![0],
        aggregates: vec![Arc::new(count.build().unwrap()), Arc::new(sum.build().unwrap())],
        filters: vec![None, None],
    }
}

/// Key, start, end, time, count, sum.
pub fn totals() -> (Vec<WindowColumn>, SchemaRef) {
    use WindowColumn as C;
    let columns = vec![C::Key(0), C::Start, C::End, C::Time, C::Aggregate(0), C::Aggregate(1)];
    let schema = Schema::new(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("start", stamp(), false),
        Field::new("end", stamp(), false),
        Field::new("time", stamp(), false),
        Field::new("count", DataType::Int64, true),
        Field::new("sum", DataType::Int64, true),
    ]);
    (columns, Arc::new(schema))
}

/// The states as a restart reads them.
pub fn through_a_file(states: Vec<TaskState>) -> Vec<TaskState> {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotStore::open(folder.path(), "test").unwrap();
    let node = NodeState { tasks: states, ..NodeState::default() };
    let nodes = BTreeMap::from([("node".to_owned(), node)]);
    let writer = "0123456789abcdef".to_owned();
    let snapshot = Snapshot { pipeline: "test".into(), writer, nodes, ..Snapshot::default() };
    let id = store.write(&snapshot).unwrap();
    let mut read = store.read(&id).unwrap().expect("what was written is whole");
    read.nodes.remove("node").unwrap().tasks
}

/// One line per row: every column, times and numbers as numbers.
pub fn lines(batch: &RecordBatch) -> Vec<String> {
    let cell = |column: &ArrayRef, row: usize| match column.data_type() {
        _ if column.is_null(row) => "-".to_owned(),
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        _ => column.as_primitive::<TimestampMillisecondType>().value(row).to_string(),
    };
    (0..batch.num_rows())
        .map(|row| batch.columns().iter().map(|c| cell(c, row)).collect::<Vec<_>>().join(" "))
        .collect()
}

/// What came of the steps: the lines of each watermark's results, sorted, and how many rows were late.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    pub results: Vec<(i64, Vec<String>)>,
    pub late: u64,
    pub admitted: u64,
}

impl Outcome {
    pub fn add(&mut self, watermark: i64, mut lines: Vec<String>) {
        if !lines.is_empty() {
            lines.sort();
            self.results.push((watermark, lines));
        }
    }
}

/// Runs an operator through the steps.
pub fn outcome(factory: &dyn OperatorFactory, keys: &[usize], steps: &[(Step, i64)]) -> Outcome {
    outcome_of(factory, keys, steps, |batch| batch)
}

/// Runs an operator through the steps, whose rows `prepare` brings into its form.
pub fn outcome_of(
    factory: &dyn OperatorFactory,
    keys: &[usize],
    steps: &[(Step, i64)],
    prepare: impl Fn(RecordBatch) -> RecordBatch,
) -> Outcome {
    let create = |count| -> Vec<Box<dyn Operator>> {
        (0..count).map(|index| factory.create(TaskIndex { index, count }).unwrap()).collect()
    };
    let mut tasks = create(1);
    let mut outcome = Outcome::default();
    let mut counters: BTreeMap<String, u64> = BTreeMap::new();
    let (mut late, mut passed) = (0, None);
    let count = |tasks: &mut [Box<dyn Operator>], counters: &mut BTreeMap<String, u64>| -> Vec<TaskState> {
        let states: Vec<TaskState> = tasks.iter_mut().map(|task| task.snapshot().unwrap()).collect();
        for (name, n) in states.iter().flat_map(|state| &state.counters) {
            *counters.entry(name.clone()).or_default() += n;
        }
        states
    };
    for (step, watermark) in steps {
        let mut out = Output::default();
        match step {
            Step::Rows(rows) => {
                let parts = split(prepare(batch(rows)), keys, tasks.len()).unwrap();
                for (task, part) in tasks.iter_mut().zip(parts) {
                    part.into_iter().for_each(|part| task.on_batch(part, &mut out).unwrap());
                }
            }
            Step::Pass(_) => {
                passed = Some(*watermark);
                for task in &mut tasks {
                    task.on_watermark(Watermark(*watermark), &mut out).unwrap();
                }
            }
            Step::Restart(into) => {
                let states = through_a_file(count(&mut tasks, &mut counters));
                tasks = create(*into);
                tasks.iter_mut().for_each(|task| task.restore(&states).unwrap());
                if let Some(passed) = passed {
                    // The first time that is told after a restart may be an earlier one.
                    let earlier = Watermark(passed - 100);
                    tasks.iter_mut().for_each(|task| task.on_watermark(earlier, &mut out).unwrap());
                }
            }
        }
        late += out.dead.len() as u64;
        outcome.add(*watermark, out.rows.iter().flat_map(lines).collect());
    }
    count(&mut tasks, &mut counters);
    outcome.late = counters["late"];
    outcome.admitted = counters["admitted"];
    assert_eq!(outcome.late, late, "every late row leaves as a dead letter");
    outcome
}

/// The tasks of an operator, one step after the other.
pub struct Fleet {
    factory: Box<dyn OperatorFactory>,
    keys: Vec<usize>,
    tasks: Vec<Box<dyn Operator>>,
    out: Output,
    pub late: u64,
}

impl Fleet {
    pub fn new(factory: Box<dyn OperatorFactory>, keys: &[usize]) -> Self {
        let tasks = vec![factory.create(TaskIndex { index: 0, count: 1 }).unwrap()];
        Self { factory, keys: keys.to_vec(), tasks, out: Output::default(), late: 0 }
    }

    pub fn step(&mut self, step: &Step, now: i64) {
        match step {
            Step::Rows(rows) => {
                let parts = split(batch(rows), &self.keys, self.tasks.len()).unwrap();
                for (task, part) in self.tasks.iter_mut().zip(parts) {
                    part.into_iter().for_each(|part| task.on_batch(part, &mut self.out).unwrap());
                }
            }
            Step::Pass(_) => {
                let pass = |task: &mut Box<dyn Operator>| task.on_watermark(Watermark(now), &mut self.out);
                self.tasks.iter_mut().try_for_each(pass).unwrap();
            }
            Step::Restart(count) => {
                let states: Vec<TaskState> =
                    self.tasks.iter_mut().map(|task| task.snapshot().unwrap()).collect();
                let (states, count) = (through_a_file(states), *count);
                self.tasks = (0..count)
                    .map(|index| self.factory.create(TaskIndex { index, count }).unwrap())
                    .collect();
                self.tasks.iter_mut().for_each(|task| task.restore(&states).unwrap());
            }
        }
    }

    pub fn barrier(&mut self, epoch: u64) {
        let barrier = Barrier { epoch: Epoch(epoch), whole: false };
        self.tasks.iter_mut().for_each(|task| task.on_barrier(barrier, &mut self.out).unwrap());
    }

    /// The lines that were emitted since the last time.
    pub fn taken(&mut self) -> Vec<String> {
        self.late += self.out.dead.drain(..).count() as u64;
        self.out.rows.drain(..).flat_map(|rows| lines(&rows)).collect()
    }
}
