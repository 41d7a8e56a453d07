//! Seeded events with everything that real ones have: few keys with most of the traffic, disorder within a bound,
//! duplicates, and records that cannot be read.
//!
//! ```
//! use testkit::generate::{Domain, Events, Shape};
//!
//! let shape = Shape { records: 1_000, poison: 0.01, ..Shape::seeded(7) };
//! let events: Vec<_> = Events::new(Domain::Orders, shape).collect();
//! let good = events.iter().filter(|event| event.row.is_some()).count();
//! assert!(good < events.len());
//! ```
//!
//! Each event is a JSON line, and beside it the same facts as a CSV row, so that an oracle can be loaded by COPY into a
//! table of [`Domain::columns`].

mod domain;

pub use domain::Domain;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many events, how they are spread, and what is wrong with them.
#[derive(Clone, Debug)]
pub struct Shape {
    pub seed: u64,
    /// Different events. Duplicates and poison come on top.
    pub records: u64,
    pub keys: u32,
    /// 1 spreads events evenly over keys; 3 gives the first tenth of the keys almost half of them.
    pub skew: f64,
    /// Event time of the first, in ms since the Unix epoch.
    pub start_ms: i64,
    /// Mean time between two events; the real one is up to twice as long.
    pub step_ms: i64,
    /// An event comes at most this much later than its time says.
    pub disorder_ms: i64,
    /// Share of events that come twice, within the bound of the disorder.
    pub duplicates: f64,
    /// Poison records for one event.
    pub poison: f64,
}

impl Shape {
    /// 10,000 events of 100 keys from 2026-01-01 on, five a second, in order, each once, all of them good.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            records: 10_000,
            keys: 100,
            skew: 2.0,
            start_ms: 1_767_225_600_000,
            step_ms: 200,
            disorder_ms: 0,
            duplicates: 0.0,
            poison: 0.0,
        }
    }
}

/// One record to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Rises with event time, from 0. A duplicate has that of its original.
    pub id: u64,
    pub key: String,
    pub event_ms: i64,
    /// What to send: a line of JSON, or poison.
    pub line: String,
    /// The same as a CSV row; `None` for poison.
    pub row: Option<String>,
    pub duplicate: bool,
}

/// Events in the order in which they arrive. The same shape gives the same events.
pub struct Events {
    domain: Domain,
    shape: Shape,
    random: StdRng,
    next_id: u64,
    now_ms: i64,
    /// By arrival; what arrived before the present is given out.
    waiting: BinaryHeap<Reverse<Waiting>>,
    made: u64,
}

/// Ordered by arrival, then by making.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    arrival_ms: i64,
    number: u64,
    event: WaitingEvent,
}

/// Never compared: numbers differ.
struct WaitingEvent(Event);

impl PartialEq for WaitingEvent {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for WaitingEvent {}

impl PartialOrd for WaitingEvent {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WaitingEvent {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Events {
    /// Prints the seed.
    pub fn new(domain: Domain, shape: Shape) -> Self {
        println!("{} {} of seed {}", shape.records, domain.name(), shape.seed);
        let (random, now_ms) = (StdRng::seed_from_u64(shape.seed), shape.start_ms);
        Self { domain, shape, random, next_id: 0, now_ms, waiting: BinaryHeap::new(), made: 0 }
    }

    fn make(&mut self) {
        let shape = &self.shape;
        let at = self.random.random::<f64>().powf(shape.skew) * f64::from(shape.keys);
        let key_number = (at as u32).min(shape.keys.saturating_sub(1));
        let (key, line, row) = self.domain.record(&mut self.random, self.next_id, key_number, self.now_ms);
        let event =
            Event { id: self.next_id, key, event_ms: self.now_ms, line, row: Some(row), duplicate: false };
        if self.random.random_bool(self.shape.duplicates) {
            self.wait(Event { duplicate: true, ..event.clone() });
        }
        if self.random.random_bool(self.shape.poison) {
            let line = poison(&mut self.random, &event.line);
            self.wait(Event { line, row: None, ..event.clone() });
        }
        self.wait(event);
        self.next_id += 1;
        self.now_ms += self.random.random_range(0..=self.shape.step_ms * 2);
    }

