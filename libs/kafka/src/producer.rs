//! A producer for generators and tests.
//!
//! At least once for the program, and once per `send` while it lives: it is idempotent unless told otherwise, so the
//! library's own retries neither repeat nor reorder records. It takes no part in epochs; the transactional sink is another thing.

use crate::KafkaError;
use crate::cluster::{blocking, hopeless, refused, unreachable};
use crate::connection::{Connection, Session};
use crate::native::controller_id;
use crate::properties::for_producer;
use crate::settings::KafkaSettings;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How batches are compressed on the wire and in the brokers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    None,
    #[default]
    Lz4,
    Snappy,
    Zstd,
}

impl Compression {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Snappy => "snappy",
            Self::Zstd => "zstd",
        }
    }
}

/// What a producer is to be.
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    /// What the metric and the logs call it.
    pub name: String,
    pub settings: KafkaSettings,
    /// Retries neither repeat nor reorder records. Default true; without it the first record leaves half a second sooner.
    pub idempotent: bool,
    pub compression: Compression,
    /// How long a batch may wait to become fuller. Default 5 ms.
    pub linger: Duration,
    /// Records sent and not yet acknowledged before `send` waits. Default 100 000.
    pub in_flight_max: u32,
    pub connect_timeout: Duration,
}

impl ProducerConfig {
    pub fn new(name: impl Into<String>, settings: KafkaSettings) -> Self {
        Self {
            name: name.into(),
            settings,
            idempotent: true,
            compression: Compression::default(),
            linger: Duration::from_millis(5),
            in_flight_max: 100_000,
            connect_timeout: Duration::from_secs(30),
        }
    }
}

/// What became of the records sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    pub delivered: u64,
    pub failed: u64,
}

/// Sends records; see the module for what it promises.
pub struct Producer {
    inner: Arc<ThreadedProducer<Reports>>,
    reports: Reports,
    settings: KafkaSettings,
    connect_timeout: Duration,
}

impl Producer {
    /// Makes the client and waits until a broker answers.
    pub async fn connect(config: ProducerConfig) -> Result<Self, KafkaError> {
        let settings = config.settings;
        let connection =
            Connection::new(&config.name, &settings.brokers, settings.security.protocol.as_str());
        let reports = Reports { connection, counts: Arc::default() };
        let mut client = settings.client_config(for_producer);
        client
            .set("enable.idempotence", config.idempotent.to_string())
            // As the Java client places records: equal keys meet whoever wrote them.
            .set("partitioner", "murmur2_random")
            .set("compression.type", config.compression.as_str())
            .set("linger.ms", config.linger.as_millis().to_string())
            .set("queue.buffering.max.messages", config.in_flight_max.max(1).to_string());
        let inner: ThreadedProducer<Reports> = client
            .create_with_context(reports.clone())
            .map_err(|cause| refused(&reports.connection, cause))?;
        let connect_timeout = config.connect_timeout;
        let producer = Self { inner: Arc::new(inner), reports, settings, connect_timeout };
        let (inner, connection) = (producer.inner.clone(), producer.reports.connection.clone());
        blocking(move || reach(&inner, &connection, connect_timeout)).await?;
        Ok(producer)
    }

    /// Hands a record to the client; waits while too many are unacknowledged. Without a key the partition is random;
    /// `payload` `None` is a tombstone, `timestamp_ms` `None` now.
    ///
    /// # Errors
    /// Only what concerns the call itself; what the brokers refuse shows in [`Producer::flush`].
    ///
    /// # Cancel safety
    /// A dropped future either sent the record or did not.
    pub async fn send(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        payload: Option<&[u8]>,
        timestamp_ms: Option<i64>,
    ) -> Result<(), KafkaError> {
        loop {
            // Asked for before the try, so that a report in between is not missed.
            let room = self.reports.counts.room.notified();
            match self.try_send(topic, key, payload, timestamp_ms) {
                Ok(()) => return Ok(()),
                Err(cause) if cause.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => room.await,
                Err(cause) => {
                    return Err(KafkaError::client(format!("sending a record to topic '{topic}'"), cause));
                }
            }
        }
    }

