//! A source that replays a list, a sink that remembers like a database, and the graph between them.

use arrow::array::{AsArray, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMillisecondType};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion_common::ScalarValue;
use datafusion_expr::Operator as BinaryOperator;
use datafusion_functions_aggregate::{count::count_udaf, sum::sum_udaf};
use datafusion_physical_expr::aggregate::AggregateExprBuilder;
use datafusion_physical_expr::expressions::{BinaryExpr, Column, Literal};
use event::{Batch, Epoch, Partition, Position};
use resilience::RetryPolicy;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stream::{
    AggregateSpec, Claim, Commit, Edge, ErrorKind, Graph, Held, Monitor, Node, NodeId, NodeKind, Polled,
    Port, Routing, RunOptions, RunReport, Savepoints, Sink, SinkCounters, SnapshotStore, Source,
    SourceFactory, StateBackend, StreamError, TaskIndex, WatermarkEmit, WindowAggregate, WindowColumn,
    WindowShape, Windowing,
};
use tokio_util::sync::CancellationToken;

/// `(key, time in ms, value)`.
pub type Row = (&'static str, i64, i64);

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("time", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        Field::new("value", DataType::Int64, true),
    ]))
}

fn batch(rows: &[Row]) -> RecordBatch {
    let keys: StringArray = rows.iter().map(|row| Some(row.0)).collect();
    let times: TimestampMillisecondArray = rows.iter().map(|row| Some(row.1)).collect();
    let values: Int64Array = rows.iter().map(|row| Some(row.2)).collect();
    RecordBatch::try_new(schema(), vec![Arc::new(keys), Arc::new(times), Arc::new(values)]).unwrap()
}

/// Batches an instance reads between two epochs, so that a run has many of them however fast the machine is.
const BATCHES_PER_EPOCH: usize = 4;

/// Partitions of rows, read in batches of `batch_rows`.
#[derive(Clone)]
pub struct Replay {
    pub partitions: Arc<Vec<Vec<Row>>>,
    pub batch_rows: usize,
}

impl SourceFactory for Replay {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        let mine = (0..self.partitions.len()).filter(|p| p % task.count == task.index).collect();
        Ok(Box::new(Replaying {
            replay: self.clone(),
            mine,
            position: Position::default(),
            turn: 0,
            allowed: BATCHES_PER_EPOCH,
        }))
    }

    fn bounded(&self) -> bool {
        true
    }
}

struct Replaying {
    replay: Replay,
    mine: Vec<usize>,
    position: Position,
    turn: usize,
    allowed: usize,
}

#[async_trait]
impl Source for Replaying {
    async fn seek(&mut self, from: Option<&Position>) -> Result<Position, StreamError> {
        for index in &self.mine {
            let partition = Partition::new(index.to_string());
            let offset = from.and_then(|p| p.0.get(&partition).copied()).unwrap_or(0);
            self.position.advance(&partition, offset);
        }
        Ok(self.position.clone())
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        if self.allowed == 0 {
            // `commit` opens the gate, and the engine polls again after it.
            std::future::pending::<()>().await;
        }
        for step in 0..self.mine.len() {
            let index = self.mine[(self.turn + step) % self.mine.len()];
            let partition = Partition::new(index.to_string());
            let rows = &self.replay.partitions[index];
            let from = self.position.0[&partition] as usize;
            let until = rows.len().min(from + self.replay.batch_rows);
            if from < until {
                self.turn += step + 1;
                self.allowed -= 1;
                self.position.advance(&partition, until as i64);
                let rows = batch(&rows[from..until]);
                let records = rows.num_rows() as u64;
                let next_offset = until as i64;
                return Ok(Polled::Batch(Batch { partition, rows, dead: Vec::new(), records, next_offset }));
            }
        }
        Ok(Polled::End)
    }

    async fn commit(&mut self, _position: &Position) -> Result<(), StreamError> {
        self.allowed = BATCHES_PER_EPOCH;
        Ok(())
    }
}

/// What a database would hold.
#[derive(Default)]
pub struct Table {
    pub rows: Vec<String>,
    pub held: Option<Held>,
    pub token: u64,
    pub committed: u64,
}

