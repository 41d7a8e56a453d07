//! Messages per second: this source with JSON decoding, against a bare poll loop of the client library that decodes
//! nothing. Both read the same 300,000 records of 104 bytes from a mock cluster; the best of five rounds counts.

use arrow::datatypes::DataType;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::time::{Duration, Instant};
use stream::{Column, ColumnKind, Connector, ConnectorContext, Polled, TableSpec, TaskIndex};

const PARTITIONS: i32 = 10;
const PER_PARTITION: usize = 30_000;
const TOTAL: usize = PARTITIONS as usize * PER_PARTITION;
const ROUNDS: usize = 5;

fn main() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", PARTITIONS, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    fill(&brokers);
    let best = |mut round: Box<dyn FnMut() -> Duration>| (0..ROUNDS).map(|_| round()).min().unwrap();
    let bare = best(Box::new(|| bare_loop(&brokers)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ours = best(Box::new(|| runtime.block_on(source(&brokers))));
    for (name, took) in [("bare poll loop, no decoding", bare), ("source, JSON decoded", ours)] {
        println!("{name}: {:.2} M messages/s", TOTAL as f64 / took.as_secs_f64() / 1e6);
    }
}

fn fill(brokers: &str) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("queue.buffering.max.messages", "1000000")
        .set("linger.ms", "20")
        .create()
        .unwrap();
    for i in 0..TOTAL {
        let value =
            format!(r#"{{"id": {i:>10}, "carrier": "UA", "delay": {:>4}, "text": "{:x<40}"}}"#, i % 300, "");
        let record: BaseRecord<'_, str, str> =
            BaseRecord::to("t").partition(i as i32 % PARTITIONS).payload(value.as_str());
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(120)).unwrap();
}

fn bare_loop(brokers: &str) -> Duration {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "bare")
        .set("fetch.queue.backoff.ms", "5")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset("t", partition, Offset::Offset(0)).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut count, mut bytes) = (0, 0);
    // From the first record on: connecting is not what is compared.
    let mut started = None;
    while count < TOTAL {
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        started.get_or_insert_with(Instant::now);
        bytes += message.unwrap().payload().map_or(0, <[u8]>::len);
        count += 1;
    }
    assert!(bytes > TOTAL);
    started.unwrap().elapsed()
}

async fn source(brokers: &str) -> Duration {
    let column = |name: &str, data_type| Column {
        name: name.into(),
        data_type,
        nullable: true,
        kind: ColumnKind::Physical,
    };
    let options = [
        ("topic", "t"),
        ("properties.bootstrap.servers", brokers),
        ("scan.startup.mode", "earliest-offset"),
        ("format", "json"),
    ];
    let table = TableSpec {
        name: "events".into(),
        columns: vec![
            column("id", DataType::Int64),
            column("carrier", DataType::Utf8),
            column("delay", DataType::Int32),
        ],
        primary_key: Vec::new(),
        partitioned_by: Vec::new(),
        options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        projection: vec![0, 1, 2],
    };
    let context = ConnectorContext {
        pipeline: "bench".into(),
        base_dir: ".".into(),
        connect_timeout: Duration::from_secs(10),
        batch_rows_max: 8192,
        rows_per_second_max: None,
    };
    let factory = kafka::KafkaConnector.source(&table, &context).await.unwrap();
    let mut source = factory.create(TaskIndex { index: 0, count: 1 }).unwrap();
    source.seek(None).await.unwrap();
    let (mut count, mut started) = (0, None);
    while count < TOTAL {
        let polled = source.poll().await.unwrap();
        started.get_or_insert_with(Instant::now);
        if let Polled::Batch(batch) = polled {
            count += batch.rows.num_rows();
        }
    }
    started.unwrap().elapsed()
}
