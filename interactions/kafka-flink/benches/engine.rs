//! JSON bytes in memory → one-minute tumbling sum → blackhole, beside the bare arrow-json decode of the same bytes, both
//! on one thread, in one run. Prints rows/s and their ratio.

use arrow::json::ReaderBuilder;
use async_trait::async_trait;
use event::{Batch, Partition, Position};
use formats::{JsonDecoder, JsonOptions, Origin, Record};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::{
    Blackhole, Connector, ConnectorContext, Connectors, OptionSpec, Polled, RunOptions, Sink, SnapshotStore,
    Source, SourceFactory, StateBackend, StreamError, TableSpec, TaskIndex,
};

const EVENTS: usize = 1_000_000;
const BATCH_ROWS: usize = 8_192;
const ROUNDS: usize = 3;

const SCRIPT: &str = "
    CREATE TABLE events (id BIGINT, k INT, price DOUBLE, ts TIMESTAMP(3), pad STRING,
        WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'memory');
    CREATE TABLE sums (window_start TIMESTAMP(3), k INT, total DOUBLE, n BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO sums SELECT window_start, k, SUM(price), COUNT(*)
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k;";

/// About 104 bytes each, ten a millisecond… of event time.
fn events() -> Arc<Vec<String>> {
    let event = |i: usize| {
        let (ms, s, m, h) = (i / 10 % 1_000, i / 10_000 % 60, i / 600_000 % 60, i / 36_000_000);
        let (k, cents) = (i * 7_919 % 1_000, i * 31 % 100_000);
        format!(
            r#"{{"id":{i},"k":{k},"price":{}.{:02},"ts":"2026-01-01 {h:02}:{m:02}:{s:02}.{ms:03}","pad":"abcdefghijklmno"}}"#,
            cents / 100,
            cents % 100
        )
    };
    Arc::new((0..EVENTS).map(event).collect())
}

struct Memory(Arc<Vec<String>>);

#[async_trait]
impl Connector for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    async fn source(
        &self,
        table: &TableSpec,
        _: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        Ok(Arc::new(MemoryTable(self.0.clone(), table.clone())))
    }

    async fn sink(&self, _: &TableSpec, _: &ConnectorContext) -> Result<Box<dyn Sink>, StreamError> {
        Err(StreamError::config("memory is a source"))
    }
}

struct MemoryTable(Arc<Vec<String>>, TableSpec);

impl SourceFactory for MemoryTable {
    fn create(&self, _: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        let decoder = JsonDecoder::new(self.1.projected_schema(), JsonOptions::default());
        let decoder = decoder.map_err(|error| StreamError::config(error.to_string()))?;
        Ok(Box::new(MemorySource { events: self.0.clone(), decoder, next: 0 }))
    }

    fn bounded(&self) -> bool {
        true
    }
}

struct MemorySource {
    events: Arc<Vec<String>>,
    decoder: JsonDecoder,
    next: usize,
}

#[async_trait]
impl Source for MemorySource {
    async fn seek(&mut self, _: Option<&Position>) -> Result<Position, StreamError> {
        let mut start = Position::default();
        start.advance(&Partition::new("0"), 0);
        Ok(start)
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        let until = EVENTS.min(self.next + BATCH_ROWS);
        if self.next == until {
            return Ok(Polled::End);
        }
        let records: Vec<Record> = self.events[self.next..until]
            .iter()
            .enumerate()
            .map(|(row, event)| Record::new((self.next + row) as i64, event.as_bytes()))
            .collect();
        let partition = Partition::new("0");
        let origin = Origin { table: "events".into(), partition: partition.clone(), time_ms: 0 };
        let decoded = self.decoder.decode(&records, &origin);
        let decoded = decoded.map_err(|error| StreamError::internal(error.to_string()))?;
        let records = records.len() as u64;
        self.next = until;
        let (rows, dead) = (decoded.rows, decoded.dead);
        Ok(Polled::Batch(Batch { partition, rows, dead, records, next_offset: until as i64 }))
    }

    async fn commit(&mut self, _: &Position) -> Result<(), StreamError> {
        Ok(())
    }
}

/// The decoder alone, into the very columns that the pipeline reads.
fn bare(events: &[String]) -> Duration {
    use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
    let schema = Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int32, true),
        Field::new("price", DataType::Float64, true),
        Field::new("ts", DataType::Timestamp(TimeUnit::Millisecond, None), true),
    ]));
    let begun = Instant::now();
    let mut decoder =
        ReaderBuilder::new(schema).with_batch_size(BATCH_ROWS).build_decoder().expect("a schema");
    let mut rows = 0;
    for batch in events.chunks(BATCH_ROWS) {
        for event in batch {
            decoder.decode(event.as_bytes()).expect("valid events");
        }
        rows += decoder.flush().expect("valid events").map_or(0, |batch| batch.num_rows());
    }
    assert_eq!(rows, EVENTS);
    begun.elapsed()
}

fn engine(events: &Arc<Vec<String>>) -> Duration {
    let folder = tempfile::tempdir().expect("a folder for snapshots");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let context = ConnectorContext {
        pipeline: "bench".into(),
        base_dir: folder.path().into(),
        connect_timeout: Duration::from_secs(1),
        batch_rows_max: BATCH_ROWS,
        rows_per_second_max: None,
    };
    let connectors = Connectors::default().with(Memory(events.clone())).with(Blackhole);
    let pipeline = sql::plan(&sql::parse(SCRIPT).expect("a script")).expect("a plan");
    runtime.block_on(async {
        let graph = pipeline.build(&connectors, &context, 1).await.expect("a graph");
        let options = RunOptions {
            pipeline: "bench".into(),
            store: SnapshotStore::open(folder.path(), "bench").expect("a store"),
            state_backend: StateBackend::Memory,
            checkpoint_interval: Duration::from_secs(1),
            pending_bytes_max: 64 << 20,
            shutdown: Default::default(),
            commit_retry: Default::default(),
            on_epoch: Arc::new(|_| {}),
            savepoints: Default::default(),
            monitor: Default::default(),
        };
        let begun = Instant::now();
        let report = stream::run(graph, options).await.expect("a run");
        assert_eq!(report.progress.queries["sums"]["admitted"], EVENTS as u64);
        begun.elapsed()
    })
}

fn main() {
    let events = events();
    let bytes: usize = events.iter().map(String::len).sum();
    println!("{EVENTS} events of {} bytes", bytes / EVENTS);
    for round in 1..=ROUNDS {
        let (bare, engine) = (bare(&events), engine(&events));
        let rate = |took: Duration| EVENTS as f64 / took.as_secs_f64() / 1e6;
        println!(
            "round {round}: bare arrow-json {:.2} M rows/s, engine {:.2} M rows/s, ratio {:.0} %",
            rate(bare),
            rate(engine),
            100.0 * bare.as_secs_f64() / engine.as_secs_f64()
        );
    }
}
