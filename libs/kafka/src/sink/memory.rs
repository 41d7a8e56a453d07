//! What the sink remembers: one committed offset of a group of its own.
//!
//! The group `<pipeline>.<sink>` has no members; only transactions of this sink commit to it, for partition 0 of the
//! table's topic. The offset is the epoch, its metadata the rest, as JSON of some 300 bytes (brokers take 4096 unless
//! `offset.metadata.max.bytes` says otherwise). A topic that is deleted takes the offset along, and a group that is
//! silent for `offsets.retention.minutes` loses it: then a claim finds nothing, its token is 1, and a pipeline that
//! has snapshots refuses to go on rather than commit rows again. Every epoch, idle ones too, renews the offset.

use crate::KafkaError;
use event::Epoch;
use serde::{Deserialize, Serialize};
use stream::{Commit, Held, SinkCounters};

/// The metadata of the group's offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Rises with every claim, also with those this instance makes again. librdkafka does not tell the producer's own
    /// epoch, which fences; this number and `writer` tell who it was.
    pub token: u64,
    /// Names one instance of the sink; what is fenced by another writer must stop, what is fenced by a timeout of the
    /// broker may go on.
    pub writer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    #[serde(default)]
    pub counters: SinkCounters,
}

impl Memory {
    /// The memory of a sink that was never claimed.
    pub fn first(writer: &str) -> Self {
        Self { token: 1, writer: writer.into(), held: None, counters: SinkCounters::default() }
    }

    /// What the next claim writes.
    pub fn claimed_by(self, writer: &str) -> Self {
        Self { token: self.token + 1, writer: writer.into(), ..self }
    }

    /// What committing an epoch writes.
    pub fn after(&self, commit: &Commit, committed: u64, refused: u64) -> Self {
        Self {
            held: Some(commit.into()),
            counters: SinkCounters {
                committed: self.counters.committed + committed,
                superseded: 0,
                refused: self.counters.refused + refused,
            },
            ..self.clone()
        }
    }

    pub fn epoch(&self) -> Epoch {
        self.held.as_ref().map_or(Epoch(0), |held| held.epoch)
    }

    /// The offset and its metadata.
    pub fn to_offset(&self) -> Result<(i64, String), KafkaError> {
        let offset = i64::try_from(self.epoch().0).map_err(|e| KafkaError::Internal(e.to_string()))?;
        let text = serde_json::to_string(self).map_err(|e| KafkaError::Internal(e.to_string()))?;
        Ok((offset, text))
    }

    /// Reads what `to_offset` wrote.
    pub fn from_offset(group: &str, offset: i64, metadata: &str) -> Result<Self, KafkaError> {
        let foreign = |why: String| {
            KafkaError::Contradiction(format!(
                "group '{group}' has offset {offset}, which this sink did not commit ({why}): do not use the group \
                 for anything else, or choose another --pipeline"
            ))
        };
        let memory: Self = serde_json::from_str(metadata).map_err(|error| foreign(error.to_string()))?;
        match memory.epoch().0 == offset.max(0) as u64 && offset >= 0 {
            true => Ok(memory),
            false => Err(foreign(format!("its metadata says epoch {}", memory.epoch()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::SnapshotId;

    fn commit(generation: u64, epoch: u64, snapshot: &str) -> Commit {
        Commit { generation, epoch: Epoch(epoch), snapshot: SnapshotId(snapshot.into()) }
    }

    #[test]
    fn an_offset_is_read_back_and_a_foreign_one_is_refused() {
        let claimed = Memory::first("w1").claimed_by("w2");
        assert_eq!((claimed.token, claimed.writer.as_str(), claimed.epoch()), (2, "w2", Epoch(0)));
        let name = format!("{}-g1-e7-0123456789abcdef-{}.snapshot", "p".repeat(200), "c".repeat(64));
        let memory = claimed.after(&commit(1, 7, &name), 40, 2).after(&commit(1, 8, &name), 1, 0);
        assert_eq!((memory.counters.committed, memory.counters.refused), (41, 2));
        let (offset, text) = memory.to_offset().unwrap();
        assert!(offset == 8 && text.len() < 1024, "{offset} {}", text.len());
        assert_eq!(Memory::from_offset("g", offset, &text).unwrap(), memory);
        for (offset, text) in [(9, text.as_str()), (8, ""), (8, "{}")] {
            let error = Memory::from_offset("p.orders", offset, text).unwrap_err().to_string();
            assert!(error.contains("p.orders") && error.contains("--pipeline"), "{error}");
        }
    }
}
