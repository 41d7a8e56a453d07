//! Where each partition begins: by the start-up mode, or exactly where a position says.

use crate::KafkaError;
use crate::cluster::{Bounds, Cluster};
use crate::options::{Reset, Startup};
use crate::partition::{Spread, TopicPartition};
use event::Position;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A partition with its resolved start and what was there at that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub partition: TopicPartition,
    /// Always a number, never "earliest": the same after any restart.
    pub offset: i64,
    pub bounds: Bounds,
}

/// Resolves the start of every partition of `topics` that falls to `spread`. Blocking.
pub(crate) fn resolve(
    cluster: &Cluster,
    topics: &[Arc<str>],
    spread: Spread,
    startup: &Startup,
    from: Option<&Position>,
) -> Result<Vec<Start>, KafkaError> {
    let mut own = Vec::new();
    for topic in topics {
        let partitions = cluster.partitions(topic)?;
        let missing =
            || KafkaError::TopicGone { topic: topic.to_string(), reason: "it was there a moment ago".into() };
        own.extend(partitions.ok_or_else(missing)?.into_iter().filter(|partition| spread.owns(partition)));
    }
    if let Some(from) = from {
        still_there(&own, topics, spread, from)?;
    }
    let mut bounds = BTreeMap::new();
    for partition in &own {
        bounds.insert(partition.clone(), cluster.bounds(partition)?);
    }
    let offsets = match from {
        Some(from) => resume(&bounds, from)?,
        None => begin(cluster, startup, &own, &bounds)?,
    };
    let start = |(partition, bounds): (TopicPartition, Bounds)| {
        let offset = offsets.get(&partition).copied().unwrap_or(bounds.low);
        Start { partition, offset, bounds }
    };
    Ok(bounds.into_iter().map(start).collect())
}

/// A partition of ours that the position names but the topic lacks means that records are gone.
fn still_there(
    own: &[TopicPartition],
    topics: &[Arc<str>],
    spread: Spread,
    from: &Position,
) -> Result<(), KafkaError> {
    let named = from.0.keys().filter_map(TopicPartition::parse);
    // A topic the script no longer names is its author's decision.
    let mut ours = named.filter(|p| topics.contains(&p.topic) && spread.owns(p));
    match ours.find(|partition| !own.contains(partition)) {
        Some(partition) => Err(KafkaError::PartitionGone { partition }),
        None => Ok(()),
    }
}

/// Exactly where the position says; partitions it does not name are new and begin at their beginning.
fn resume(
    bounds: &BTreeMap<TopicPartition, Bounds>,
    from: &Position,
) -> Result<BTreeMap<TopicPartition, i64>, KafkaError> {
    let mut offsets = BTreeMap::new();
    for (partition, bounds) in bounds {
        let Some(offset) = from.0.get(&partition.name()).copied() else { continue };
        within(partition, offset, *bounds)?;
        offsets.insert(partition.clone(), offset);
    }
    Ok(offsets)
}

fn within(partition: &TopicPartition, offset: i64, bounds: Bounds) -> Result<(), KafkaError> {
    let partition = || partition.clone();
    if offset < bounds.low {
        return Err(KafkaError::OffsetExpired { partition: partition(), offset, low: bounds.low });
    }
    if offset > bounds.high {
        return Err(KafkaError::OffsetAhead { partition: partition(), offset, high: bounds.high });
    }
    Ok(())
}

/// By the start-up mode; partitions left out begin at their beginning.
fn begin(
    cluster: &Cluster,
    startup: &Startup,
    own: &[TopicPartition],
    bounds: &BTreeMap<TopicPartition, Bounds>,
) -> Result<BTreeMap<TopicPartition, i64>, KafkaError> {
    let ends = || bounds.iter().map(|(partition, bounds)| (partition.clone(), bounds.high));
    match startup {
        Startup::Earliest => Ok(BTreeMap::new()),
        Startup::Latest => Ok(ends().collect()),
        Startup::Timestamp(time_ms) => {
            let mut offsets: BTreeMap<_, _> = ends().collect();
            offsets.extend(cluster.at_time(own, *time_ms)?);
            Ok(offsets)
        }
        Startup::Group { group, otherwise } => {
            let committed = cluster.committed(own)?;
            let mut offsets = BTreeMap::new();
            for (partition, bounds) in bounds {
                let offset = match (committed.get(partition), otherwise) {
                    (Some(offset), _) => {
                        within(partition, *offset, *bounds)?;
                        *offset
                    }
                    (None, Some(Reset::Earliest)) => bounds.low,
                    (None, Some(Reset::Latest)) => bounds.high,
                    (None, None) => {
                        let (group, partition) = (group.clone(), partition.clone());
                        return Err(KafkaError::NoCommittedOffset { group, partition });
                    }
                };
                offsets.insert(partition.clone(), offset);
            }
            Ok(offsets)
        }
        Startup::Specific { offsets: chosen, group } => {
            let mut offsets = match group {
                Some(_) => cluster.committed(own)?,
                None => BTreeMap::new(),
            };
            for partition in own {
                if let Some(offset) = chosen.get(&partition.partition) {
                    offsets.insert(partition.clone(), *offset);
                }
            }
            for (partition, offset) in &offsets {
                within(partition, *offset, bounds[partition])?;
            }
            Ok(offsets)
        }
    }
}
