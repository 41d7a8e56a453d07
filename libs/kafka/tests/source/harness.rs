//! A cluster in this process, tables over its topics, and what a source said.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};
use event::{Batch, DeadLetter, Partition, Position};
use kafka::KafkaConnector;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use stream::{
    Column, ColumnKind, Connector, ConnectorContext, Polled, Source, SourceFactory, StreamError, TableSpec,
    TaskIndex,
};

pub const DEADLINE: Duration = Duration::from_secs(60);

/// One mock broker with its topics.
pub struct Kafka {
    pub cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Kafka {
    pub fn start() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("linger.ms", "2")
            .set("batch.num.messages", "500")
            .create()
            .unwrap();
        Self { cluster, producer }
    }

    pub fn with_topic(topic: &str, partitions: i32) -> Self {
        let kafka = Self::start();
        kafka.cluster.create_topic(topic, partitions, 1).unwrap();
        kafka
    }

    pub fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// Appends values; `None` is a tombstone. The record `i` has the timestamp `1_000_000 + i` ms.
    pub fn append<V: AsRef<[u8]>>(
        &self,
        topic: &str,
        partition: i32,
        values: impl IntoIterator<Item = Option<V>>,
    ) {
        for (i, value) in values.into_iter().enumerate() {
            let mut record: BaseRecord<'_, [u8], [u8]> =
                BaseRecord::to(topic).partition(partition).timestamp(1_000_000 + i as i64);
            record.payload = value.as_ref().map(AsRef::as_ref);
            while let Err((_, again)) = self.producer.send(record) {
                self.producer.poll(Duration::from_millis(1));
                record = again;
            }
        }
        self.producer.flush(DEADLINE).unwrap();
    }

    /// Appends `{"id": …}` for every id.
    pub fn append_ids(&self, topic: &str, partition: i32, ids: impl IntoIterator<Item = i64>) {
        self.append(
            topic,
            partition,
            ids.into_iter().map(|id| Some(format!(r#"{{"id": {id}, "text": "row {id}"}}"#))),
        );
    }

    /// A table over `topic`, from its beginning; `options` change that.
    pub fn table(&self, topic: &str, options: &[(&str, &str)]) -> TableSpec {
        table(&self.brokers(), topic, options)
    }

    /// A source of one task over `topic`.
    pub async fn source(&self, topic: &str, options: &[(&str, &str)]) -> Box<dyn Source> {
        let factory = open(&self.table(topic, options)).await.unwrap();
        factory.create(TaskIndex { index: 0, count: 1 }).unwrap()
    }
}

pub fn column(name: &str, data_type: DataType, kind: ColumnKind) -> Column {
    Column { name: name.into(), data_type, nullable: true, kind }
}

pub fn metadata(name: &str, key: &str, data_type: DataType) -> Column {
    column(name, data_type, ColumnKind::Metadata { key: key.into(), virtual_: true })
}

pub fn table(brokers: &str, topic: &str, options: &[(&str, &str)]) -> TableSpec {
    let base = [
        ("topic", topic),
        ("properties.bootstrap.servers", brokers),
        ("scan.startup.mode", "earliest-offset"),
        ("format", "json"),
    ];
    let options: BTreeMap<String, String> =
        base.iter().chain(options).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    TableSpec {
        name: "events".into(),
        columns: vec![
            column("id", DataType::Int64, ColumnKind::Physical),
            column("text", DataType::Utf8, ColumnKind::Physical),
        ],
        primary_key: Vec::new(),
        partitioned_by: Vec::new(),
        options,
        projection: vec![0],
    }
}

pub fn context() -> ConnectorContext {
    ConnectorContext {
        pipeline: "test".into(),
        base_dir: ".".into(),
        connect_timeout: Duration::from_secs(10),
        batch_rows_max: 1000,
        rows_per_second_max: None,
    }
}

pub async fn open(table: &TableSpec) -> Result<Arc<dyn SourceFactory>, StreamError> {
    KafkaConnector.source(table, &context()).await
}

pub fn position(entries: &[(&str, i64)]) -> Position {
    Position(entries.iter().map(|(name, offset)| (Partition::new(name), *offset)).collect())
}

/// What a source said up to now.
#[derive(Default)]
pub struct Seen {
    /// The first column of every row, by partition, in order.
    pub ids: BTreeMap<Partition, Vec<i64>>,
    pub batches: Vec<Batch>,
    pub dead: Vec<DeadLetter>,
    pub caught_up: BTreeSet<Partition>,
    pub position: Position,
    pub ended: bool,
}

impl Seen {
    pub fn from(position: Position) -> Self {
        Self { position, ..Self::default() }
    }

    pub fn rows(&self) -> usize {
        self.ids.values().map(Vec::len).sum()
    }

    pub fn all_ids(&self) -> Vec<i64> {
        self.ids.values().flatten().copied().collect()
    }

    pub fn take(&mut self, polled: Polled) {
        match polled {
            Polled::Batch(batch) => {
                assert_eq!(batch.records, (batch.rows.num_rows() + batch.dead.len()) as u64);
                assert!(batch.records > 0 && batch.records <= 1000, "{} records", batch.records);
                let at = self.position.0[&batch.partition];
                assert!(batch.next_offset >= at + batch.records as i64, "{at} {}", batch.next_offset);
                self.position.advance(&batch.partition, batch.next_offset);
                if let Some(ids) =
                    batch.rows.columns().first().and_then(|ids| ids.as_primitive_opt::<Int64Type>())
                {
                    self.ids.entry(batch.partition.clone()).or_default().extend(ids.iter().flatten());
                }
                self.caught_up.remove(&batch.partition);
                self.dead.extend(batch.dead.iter().cloned());
                self.batches.push(batch);
            }
            Polled::Discovered(found) => self.position.merge(&found),
            Polled::CaughtUp(partition) => {
                self.caught_up.insert(partition);
            }
            Polled::End => self.ended = true,
        }
    }

    /// Polls until `enough`, or panics at the deadline.
    pub async fn read_until(&mut self, source: &mut Box<dyn Source>, enough: impl Fn(&Self) -> bool) {
        let reading = async {
            while !enough(self) {
                let polled = source.poll().await.unwrap();
                self.take(polled);
            }
        };
        let in_time = tokio::time::timeout(DEADLINE, reading).await;
        assert!(in_time.is_ok(), "only {} rows, caught up: {:?}", self.rows(), self.caught_up);
    }
}

/// Polls until the source fails.
pub async fn failure(source: &mut Box<dyn Source>) -> StreamError {
    let failing = async {
        loop {
            if let Err(error) = source.poll().await {
                return error;
            }
        }
    };
    tokio::time::timeout(DEADLINE, failing).await.unwrap()
}
