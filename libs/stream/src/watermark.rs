//! Event time of one source task: the least watermark of its partitions that are not idle.

use event::{Partition, Position, Watermark};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What a source task says of its event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventTime {
    At(Watermark),
    /// Every partition is idle: this task does not hold others back.
    Idle,
}

/// The watermark per partition, as kept in snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PartitionWatermarks(pub BTreeMap<Partition, Watermark>);

struct Progress {
    watermark: Watermark,
    /// When an idle partition may be left out; `None` while it has records to read.
    idle_from: Option<Instant>,
}

pub(crate) struct WatermarkTracker {
    partitions: BTreeMap<Partition, Progress>,
    idle_timeout: Option<Duration>,
    ended: bool,
}

impl WatermarkTracker {
    pub fn new(start: &Position, saved: &PartitionWatermarks, idle_timeout: Option<Duration>) -> Self {
        let mut tracker = Self { partitions: BTreeMap::new(), idle_timeout, ended: false };
        for partition in start.0.keys() {
            let watermark = saved.0.get(partition).copied().unwrap_or(Watermark::MIN);
            tracker.partitions.insert(partition.clone(), Progress { watermark, idle_from: None });
        }
        tracker
    }

    pub fn discovered(&mut self, partitions: &Position) {
        for partition in partitions.0.keys() {
            let new = Progress { watermark: Watermark::MIN, idle_from: None };
            self.partitions.entry(partition.clone()).or_insert(new);
        }
    }

    /// `partition` had records; the greatest watermark among them, if any row had one.
    pub fn advance(&mut self, partition: &Partition, watermark: Option<Watermark>) {
        let new = || Progress { watermark: Watermark::MIN, idle_from: None };
        let progress = self.partitions.entry(partition.clone()).or_insert_with(new);
        progress.idle_from = None;
        progress.watermark = progress.watermark.max(watermark.unwrap_or(Watermark::MIN));
    }

    pub fn caught_up(&mut self, partition: &Partition, now: Instant) {
        if let (Some(progress), Some(timeout)) = (self.partitions.get_mut(partition), self.idle_timeout) {
            progress.idle_from.get_or_insert(now + timeout);
        }
    }

    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Where event time is at `now`.
    pub fn event_time(&self, now: Instant) -> EventTime {
        if self.ended {
            return EventTime::At(Watermark::MAX);
        }
        let active = self.partitions.values().filter(|p| p.idle_from.is_none_or(|from| from > now));
        match active.map(|p| p.watermark).min() {
            Some(watermark) => EventTime::At(watermark),
            // A task without partitions has nothing to wait for either.
            None => EventTime::Idle,
        }
    }

    /// The least watermark of the partitions besides `partition` that are not idle at `now`.
    pub fn others(&self, partition: &Partition, now: Instant) -> Option<Watermark> {
        let others = self.partitions.iter().filter(|(other, _)| *other != partition).map(|(_, p)| p);
        others.filter(|p| p.idle_from.is_none_or(|from| from > now)).map(|p| p.watermark).min()
    }

    /// Where event time is in one partition.
    pub fn of(&self, partition: &Partition) -> Watermark {
        self.partitions.get(partition).map_or(Watermark::MIN, |progress| progress.watermark)
    }

    /// When [`Self::event_time`] may change without a record: the next partition turns idle.
    pub fn next_change(&self, now: Instant) -> Option<Instant> {
        if self.ended {
            return None;
        }
        self.partitions.values().filter_map(|p| p.idle_from).filter(|from| *from > now).min()
    }

    pub fn save(&self) -> PartitionWatermarks {
        PartitionWatermarks(
            self.partitions.iter().map(|(p, progress)| (p.clone(), progress.watermark)).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(names: &[&str]) -> Position {
        Position(names.iter().map(|n| (Partition::new(n), 0)).collect())
    }

    fn tracker(names: &[&str], idle_ms: Option<u64>) -> WatermarkTracker {
        let timeout = idle_ms.map(Duration::from_millis);
        WatermarkTracker::new(&start(names), &PartitionWatermarks::default(), timeout)
    }

    #[test]
    fn the_slowest_partition_holds_time_back_and_time_never_goes_back() {
        let now = Instant::now();
        let mut tracker = tracker(&["a", "b"], None);
        tracker.advance(&Partition::new("a"), Some(Watermark(100)));
        assert_eq!(tracker.event_time(now), EventTime::At(Watermark::MIN));
        tracker.advance(&Partition::new("b"), Some(Watermark(50)));
        tracker.advance(&Partition::new("b"), Some(Watermark(40)));
        assert_eq!(tracker.event_time(now), EventTime::At(Watermark(50)));
    }

    #[test]
    fn an_idle_partition_lets_go_and_holds_again_with_its_next_record() {
        let now = Instant::now();
        let mut tracker = tracker(&["a", "b"], Some(1000));
        tracker.advance(&Partition::new("a"), Some(Watermark(100)));
        tracker.caught_up(&Partition::new("b"), now);
        assert_eq!(tracker.event_time(now), EventTime::At(Watermark::MIN));
        let later = now + Duration::from_millis(1000);
        assert_eq!(tracker.next_change(now), Some(later));
        assert_eq!(tracker.event_time(later), EventTime::At(Watermark(100)));
        tracker.advance(&Partition::new("b"), Some(Watermark(70)));
        assert_eq!(tracker.event_time(later), EventTime::At(Watermark(70)));
    }

    #[test]
    fn without_a_timeout_a_silent_partition_waits_for_ever_until_the_end() {
        let now = Instant::now();
        let mut tracker = tracker(&["a"], None);
        tracker.caught_up(&Partition::new("a"), now);
        assert_eq!(tracker.event_time(now + Duration::from_secs(3600)), EventTime::At(Watermark::MIN));
        tracker.end();
        assert_eq!(tracker.event_time(now), EventTime::At(Watermark::MAX));
    }

    #[test]
    fn a_restored_task_continues_where_time_was() {
        let mut tracker = tracker(&["a"], None);
        tracker.advance(&Partition::new("a"), Some(Watermark(7)));
        let restored = WatermarkTracker::new(&start(&["a", "new"]), &tracker.save(), None);
        assert_eq!(restored.save().0[&Partition::new("a")], Watermark(7));
        assert_eq!(restored.event_time(Instant::now()), EventTime::At(Watermark::MIN));
    }
}
