//! Partitions by name, and which task reads which.

use event::Partition;
use std::fmt;
use std::sync::Arc;
use stream::TaskIndex;

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    pub topic: Arc<str>,
    pub partition: i32,
}

impl TopicPartition {
    pub fn new(topic: &Arc<str>, partition: i32) -> Self {
        Self { topic: topic.clone(), partition }
    }

    /// Its name in a position: `topic/3`.
    pub fn name(&self) -> Partition {
        Partition::new(self.to_string())
    }

    /// The inverse of [`TopicPartition::name`]; topic names hold no `/`.
    pub fn parse(name: &Partition) -> Option<Self> {
        let (topic, partition) = name.0.rsplit_once('/')?;
        Some(Self { topic: topic.into(), partition: partition.parse().ok()? })
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}

/// Spreads partitions over tasks: partition `p` of a lone topic goes to task `p % count`; with several topics each
/// begins at its own task, so that many topics of one partition do not all meet in task 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub task: TaskIndex,
    pub topics: usize,
}

impl Spread {
    /// Whether this task reads `partition`. A function of names alone: the same after every restart.
    pub fn owns(&self, partition: &TopicPartition) -> bool {
        let offset = if self.topics > 1 { fnv1a(partition.topic.as_bytes()) } else { 0 };
        let count = self.task.count.max(1) as u64;
        (offset % count + partition.partition as u64) % count == self.task.index as u64
    }
}

/// FNV-1a: stable over versions and machines, which the hasher of the standard library is not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(topics: &[&str], partitions: i32, count: usize) -> Vec<usize> {
        let mut owners = Vec::new();
        for topic in topics {
            for partition in 0..partitions {
                let partition = TopicPartition::new(&Arc::from(*topic), partition);
                let owning: Vec<usize> = (0..count)
                    .filter(|&index| {
                        Spread { task: TaskIndex { index, count }, topics: topics.len() }.owns(&partition)
                    })
                    .collect();
                assert_eq!(owning.len(), 1, "{partition} has one reader");
                owners.push(owning[0]);
            }
        }
        owners
    }

    #[test]
    fn a_lone_topic_goes_round_robin() {
        assert_eq!(owners(&["flights"], 5, 2), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn every_partition_of_many_topics_has_one_reader_and_they_spread() {
        let owners = owners(&["a", "b", "c", "d", "e", "f"], 1, 3);
        assert!(owners.iter().any(|owner| *owner != owners[0]), "{owners:?}");
    }

    #[test]
    fn names_survive_a_round_trip() {
        let partition = TopicPartition::new(&Arc::from("flights.v1"), 12);
        assert_eq!(partition.name().0.as_ref(), "flights.v1/12");
        assert_eq!(TopicPartition::parse(&partition.name()), Some(partition));
        assert_eq!(TopicPartition::parse(&Partition::new("flights")), None);
    }
}
