//! What a cluster says of itself: its brokers, the partitions in need, and how far groups are behind.
//!
//! It asks and changes nothing: no group is joined, no topic is created by a question.

use crate::KafkaError;
use crate::cluster::{blocking, hopeless, refused, unreachable};
use crate::connection::{Connection, Session};
use crate::native::controller_id;
use crate::properties::for_consumer;
use crate::settings::KafkaSettings;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::Metadata;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Groups whose clients are kept between two looks; a client is some threads and connections.
const GROUPS_KEPT_MAX: usize = 32;

/// Which groups are asked for their lag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// Every one the brokers list.
    All,
    Named(Vec<String>),
}

/// A partition, named `topic/number`, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionInNeed {
    pub partition: String,
    /// No broker leads it: it can be neither read nor written.
    pub leaderless: bool,
    pub replicas: usize,
    pub in_sync: usize,
}

/// How far a group is behind the end of one topic, over all partitions it has committed an offset in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLag {
    pub group: String,
    pub topic: String,
    pub records: u64,
}

/// One look at a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterHealth {
    /// Numbers of the brokers that are up.
    pub brokers: Vec<i32>,
    /// Numbers of brokers that hold replicas and are not up.
    pub brokers_missing: Vec<i32>,
    /// Absent where none is elected, and on librdkafka's mock cluster.
    pub controller: Option<i32>,
    pub topics: usize,
    pub partitions: usize,
    pub in_need: Vec<PartitionInNeed>,
    pub groups: usize,
    pub lag: Vec<GroupLag>,
    /// Why lag is not known: a group, or listing all of them, with what the brokers said.
    pub unknown_lag: Vec<String>,
}

/// Looks at a cluster, again and again.
#[derive(Clone)]
pub struct Monitor {
    settings: KafkaSettings,
    connection: Arc<Connection>,
    consumer: Arc<BaseConsumer<Session>>,
    of_groups: Arc<Mutex<BTreeMap<String, Arc<BaseConsumer<Session>>>>>,
}

impl Monitor {
    /// Makes the client; nothing is reached yet.
    ///
    /// # Errors
    /// If the settings do not fit together.
    pub fn new(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let connection = Connection::new("monitor", &settings.brokers, settings.security.protocol.as_str());
        let consumer = Arc::new(client(settings, &connection, "ibb.monitor.unused")?);
        Ok(Self { settings: settings.clone(), connection, consumer, of_groups: Arc::default() })
    }

    /// One look, within `timeout` as a whole.
    ///
    /// # Errors
    /// If no broker answers in time, or the credentials are refused. A group that cannot be asked is no error: see
    /// [`ClusterHealth::unknown_lag`].
    pub async fn look(&self, groups: Groups, timeout: Duration) -> Result<ClusterHealth, KafkaError> {
        let monitor = self.clone();
        blocking(move || monitor.look_blocking(&groups, timeout)).await
    }

