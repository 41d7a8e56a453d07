//! Holds a producer back so that the mock broker never drops a record nobody has read.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Default bound on what a partition may hold unread, in bytes as the pacer counts them. The mock broker keeps 5 MiB
/// of record batches per partition and drops the oldest beyond that.
pub const PARTITION_UNREAD_BYTES_MAX: u64 = 2_000_000;

/// What a record may cost beyond its key and value: a batch of one record has a header of 61 bytes, and the record's
/// own fields take up to 20.
const RECORD_OVERHEAD_BYTES: u64 = 81;

/// Lets a producer run ahead of its consumer by a bounded number of bytes per partition.
///
/// - The producer calls [`Pacer::admit`] before each record it sends, and sends what it admitted, in that order.
/// - The consumer's side reports [`Pacer::consumed`]. What must survive a restart of the consumer is what it
///   *committed*; report that instead of the read position where restarts shall lose nothing.
/// - One producer per partition: the pacer derives offsets by counting.
#[derive(Debug)]
pub struct Pacer {
    bound_bytes: u64,
    partitions: Mutex<HashMap<i32, Partition>>,
    progressed: Notify,
}

#[derive(Debug, Default)]
struct Partition {
    /// Offset of the next admitted record.
    next_offset: i64,
    /// Charges of the admitted, unread records, oldest first: the last is that of `next_offset - 1`.
    unread: VecDeque<u32>,
    unread_bytes: u64,
}

impl Pacer {
    /// A pacer for empty partitions with at most `bound_bytes` unread in each.
    pub fn new(bound_bytes: u64) -> Self {
        Self { bound_bytes, partitions: Mutex::default(), progressed: Notify::new() }
    }

    /// Says that the next record of `partition` gets offset `next_offset`, for a partition that held records before.
    /// Those count as read. Call it before the first `admit`.
    pub fn starts_at(&self, partition: i32, next_offset: i64) {
        let fresh = Partition { next_offset, ..Partition::default() };
        self.locked().insert(partition, fresh);
    }

    /// Waits until a record of `bytes` (key and value) may be sent to `partition`, and counts it as sent. A record
    /// larger than the bound is let through once nothing else is unread.
    ///
    /// # Cancel safety
    /// Dropping the future admits nothing.
    pub async fn admit(&self, partition: i32, bytes: usize) {
        loop {
            let progress = self.progressed.notified();
            tokio::pin!(progress);
            // Listening before looking: progress in between is not missed.
            progress.as_mut().enable();
            if self.try_admit(partition, bytes) {
                return;
            }
            progress.await;
        }
    }

    /// Like `admit`, without waiting: false when the partition holds too much unread.
    pub fn try_admit(&self, partition: i32, bytes: usize) -> bool {
        let charge = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(RECORD_OVERHEAD_BYTES);
        let mut partitions = self.locked();
        let state = partitions.entry(partition).or_default();
        if state.unread_bytes > 0 && state.unread_bytes.saturating_add(charge) > self.bound_bytes {
            return false;
        }
        // Records are far below 4 GiB: the broker refuses more than a few megabytes.
        let charge = u32::try_from(charge).unwrap_or(u32::MAX);
        state.next_offset += 1;
        state.unread.push_back(charge);
        state.unread_bytes += u64::from(charge);
        true
    }

    /// Everything before `next_offset` of `partition` needs no second reading. Never goes back.
    pub fn consumed(&self, partition: i32, next_offset: i64) {
        let mut partitions = self.locked();
        let Some(state) = partitions.get_mut(&partition) else { return };
        // A report beyond our count means that someone else produced too: go on from what is true.
        state.next_offset = state.next_offset.max(next_offset);
        let still_unread = usize::try_from(state.next_offset - next_offset).unwrap_or(0);
        let mut freed = false;
        while state.unread.len() > still_unread {
            state.unread_bytes -= state.unread.pop_front().map_or(0, u64::from);
            freed = true;
        }
        drop(partitions);
        if freed {
            self.progressed.notify_waiters();
        }
    }

    /// Bytes admitted to `partition` and not yet reported as consumed.
    pub fn unread_bytes(&self, partition: i32) -> u64 {
        self.locked().get(&partition).map_or(0, |state| state.unread_bytes)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<i32, Partition>> {
        // A panic elsewhere leaves counts that are still usable.
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    const RECORD: u64 = 100 + RECORD_OVERHEAD_BYTES;

    /// Goal: partitions are bounded apart, and progress frees exactly what was read.
    #[test]
    fn unread_bytes_are_bounded_per_partition() {
        let pacer = Pacer::new(2 * RECORD);
        assert!(pacer.try_admit(0, 100) && pacer.try_admit(0, 100));
        assert!(!pacer.try_admit(0, 100));
        assert!(pacer.try_admit(1, 100));
        pacer.consumed(0, 1);
        assert_eq!(pacer.unread_bytes(0), RECORD);
        pacer.consumed(0, 0);
        assert_eq!(pacer.unread_bytes(0), RECORD, "progress never goes back");
        assert!(pacer.try_admit(0, 100) && !pacer.try_admit(0, 100));
        pacer.consumed(0, 99);
        assert_eq!(pacer.unread_bytes(0), 0, "a report beyond our count frees all");
    }

    /// Goal: a record above the bound is not held for ever, and records of earlier runs count as read.
    #[test]
    fn a_large_record_passes_alone() {
        let pacer = Pacer::new(50);
        pacer.starts_at(0, 1_000);
        assert!(pacer.try_admit(0, 10_000));
        assert!(!pacer.try_admit(0, 1));
        pacer.consumed(0, 1_000);
        assert!(!pacer.try_admit(0, 1));
        pacer.consumed(0, 1_001);
        assert!(pacer.try_admit(0, 1));
    }

    /// Goal: a waiting producer goes on when the consumer has.
    #[tokio::test]
    async fn progress_wakes_the_producer() {
        let pacer = Arc::new(Pacer::new(RECORD));
        pacer.admit(0, 100).await;
        let waiting = tokio::spawn({
            let pacer = Arc::clone(&pacer);
            async move { pacer.admit(0, 100).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        pacer.consumed(0, 1);
        tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
    }
}
