//! Tables over fresh topics, epochs to commit, and what readers see.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use event::Epoch;
use kafka::KafkaConnector;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stream::{
    Column, ColumnKind, Commit, Connector as _, ConnectorContext, Sink, SnapshotId, StreamError, TableSpec,
};
use testkit::services::{Isolation, Kafka};

pub const PIPELINE: &str = "test";

/// A topic of its own, and the pipeline that writes to it.
pub struct World {
    pub kafka: Kafka,
    pub topic: String,
    pub pipeline: String,
}

impl World {
    pub async fn new(stem: &str, partitions: i32) -> Self {
        Self::with(stem, partitions, &[]).await
    }

    pub async fn with(stem: &str, partitions: i32, config: &[(&str, &str)]) -> Self {
        let kafka = Kafka::start().await.unwrap();
        let topic = testkit::services::unique(stem);
        kafka.create_topic(&topic, partitions, config).await.unwrap();
        let pipeline = format!("{PIPELINE}.{topic}");
        Self { kafka, topic, pipeline }
    }

    /// The table `out (id BIGINT, text STRING)` over the topic.
    pub fn table(&self, options: &[(&str, &str)]) -> TableSpec {
        table(&self.kafka.bootstrap(), &self.topic, options)
    }

    pub async fn open(&self, options: &[(&str, &str)]) -> Box<dyn Sink> {
        self.try_open(&self.table(options)).await.unwrap()
    }

    pub async fn try_open(&self, table: &TableSpec) -> Result<Box<dyn Sink>, StreamError> {
        KafkaConnector.sink(table, &context(&self.pipeline)).await
    }

    /// Opened and claimed.
    pub async fn claimed(&self, options: &[(&str, &str)]) -> Box<dyn Sink> {
        let mut sink = self.open(options).await;
        sink.claim().await.unwrap();
        sink
    }

    /// The ids that a reader sees, sorted.
    pub async fn ids(&self, isolation: Isolation) -> Vec<i64> {
        let records = self.kafka.read_to_end(&self.topic, isolation).await.unwrap();
        let mut ids: Vec<i64> = records.iter().map(|record| id(record.text())).collect();
        ids.sort_unstable();
        ids
    }

    pub async fn committed_ids(&self) -> Vec<i64> {
        self.ids(Isolation::ReadCommitted).await
    }

    /// Changes one setting of the topic.
    pub async fn alter(&self, name: &str, value: &str) {
        let admin: AdminClient<DefaultClientContext> = self.kafka.client_config().create().unwrap();
        let change = AlterConfig::new(ResourceSpecifier::Topic(&self.topic)).set(name, value);
        let done = admin.alter_configs([&change], &AdminOptions::new()).await.unwrap();
        assert!(done[0].is_ok(), "{done:?}");
    }
}

/// The id in `{"id":7,…`.
pub fn id(json: &str) -> i64 {
    let digits = json.trim_start_matches(r#"{"id":"#);
    digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap()].parse().unwrap()
}

pub fn table(brokers: &str, topic: &str, options: &[(&str, &str)]) -> TableSpec {
    let base = [("topic", topic), ("properties.bootstrap.servers", brokers), ("format", "json")];
    let options: BTreeMap<String, String> =
        base.iter().chain(options).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    TableSpec {
        name: "out".into(),
        columns: vec![physical("id", DataType::Int64), physical("text", DataType::Utf8)],
        primary_key: Vec::new(),
        partitioned_by: Vec::new(),
        options,
        projection: vec![0, 1],
    }
}

pub fn physical(name: &str, data_type: DataType) -> Column {
    Column { name: name.into(), data_type, nullable: true, kind: ColumnKind::Physical }
}

pub fn metadata(name: &str, key: &str, data_type: DataType) -> Column {
    let kind = ColumnKind::Metadata { key: key.into(), virtual_: false };
    Column { name: name.into(), data_type, nullable: true, kind }
}

pub fn context(pipeline: &str) -> ConnectorContext {
    ConnectorContext {
        pipeline: pipeline.into(),
        base_dir: ".".into(),
        connect_timeout: Duration::from_secs(20),
        batch_rows_max: 1000,
        rows_per_second_max: None,
    }
}

pub fn rows(ids: impl IntoIterator<Item = i64>) -> RecordBatch {
    let ids: Vec<i64> = ids.into_iter().collect();
    let texts: Vec<String> = ids.iter().map(|id| format!("row {id}")).collect();
    texts_of(ids, texts)
}

/// Rows whose texts are as long as asked.
pub fn sized(rows: impl IntoIterator<Item = (i64, usize)>) -> RecordBatch {
    let (ids, texts): (Vec<i64>, Vec<String>) =
        rows.into_iter().map(|(id, bytes)| (id, "x".repeat(bytes))).unzip();
    texts_of(ids, texts)
}

fn texts_of(ids: Vec<i64>, texts: Vec<String>) -> RecordBatch {
    let text: ArrayRef = Arc::new(StringArray::from(texts));
    let id: ArrayRef = Arc::new(Int64Array::from(ids));
    RecordBatch::try_from_iter_with_nullable([("id", id, true), ("text", text, true)]).unwrap()
}

pub fn epoch(epoch: u64) -> Commit {
    Commit { generation: 1, epoch: Epoch(epoch), snapshot: SnapshotId(format!("snapshot-{epoch}")) }
}
