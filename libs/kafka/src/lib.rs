//! Kafka as a source and a sink.
//!
//! **The source**: every record from an exact position on, in order per partition, each once. Where reading
//! continues is decided by our own snapshot alone, because only that is written together with the operators' state:
//! partitions are assigned, not subscribed, and group offsets are committed for monitoring only.
//!
//! - A start is resolved to numeric offsets before the first read; an offset that is no longer retained, or lies
//!   beyond the end, is an error with the numbers in it, never a silent jump (`auto.offset.reset=error`).
//! - `isolation.level` is `read_committed` unless the script says otherwise: records of aborted transactions never show.
//! - Records that do not decode, tombstones among them, become dead letters. Records that cannot be read at all (broken
//!   checksums) stop the source, as going on would lose them.
//! - Brokers that go away are waited for without a limit; the gauge `ibb_kafka_connected` shows it, and
//!   `ibb_kafka_lag_records` how far behind the end a partition is.
//! - With `scan.bounded.mode = latest-offset` the end is resolved anew at every start; it is no part of the position.
//! - New partitions are found every `scan.topic-partition-discovery.interval` and read from their beginning.
//!
//! **The sink**, exactly once for readers with `isolation.level=read_committed`, because the records of an epoch, its
//! number and its snapshot's identity are one transaction: the epoch is the offset of a memberless group of the sink's
//! own, the rest is that offset's metadata. At least once with `'sink.delivery-guarantee' = 'at-least-once'`.
//!
//! - A claim fences older writers (`transactional.id`), completes or aborts what they left, and then reads what is held.
//!   A commit whose answer is lost is resolved by claiming again, never guessed.
//! - Keys and their partitions are those of the Java client (`murmur2_random`), JSON is Flink's.
//! - A row that the topic does not take is kept in `<topic>.dead-letters`, in the same transaction as its neighbours.
//! - The user needs WRITE on `transactional.id` and topics, READ on the group, READ and DESCRIBE on the topic, and, to
//!   know limits beforehand, DESCRIBE_CONFIGS on it.
//!
//! Not here: consumer groups, formats (`formats`), reading changelogs (`upsert-kafka` is only written).
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! let properties = BTreeMap::from([
//!     ("bootstrap.servers".to_owned(), "broker:9093".to_owned()),
//!     ("security.protocol".to_owned(), "SASL_SSL".to_owned()),
//!     ("sasl.mechanism".to_owned(), "SCRAM-SHA-512".to_owned()),
//!     ("sasl.jaas.config".to_owned(), r#"x.ScramLoginModule required username="ada" password="s";"#.to_owned()),
//! ]);
//! let settings = kafka::KafkaSettings::from_properties(&properties)?;
//! assert_eq!(settings.security.sasl.unwrap().username, "ada");
//! # Ok::<(), kafka::KafkaError>(())
//! ```

mod chunk;
mod cluster;
mod connection;
mod connector;
mod decode;
mod discovery;
mod error;
mod fetch;
mod forget;
mod jaas;
mod known;
mod monitor;
mod native;
mod options;
mod partition;
mod producer;
mod properties;
mod settings;
mod sink;
mod source;
mod start;
mod upsert;

pub use connector::KafkaConnector;
pub use error::KafkaError;
pub use forget::delete_topic_and_group;
pub use monitor::{ClusterHealth, GroupLag, Groups, Monitor, PartitionInNeed};
pub use partition::TopicPartition;
pub use producer::{Compression, Delivered, Producer, ProducerConfig};
pub use settings::{Extra, KafkaSettings, Protocol, Sasl, Secret, Security};
pub use sink::create_topic_if_missing;
pub use upsert::UpsertKafka;