    fn try_send(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        payload: Option<&[u8]>,
        timestamp_ms: Option<i64>,
    ) -> Result<(), ClientError> {
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic);
        record.key = key;
        record.payload = payload;
        record.timestamp = timestamp_ms;
        self.inner.send(record).map_err(|(cause, _)| cause)
    }

    /// What was reported up to now.
    pub fn delivered(&self) -> Delivered {
        let counts = &self.reports.counts;
        Delivered {
            delivered: counts.delivered.load(Ordering::Relaxed),
            failed: counts.failed.load(Ordering::Relaxed),
        }
    }

    /// Waits until every record is acknowledged.
    ///
    /// # Errors
    /// If some are not after `timeout`, or if any record since `connect` failed (the first reason is told).
    pub async fn flush(&self, timeout: Duration) -> Result<Delivered, KafkaError> {
        let inner = self.inner.clone();
        blocking(move || {
            inner.flush(timeout).map_err(|_| KafkaError::Unflushed {
                in_flight: inner.in_flight_count().max(0) as u64,
                timeout,
            })
        })
        .await?;
        let delivered = self.delivered();
        if delivered.failed > 0 {
            return Err(KafkaError::Undelivered {
                failed: delivered.failed,
                total: delivered.delivered + delivered.failed,
                first: self.reports.first_failure(),
            });
        }
        Ok(delivered)
    }

    /// Whether a topic is there; asking does not create it.
    pub async fn has_topic(&self, topic: &str) -> Result<bool, KafkaError> {
        let (inner, timeout) = (self.inner.clone(), self.connect_timeout);
        let cluster = blocking(move || Seen::of(&inner, timeout)).await?;
        Ok(cluster.topics.iter().any(|(name, _)| name == topic))
    }

    /// Makes sure that a topic is there and says how many partitions it has: an existing one is left as it is. Where
    /// there is no controller to be asked, as in librdkafka's mock cluster, brokers create it by their own rules.
    pub async fn ensure_topic(&self, topic: &str, partitions: u32) -> Result<u32, KafkaError> {
        let (inner, timeout) = (self.inner.clone(), self.connect_timeout);
        let cluster = blocking(move || Seen::of(&inner, timeout)).await?;
        if let Some((_, count)) = cluster.topics.iter().find(|(name, _)| name == topic) {
            return Ok(*count);
        }
        if cluster.has_controller {
            self.create_topic(topic, partitions).await?;
        } else {
            tracing::debug!(topic, "no controller to create the topic; the brokers may by themselves");
        }
        let (inner, connection) = (self.inner.clone(), self.reports.connection.clone());
        let topic = topic.to_owned();
        blocking(move || partition_count(&inner, &connection, &topic, timeout)).await
    }

    async fn create_topic(&self, topic: &str, partitions: u32) -> Result<(), KafkaError> {
        let what = || format!("creating topic '{topic}' with {partitions} partitions");
        let connection = &self.reports.connection;
        let admin: AdminClient<Session> = self
            .settings
            .client_config(for_producer)
            .create_with_context(Session(connection.clone()))
            .map_err(|cause| refused(connection, cause))?;
        let count = i32::try_from(partitions).map_err(|_| {
            KafkaError::Option(format!("{partitions} partitions for topic '{topic}' are too many"))
        })?;
        // -1: the brokers' default replication.
        let new = NewTopic::new(topic, count, TopicReplication::Fixed(-1));
        let timeout = Some(self.connect_timeout);
        let options = AdminOptions::new().request_timeout(timeout).operation_timeout(timeout);
        let results =
            admin.create_topics([&new], &options).await.map_err(|cause| KafkaError::client(what(), cause))?;
        for result in results {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((_, code)) => return Err(KafkaError::client(what(), ClientError::AdminOp(code))),
            }
        }
        Ok(())
    }
}

/// What a cluster says of itself.
struct Seen {
    /// Name and partitions.
    topics: Vec<(String, u32)>,
    has_controller: bool,
}

impl Seen {
    /// Blocking. Asks for all topics, as asking for one may create it.
    fn of(inner: &ThreadedProducer<Reports>, timeout: Duration) -> Result<Self, KafkaError> {
        let metadata = inner
            .client()
            .fetch_metadata(None, timeout)
            .map_err(|cause| KafkaError::client("listing the cluster's topics", cause))?;
        let controller = controller_id(inner.client(), timeout);
        let has_controller = metadata.brokers().iter().any(|broker| broker.id() == controller);
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none());
        let topics = topics.map(|topic| (topic.name().to_owned(), topic.partitions().len() as u32)).collect();
        Ok(Self { topics, has_controller })
    }
}

/// Waits for the first answer of a broker. Blocking.
fn reach(
    inner: &ThreadedProducer<Reports>,
    connection: &Connection,
    timeout: Duration,
) -> Result<(), KafkaError> {
    let deadline = Instant::now() + timeout;
    let mut slice = Duration::from_millis(250);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if inner.client().fetch_metadata(None, slice.min(left).max(Duration::from_millis(1))).is_ok() {
            connection.alive();
            return Ok(());
        }
        if let Some(error) = hopeless(connection) {
            return Err(error);
        }
        if left <= slice {
            return Err(unreachable(connection, timeout));
        }
        slice *= 2;
    }
}

/// Waits until a topic that was just created is known with its leaders. Blocking.
fn partition_count(
    inner: &ThreadedProducer<Reports>,
    connection: &Connection,
    topic: &str,
    timeout: Duration,
) -> Result<u32, KafkaError> {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let metadata = inner
            .client()
            .fetch_metadata(Some(topic), left.max(Duration::from_millis(1)))
            .map_err(|cause| KafkaError::client(format!("looking for topic '{topic}'"), cause))?;
        if let Some(found) = metadata.topics().iter().find(|found| found.name() == topic)
            && found.error().is_none()
            && !found.partitions().is_empty()
            && found.partitions().iter().all(|partition| partition.leader() >= 0)
        {
            return Ok(found.partitions().len() as u32);
        }
        if left.is_zero() {
            let brokers = connection.brokers.clone();
            return Err(KafkaError::TopicMissing { topic: topic.into(), brokers, nearest: Vec::new() });
        }
        // Nothing tells when the new topic's leaders are known; this only keeps the brokers from being asked in a loop.
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Hears of every record what became of it.
#[derive(Clone)]
struct Reports {
    connection: Arc<Connection>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    delivered: AtomicU64,
    failed: AtomicU64,
    first_failure: Mutex<Option<String>>,
    room: Notify,
}

impl Reports {
    fn first_failure(&self) -> String {
        let first = self.counts.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone().unwrap_or_default()
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.connection.log(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.connection.error(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown), reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _opaque: ()) {
        match result {
            Ok(_) => {
                self.counts.delivered.fetch_add(1, Ordering::Relaxed);
                self.connection.alive();
            }
            Err((error, _)) => {
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
                let mut first = self.counts.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert_with(|| error.to_string());
            }
        }
        self.counts.room.notify_waiters();
    }
}
