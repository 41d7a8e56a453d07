//! Paces a producer by what a consumer group has committed: for a producer in another program than the consumer.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Offset, TopicPartitionList};

use super::pacer::Pacer;
use crate::DevServiceError;

/// How often the committed offsets are read.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// Limit of one request to the broker.
const REQUEST: Duration = Duration::from_secs(10);

/// The embedded broker may go before this client does; a request that fails is said by whoever made it.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason, "trouble with a broker");
    }
}

impl ConsumerContext for Quiet {}

/// A [`Pacer`] fed with the committed offsets of a group, read every 50 ms without joining the group.
///
/// A group that has committed nothing counts as having read nothing: the producer waits once the bound is reached.
/// Records that were in the topic before count as read, so start it when the consumer has caught up, or leave twice
/// the bound as room. Dropping it ends the reading, and producers that wait then wait for ever: drop those first.
#[derive(Debug)]
pub struct GroupPacer {
    pacer: Arc<Pacer>,
    partitions: i32,
    /// Its end ends the thread.
    _running: mpsc::Sender<()>,
}

impl GroupPacer {
    /// Paces a producer to all partitions of `topic`, each with at most `bound_bytes` uncommitted by `group`.
    /// A topic that does not exist is created by the broker, with four partitions.
    ///
    /// # Errors
    /// `Offsets` when the broker does not tell the topic's partitions and offsets within 10 s.
    pub async fn start(
        bootstrap: &str,
        group: &str,
        topic: &str,
        bound_bytes: u64,
    ) -> Result<Self, DevServiceError> {
        let reader =
            Reader { bootstrap: bootstrap.to_string(), group: group.to_string(), topic: topic.to_string() };
        let pacer = Arc::new(Pacer::new(bound_bytes));
        let (running, stop) = mpsc::channel();
        let (started, ready) = tokio::sync::oneshot::channel();
        let shared = Arc::clone(&pacer);
        // librdkafka's requests block, so the reading has a thread of its own.
        let spawned = std::thread::Builder::new()
            .name("group-pacer".to_string())
            .spawn(move || reader.run(&shared, &stop, started));
        spawned.map_err(|cause| {
            DevServiceError::io("start a thread from", std::path::Path::new("/proc/self"), cause)
        })?;
        let partitions = ready.await.expect("the thread answers before it ends")?;
        Ok(Self { pacer, partitions, _running: running })
    }

    /// The pacer to ask before each record.
    pub fn pacer(&self) -> &Arc<Pacer> {
        &self.pacer
    }

    /// How many partitions the topic has.
    pub fn partitions(&self) -> i32 {
        self.partitions
    }
}

struct Reader {
    bootstrap: String,
    group: String,
    topic: String,
}

impl Reader {
    fn run(
        self,
        pacer: &Pacer,
        stop: &mpsc::Receiver<()>,
        started: tokio::sync::oneshot::Sender<Result<i32, DevServiceError>>,
    ) {
        let (consumer, partitions) = match self.open(pacer) {
            Ok(opened) => opened,
            Err(cause) => {
                let (group, topic, bootstrap) = (self.group, self.topic, self.bootstrap);
                // Whoever asked may have gone meanwhile.
                let _ = started.send(Err(DevServiceError::Offsets {
                    group,
                    topic,
                    bootstrap,
                    cause: Box::new(cause),
                }));
                return;
            }
        };
        let _ = started.send(Ok(partitions));
        let mut failing = false;
        while stop.recv_timeout(POLL_EVERY) == Err(RecvTimeoutError::Timeout) {
            let result = self.report(&consumer, partitions, pacer);
            if let (false, Err(error)) = (failing, &result) {
                tracing::warn!(group = self.group, topic = self.topic, %error, "A producer cannot be paced at present");
            }
            failing = result.is_err();
        }
    }

    fn open(&self, pacer: &Pacer) -> KafkaResult<(BaseConsumer<Quiet>, i32)> {
        let consumer: BaseConsumer<Quiet> = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false")
            .set("allow.auto.create.topics", "true")
            .create_with_context(Quiet)?;
        let metadata = consumer.fetch_metadata(Some(&self.topic), REQUEST)?;
        let topic = metadata.topics().first().filter(|topic| topic.error().is_none());
        let partitions = topic.map_or(0, |topic| topic.partitions().len());
        let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
        if partitions == 0 {
            return Err(KafkaError::MetadataFetch(rdkafka::types::RDKafkaErrorCode::UnknownTopicOrPartition));
        }
        for partition in 0..partitions {
            let (_, next_offset) = consumer.fetch_watermarks(&self.topic, partition, REQUEST)?;
            pacer.starts_at(partition, next_offset);
        }
        Ok((consumer, partitions))
    }

    fn report(&self, consumer: &BaseConsumer<Quiet>, partitions: i32, pacer: &Pacer) -> KafkaResult<()> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(&self.topic, 0, partitions - 1);
        for committed in consumer.committed_offsets(asked, REQUEST)?.elements() {
            if let Offset::Offset(next_offset) = committed.offset() {
                pacer.consumed(committed.partition(), next_offset);
            }
        }
        Ok(())
    }
}