/// When the next commits fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    None,
    /// The n-th commit fails and leaves nothing.
    Before(u64),
    /// The n-th commit succeeds, but its answer is lost and the process ends.
    After(u64),
}

/// A sink over a table that outlives it.
pub struct Remembering {
    pub name: String,
    pub table: Arc<Mutex<Table>>,
    pub failure: Failure,
    pub token: u64,
    pub commits: u64,
}

impl Remembering {
    pub fn new(name: &str, table: &Arc<Mutex<Table>>, failure: Failure) -> Self {
        Self { name: name.into(), table: table.clone(), failure, token: 0, commits: 0 }
    }
}

#[async_trait]
impl Sink for Remembering {
    fn name(&self) -> &str {
        &self.name
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        let mut table = self.table.lock().unwrap();
        table.token += 1;
        self.token = table.token;
        let counters = SinkCounters { committed: table.committed, ..SinkCounters::default() };
        Ok(Some(Claim { token: table.token, held: table.held.clone(), counters }))
    }

    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let mut table = self.table.lock().unwrap();
        self.commits += 1;
        let crash = || StreamError::new(ErrorKind::Io, "the test ends the run here");
        if self.token != table.token {
            return Err(StreamError::new(ErrorKind::Fenced, "a newer writer owns the table"));
        }
        if self.failure == Failure::Before(self.commits) {
            return Err(crash());
        }
        let held = table.held.as_ref().map_or(Epoch(0), |held| held.epoch);
        assert_eq!(held.next(), commit.epoch, "epochs must be committed one after the other");
        for batch in rows {
            let text = describe(batch);
            table.committed += text.len() as u64;
            table.rows.extend(text);
        }
        table.held = Some(commit.into());
        if self.failure == Failure::After(self.commits) {
            return Err(crash());
        }
        Ok(SinkCounters { committed: table.committed, ..SinkCounters::default() })
    }
}

/// `ada [0, 10) count 2 sum 7` for window rows; the reason and the row for dead letters.
fn describe(batch: &RecordBatch) -> Vec<String> {
    if batch.schema() == event::dead_letter_schema() {
        let (reason, raw) = (batch.column(0).as_string::<i32>(), batch.column(7).as_string::<i32>());
        return (0..batch.num_rows())
            .map(|row| format!("{} {}", reason.value(row), raw.value(row)))
            .collect();
    }
    let time =
        |column: usize, row| batch.column(column).as_primitive::<TimestampMillisecondType>().value(row);
    let number = |column: usize, row| batch.column(column).as_primitive::<Int64Type>().value(row);
    let key = batch.column(0).as_string::<i32>();
    let line = |row| {
        let (start, end) = (time(1, row), time(2, row));
        format!("{} [{start}, {end}) count {} sum {}", key.value(row), number(3, row), number(4, row))
    };
    (0..batch.num_rows()).map(line).collect()
}

/// What a test runs.
pub struct Case {
    pub replay: Replay,
    pub shape: WindowShape,
    /// How far rows may come behind, in ms.
    pub disorder_ms: i64,
    pub emit: WatermarkEmit,
    pub parallelism: usize,
}

impl Case {
    fn aggregate(&self) -> WindowAggregate {
        let column = |name, index| Arc::new(Column::new(name, index)) as _;
        let count = AggregateExprBuilder::new(count_udaf(), vec![column("value", 2)]);
        let sum = AggregateExprBuilder::new(sum_udaf(), vec![column("value", 2)]);
        let stamp = DataType::Timestamp(TimeUnit::Millisecond, None);
        WindowAggregate {
            windowing: Windowing::Assigned { shape: self.shape, time: 1 },
            spec: AggregateSpec {
                input_schema: schema(),
                keys: vec![0],
                aggregates: vec![
                    Arc::new(count.schema(schema()).alias("count").build().unwrap()),
                    Arc::new(sum.schema(schema()).alias("sum").build().unwrap()),
                ],
                filters: vec![None, None],
            },
            copies: None,
            of_source: true,
            lateness_ms: 0,
            output: vec![
                WindowColumn::Key(0),
                WindowColumn::Start,
                WindowColumn::End,
                WindowColumn::Aggregate(0),
                WindowColumn::Aggregate(1),
            ],
            output_schema: Arc::new(Schema::new(vec![
                Field::new("key", DataType::Utf8, true),
                Field::new("start", stamp.clone(), false),
                Field::new("end", stamp, false),
                Field::new("count", DataType::Int64, true),
                Field::new("sum", DataType::Int64, true),
            ])),
            origin: Arc::from("events"),
        }
    }

