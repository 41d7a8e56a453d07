//! Raw records of one partition, gathered in one piece of memory.

use crate::native::{Message, c_name};
use crate::partition::TopicPartition;
use event::Partition;
use std::ffi::CString;
use std::sync::Arc;

/// Bytes after which a chunk is full, whatever the number of its records.
pub(crate) const CHUNK_BYTES_MAX: usize = 4 << 20;

/// A partition being read, with its name in every form that is needed.
#[derive(Debug)]
pub(crate) struct Slot {
    pub id: TopicPartition,
    pub name: Partition,
    pub c_topic: CString,
}

impl Slot {
    pub fn new(id: TopicPartition) -> Arc<Self> {
        let (name, c_topic) = (id.name(), c_name(&id.topic));
        Arc::new(Self { id, name, c_topic })
    }
}

/// Consecutive records of one partition, undecoded.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub slot: Arc<Slot>,
    pub offsets: Vec<i64>,
    /// In ms since 1970, -1: unknown; empty where no column needs them.
    pub timestamps: Vec<i64>,
    bytes: Vec<u8>,
    /// End of each value in `bytes`; a tombstone's has its highest bit set.
    ends: Vec<u64>,
    /// The partition's end as far as the client knew when it handed the chunk over.
    pub high_watermark: Option<i64>,
}

const TOMBSTONE: u64 = 1 << 63;

impl Chunk {
    pub fn new(slot: Arc<Slot>, rows: usize, bytes: usize) -> Self {
        Self {
            slot,
            offsets: Vec::with_capacity(rows),
            timestamps: Vec::new(),
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(rows),
            high_watermark: None,
        }
    }

    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    pub fn bytes_len(&self) -> usize {
        self.bytes.len()
    }

    /// The offset after the last record.
    pub fn next_offset(&self) -> Option<i64> {
        self.offsets.last().map(|last| last + 1)
    }

    pub fn push(&mut self, message: &Message<'_>, with_timestamp: bool) {
        if with_timestamp {
            self.timestamps.push(message.timestamp_ms());
        }
        self.push_value(message.offset(), message.payload());
    }

    pub fn push_value(&mut self, offset: i64, value: Option<&[u8]>) {
        self.offsets.push(offset);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let end = self.bytes.len() as u64;
        self.ends.push(if value.is_none() { end | TOMBSTONE } else { end });
    }

    /// Each record's offset and value; `None` is a tombstone.
    pub fn records(&self) -> impl Iterator<Item = (i64, Option<&[u8]>)> {
        let mut start = 0;
        self.offsets.iter().zip(&self.ends).map(move |(offset, end)| {
            let stop = (end & !TOMBSTONE) as usize;
            let value = &self.bytes[start..stop];
            start = stop;
            (*offset, (end & TOMBSTONE == 0).then_some(value))
        })
    }

    /// Forgets the records from `offset` on.
    pub fn truncate_at(&mut self, offset: i64) {
        let keep = self.offsets.partition_point(|at| *at < offset);
        self.offsets.truncate(keep);
        self.timestamps.truncate(keep);
        self.ends.truncate(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went_in() {
        let mut chunk = Chunk::new(Slot::new(TopicPartition::new(&Arc::from("t"), 0)), 0, 0);
        let records: [(i64, Option<&[u8]>); 4] =
            [(3, Some(b"one")), (4, None), (7, Some(b"")), (9, Some(b"four"))];
        for (offset, value) in records {
            chunk.push_value(offset, value);
        }
        assert_eq!(chunk.records().collect::<Vec<_>>(), records);
        assert_eq!(chunk.next_offset(), Some(10));
        chunk.truncate_at(8);
        assert_eq!(chunk.records().collect::<Vec<_>>(), records[..3]);
        chunk.truncate_at(0);
        assert_eq!((chunk.len(), chunk.next_offset()), (0, None));
    }
}
