//! What a run shows of itself: counts against a plain loop, who is busy and who waits, sample rows.

use crate::fakes::{Case, Failure, Remembering, Replay, Row, Table, options, schema, truth};
use arrow::array::{Int64Array, StringArray, TimestampMillisecondArray};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use event::{Batch, Partition, Position, Watermark};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stream::{
    Claim, Commit, Edge, EventTimeStatus, Figures, Graph, GraphStatus, Monitor, Node, NodeKind, Operator,
    OperatorFactory, Output, Polled, Port, Routing, Sink, SinkCounters, Source, SourceFactory, StreamError,
    TapError, TaskIndex, TaskState, WatermarkEmit, WindowShape,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long a condition may take to come true on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

fn figures<'a>(status: &'a GraphStatus, id: &str) -> &'a Figures {
    let found = status.operators.iter().find(|operator| operator.id == id);
    &found.unwrap_or_else(|| panic!("no {id} in {status:?}")).figures
}

/// Waits until `holds` of a sample.
async fn until(monitor: &Monitor, what: &str, holds: impl Fn(&GraphStatus) -> bool) -> GraphStatus {
    let deadline = Instant::now() + DEADLINE;
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        looks.tick().await;
        let status = monitor.status();
        if status.sampled_at_ms.is_some() && holds(&status) {
            return status;
        }
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}\n{status:#?}");
    }
}

/// Goal: the live counts of a whole run are those of a loop over its rows, whatever the number of tasks.
#[test]
fn rows_are_counted_at_every_operator() {
    let rows = |key: &'static str| (0..500).map(|n| (key, 1_000 + n, n)).collect::<Vec<Row>>();
    let mut partitions = vec![rows("ada"), rows("bob"), rows("cyd")];
    let shape = WindowShape::Tumble { size_ms: 100, offset_ms: 0 };
    let windows = truth(&partitions, shape).len() as u64;
    // Behind the others' last window, so that it is late.
    partitions[0].push(("ada", 1_000, 1));
    for parallelism in [1, 3] {
        let (table, dead) = <(Arc<Mutex<Table>>, Arc<Mutex<Table>>)>::default();
        let replay = Replay { partitions: Arc::new(partitions.clone()), batch_rows: 50 };
        let emit = WatermarkEmit::PerBatch;
        let graph = Case { replay, shape, disorder_ms: 0, emit, parallelism }.graph(
            vec![Remembering::new("totals", &table, Failure::None)],
            Remembering::new("dead_letters", &dead, Failure::None),
        );
        let folder = tempfile::tempdir().unwrap();
        let options = options("test", folder.path()).unwrap();
        let monitor = options.monitor.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let report = runtime.block_on(stream::run(graph, options)).unwrap();

        let status = monitor.status();
        let late = dead.lock().unwrap().rows.len() as u64;
        let source = figures(&status, "source:events");
        assert_eq!((source.rows_in, source.rows_out, source.dead_letters), (1_501, 1_501, 0));
        let window = figures(&status, "totals/window");
        assert_eq!((window.rows_in, window.rows_out, window.dead_letters), (1_501, windows, late));
        assert_eq!(window.event_time, EventTimeStatus::Ended);
        assert_eq!(figures(&status, "sink:totals").rows_in, windows);
        assert_eq!(figures(&status, "sink:dead_letters").rows_in, late);
        assert_eq!((status.epoch, status.restored_from), (report.epoch, None));
        assert_eq!(status.checkpoints[0].epoch, report.epoch);
        assert!(status.checkpoints[0].bytes > 0 && status.checkpoints.len() <= 20);
    }
}

/// A graph of a source that never ends, a step that takes its time, and a sink whose commits wait for a gate.
struct Line {
    /// How long a batch keeps the step busy.
    step: Duration,
    gate: watch::Receiver<bool>,
}

#[derive(Clone)]
struct Endless;