    /// Source → window → each of `sinks`, dead letters into `dead`.
    pub fn graph(&self, sinks: Vec<Remembering>, dead: Remembering) -> Graph {
        let mut graph = Graph::default();
        let source = self.source(&mut graph, "events");
        let window = self.window(&mut graph, source, "totals");
        for sink in sinks {
            add_sink(&mut graph, window, sink);
        }
        graph.collect_dead_letters(Box::new(dead));
        graph
    }

    pub fn source(&self, graph: &mut Graph, name: &str) -> NodeId {
        let disorder = ScalarValue::DurationMillisecond(Some(self.disorder_ms));
        let watermark = BinaryExpr::new(
            Arc::new(Column::new("time", 1)),
            BinaryOperator::Minus,
            Arc::new(Literal::new(disorder)),
        );
        graph.add(Node {
            id: format!("source:{name}"),
            label: name.into(),
            description: "replay".into(),
            kind: NodeKind::Source {
                factory: Arc::new(self.replay.clone()),
                computed: Vec::new(),
                watermark: Some(Arc::new(watermark)),
                emit: self.emit,
                idle_timeout: None,
            },
            inputs: Vec::new(),
            schema: schema(),
            parallelism: self.parallelism,
        })
    }

    pub fn window(&self, graph: &mut Graph, source: NodeId, name: &str) -> NodeId {
        let aggregate = self.aggregate();
        let output_schema = aggregate.output_schema.clone();
        graph.add(Node {
            id: format!("{name}/window"),
            label: name.into(),
            description: "window".into(),
            kind: NodeKind::Operator(Arc::new(aggregate)),
            inputs: vec![Edge { from: source, port: Port::Rows, routing: Routing::Hash(vec![0]) }],
            schema: output_schema,
            parallelism: self.parallelism,
        })
    }
}

pub fn add_sink(graph: &mut Graph, from: NodeId, sink: Remembering) {
    let schema = graph.nodes[from].schema.clone();
    graph.add(Node {
        id: format!("sink:{}", sink.name),
        label: sink.name.clone(),
        description: "table".into(),
        kind: NodeKind::Sink(Some(Box::new(sink))),
        inputs: vec![Edge { from, port: Port::Rows, routing: Routing::Gather }],
        schema,
        parallelism: 1,
    });
}

pub async fn run(graph: Graph, folder: &Path) -> Result<RunReport, StreamError> {
    stream::run(graph, options("test", folder)?).await
}

pub fn options(pipeline: &str, folder: &Path) -> Result<RunOptions, StreamError> {
    Ok(RunOptions {
        pipeline: pipeline.into(),
        store: SnapshotStore::open(folder, pipeline)?,
        state_backend: StateBackend::Memory,
        checkpoint_interval: Duration::from_millis(1),
        pending_bytes_max: 1 << 20,
        shutdown: CancellationToken::new(),
        commit_retry: RetryPolicy::default(),
        on_epoch: Arc::new(|_| {}),
        savepoints: Savepoints::default(),
        monitor: Monitor::default(),
    })
}

/// The windows a plain loop makes of rows none of which is late.
pub fn truth(partitions: &[Vec<Row>], shape: WindowShape) -> Vec<String> {
    let mut totals: BTreeMap<(String, i64), (i64, i64)> = BTreeMap::new();
    for (key, time, value) in partitions.iter().flatten() {
        let (size, slide) = (shape.size_ms(), shape.slice_ms());
        // Every multiple of the slide whose window holds the time; not the engine's own arithmetic.
        let mut start = (time / slide) * slide;
        while start > time - size {
            let total = totals.entry((key.to_string(), start)).or_default();
            total.0 += 1;
            total.1 += value;
            start -= slide;
        }
    }
    let mut lines: Vec<String> = totals
        .into_iter()
        .map(|((key, start), (count, sum))| {
            format!("{key} [{start}, {}) count {count} sum {sum}", start + shape.size_ms())
        })
        .collect();
    lines.sort();
    lines
}
