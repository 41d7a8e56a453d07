//! Kafka → Kafka by transactions: readers of committed records see every record once, in order per key.

use crate::faults::{Fault, strike_all};
use crate::job::Job;
use crate::services::{Services, with_services};
use crate::tables;
use crate::tally::Tally;
use crate::world::World;
use rand::SeedableRng;
use rand::rngs::StdRng;
use testkit::faults::seed_or;

const RECORDS: u64 = 300_000;
const FAULTS: [(Fault, usize); 4] =
    [(Fault::Kill, 8), (Fault::BrokerKill, 2), (Fault::BrokerReset, 2), (Fault::Slow, 1)];

const SCRIPT: &str = "INSERT INTO forwarded SELECT part, off, event_id, event_key, amount FROM events;";

pub async fn run(services: &Services, seed: u64) -> Tally {
    let world = World::new(services, "to_kafka").await;
    let script = [tables::events(&world), tables::forwarded(&world), SCRIPT.into()].concat();
    let mut job = Job::start(&world, &script, seed);
    strike_all(&mut job, &FAULTS, &mut StdRng::seed_from_u64(seed)).await;
    let (log, tally) = job.finish(RECORDS).await;
    world.assert_forwarded(&log).await;
    tally
}

/// Goal: rows of fault table 1, 3, 4, 7 and 8: a `read_committed` reader sees the multiset of the source.
#[test]
fn nothing_is_lost_or_doubled_in_kafka() {
    let seed = seed_or(7_002);
    let tally = with_services(async |services| run(services, seed).await);
    tally.say("Kafka to Kafka", &format!("seed {seed}"));
}
