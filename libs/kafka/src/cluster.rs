//! The control client of a table: metadata, the ends of partitions, group offsets. It reads no records.

use crate::KafkaError;
use crate::connection::{Connection, Session};
use crate::partition::TopicPartition;
use crate::properties::{for_consumer, nearest};
use crate::settings::KafkaSettings;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long one request to a cluster that was reachable may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the control client serves what brokers say.
const SERVE_INTERVAL: Duration = Duration::from_millis(250);
/// How long a look for a broker may take while all are gone.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct Cluster {
    consumer: Arc<BaseConsumer<Session>>,
    pub connection: Arc<Connection>,
    stop: Arc<AtomicBool>,
}

/// The first and the next offset of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub low: i64,
    pub high: i64,
}

/// Runs blocking calls of the client library in a thread of their own: unlike the runtime's threads for such calls, it
/// does not hold up the end of the program while a broker does not answer.
pub(crate) fn detached<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> oneshot::Receiver<Result<T, KafkaError>> {
    let (sender, receiver) = oneshot::channel();
    // Nobody may be waiting any more; and without a thread the receiver learns that nothing will come.
    let run = move || drop(sender.send(call()));
    if let Err(error) = std::thread::Builder::new().name("kafka-call".into()).spawn(run) {
        tracing::error!(%error, "no thread to call the kafka client in");
    }
    receiver
}

/// Waits for blocking calls of the client library.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, KafkaError> {
    match detached(call).await {
        Ok(result) => result,
        Err(cause) => Err(KafkaError::Internal(format!("a call of the kafka client did not end: {cause}"))),
    }
}

impl Cluster {
    /// Makes the client; nothing is reached yet.
    pub fn new(name: &str, settings: &KafkaSettings) -> Result<Arc<Self>, KafkaError> {
        let connection = Connection::new(name, &settings.brokers, settings.security.protocol.as_str());
        Self::of_connection(connection, settings)
    }

    /// As [`Self::new`], beside other clients of one table.
    pub fn of_connection(
        connection: Arc<Connection>,
        settings: &KafkaSettings,
    ) -> Result<Arc<Self>, KafkaError> {
        let mut config = settings.client_config(for_consumer);
        if let Some(group) = settings.get("group.id") {
            config.set("group.id", group);
        }
        config.set("enable.auto.commit", "false");
        let consumer: BaseConsumer<Session> = config
            .create_with_context(Session(connection.clone()))
            .map_err(|cause| refused(&connection, cause))?;
        let cluster =
            Self { consumer: Arc::new(consumer), connection, stop: Arc::new(AtomicBool::new(false)) };
        cluster.serve()?;
        Ok(Arc::new(cluster))
    }

    /// Hears what brokers say, and while none answers looks for one: an idle topic would not tell that they are back.
    fn serve(&self) -> Result<(), KafkaError> {
        let (consumer, connection, stop) =
            (self.consumer.clone(), self.connection.clone(), self.stop.clone());
        let run = move || {
            let mut was_connected = false;
            while !stop.load(Ordering::Relaxed) {
                // Only errors and replies to commits come this way; both have told the context already.
                let _told = consumer.poll(SERVE_INTERVAL);
                let connected = connection.is_connected();
                // The first connection is made, and waited for, by whoever made this client.
                if was_connected
                    && !connected
                    && consumer.fetch_metadata(Some("__consumer_offsets"), PROBE_TIMEOUT).is_ok()
                {
                    connection.alive();
                }
                was_connected |= connected;
            }
        };
        std::thread::Builder::new()
            .name("kafka-control".into())
            .spawn(run)
            .map(drop)
            .map_err(|cause| KafkaError::Internal(format!("no thread to serve kafka with: {cause}")))
    }

