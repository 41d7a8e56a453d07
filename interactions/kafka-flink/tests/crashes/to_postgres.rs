//! Kafka → PostgreSQL: every record once in a table without a key, and windows as PostgreSQL itself computes them.

use crate::faults::{Fault, strike_all};
use crate::job::Job;
use crate::tables;
use crate::world::World;

const SEED: u64 = 7_001;
const RECORDS: u64 = 400_000;

/// Rows as they are, with their origin; and one-second windows per key.
const SCRIPT: &str = "
EXECUTE STATEMENT SET BEGIN
INSERT INTO copied SELECT part, off, event_id, event_key, amount, event_time FROM events;
INSERT INTO per_key
SELECT window_start, event_key, COUNT(*), SUM(amount), MAX(amount)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, event_key;
END;";

/// Goal: rows of fault table 1, 3, 4, 5, 7 and 8 at once: nothing is lost, nothing is doubled, all is accounted for.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_in_postgresql() {
    let world = World::start("to_postgres").await;
    world.database.run(tables::COPIED).await;
    world.database.run(tables::PER_KEY).await;
    let script =
        [tables::events(&world), tables::copied(&world), tables::per_key(&world), SCRIPT.into()].concat();
    let mut job = Job::start(&world, &script, SEED, RECORDS).await;
    let mut faults = vec![Fault::Kill; 8];
    faults.extend([Fault::BrokerKill, Fault::DatabaseKill, Fault::DatabaseKill, Fault::BrokerReset]);
    faults.extend([Fault::DatabaseReset, Fault::CommitReplyLost, Fault::CommitReplyLost, Fault::Slow]);
    strike_all(&world, &mut job, &faults, SEED).await;
    let log = job.finish().await;
    world.load_truth(&log).await;
    world.assert_copied().await;
    world.assert_windows(job.late()).await;
    job.report("Kafka to PostgreSQL", faults.len(), SEED);
}
