//! The load: messages that are due at fixed moments, whatever becomes of those before.

use super::clock::RunClock;
use super::murmur2::partition_of;
use crate::sample::of_kafka;
use devservices::Pacer;
use kafka::Producer;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use service::Failure;
use std::fmt::Write as _;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Distinct keys, so that partitions fill evenly.
const KEYS: usize = 1_000;
/// Key and value of one message at most: what a paced broker is asked room for.
const MESSAGE_BYTES_MAX: usize = 160;

/// What is sent, and when.
#[derive(Clone, Debug)]
pub struct Plan {
    pub topic: String,
    pub partitions: u32,
    pub per_second: u32,
    /// `None`: until a stop.
    pub messages: Option<u64>,
    pub seed: u64,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Messages that were due until the end.
    pub due: u64,
    /// Messages handed to the client.
    pub sent: u64,
    pub begun_us: i64,
    /// When the last one was due.
    pub last_due_us: i64,
    /// When the last one was handed over.
    pub ended_us: i64,
}

impl Plan {
    /// When message number `seq` is due, in µs after the first.
    pub fn due_after_us(&self, seq: u64) -> i64 {
        (u128::from(seq) * 1_000_000 / u128::from(self.per_second)) as i64
    }

    /// How many are due `elapsed_us` after the first.
    pub fn due_until(&self, elapsed_us: i64) -> u64 {
        let elapsed = u128::from(elapsed_us.max(0).unsigned_abs());
        let due = (elapsed * u128::from(self.per_second) / 1_000_000) as u64 + 1;
        self.messages.map_or(due, |all| all.min(due))
    }
}

/// A run of the plan.
pub struct Load {
    pub plan: Plan,
    pub producer: Arc<Producer>,
    /// Where the broker drops what is not read in time.
    pub pacer: Option<Arc<Pacer>>,
    pub clock: RunClock,
    /// When the first message is due.
    pub begun_us: i64,
}

impl Load {
    /// Sends until the plan is done or `stop`; then whatever was due by that moment is still sent. `give_up` ends it at
    /// once.
    pub async fn send(&self, stop: &CancellationToken, give_up: &CancellationToken) -> Result<Sent, Failure> {
        let mut messages = Messages::new(&self.plan);
        let mut sent = Sent { begun_us: self.begun_us, ..Sent::default() };
        let mut limit = self.plan.messages.unwrap_or(u64::MAX);
        let (mut stopping, mut now_us) = (false, self.clock.now_us());
        while sent.sent < limit && !give_up.is_cancelled() {
            if !stopping && stop.is_cancelled() {
                stopping = true;
                limit = limit.min(self.plan.due_until(self.clock.now_us() - self.begun_us));
                continue;
            }
            let due_us = self.begun_us + self.plan.due_after_us(sent.sent);
            if due_us > now_us {
                now_us = self.clock.now_us();
            }
            if due_us > now_us {
                tokio::select! {
                    biased;
                    () = stop.cancelled(), if !stopping => {}
                    () = tokio::time::sleep_until(self.clock.until(due_us)) => {}
                }
                continue;
            }
            let sent_us = tokio::select! {
                biased;
                () = give_up.cancelled() => break,
                handed_over = self.one(&mut messages, sent.sent, due_us) => handed_over?,
            };
            sent = Sent { sent: sent.sent + 1, last_due_us: due_us, ended_us: sent_us, ..sent };
        }
        sent.due = self.plan.due_until(self.clock.now_us() - self.begun_us).min(limit).max(sent.sent);
        Ok(sent)
    }

    /// Hands one message to the client, when the broker has room for it; says when that was.
    async fn one(&self, messages: &mut Messages, seq: u64, due_us: i64) -> Result<i64, Failure> {
        let (key, partition) = messages.next();
        if let Some(pacer) = &self.pacer {
            pacer.admit(partition, MESSAGE_BYTES_MAX).await;
        }
        let sent_us = self.clock.now_us().max(due_us);
        let payload = messages.payload(seq, due_us, sent_us);
        let topic = &self.plan.topic;
        let done = self.producer.send(topic, Some(key.as_bytes()), Some(payload.as_bytes()), None).await;
        done.map_err(of_kafka)?;
        Ok(sent_us)
    }
}

/// Seeded keys and amounts.
struct Messages {
    random: StdRng,
    keys: Vec<(Arc<str>, i32)>,
    key: usize,
    payload: String,
}

impl Messages {
    fn new(plan: &Plan) -> Self {
        let key = |number| {
            let key = format!("key-{number}");
            let partition = partition_of(key.as_bytes(), plan.partitions);
            (key.into(), partition)
        };
        Self {
            random: StdRng::seed_from_u64(plan.seed),
            keys: (0..KEYS).map(key).collect(),
            key: 0,
            payload: String::with_capacity(MESSAGE_BYTES_MAX),
        }
    }

    /// The next key, and the partition it falls to.
    fn next(&mut self) -> (Arc<str>, i32) {
        self.key = self.random.random_range(0..KEYS);
        self.keys[self.key].clone()
    }

    fn payload(&mut self, seq: u64, due_us: i64, sent_us: i64) -> &str {
        let (key, _) = &self.keys[self.key];
        let amount = f64::from(self.random.random_range(0..100_000)) / 100.0;
        self.payload.clear();
        write!(
            self.payload,
            r#"{{"seq":{seq},"event_key":"{key}","amount":{amount},"due_us":{due_us},"sent_us":{sent_us}}}"#
        )
        .expect("writing to memory does not fail");
        debug_assert!(self.payload.len() + key.len() <= MESSAGE_BYTES_MAX);
        &self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(per_second: u32, messages: Option<u64>) -> Plan {
        Plan { topic: "t".into(), partitions: 4, per_second, messages, seed: 1 }
    }

    #[test]
    fn messages_are_due_at_even_distances_without_drift() {
        let plan = plan(15_000, None);
        assert_eq!((plan.due_after_us(0), plan.due_after_us(1)), (0, 66));
        assert_eq!(plan.due_after_us(15_000 * 60), 60_000_000);
        assert_eq!(plan.due_until(0), 1);
        assert_eq!(plan.due_until(999_999), 15_000);
    }

    #[test]
    fn no_more_are_due_than_planned() {
        assert_eq!(plan(10, Some(20)).due_until(60_000_000), 20);
    }

    #[test]
    fn equal_seeds_give_equal_messages() {
        let text = |seed| {
            let mut messages = Messages::new(&Plan { seed, ..plan(1, None) });
            let mut text = String::new();
            for seq in 0..50 {
                let (key, partition) = messages.next();
                text.push_str(&format!("{key} {partition} {}", messages.payload(seq, 1, 2)));
            }
            text
        };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn the_longest_message_fits_its_bound() {
        let mut messages = Messages::new(&plan(1, None));
        messages.key = KEYS - 1;
        let largest = messages.payload(u64::MAX, i64::MAX, i64::MAX).len() + "key-999".len();
        assert!(largest <= MESSAGE_BYTES_MAX, "{largest}");
    }
}
