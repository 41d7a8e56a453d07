//! Reading a topic to its end, as a consumer outside of this project would.

use super::ServiceError;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use std::time::{Duration, Instant};

/// Silence of this length is an error, not the end.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What a reader sees of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Committed ones, up to the first that is open.
    ReadCommitted,
    /// Aborted and open ones too.
    ReadUncommitted,
}

impl Isolation {
    fn value(self) -> &'static str {
        match self {
            Self::ReadCommitted => "read_committed",
            Self::ReadUncommitted => "read_uncommitted",
        }
    }
}

/// A record as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaRecord {
    pub partition: i32,
    pub offset: i64,
    pub timestamp_ms: Option<i64>,
    pub key: Option<Vec<u8>>,
    /// `None`: a tombstone.
    pub value: Option<Vec<u8>>,
}

impl KafkaRecord {
    /// # Panics
    /// When it is a tombstone or no UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.value.as_deref().expect("a value")).expect("UTF-8")
    }
}

pub(super) fn read_to_end(
    mut config: ClientConfig,
    topic: &str,
    isolation: Isolation,
) -> Result<Vec<KafkaRecord>, ServiceError> {
    let failed = |cause: KafkaError| ServiceError::new(&format!("topic {topic} cannot be read"), &cause);
    let consumer: BaseConsumer = config
        // Partitions are assigned; the group is a formality and commits nothing.
        .set("group.id", "testkit-reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("isolation.level", isolation.value())
        .create()
        .map_err(failed)?;
    let metadata = consumer.fetch_metadata(Some(topic), SILENCE_MAX).map_err(failed)?;
    let partitions: Vec<i32> =
        metadata.topics().iter().flat_map(|topic| topic.partitions().iter().map(|p| p.id())).collect();
    let mut from = TopicPartitionList::new();
    for partition in &partitions {
        from.add_partition_offset(topic, *partition, Offset::Beginning).map_err(failed)?;
    }
    consumer.assign(&from).map_err(failed)?;
    let (mut records, mut open) = (Vec::new(), partitions.len());
    let mut heard = Instant::now();
    while open > 0 {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => records.push(KafkaRecord {
                partition: message.partition(),
                offset: message.offset(),
                timestamp_ms: message.timestamp().to_millis(),
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
            }),
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(cause)) => return Err(failed(cause)),
            None if heard.elapsed() < SILENCE_MAX => continue,
            None => {
                return Err(ServiceError(format!("topic {topic}: silent for {} s", SILENCE_MAX.as_secs())));
            }
        }
        heard = Instant::now();
    }
    Ok(records)
}
