//! Kafka → PostgreSQL and Kafka from one script: the sinks hold the same epochs, whichever was torn off.

use crate::faults::{Fault, strike_all};
use crate::job::Job;
use crate::services::{Services, with_services};
use crate::tables;
use crate::tally::Tally;
use crate::world::World;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::ops::RangeInclusive;
use testkit::faults::seed_or;

const RECORDS: u64 = 300_000;

const SCRIPT: &str = "
EXECUTE STATEMENT SET BEGIN
INSERT INTO copied SELECT part, off, event_id, event_key, amount, event_time FROM events;
INSERT INTO forwarded SELECT part, off, event_id, event_key, amount FROM events;
END;";

const EVERY_EPOCH: RangeInclusive<u32> = 2..=6;
const AT_START: RangeInclusive<u32> = 1..=1;

/// Failpoint and at which of its passages it strikes.
const FAILPOINTS: [(&str, RangeInclusive<u32>); 16] = [
    ("snapshot.before_write", EVERY_EPOCH),
    ("snapshot.written", EVERY_EPOCH),
    ("snapshot.durable", EVERY_EPOCH),
    ("postgres.claimed", AT_START),
    ("postgres.staged", EVERY_EPOCH),
    ("postgres.before_commit", EVERY_EPOCH),
    ("postgres.committed", EVERY_EPOCH),
    // The first passage of the first epoch: PostgreSQL has committed it, Kafka has not.
    ("commit.one_sink", 1..=1),
    // Left behind by the one before: the second sink lags and catches up from the snapshot.
    ("restore.caught_up", AT_START),
    ("kafka.claimed", AT_START),
    ("kafka.produced", EVERY_EPOCH),
    ("kafka.before_commit", EVERY_EPOCH),
    ("kafka.committed", EVERY_EPOCH),
    ("sinks.claimed", AT_START),
    ("snapshot.restored", AT_START),
    ("epoch.committed", EVERY_EPOCH),
];
const FAULTS: [(Fault, usize); 4] =
    [(Fault::Kill, 8), (Fault::BrokerKill, 1), (Fault::DatabaseKill, 1), (Fault::CommitReplyLost, 1)];

pub async fn run(services: &Services, seed: u64) -> Tally {
    let world = World::new(services, "both").await;
    world.database.run(tables::COPIED).await;
    let tables = [tables::events(&world), tables::copied(&world), tables::forwarded(&world)];
    let script = [tables.concat(), SCRIPT.into()].concat();
    let mut random = StdRng::seed_from_u64(seed);
    let mut job = Job::start(&world, &script, seed);
    job.strike_at(FAILPOINTS.map(|(name, passages)| (name, random.random_range(passages)))).await;
    strike_all(&mut job, &FAULTS, &mut random).await;
    let (log, tally) = job.finish(RECORDS).await;
    world.load_truth(&log).await;
    world.assert_copied().await;
    world.assert_forwarded(&log).await;
    tally
}

/// Goal: PostgreSQL committed and Kafka not, or the other way round, at every failpoint and at random moments.
#[test]
fn two_sinks_of_one_script_agree() {
    let seed = seed_or(7_003);
    let tally = with_services(async |services| run(services, seed).await);
    tally.say("Kafka to PostgreSQL and Kafka", &format!("seed {seed}"));
}
