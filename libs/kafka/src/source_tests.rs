//! Partitions that appear while a source reads. The mock cluster cannot add one to a topic, so the source is begun as
//! if it had only been told of the first.

use super::*;
use crate::KafkaConnector;
use arrow::datatypes::DataType;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;
use stream::{Column, ColumnKind, TableSpec};

const DEADLINE: Duration = Duration::from_secs(60);

fn table(brokers: &str) -> TableSpec {
    let options = [
        ("topic", "t"),
        ("properties.bootstrap.servers", brokers),
        ("scan.startup.mode", "latest-offset"),
        ("scan.topic-partition-discovery.interval", "5 ms"),
        ("format", "json"),
    ];
    TableSpec {
        name: "events".into(),
        columns: vec![Column {
            name: "id".into(),
            data_type: DataType::Int64,
            nullable: true,
            kind: ColumnKind::Physical,
        }],
        primary_key: Vec::new(),
        partitioned_by: Vec::new(),
        options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        projection: vec![0],
    }
}

/// Goal: a new partition is announced with its start before any of its records, which are then all read, although the
/// table begins at the end elsewhere.
#[tokio::test]
async fn new_partitions_are_found_and_read_from_their_beginning() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 2, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", &brokers).create().unwrap();
    for partition in [0, 1, 1, 1] {
        let record: BaseRecord<'_, str, str> =
            BaseRecord::to("t").partition(partition).payload("{\"id\": 1}");
        producer.send(record).unwrap();
    }
    producer.flush(DEADLINE).unwrap();

    let context = ConnectorContext {
        pipeline: "test".into(),
        base_dir: ".".into(),
        connect_timeout: Duration::from_secs(10),
        batch_rows_max: 100,
        rows_per_second_max: None,
    };
    let shared = KafkaConnector.prepare(&table(&brokers), &context).await.unwrap();
    let mut source = KafkaSource::new(shared.clone(), TaskIndex { index: 0, count: 1 }).unwrap();
    let spread = source.spread;
    let resolving =
        move || start::resolve(&shared.cluster, &shared.topics, spread, &shared.options.startup, None);
    let mut starts = blocking(resolving).await.unwrap();
    assert_eq!(starts.iter().map(|start| start.offset).collect::<Vec<_>>(), [1, 3]);
    starts.truncate(1);
    let begun = source.begin(&starts).unwrap();
    assert_eq!(begun.0.into_iter().collect::<Vec<_>>(), [(Partition::new("t/0"), 1)]);

    let mut found = None;
    let reading = async {
        let mut rows = 0;
        while rows < 3 {
            match source.poll().await.unwrap() {
                Polled::Discovered(position) => {
                    assert_eq!(found.replace(position), None, "announced once");
                }
                Polled::Batch(batch) => {
                    assert!(found.is_some(), "announced first");
                    assert_eq!(batch.partition, Partition::new("t/1"));
                    rows += batch.records;
                }
                Polled::CaughtUp(_) => {}
                Polled::End => panic!("an unbounded source has no end"),
            }
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.unwrap();
    let found: Vec<_> = found.unwrap().0.into_iter().collect();
    assert_eq!(found, [(Partition::new("t/1"), 0)]);
}
