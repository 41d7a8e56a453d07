//! Kafka → PostgreSQL: every record once in a table without a key, and windows as PostgreSQL itself computes them.

use crate::faults::{Fault, strike_all};
use crate::job::Job;
use crate::services::{Services, with_services};
use crate::tables;
use crate::tally::Tally;
use crate::world::World;
use rand::SeedableRng;
use rand::rngs::StdRng;
use testkit::faults::seed_or;

const RECORDS: u64 = 400_000;
const FAULTS: [(Fault, usize); 7] = [
    (Fault::Kill, 8),
    (Fault::BrokerKill, 1),
    (Fault::DatabaseKill, 2),
    (Fault::BrokerReset, 1),
    (Fault::DatabaseReset, 1),
    (Fault::CommitReplyLost, 2),
    (Fault::Slow, 1),
];

/// Rows as they are, with their origin; and one-second windows per key.
const SCRIPT: &str = "
EXECUTE STATEMENT SET BEGIN
INSERT INTO copied SELECT part, off, event_id, event_key, amount, event_time FROM events;
INSERT INTO per_key
SELECT window_start, event_key, COUNT(*), SUM(amount), MAX(amount)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, event_key;
END;";

pub async fn run(services: &Services, seed: u64) -> Tally {
    let world = World::new(services, "to_postgres").await;
    world.database.run(tables::COPIED).await;
    world.database.run(tables::PER_KEY).await;
    let script =
        [tables::events(&world), tables::copied(&world), tables::per_key(&world), SCRIPT.into()].concat();
    let mut job = Job::start(&world, &script, seed);
    strike_all(&mut job, &FAULTS, &mut StdRng::seed_from_u64(seed)).await;
    let (log, tally) = job.finish(RECORDS).await;
    world.load_truth(&log).await;
    world.assert_copied().await;
    world.assert_windows().await;
    tally
}

/// Goal: rows of fault table 1, 3, 4, 5, 7 and 8 at once: nothing is lost, nothing is doubled, all is accounted for.
#[test]
fn nothing_is_lost_or_doubled_in_postgresql() {
    let seed = seed_or(7_001);
    let tally = with_services(async |services| run(services, seed).await);
    tally.say("Kafka to PostgreSQL", &format!("seed {seed}"));
}
