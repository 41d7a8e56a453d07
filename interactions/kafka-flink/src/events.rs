//! Seeded events: equal seeds, equal events.

use rand::distr::{Distribution, weighted::WeightedIndex};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How far an event may come behind the newest one and still be in time, in ms.
const DISORDER_MS: i64 = 1_000;
/// How far a late event is behind, in ms: beyond every watermark and window of the shipped pipeline.
const LATE_MS: i64 = 2 * 86_400_000;

/// What the events look like.
#[derive(Clone, Debug)]
pub struct EventShape {
    pub seed: u64,
    pub keys: u32,
    /// Exponent of the keys' frequencies: 0 is even, 1 is Zipf's law.
    pub skew: f64,
    pub late_fraction: f64,
    pub bad_fraction: f64,
}

impl Default for EventShape {
    fn default() -> Self {
        Self { seed: 1, keys: 10, skew: 0.0, late_fraction: 0.0, bad_fraction: 0.0 }
    }
}

/// One event, ready for Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub key: String,
    pub payload: Vec<u8>,
}

/// The endless sequence of events of a shape.
pub struct Events {
    shape: EventShape,
    keys: WeightedIndex<f64>,
    random: StdRng,
    next_id: u64,
}

impl Events {
    pub fn new(shape: EventShape) -> Self {
        let weights = (1..=shape.keys).map(|rank| f64::from(rank).powf(-shape.skew));
        let keys =
            WeightedIndex::new(weights).expect("there is at least one key, and each has a positive weight");
        let random = StdRng::seed_from_u64(shape.seed);
        Self { shape, keys, random, next_id: 0 }
    }

    /// The next event; it happened at about `now_ms`, in ms since the Unix epoch.
    pub fn next(&mut self, now_ms: i64) -> Event {
        let id = self.next_id;
        self.next_id += 1;
        let key = format!("key-{}", self.keys.sample(&mut self.random));
        // Quarters are exact in binary: a sum is the same in whatever order an engine adds, and rows compare with `=`.
        let amount = f64::from(self.random.random_range(0..4_000)) / 4.0;
        let behind = self.random.random_range(0..DISORDER_MS);
        let (late, bad) = (self.random.random::<f64>(), self.random.random::<f64>());
        let late_ms = if late < self.shape.late_fraction { LATE_MS } else { 0 };
        let time = timestamp(now_ms - behind - late_ms);
        let mut payload =
            format!(r#"{{"event_id":{id},"event_key":"{key}","amount":{amount},"event_time":"{time}"}}"#)
                .into_bytes();
        if bad < self.shape.bad_fraction {
            payload.truncate(payload.len() / 2);
        }
        Event { key, payload }
    }
}

/// `2026-01-31 23:59:59.123Z`: how Flink's JSON format writes a TIMESTAMP_LTZ(3).
fn timestamp(ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(shape: EventShape, count: usize) -> Vec<Event> {
        let mut events = Events::new(shape);
        (0..count).map(|i| events.next(1_700_000_000_000 + i as i64)).collect()
    }

    #[test]
    fn equal_seeds_give_equal_events_and_others_do_not() {
        let shape = |seed| EventShape { seed, ..EventShape::default() };
        assert_eq!(events(shape(7), 100), events(shape(7), 100));
        assert_ne!(events(shape(7), 100), events(shape(8), 100));
    }

    #[test]
    fn the_first_event_reads_as_documented() {
        let first = events(EventShape::default(), 1).remove(0);
        let value: serde_json::Value = serde_json::from_slice(&first.payload).unwrap();
        assert_eq!(value["event_id"], 0);
        assert_eq!(value["event_key"], first.key.as_str());
        assert!(value["event_time"].as_str().unwrap().starts_with("2023-11-14 22:13:"));
    }

    #[test]
    fn shares_of_late_and_bad_events_are_about_right() {
        let shape = EventShape { late_fraction: 0.1, bad_fraction: 0.2, ..EventShape::default() };
        let events = events(shape, 10_000);
        let parsed = |e: &Event| serde_json::from_slice::<serde_json::Value>(&e.payload).ok();
        let bad = events.iter().filter(|e| parsed(e).is_none()).count();
        let late = events.iter().filter_map(parsed);
        let late = late.filter(|v| v["event_time"].as_str().unwrap().starts_with("2023-11-12")).count();
        assert!((1_800..2_200).contains(&bad), "{bad}");
        assert!((650..950).contains(&late), "{late}");
    }

    #[test]
    fn skew_makes_the_first_key_the_most_frequent() {
        let events = events(EventShape { skew: 1.0, ..EventShape::default() }, 10_000);
        let count = |key: &str| events.iter().filter(|e| e.key == key).count();
        assert!(count("key-0") > 3 * count("key-4"));
    }
}
