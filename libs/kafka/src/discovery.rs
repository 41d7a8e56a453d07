//! Looking for partitions that were added while we read.

use crate::KafkaError;
use crate::cluster::{Cluster, detached};
use crate::partition::{Spread, TopicPartition};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// A new partition and its beginning.
pub(crate) type Found = Vec<(TopicPartition, i64)>;

/// Looks every interval; the requests run beside the reading.
pub(crate) struct Discovery {
    cluster: Arc<Cluster>,
    topics: Arc<[Arc<str>]>,
    spread: Spread,
    known: BTreeSet<TopicPartition>,
    /// `None`: never look.
    interval: Option<Duration>,
    /// Made at the first wait, when a runtime is there.
    ticks: Option<Interval>,
    looking: Option<oneshot::Receiver<Result<Found, KafkaError>>>,
}

impl Discovery {
    pub fn new(
        cluster: Arc<Cluster>,
        topics: Arc<[Arc<str>]>,
        spread: Spread,
        known: BTreeSet<TopicPartition>,
        interval: Option<Duration>,
    ) -> Self {
        Self { cluster, topics, spread, known, interval, ticks: None, looking: None }
    }

    /// Waits until new partitions are found. A cluster that does not answer is asked again at the next turn.
    ///
    /// # Cancel safety
    /// A dropped future loses nothing: what runs goes on and is taken by the next call.
    pub async fn next(&mut self) -> Found {
        let Some(interval) = self.interval else { return std::future::pending().await };
        loop {
            if let Some(looking) = &mut self.looking {
                let result = looking.await;
                self.looking = None;
                match result {
                    Ok(Ok(found)) if found.is_empty() => {}
                    Ok(Ok(found)) => {
                        self.known.extend(found.iter().map(|(partition, _)| partition.clone()));
                        return found;
                    }
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "could not look for new partitions; will again")
                    }
                    Err(error) => {
                        tracing::debug!(%error, "looking for new partitions was cut short; will again")
                    }
                }
            }
            let ticks = self.ticks.get_or_insert_with(|| {
                let mut ticks = interval_at(Instant::now() + interval, interval);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                ticks
            });
            ticks.tick().await;
            self.looking = Some(self.look());
        }
    }

    fn look(&self) -> oneshot::Receiver<Result<Found, KafkaError>> {
        let (cluster, topics, spread) = (self.cluster.clone(), self.topics.clone(), self.spread);
        let known = self.known.clone();
        detached(move || {
            let mut found = Vec::new();
            for topic in topics.iter() {
                // A topic that is not there for a moment is no news; when it stays away the reading itself says so.
                let Some(partitions) = cluster.partitions(topic)? else { continue };
                for partition in partitions.into_iter().filter(|p| spread.owns(p) && !known.contains(p)) {
                    let low = cluster.bounds(&partition)?.low;
                    found.push((partition, low));
                }
            }
            Ok(found)
        })
    }
}
