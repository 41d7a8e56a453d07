//! Kafka → Kafka by transactions: readers of committed records see every record once, in order per key.

use crate::faults::{Fault, strike_all};
use crate::job::Job;
use crate::tables;
use crate::world::World;

const SEED: u64 = 7_002;
const RECORDS: u64 = 300_000;

const SCRIPT: &str = "INSERT INTO forwarded SELECT part, off, event_id, event_key, amount FROM events;";

/// Goal: rows of fault table 1, 3, 4, 7 and 8: a `read_committed` reader sees the multiset of the source.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_in_kafka() {
    let world = World::start("to_kafka").await;
    let script = [tables::events(&world), tables::forwarded(&world), SCRIPT.into()].concat();
    let mut job = Job::start(&world, &script, SEED, RECORDS).await;
    let mut faults = vec![Fault::Kill; 8];
    faults.extend([Fault::BrokerKill, Fault::BrokerKill, Fault::BrokerReset, Fault::BrokerReset]);
    faults.extend([Fault::Slow]);
    strike_all(&world, &mut job, &faults, SEED).await;
    let log = job.finish().await;
    world.assert_forwarded(&log).await;
    job.report("Kafka to Kafka", faults.len(), SEED);
}