#[async_trait]
impl Source for Endless {
    async fn seek(&mut self, _: Option<&Position>) -> Result<Position, StreamError> {
        let mut start = Position::default();
        start.advance(&Partition::new("0"), 0);
        Ok(start)
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        let keys = StringArray::from_iter_values((0..100).map(|n| format!("key-{n}")));
        let times = TimestampMillisecondArray::from_iter_values(0..100);
        let columns = vec![
            Arc::new(keys) as _,
            Arc::new(times) as _,
            Arc::new(Int64Array::from_iter_values((0..100).map(|n| n * n))) as _,
        ];
        let rows = RecordBatch::try_new(schema(), columns)?;
        let partition = Partition::new("0");
        Ok(Polled::Batch(Batch { partition, rows, dead: Vec::new(), records: 100, next_offset: 0 }))
    }

    async fn commit(&mut self, _: &Position) -> Result<(), StreamError> {
        Ok(())
    }
}

impl SourceFactory for Endless {
    fn create(&self, _: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        Ok(Box::new(Self))
    }

    fn bounded(&self) -> bool {
        false
    }
}

#[derive(Clone)]
struct Step(Duration);

impl Operator for Step {
    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        let begun = Instant::now();
        while begun.elapsed() < self.0 {
            std::hint::spin_loop();
        }
        out.rows.push(batch);
        Ok(())
    }

    fn on_watermark(&mut self, _: Watermark, _: &mut Output) -> Result<(), StreamError> {
        Ok(())
    }

    fn snapshot(&mut self) -> Result<TaskState, StreamError> {
        let column = Arc::new(Int64Array::from(vec![1, 2, 3])) as _;
        let batches = vec![RecordBatch::try_from_iter([("n", column)])?];
        Ok(TaskState { batches, ..TaskState::default() })
    }

    fn restore(&mut self, _: &[TaskState]) -> Result<(), StreamError> {
        Ok(())
    }
}

impl OperatorFactory for Step {
    fn create(&self, _: TaskIndex) -> Result<Box<dyn Operator>, StreamError> {
        Ok(Box::new(self.clone()))
    }
}

struct Gated(watch::Receiver<bool>);

#[async_trait]
impl Sink for Gated {
    fn name(&self) -> &str {
        "slow"
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        Ok(None)
    }

    async fn commit(&mut self, _: &Commit, _: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let _ = self.0.wait_for(|open| *open).await;
        Ok(SinkCounters::default())
    }
}

impl Line {
    fn graph(self) -> Graph {
        let mut graph = Graph::default();
        let node = |id: &str, kind, inputs| Node {
            id: id.into(),
            label: id.into(),
            description: format!("the {id}"),
            kind,
            inputs,
            schema: schema(),
            parallelism: 1,
        };
        let source = NodeKind::Source {
            factory: Arc::new(Endless),
            computed: Vec::new(),
            watermark: None,
            emit: WatermarkEmit::PerBatch,
            idle_timeout: None,
        };
        let edge = |from, routing| vec![Edge { from, port: Port::Rows, routing }];
        let from = graph.add(node("source", source, Vec::new()));
        let step = NodeKind::Operator(Arc::new(Step(self.step)));
        let from = graph.add(node("step", step, edge(from, Routing::Hash(vec![0]))));
        graph.add(node(
            "sink",
            NodeKind::Sink(Some(Box::new(Gated(self.gate)))),
            edge(from, Routing::Gather),
        ));
        graph
    }

    /// Runs it while `look` does, then ends it.
    fn watched<F: Future<Output = ()>>(self, look: impl FnOnce(Monitor) -> F) {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options("test", folder.path()).unwrap();
        options.checkpoint_interval = Duration::from_millis(50);
        let (monitor, end) = (options.monitor.clone(), CancellationToken::new());
        options.shutdown = end.clone();
        let graph = self.graph();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let run = tokio::spawn(stream::run(graph, options));
            look(monitor).await;
            end.cancel();
            run.await.unwrap().unwrap();
        });
    }
}