    /// The partitions of a topic, waiting up to `timeout` for a broker and for leaders. Blocking.
    ///
    /// # Errors
    /// Says whether no broker answers, credentials are refused, or the topic is missing, and which one is near.
    pub fn reach(&self, topic: &Arc<str>, timeout: Duration) -> Result<Vec<TopicPartition>, KafkaError> {
        let deadline = Instant::now() + timeout;
        // Short at first, so that refused credentials are seen soon; longer later, for brokers that are slow.
        let mut slice = Duration::from_millis(250);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let last_try = left <= slice;
            match self.consumer.fetch_metadata(Some(topic), slice.min(left).max(Duration::from_millis(1))) {
                Ok(metadata) => {
                    self.connection.alive();
                    let found = metadata.topics().iter().find(|found| found.name() == topic.as_ref());
                    let error = found.and_then(|found| found.error());
                    match found {
                        Some(found) if error.is_none() && !found.partitions().is_empty() => {
                            return Ok(found
                                .partitions()
                                .iter()
                                .map(|p| TopicPartition::new(topic, p.id()))
                                .collect());
                        }
                        _ => {}
                    }
                    if error == Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
                        return Err(KafkaError::Forbidden(format!(
                            "topic '{topic}' is not visible to this user; grant DESCRIBE and READ in the brokers' \
                             access control lists"
                        )));
                    }
                    // Anything but a missing topic passes, such as a leader being elected.
                    if last_try || error == Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
                        return Err(self.missing(topic));
                    }
                    // Nothing tells when a leader is elected; this only keeps the brokers from being asked in a loop.
                    std::thread::sleep(Duration::from_millis(50).min(left));
                }
                Err(_) => {
                    if let Some(error) = self.hopeless() {
                        return Err(error);
                    }
                    if last_try {
                        return Err(unreachable(&self.connection, timeout));
                    }
                }
            }
            slice *= 2;
        }
    }

    /// Trouble that waiting does not cure.
    fn hopeless(&self) -> Option<KafkaError> {
        hopeless(&self.connection)
    }

    fn missing(&self, topic: &str) -> KafkaError {
        let names: Vec<String> = match self.consumer.fetch_metadata(None, REQUEST_TIMEOUT) {
            Ok(all) => all.topics().iter().map(|topic| topic.name().to_owned()).collect(),
            Err(_) => Vec::new(),
        };
        let others =
            names.iter().map(String::as_str).filter(|name| *name != topic && !name.starts_with("__"));
        KafkaError::TopicMissing {
            topic: topic.into(),
            brokers: self.connection.brokers.clone(),
            nearest: nearest(topic, others),
        }
    }

    /// The partitions a topic has now; `None` if it is not there just now. Blocking.
    pub fn partitions(&self, topic: &Arc<str>) -> Result<Option<Vec<TopicPartition>>, KafkaError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), REQUEST_TIMEOUT).map_err(|cause| {
            KafkaError::client(format!("looking for partitions of topic '{topic}'"), cause)
        })?;
        let found =
            metadata.topics().iter().find(|found| found.name() == topic.as_ref() && found.error().is_none());
        Ok(found.map(|found| found.partitions().iter().map(|p| TopicPartition::new(topic, p.id())).collect()))
    }

    /// Blocking.
    pub fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, KafkaError> {
        let ask = || self.consumer.fetch_watermarks(&partition.topic, partition.partition, REQUEST_TIMEOUT);
        let (low, high) = patiently(ask).map_err(|cause| {
            KafkaError::client(format!("asking where partition {partition} begins and ends"), cause)
        })?;
        Ok(Bounds { low, high })
    }

    /// What the group has committed. Blocking.
    pub fn committed(
        &self,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, i64>, KafkaError> {
        let asked = list(partitions.iter().map(|p| (p, Offset::Invalid)))?;
        let committed = patiently(|| self.consumer.committed_offsets(asked.clone(), REQUEST_TIMEOUT))
            .map_err(|cause| KafkaError::client("asking for the group's committed offsets", cause))?;
        Ok(offsets(&committed))
    }

    /// The group's offset of one partition with its metadata, `None` if there is none. With `read_committed`, which is
    /// the default, an offset of an open transaction is waited for. Blocking.
    pub fn committed_one(
        &self,
        partition: &TopicPartition,
        timeout: Duration,
    ) -> Result<Option<(i64, String)>, KafkaError> {
        let what = || format!("asking for the group's offset of partition {partition}");
        let committed = self
            .consumer
            .committed_offsets(list([(partition, Offset::Invalid)].into_iter())?, timeout)
            .map_err(|cause| KafkaError::client(what(), cause))?;
        for element in committed.elements() {
            element.error().map_err(|cause| KafkaError::client(what(), cause))?;
            if let Offset::Offset(offset) = element.offset() {
                return Ok(Some((offset, element.metadata().to_owned())));
            }
        }
        Ok(None)
    }

    /// The group as a transaction names it; without members, as nothing here subscribes.
    pub fn group_metadata(&self) -> Result<ConsumerGroupMetadata, KafkaError> {
        let metadata = self.consumer.group_metadata();
        metadata.ok_or_else(|| KafkaError::Internal("the control client has no group".into()))
    }

    /// The first offset at or after a time; partitions without one are left out. Blocking.
    pub fn at_time(
        &self,
        partitions: &[TopicPartition],
        time_ms: i64,
    ) -> Result<BTreeMap<TopicPartition, i64>, KafkaError> {
        let asked = list(partitions.iter().map(|p| (p, Offset::Offset(time_ms))))?;
        let found = patiently(|| self.consumer.offsets_for_times(asked.clone(), REQUEST_TIMEOUT))
            .map_err(|cause| KafkaError::client(format!("asking for the offsets at {time_ms} ms"), cause))?;
        Ok(offsets(&found))
    }

    /// Shows the group's progress; the answer is logged if it is an error.
    pub fn commit(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), KafkaError> {
        let offsets = list(offsets.iter().map(|(p, offset)| (p, Offset::Offset(*offset))))?;
        self.consumer
            .commit(&offsets, CommitMode::Async)
            .map_err(|cause| KafkaError::client("committing the group's offsets", cause))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Asks again while leaders and coordinators move, as they do after the restart of a broker. Blocking.
fn patiently<T>(ask: impl Fn() -> KafkaResult<T>) -> KafkaResult<T> {
    let deadline = Instant::now() + REQUEST_TIMEOUT;
    loop {
        match ask() {
            Err(cause) if is_moving(&cause) && Instant::now() < deadline => {
                // Nothing tells when one is elected; this only keeps the brokers from being asked in a loop.
                std::thread::sleep(Duration::from_millis(50));
            }
            done => return done,
        }
    }
}

fn is_moving(cause: &ClientError) -> bool {
    matches!(
        cause.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::BrokerTransportFailure
        )
    )
}

/// A client that the library would not even make.
pub(crate) fn refused(connection: &Connection, cause: rdkafka::error::KafkaError) -> KafkaError {
    use rdkafka::error::KafkaError as Client;
    match cause {
        // Its texts name the property, never the value of a secret one.
        Client::ClientConfig(_, reason, name, _) => {
            KafkaError::Option(format!("property '{name}': {reason}"))
        }
        Client::ClientCreation(reason) => {
            KafkaError::Option(format!("no kafka client for {} can be made: {reason}", connection.brokers))
        }
        other => KafkaError::client(format!("no kafka client for {}", connection.brokers), other),
    }
}

pub(crate) fn hopeless(connection: &Connection) -> Option<KafkaError> {
    let heard = connection.heard();
    let (brokers, protocol) = (connection.brokers.clone(), connection.protocol);
    if let Some(reason) = &heard.authentication {
        return Some(KafkaError::Authentication { brokers, protocol, reason: reason.clone() });
    }
    let reason = heard.tls.as_ref()?;
    Some(KafkaError::Tls { brokers, protocol, reason: reason.clone() })
}

pub(crate) fn unreachable(connection: &Connection, timeout: Duration) -> KafkaError {
    let mut last = connection.heard().transport.clone().unwrap_or_else(|| "no answer at all".into());
    // The library asks this itself only when the broker hangs up in one of several ways.
    if last.contains("SSL_HANDSHAKE") && !last.contains("PLAINTEXT") {
        last.push_str(": connecting to a PLAINTEXT broker listener?");
    }
    KafkaError::Unreachable {
        brokers: connection.brokers.clone(),
        protocol: connection.protocol,
        timeout,
        last,
    }
}

pub(crate) fn list<'a>(
    offsets: impl Iterator<Item = (&'a TopicPartition, Offset)>,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(&partition.topic, partition.partition, offset)
            .map_err(|cause| KafkaError::client(format!("offset of partition {partition}"), cause))?;
    }
    Ok(list)
}

/// The entries that hold a real offset.
fn offsets(list: &TopicPartitionList) -> BTreeMap<TopicPartition, i64> {
    let elements = list.elements();
    let known = elements.iter().filter_map(|element| match element.offset() {
        Offset::Offset(offset) if element.error().is_ok() => {
            Some((TopicPartition::new(&element.topic().into(), element.partition()), offset))
        }
        _ => None,
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_leader_that_moves_is_waited_for_and_nothing_else() {
        let asked = Cell::new(0);
        let moving = || {
            asked.set(asked.get() + 1);
            match asked.get() {
                3 => Ok("offsets"),
                _ => Err(ClientError::MetadataFetch(RDKafkaErrorCode::NotLeaderForPartition)),
            }
        };
        assert_eq!(patiently(moving).unwrap(), "offsets");
        asked.set(0);
        let forbidden = || {
            asked.set(asked.get() + 1);
            Err::<(), _>(ClientError::MetadataFetch(RDKafkaErrorCode::TopicAuthorizationFailed))
        };
        assert!(patiently(forbidden).is_err());
        assert_eq!(asked.get(), 1);
    }
}
