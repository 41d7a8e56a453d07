//! The producer against librdkafka's mock cluster.

use kafka::{Compression, KafkaSettings, Producer, ProducerConfig};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use stream::ErrorKind;

const DEADLINE: Duration = Duration::from_secs(60);

/// Key, value and timestamp of `count` records, by partition.
type Records = BTreeMap<i32, Vec<(Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>)>>;

fn read(brokers: &str, topic: &str, partitions: i32, count: usize) -> Records {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "reader").create().unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let started = Instant::now();
    let mut records = Records::new();
    while records.values().map(Vec::len).sum::<usize>() < count {
        assert!(started.elapsed() < DEADLINE, "{records:?}");
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let message = message.unwrap();
        let record = (
            message.key().map(<[u8]>::to_vec),
            message.payload().map(<[u8]>::to_vec),
            message.timestamp().to_millis(),
        );
        records.entry(message.partition()).or_default().push(record);
    }
    records
}

async fn producer(
    cluster: &MockCluster<'static, impl rdkafka::ClientContext>,
    compression: Compression,
) -> Producer {
    let mut config = ProducerConfig::new("test", KafkaSettings::new(cluster.bootstrap_servers()));
    config.compression = compression;
    config.in_flight_max = 50;
    Producer::connect(config).await.unwrap()
}

#[tokio::test]
async fn records_arrive_as_sent_whatever_the_compression() {
    let cluster = MockCluster::new(1).unwrap();
    for (index, compression) in
        [Compression::None, Compression::Lz4, Compression::Snappy, Compression::Zstd].into_iter().enumerate()
    {
        let topic = format!("t{index}");
        cluster.create_topic(&topic, 3, 1).unwrap();
        let producer = producer(&cluster, compression).await;
        assert_eq!(producer.ensure_topic(&topic, 3).await.unwrap(), 3);
        for i in 0..1000_i64 {
            let (key, value) = (format!("key {}", i % 10), format!("value {i}"));
            producer
                .send(&topic, Some(key.as_bytes()), Some(value.as_bytes()), Some(1000 + i))
                .await
                .unwrap();
        }
        producer.send(&topic, Some(b"key 0"), None, None).await.unwrap();
        let delivered = producer.flush(DEADLINE).await.unwrap();
        assert_eq!((delivered.delivered, delivered.failed), (1001, 0));

        let records = read(&cluster.bootstrap_servers(), &topic, 3, 1001);
        let mut keys = BTreeMap::new();
        for (partition, records) in &records {
            let mut last = -1;
            for (key, value, timestamp) in records {
                // Equal keys meet in one partition.
                assert_eq!(keys.entry(key.clone().unwrap()).or_insert(*partition), partition);
                let Some(value) = value else { continue };
                let number: i64 =
                    String::from_utf8_lossy(value).strip_prefix("value ").unwrap().parse().unwrap();
                assert_eq!(*timestamp, Some(1000 + number));
                assert!(number > last, "order within the partition");
                last = number;
            }
        }
        assert_eq!(keys.len(), 10);
        assert!(records.len() > 1, "{compression:?}: all in one partition");
    }
}

/// Goal: equal keys go where the Java client would put them.
#[tokio::test]
async fn keys_are_placed_as_by_the_java_client() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 8, 1).unwrap();
    let producer = producer(&cluster, Compression::None).await;
    // murmur2 & 0x7fffffff, modulo 8, as of org.apache.kafka.common.utils.Utils and its UtilsTest.
    let hashes: [(&[u8], i32); 4] = [
        (b"21", -973_932_308),
        (b"foobar", -790_332_482),
        (b"a-little-bit-long-string", -985_981_536),
        (b"abc", 479_470_107),
    ];
    for (key, _) in hashes {
        producer.send("t", Some(key), Some(key), None).await.unwrap();
    }
    producer.flush(DEADLINE).await.unwrap();
    let records = read(&cluster.bootstrap_servers(), "t", 8, hashes.len());
    for (key, hash) in hashes {
        let partition = (hash & 0x7fff_ffff) % 8;
        let there = records
            .get(&partition)
            .is_some_and(|records| records.iter().any(|(k, _, _)| k.as_deref() == Some(key)));
        assert!(there, "{} belongs in partition {partition}: {records:?}", String::from_utf8_lossy(key));
    }
}

#[tokio::test]
async fn failed_deliveries_are_counted_and_told() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let producer = producer(&cluster, Compression::None).await;
    cluster.request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD; 1]);
    producer.send("t", None, Some(b"x"), None).await.unwrap();
    let error = producer.flush(DEADLINE).await.unwrap_err();
    assert!(error.to_string().starts_with("1 of 1 records were not delivered; first: "), "{error}");
    assert_eq!(producer.delivered().failed, 1);
}

#[tokio::test]
async fn flush_has_a_deadline() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let producer = producer(&cluster, Compression::None).await;
    cluster.broker_down(1).unwrap();
    producer.send("t", None, Some(b"x"), None).await.unwrap();
    let error = producer.flush(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "1 records are still unacknowledged after 0.3 s");
}

#[tokio::test]
async fn no_broker_answers() {
    let mut config = ProducerConfig::new("test", KafkaSettings::new("127.0.0.1:1"));
    config.connect_timeout = Duration::from_secs(1);
    let error = Producer::connect(config).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().starts_with("no broker of 127.0.0.1:1 answered within 1 s (PLAINTEXT); last: "),
        "{error}"
    );
}
