//! A program that is stopped past every timeout, replaced, and woken up again: what it still tries is refused.

use crate::job::Job;
use crate::source_log::SourceLog;
use crate::tables;
use crate::world::World;

const SEED: u64 = 7_004;
const RECORDS: u64 = 60_000;
/// What a fenced program ends with.
const FENCED: i32 = 79;

/// Three times: a program is frozen, another takes over and commits, the first wakes up and is refused.
async fn wake_after_takeover(world: &World, script: &str) -> SourceLog {
    let mut job = Job::start(world, script, SEED, RECORDS).await;
    for _ in 0..3 {
        job.progress().await;
        let zombie = job.freeze_and_replace();
        job.progress().await;
        zombie.wake();
        let ended = tokio::task::block_in_place(|| zombie.finish());
        assert_eq!(ended.status.code(), Some(FENCED), "{}", ended.stderr);
        job.assert_alive();
    }
    job.finish().await
}

/// Goal: row 2 of the fault table, PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_commits_nothing_in_postgresql() {
    let world = World::start("zombie_postgres").await;
    world.database.run(tables::COPIED).await;
    let insert = "INSERT INTO copied SELECT part, off, event_id, event_key, amount, event_time FROM events;";
    let script = [tables::events(&world), tables::copied(&world), insert.into()].concat();
    let log = wake_after_takeover(&world, &script).await;
    world.load_truth(&log).await;
    world.assert_copied().await;
}

/// Goal: row 2 of the fault table, Kafka.
#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_commits_nothing_in_kafka() {
    let world = World::start("zombie_kafka").await;
    let insert = "INSERT INTO forwarded SELECT part, off, event_id, event_key, amount FROM events;";
    let script = [tables::events(&world), tables::forwarded(&world), insert.into()].concat();
    let log = wake_after_takeover(&world, &script).await;
    world.assert_forwarded(&log).await;
}