    fn wait(&mut self, event: Event) {
        let late_ms = self.random.random_range(0..=self.shape.disorder_ms);
        let waiting =
            Waiting { arrival_ms: event.event_ms + late_ms, number: self.made, event: WaitingEvent(event) };
        self.made += 1;
        self.waiting.push(Reverse(waiting));
    }
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.next_id < self.shape.records
            && self.waiting.peek().is_none_or(|Reverse(first)| first.arrival_ms >= self.now_ms)
        {
            self.make();
        }
        self.waiting.pop().map(|Reverse(first)| first.event.0)
    }
}

/// A record that no reader of the domain can read.
fn poison(random: &mut StdRng, line: &str) -> String {
    match random.random_range(0..4) {
        0 => line[..line.len() / 2].to_owned(),
        1 => "not json at all".to_owned(),
        2 => "[1, 2, 3]".to_owned(),
        _ => line.replace(r#""event_time":""#, r#""event_time":"yesterday "#),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const ALL: [Domain; 4] = [Domain::Orders, Domain::Payments, Domain::Clicks, Domain::SensorReadings];

    fn shape() -> Shape {
        Shape { records: 5_000, disorder_ms: 3_000, duplicates: 0.1, poison: 0.02, ..Shape::seeded(11) }
    }

    #[test]
    fn the_same_seed_gives_the_same_events() {
        for domain in ALL {
            assert!(Events::new(domain, shape()).eq(Events::new(domain, shape())));
            assert!(!Events::new(domain, shape()).eq(Events::new(domain, Shape { seed: 12, ..shape() })));
        }
    }

    #[test]
    fn disorder_keeps_to_its_bound_and_is_there() {
        let (mut newest_ms, mut late) = (i64::MIN, 0);
        for event in Events::new(Domain::Orders, shape()) {
            newest_ms = newest_ms.max(event.event_ms);
            late += i64::from(event.event_ms < newest_ms);
            assert!(newest_ms - event.event_ms <= 3_000, "{} ms late", newest_ms - event.event_ms);
        }
        assert!(late > 1_000, "{late}");
        let mut in_order = Events::new(Domain::Orders, Shape::seeded(1)).map(|event| event.id);
        assert!((0..10_000).all(|id| in_order.next() == Some(id)));
    }

    #[test]
    fn shares_are_about_what_was_asked_for() {
        for domain in ALL {
            let events: Vec<Event> = Events::new(domain, shape()).collect();
            let poison = events.iter().filter(|event| event.row.is_none()).count();
            let duplicates = events.iter().filter(|event| event.duplicate).count();
            assert!((50..200).contains(&poison) && (300..700).contains(&duplicates), "{poison} {duplicates}");
            assert_eq!(events.len(), 5_000 + poison + duplicates);
            let mut keys = BTreeMap::<&str, u32>::new();
            for event in &events {
                *keys.entry(&event.key).or_default() += 1;
            }
            let most = keys.values().max().copied().unwrap_or(0);
            assert!(keys.len() > 80 && most > 250, "{} keys, {most} of one", keys.len());
        }
    }

    /// Goal: rows say what lines say, and have the columns of the table.
    #[test]
    fn lines_and_rows_agree() {
        for domain in ALL {
            for event in Events::new(domain, shape()).take(200) {
                let Some(row) = &event.row else { continue };
                let columns = domain.columns().split(", ").count();
                assert_eq!(row.split(',').count(), columns, "{row}");
                for field in row.split(',') {
                    assert!(event.line.contains(field), "{field} is not in {}", event.line);
                }
                assert!(event.line.contains(&event.key), "{}", event.line);
            }
        }
    }
}
