//! Every promise of a sink, kept by a topic of one partition: across partitions each shows an epoch when its own marker
//! is written.

use crate::harness::{context, table};
use async_trait::async_trait;
use kafka::KafkaConnector;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::Duration;
use stream::{Connector as _, Sink, StreamError};
use testkit::conformance::{SinkPlace, SinkWorld};
use testkit::services::Kafka;

const DEADLINE: Duration = Duration::from_secs(60);

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
impl SinkWorld for World {
    type Place = Topic;

    async fn place(&self, stem: &str) -> Topic {
        let name = self.0.topic(stem, 1).await.unwrap();
        Topic { kafka: self.0.clone(), name }
    }
}

#[async_trait]
impl SinkPlace for Topic {
    async fn open(&self, pipeline: &str) -> Result<Box<dyn Sink>, StreamError> {
        let table = table(&self.kafka.bootstrap(), &self.name, &[]);
        // Places share a broker, and an identity is of the whole broker.
        KafkaConnector.sink(&table, &context(&format!("{pipeline}.{}", self.name))).await
    }

    async fn visible(&self) -> Vec<i64> {
        let (config, topic) = (self.kafka.client_config(), self.name.clone());
        tokio::task::spawn_blocking(move || look(config, &topic)).await.unwrap()
    }
}

/// What a reader of committed records finds in partition 0. It does not wait for more at the end, so that a suite may
/// look often while something is committed.
fn look(mut config: ClientConfig, topic: &str) -> Vec<i64> {
    config.set("group.id", "look").set("enable.partition.eof", "true").set("fetch.wait.max.ms", "5");
    let reader: BaseConsumer = config.set("isolation.level", "read_committed").create().unwrap();
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    reader.assign(&from).unwrap();
    let mut ids = Vec::new();
    loop {
        match reader.poll(DEADLINE).expect("records or the end") {
            Ok(message) => ids.push(crate::harness::id(str::from_utf8(message.payload().unwrap()).unwrap())),
            Err(KafkaError::PartitionEOF(_)) => return ids,
            Err(error) => panic!("{error}"),
        }
    }
}

testkit::sink_suite!(World::start().await);
