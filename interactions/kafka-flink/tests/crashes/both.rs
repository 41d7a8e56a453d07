//! Kafka → PostgreSQL and Kafka from one script: the sinks hold the same epochs, whichever was torn off.

use crate::faults::{Fault, strike_all};
use crate::job::Job;
use crate::tables;
use crate::world::World;

const SEED: u64 = 7_003;
const RECORDS: u64 = 300_000;

const SCRIPT: &str = "
EXECUTE STATEMENT SET BEGIN
INSERT INTO copied SELECT part, off, event_id, event_key, amount, event_time FROM events;
INSERT INTO forwarded SELECT part, off, event_id, event_key, amount FROM events;
END;";

/// Failpoint and how often it is passed before it strikes.
const FAILPOINTS: [(&str, u32); 15] = [
    ("snapshot.before_write", 2),
    ("snapshot.written", 2),
    ("snapshot.durable", 2),
    ("postgres.claimed", 1),
    ("postgres.staged", 2),
    ("postgres.before_commit", 2),
    ("postgres.committed", 2),
    ("commit.one_sink", 2),
    // Left behind by the one before: the second sink lags and catches up from the snapshot.
    ("restore.caught_up", 1),
    ("kafka.claimed", 1),
    ("kafka.produced", 2),
    ("kafka.before_commit", 2),
    ("kafka.committed", 2),
    ("snapshot.restored", 1),
    ("epoch.committed", 2),
];

/// Goal: PostgreSQL committed and Kafka not, or the other way round, at every failpoint and at random moments.
#[tokio::test(flavor = "multi_thread")]
async fn two_sinks_of_one_script_agree() {
    let world = World::start("both").await;
    world.database.run(tables::COPIED).await;
    let tables = [tables::events(&world), tables::copied(&world), tables::forwarded(&world)];
    let script = [tables.concat(), SCRIPT.into()].concat();
    let mut job = Job::start(&world, &script, SEED, RECORDS).await;
    for (name, nth) in FAILPOINTS {
        job.strike_at(&format!("{name}@{nth}"));
    }
    let mut faults = vec![Fault::Kill; 8];
    faults.extend([Fault::BrokerKill, Fault::DatabaseKill, Fault::CommitReplyLost]);
    strike_all(&world, &mut job, &faults, SEED).await;
    let log = job.finish().await;
    world.load_truth(&log).await;
    world.assert_copied().await;
    world.assert_forwarded(&log).await;
    job.report("Kafka to PostgreSQL and Kafka", faults.len() + FAILPOINTS.len(), SEED);
}
