//! A Kafka broker.

use super::kafka_reader::{Isolation, KafkaRecord, read_to_end};
use super::{ServiceError, one_container, unique};
use containers::services::{Container, ports};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::ToBytes;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use std::time::Duration;

/// Longer than any answer of a broker that works.
const DEADLINE: Duration = Duration::from_secs(60);

/// One broker that is its own controller.
pub struct Kafka {
    pub(super) container: Container,
}

one_container!(Kafka);

impl Kafka {
    /// For programs of this machine.
    pub fn bootstrap(&self) -> String {
        self.container.address(ports::KAFKA)
    }

    /// For other containers.
    pub fn bootstrap_inside(&self) -> String {
        format!("{}:{}", self.container.name(), ports::KAFKA_INSIDE)
    }

    /// A client's settings that lead here.
    pub fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.bootstrap()).set("client.id", "testkit");
        config
    }

    /// A new topic of a name of its own.
    pub async fn topic(&self, stem: &str, partitions: i32) -> Result<String, ServiceError> {
        let name = unique(stem);
        self.create_topic(&name, partitions, &[]).await?;
        Ok(name)
    }

    /// Returns once every partition has a leader.
    pub async fn create_topic(
        &self,
        name: &str,
        partitions: i32,
        config: &[(&str, &str)],
    ) -> Result<(), ServiceError> {
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        for (key, value) in config {
            topic = topic.set(key, value);
        }
        let made = self.admin()?.create_topics([&topic], &AdminOptions::new()).await;
        refused(&format!("topic {name} cannot be created"), made)?;
        self.wait_for_partitions(name, partitions).await
    }

    /// Raises the number of partitions of a topic to `count`.
    pub async fn add_partitions(&self, topic: &str, count: i32) -> Result<(), ServiceError> {
        let more = NewPartitions::new(topic, usize::try_from(count).unwrap_or(0));
        let made = self.admin()?.create_partitions([&more], &AdminOptions::new()).await;
        refused(&format!("topic {topic} cannot have {count} partitions"), made)?;
        self.wait_for_partitions(topic, count).await
    }

    /// Appends `(key, value)` records, each to the partition of its key as the Java client chooses it, and waits until
    /// the broker has them all.
    pub async fn produce<K, V>(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = (K, V)> + Send + 'static,
    ) -> Result<u64, ServiceError>
    where
        K: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        let (producer, topic) = (self.producer()?, topic.to_owned());
        blocking(move || {
            let mut count = 0;
            for (key, value) in records {
                let record = BaseRecord::to(&topic).key(key.as_ref()).payload(value.as_ref());
                send(&producer, record)?;
                count += 1;
            }
            flushed(&producer).map(|()| count)
        })
        .await
    }

    /// Appends values without keys to one partition.
    pub async fn append<V: AsRef<[u8]>>(
        &self,
        topic: &str,
        partition: i32,
        values: impl IntoIterator<Item = V> + Send + 'static,
    ) -> Result<(), ServiceError> {
        let (producer, topic) = (self.producer()?, topic.to_owned());
        blocking(move || {
            for value in values {
                let record: BaseRecord<'_, [u8], [u8]> =
                    BaseRecord::to(&topic).partition(partition).payload(value.as_ref());
                send(&producer, record)?;
            }
            flushed(&producer)
        })
        .await
    }

    /// Appends `(partition, key, value)` records; one without a value is a tombstone.
    pub async fn append_records(
        &self,
        topic: &str,
        records: Vec<(i32, Option<String>, Option<String>)>,
    ) -> Result<(), ServiceError> {
        let (producer, topic) = (self.producer()?, topic.to_owned());
        blocking(move || {
            for (partition, key, value) in &records {
                let mut record: BaseRecord<'_, str, str> = BaseRecord::to(&topic).partition(*partition);
                record.key = key.as_deref();
                record.payload = value.as_deref();
                send(&producer, record)?;
            }
            flushed(&producer)
        })
        .await
    }

    /// Everything that a reader of this isolation sees now, in order per partition.
    pub async fn read_to_end(
        &self,
        topic: &str,
        isolation: Isolation,
    ) -> Result<Vec<KafkaRecord>, ServiceError> {
        let (config, topic) = (self.client_config(), topic.to_owned());
        blocking(move || read_to_end(config, &topic, isolation)).await
    }

    fn admin(&self) -> Result<AdminClient<DefaultClientContext>, ServiceError> {
        self.client_config().create().map_err(|cause| ServiceError::new("no Kafka admin client", &cause))
    }

    fn producer(&self) -> Result<ThreadedProducer<DefaultProducerContext>, ServiceError> {
        self.client_config()
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "5")
            .create()
            .map_err(|cause| ServiceError::new("no Kafka producer", &cause))
    }

    async fn wait_for_partitions(&self, topic: &str, count: i32) -> Result<(), ServiceError> {
        let (admin, topic) = (self.admin()?, topic.to_owned());
        blocking(move || {
            let count = usize::try_from(count).unwrap_or(0);
            crate::until(&format!("leaders of {topic}"), DEADLINE, || {
                let found = admin.inner().fetch_metadata(Some(&topic), DEADLINE).ok()?;
                let partitions = found.topics().first()?.partitions();
                (partitions.len() == count && partitions.iter().all(|p| p.leader() >= 0)).then_some(())
            });
            Ok(())
        })
        .await
    }
}

/// What an admin says of each topic.
type Answer = Result<Vec<Result<String, (String, RDKafkaErrorCode)>>, rdkafka::error::KafkaError>;

/// Every part of an admin's answer must be good.
fn refused(what: &str, answer: Answer) -> Result<(), ServiceError> {
    let parts = answer.map_err(|cause| ServiceError::new(what, &cause))?;
    match parts.into_iter().find_map(Result::err) {
        Some((_, cause)) => Err(ServiceError::new(what, &cause)),
        None => Ok(()),
    }
}

fn send<K: ToBytes + ?Sized, V: ToBytes + ?Sized>(
    producer: &ThreadedProducer<DefaultProducerContext>,
    record: BaseRecord<'_, K, V>,
) -> Result<(), ServiceError> {
    let mut record = record;
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((cause, again)) if cause.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                record = again;
                // The queue empties as the broker acknowledges; there is nothing else to wait for.
                std::thread::sleep(Duration::from_millis(2));
            }
            Err((cause, _)) => return Err(ServiceError::new("a record cannot be sent", &cause)),
        }
    }
}

fn flushed(producer: &ThreadedProducer<DefaultProducerContext>) -> Result<(), ServiceError> {
    producer.flush(DEADLINE).map_err(|cause| ServiceError::new("records were not acknowledged", &cause))
}

/// librdkafka blocks; the runtime must not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}