    fn look_blocking(&self, groups: &Groups, timeout: Duration) -> Result<ClusterHealth, KafkaError> {
        let deadline = Instant::now() + timeout;
        let metadata = self.metadata(deadline, timeout)?;
        self.connection.alive();
        let mut health = of_metadata(&metadata);
        let controller = controller_id(self.consumer.client(), left(deadline));
        health.controller = health.brokers.contains(&controller).then_some(controller);
        let names = match groups {
            Groups::Named(names) => names.clone(),
            Groups::All => self.group_names(deadline).unwrap_or_else(|reason| {
                health.unknown_lag.push(format!("groups cannot be listed: {reason}"));
                Vec::new()
            }),
        };
        health.groups = names.len();
        let partitions = all_partitions(&metadata);
        for group in &names {
            match self.lag(group, &partitions, deadline) {
                Ok(lag) => health.lag.extend(lag),
                Err(error) => health.unknown_lag.push(format!("{group}: {}", reason(&error))),
            }
        }
        let mut kept = self.of_groups.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|name, _| names.contains(name));
        while kept.len() > GROUPS_KEPT_MAX {
            kept.pop_last();
        }
        Ok(health)
    }

    /// Short at first, so that refused credentials are seen soon.
    fn metadata(&self, deadline: Instant, timeout: Duration) -> Result<Metadata, KafkaError> {
        let mut slice = Duration::from_millis(250);
        loop {
            if let Ok(metadata) = self.consumer.fetch_metadata(None, slice.min(left(deadline))) {
                return Ok(metadata);
            }
            // Errors come by way of the client's own queue.
            let _told = self.consumer.poll(Duration::ZERO);
            if let Some(error) = hopeless(&self.connection) {
                return Err(error);
            }
            if Instant::now() >= deadline {
                return Err(unreachable(&self.connection, timeout));
            }
            slice *= 2;
        }
    }

    fn group_names(&self, deadline: Instant) -> Result<Vec<String>, String> {
        let listed = self.consumer.fetch_group_list(None, left(deadline));
        let listed = listed.map_err(|cause| cause.to_string())?;
        Ok(listed.groups().iter().map(|group| group.name().to_owned()).collect())
    }

    /// The lag of one group, by topic; topics it has committed nothing in are left out.
    fn lag(
        &self,
        group: &str,
        partitions: &TopicPartitionList,
        deadline: Instant,
    ) -> Result<Vec<GroupLag>, KafkaError> {
        let client = self.of_group(group)?;
        let committed = client.committed_offsets(partitions.clone(), left(deadline));
        let committed =
            committed.map_err(|cause| KafkaError::client("asking for committed offsets", cause))?;
        let mut ends = TopicPartitionList::new();
        let mut at = BTreeMap::new();
        for element in committed.elements() {
            if let Offset::Offset(offset) = element.offset() {
                at.insert((element.topic().to_owned(), element.partition()), offset);
                // As a time, `End` means: the end.
                ends.add_partition_offset(element.topic(), element.partition(), Offset::End)
                    .map_err(|cause| KafkaError::client("asking for the ends of partitions", cause))?;
            }
        }
        if at.is_empty() {
            return Ok(Vec::new());
        }
        let ends = client.offsets_for_times(ends, left(deadline));
        let ends = ends.map_err(|cause| KafkaError::client("asking for the ends of partitions", cause))?;
        let mut by_topic: BTreeMap<String, u64> = BTreeMap::new();
        for element in ends.elements() {
            if let Err(cause) = element.error() {
                return Err(KafkaError::client("asking for the end of a partition", cause));
            }
            let key = (element.topic().to_owned(), element.partition());
            if let (Offset::Offset(end), Some(offset)) = (element.offset(), at.get(&key)) {
                *by_topic.entry(key.0).or_default() += u64::try_from(end - offset).unwrap_or(0);
            }
        }
        let lag = |(topic, records)| GroupLag { group: group.to_owned(), topic, records };
        Ok(by_topic.into_iter().map(lag).collect())
    }

    /// A group's offsets are told to a client of that name only; asking does not make it a member.
    fn of_group(&self, group: &str) -> Result<Arc<BaseConsumer<Session>>, KafkaError> {
        let mut kept = self.of_groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = kept.get(group) {
            return Ok(client.clone());
        }
        let made = Arc::new(client(&self.settings, &self.connection, group)?);
        kept.insert(group.to_owned(), made.clone());
        Ok(made)
    }
}

fn client(
    settings: &KafkaSettings,
    connection: &Arc<Connection>,
    group: &str,
) -> Result<BaseConsumer<Session>, KafkaError> {
    let mut config = settings.client_config(for_consumer);
    config.set("group.id", group);
    config.set("enable.auto.commit", "false");
    config.set("allow.auto.create.topics", "false");
    config.create_with_context(Session(connection.clone())).map_err(|cause| refused(connection, cause))
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

fn reason(error: &KafkaError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn of_metadata(metadata: &Metadata) -> ClusterHealth {
    let up: BTreeSet<i32> = metadata.brokers().iter().map(|broker| broker.id()).collect();
    let mut health = ClusterHealth { topics: metadata.topics().len(), ..ClusterHealth::default() };
    let mut missing = BTreeSet::new();
    for topic in metadata.topics() {
        for partition in topic.partitions() {
            health.partitions += 1;
            missing.extend(partition.replicas().iter().copied().filter(|id| !up.contains(id)));
            let (replicas, in_sync) = (partition.replicas().len(), partition.isr().len());
            let leaderless = partition.leader() < 0;
            if leaderless || in_sync < replicas {
                let partition = format!("{}/{}", topic.name(), partition.id());
                health.in_need.push(PartitionInNeed { partition, leaderless, replicas, in_sync });
            }
        }
    }
    health.brokers = up.into_iter().collect();
    health.brokers_missing = missing.into_iter().collect();
    health
}

/// Those of the brokers' own topics apart.
fn all_partitions(metadata: &Metadata) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for topic in metadata.topics().iter().filter(|topic| !topic.name().starts_with("__")) {
        for partition in topic.partitions() {
            list.add_partition(topic.name(), partition.id());
        }
    }
    list
}
