//! Every promise of a source, kept by Kafka in a container.

use arrow::datatypes::DataType;
use async_trait::async_trait;
use kafka::KafkaConnector;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use stream::{Column, ColumnKind, Connector as _, ConnectorContext, SourceFactory, StreamError, TableSpec};
use testkit::conformance::source::{BATCH_ROWS_MAX, PARTITIONS};
use testkit::conformance::{SourcePlace, SourceWorld};
use testkit::services::Kafka;

struct World(Arc<Kafka>);

struct Topic {
    kafka: Arc<Kafka>,
    name: String,
}

impl World {
    async fn start() -> Self {
        Self(Arc::new(Kafka::start().await.unwrap()))
    }
}

#[async_trait]
impl SourceWorld for World {
    type Place = Topic;

    async fn place(&self, stem: &str, partitions: usize) -> Topic {
        let name = self.0.topic(stem, i32::try_from(partitions).unwrap()).await.unwrap();
        Topic { kafka: self.0.clone(), name }
    }
}

#[async_trait]
impl SourcePlace for Topic {
    async fn append(&self, partition: usize, ids: Vec<i64>) {
        let partition = i32::try_from(partition).unwrap();
        if partition >= i32::try_from(PARTITIONS).unwrap() {
            self.kafka.add_partitions(&self.name, partition + 1).await.unwrap();
        }
        let values = ids.into_iter().map(|id| format!("{{\"id\": {id}}}"));
        self.kafka.append(&self.name, partition, values).await.unwrap();
    }

    async fn factory(&self) -> Result<Arc<dyn SourceFactory>, StreamError> {
        let bootstrap = self.kafka.bootstrap();
        let options = [
            ("topic", self.name.as_str()),
            ("properties.bootstrap.servers", &bootstrap),
            ("properties.group.id", &self.name),
            ("scan.startup.mode", "earliest-offset"),
            ("scan.topic-partition-discovery.interval", "500 ms"),
            ("format", "json"),
        ];
        let id = Column {
            name: "id".into(),
            data_type: DataType::Int64,
            nullable: true,
            kind: ColumnKind::Physical,
        };
        let table = TableSpec {
            name: "t".into(),
            columns: vec![id],
            primary_key: vec![],
            partitioned_by: vec![],
            options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            projection: vec![0],
        };
        let context = ConnectorContext {
            pipeline: "conformance".into(),
            base_dir: PathBuf::from("."),
            connect_timeout: Duration::from_secs(30),
            batch_rows_max: BATCH_ROWS_MAX,
            rows_per_second_max: None,
        };
        KafkaConnector.source(&table, &context).await
    }
}

testkit::source_suite!(World::start().await);