/// Goal: while a commit does not come to its end, its sink is busy and everything before it waits to send.
#[test]
fn a_slow_sink_makes_what_is_before_it_backpressured() {
    let (open, gate) = watch::channel(false);
    Line { step: Duration::ZERO, gate }.watched(async |monitor| {
        until(&monitor, "the step and the source wait for the sink", |status| {
            let waits = |id| figures(status, id).backpressured_ratio > 0.9;
            waits("step") && waits("source") && figures(status, "sink").busy_ratio > 0.9
        })
        .await;
        open.send_replace(true);
        until(&monitor, "nothing waits for long once commits end", |status| {
            figures(status, "step").backpressured_ratio < 0.9 && status.epoch.0 > 1
        })
        .await;
    });
}

/// Goal: an operator that computes all the time is busy; what is before it waits, what is behind it has nothing to do.
#[test]
fn an_operator_that_computes_is_busy() {
    let (_open, gate) = watch::channel(true);
    Line { step: Duration::from_millis(5), gate }.watched(async |monitor| {
        let status = until(&monitor, "the step is busy", |status| {
            let (source, step, sink) =
                (figures(status, "source"), figures(status, "step"), figures(status, "sink"));
            step.busy_ratio > 0.8 && source.backpressured_ratio > 0.5 && sink.idle_ratio > 0.5
        })
        .await;
        let step = figures(&status, "step");
        assert!(step.backpressured_ratio + step.busy_ratio + step.idle_ratio <= 1.01, "{step:?}");
        assert!(step.rows_in_per_second > 0.0 && step.rows_out <= step.rows_in, "{step:?}");
        assert_eq!((step.state_rows, step.state_bytes), (3, Some(24)));
    });
}

/// Goal: rows are shown as they leave the operator that was named, as many as asked for; no other name is guessed.
#[test]
fn rows_of_a_running_operator_are_shown() {
    let (_open, gate) = watch::channel(true);
    Line { step: Duration::ZERO, gate }.watched(async |monitor| {
        until(&monitor, "it runs", |status| figures(status, "step").rows_out > 0).await;
        for operator in ["source", "step", "sink"] {
            let rows = monitor.tap(operator, 102, DEADLINE).await.unwrap();
            let rows: Vec<&str> = rows.lines().collect();
            assert_eq!(rows.len(), 102, "{operator}");
            assert_eq!(rows[3], r#"{"key":"key-3","time":"1970-01-01T00:00:00.003","value":9}"#);
            assert_eq!(rows[101], r#"{"key":"key-1","time":"1970-01-01T00:00:00.001","value":1}"#);
        }
        let error = monitor.tap("setp", 1, DEADLINE).await.unwrap_err();
        assert!(matches!(error, TapError::Unknown { .. }));
        assert_eq!(error.to_string(), "no operator is named 'setp'; there are source, step, sink");
    });
}

/// Goal: the JSON names what a reader of `/status` goes by.
#[test]
fn the_graph_is_shown_with_its_edges() {
    let (_open, gate) = watch::channel(true);
    Line { step: Duration::ZERO, gate }.watched(async |monitor| {
        let status = until(&monitor, "an epoch is committed", |status| !status.checkpoints.is_empty()).await;
        let json = serde_json::to_value(status).unwrap();
        let step = &json["operators"][1];
        assert_eq!((&step["id"], &step["kind"]), (&"step".into(), &"operator".into()));
        assert_eq!((&step["description"], &step["parallelism"]), (&"the step".into(), &1.into()));
        let input =
            serde_json::json!({"from": "source", "port": "rows", "routing": "hash", "columns": ["key"]});
        assert_eq!(step["inputs"], serde_json::json!([input]));
        // The source has no watermark.
        assert_eq!((&step["event_time"], &step["watermark_ms"]), (&"none".into(), &serde_json::Value::Null));
        assert_eq!((&json["pipeline"], &json["restored_from"]), (&"test".into(), &serde_json::Value::Null));
        for figure in ["epoch", "duration_ms", "bytes", "at_ms"] {
            assert!(json["checkpoints"][0][figure].is_u64(), "{json:#}");
        }
    });
}
