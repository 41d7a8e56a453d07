//! The source of one task: exact positions in, batches with positions out.

use crate::KafkaError;
use crate::chunk::Chunk;
use crate::cluster::{Cluster, blocking, list, refused};
use crate::connection::Session;
use crate::decode::{Decoder, Layout};
use crate::discovery::{Discovery, Found};
use crate::fetch::{ChunkLimits, Fetched, Fetcher};
use crate::options::SourceOptions;
use crate::partition::{Spread, TopicPartition};
use crate::properties::for_consumer;
use crate::start::{self, Start};
use async_trait::async_trait;
use event::{Partition, Position};
use metrics::{Gauge, gauge};
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use stream::{ConnectorContext, Pace, Polled, Source, SourceFactory, StreamError, TaskIndex};

/// What all tasks of one table share.
pub(crate) struct Shared {
    pub options: SourceOptions,
    pub topics: Arc<[Arc<str>]>,
    pub layout: Layout,
    pub cluster: Arc<Cluster>,
    pub context: ConnectorContext,
}

/// Makes the sources of one table.
pub(crate) struct KafkaSourceFactory(pub Arc<Shared>);

impl SourceFactory for KafkaSourceFactory {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        Ok(Box::new(KafkaSource::new(self.0.clone(), task)?))
    }

    fn bounded(&self) -> bool {
        self.0.options.bounded
    }
}

/// Reads the partitions of one task. See the crate's documentation for what it promises.
pub(crate) struct KafkaSource {
    shared: Arc<Shared>,
    spread: Spread,
    decoder: Decoder,
    pace: Pace,
    lanes: BTreeMap<Partition, Lane>,
    /// `None` before `seek`.
    reading: Option<Reading>,
    /// Said before anything new is read.
    ready: VecDeque<Polled>,
}

struct Reading {
    // First: the last to let go of the client is then the fetcher's thread, as closing it takes a while.
    consumer: Arc<BaseConsumer<Session>>,
    fetcher: Fetcher,
    discovery: Discovery,
}

/// One partition on its way.
struct Lane {
    id: TopicPartition,
    lag: Gauge,
    /// Where a bounded source stops in it.
    end: Option<i64>,
    done: bool,
}

#[async_trait]
impl Source for KafkaSource {
    async fn seek(&mut self, from: Option<&Position>) -> Result<Position, StreamError> {
        let (shared, spread, from) = (self.shared.clone(), self.spread, from.cloned());
        let starts = blocking(move || {
            start::resolve(&shared.cluster, &shared.topics, spread, &shared.options.startup, from.as_ref())
        })
        .await?;
        Ok(self.begin(&starts)?)
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        enum Next {
            Fetched(Fetched),
            Found(Found),
        }
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Ok(ready);
            }
            if self.shared.options.bounded && self.lanes.values().all(|lane| lane.done) {
                return Ok(Polled::End);
            }
            self.pace.ready().await;
            let Some(reading) = &mut self.reading else {
                return Err(StreamError::internal("a kafka source was polled before seek"));
            };
            // Nothing is awaited after a branch is taken: a dropped future loses nothing.
            let next = tokio::select! {
                fetched = reading.fetcher.next() => Next::Fetched(fetched),
                found = reading.discovery.next() => Next::Found(found),
            };
            match next {
                Next::Fetched(Fetched::Chunk(chunk)) => self.take_chunk(chunk)?,
                Next::Fetched(Fetched::CaughtUp { slot, offset }) => self.caught_up(&slot.name, offset),
                Next::Fetched(Fetched::Failed(error)) => return Err(error.into()),
                Next::Found(found) => self.discovered(&found)?,
            }
        }
    }

    async fn commit(&mut self, position: &Position) -> Result<(), StreamError> {
        if self.shared.options.group.is_none() {
            return Ok(());
        }
        let own = |(name, offset): (&Partition, &i64)| Some((self.lanes.get(name)?.id.clone(), *offset));
        let offsets: Vec<(TopicPartition, i64)> = position.0.iter().filter_map(own).collect();
        if offsets.is_empty() {
            return Ok(());
        }
        Ok(self.shared.cluster.commit(&offsets)?)
    }
}

impl KafkaSource {
    pub fn new(shared: Arc<Shared>, task: TaskIndex) -> Result<Self, StreamError> {
        Ok(Self {
            spread: Spread { task, topics: shared.topics.len() },
            decoder: shared.layout.decoder()?,
            pace: Pace::new(shared.context.rows_per_second_max),
            lanes: BTreeMap::new(),
            reading: None,
            ready: VecDeque::new(),
            shared,
        })
    }

    /// Goes to the resolved starts.
    fn begin(&mut self, starts: &[Start]) -> Result<Position, KafkaError> {
        let bounded = self.shared.options.bounded;
        let mut position = Position::default();
        let mut assignment = Vec::new();
        for Start { partition, offset, bounds } in starts {
            position.advance(&partition.name(), *offset);
            let end = bounded.then_some(bounds.high);
            self.add_lane(partition, end, bounds.high - offset);
            if end.is_some_and(|end| *offset >= end) {
                self.finish(&partition.name());
            } else {
                assignment.push((partition.clone(), *offset));
            }
        }
        self.reading = Some(self.start_reading(&assignment)?);
        let (table, task) = (self.shared.layout.table(), self.spread.task.index);
        tracing::info!(table, task, partitions = starts.len(), "reading from kafka");
        Ok(position)
    }

    fn add_lane(&mut self, id: &TopicPartition, end: Option<i64>, lag: i64) {
        let labels = [("topic", id.topic.to_string()), ("partition", id.partition.to_string())];
        let gauge = gauge!("ibb_kafka_lag_records", &labels);
        gauge.set(lag.max(0) as f64);
        self.lanes.insert(id.name(), Lane { id: id.clone(), lag: gauge, end, done: false });
    }

    fn start_reading(&self, assignment: &[(TopicPartition, i64)]) -> Result<Reading, KafkaError> {
        let shared = &self.shared;
        let mut config = shared.options.settings.client_config(for_consumer);
        // A member's duties are not ours: the group is a name only, without which the library assigns nothing.
        let group =
            shared.options.group.clone().unwrap_or_else(|| format!("{}.unused", shared.context.pipeline));
        config.set("group.id", group);
        for (name, value) in [
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("enable.partition.eof", "true"),
            ("auto.offset.reset", "error"),
        ] {
            config.set(name, value);
        }
        for (name, value) in [
            ("isolation.level", "read_committed"),
            ("check.crcs", "true"),
            // Bounds of what the library holds for us, in bytes.
            ("queued.max.messages.kbytes", "16384"),
            ("fetch.max.bytes", "16777216"),
            // The default of 1 s leaves a fast reader waiting for the next fetch.
            ("fetch.queue.backoff.ms", "5"),
        ] {
            if config.get(name).is_none() {
                config.set(name, value);
            }
        }
        let connection = shared.cluster.connection.clone();
        let consumer: BaseConsumer<Session> = config
            .create_with_context(Session(connection.clone()))
            .map_err(|cause| refused(&connection, cause))?;
        let consumer = Arc::new(consumer);
        let limits = ChunkLimits {
            rows_max: shared.context.batch_rows_max.max(1),
            with_timestamps: shared.layout.needs_timestamps(),
        };
        let fetcher = Fetcher::start(consumer.clone(), connection, limits)?;
        let known = self.lanes.values().map(|lane| lane.id.clone()).collect();
        let interval = shared.options.discovery_interval;
        let discovery =
            Discovery::new(shared.cluster.clone(), shared.topics.clone(), self.spread, known, interval);
        let reading = Reading { consumer, fetcher, discovery };
        reading.assign(assignment)?;
        Ok(reading)
    }

    fn take_chunk(&mut self, mut chunk: Chunk) -> Result<(), StreamError> {
        let name = chunk.slot.name.clone();
        let Some(lane) = self.lanes.get(&name) else {
            return Err(StreamError::internal(format!(
                "records of partition {name}, which is not of this task"
            )));
        };
        if lane.done {
            return Ok(());
        }
        let read_to = chunk.next_offset();
        let end = lane.end;
        if let Some(end) = end {
            chunk.truncate_at(end);
        }
        if let Some(next) = chunk.next_offset() {
            if let Some(high) = chunk.high_watermark {
                lane.lag.set((high - next).max(0) as f64);
            }
            let batch = self.decoder.decode(&chunk, next, resilience::clock::now_ms())?;
            self.pace.spend(batch.records);
            self.ready.push_back(Polled::Batch(batch));
        }
        if end.zip(read_to).is_some_and(|(end, read_to)| read_to >= end) {
            self.finish(&name);
        }
        Ok(())
    }

    /// Every record before `offset` was taken. The last of them may be a control record of a transaction, which is
    /// never handed over: this event is what then ends a bounded partition.
    fn caught_up(&mut self, name: &Partition, offset: i64) {
        let Some(lane) = self.lanes.get(name) else { return };
        if lane.done {
            return;
        }
        lane.lag.set(0.0);
        match lane.end {
            Some(end) if offset >= end => self.finish(name),
            _ => self.ready.push_back(Polled::CaughtUp(name.clone())),
        }
    }

    /// A bounded partition has nothing more to say.
    fn finish(&mut self, name: &Partition) {
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.done = true;
            lane.lag.set(0.0);
            self.ready.push_back(Polled::CaughtUp(name.clone()));
        }
    }

    fn discovered(&mut self, found: &Found) -> Result<(), KafkaError> {
        let mut position = Position::default();
        for (partition, offset) in found {
            tracing::info!(%partition, offset, "found a new partition");
            position.advance(&partition.name(), *offset);
            self.add_lane(partition, None, 0);
        }
        if let Some(reading) = &self.reading {
            reading.assign(found)?;
        }
        self.ready.push_back(Polled::Discovered(position));
        Ok(())
    }
}

impl Reading {
    /// Adds partitions to those being read.
    fn assign(&self, partitions: &[(TopicPartition, i64)]) -> Result<(), KafkaError> {
        if partitions.is_empty() {
            return Ok(());
        }
        let partitions =
            list(partitions.iter().map(|(partition, offset)| (partition, Offset::Offset(*offset))))?;
        self.consumer
            .incremental_assign(&partitions)
            .map_err(|cause| KafkaError::client("assigning partitions to the kafka client", cause))
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
