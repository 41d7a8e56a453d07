//! A program that is stopped past every timeout, replaced, and woken up again: what it still tries is refused.

use crate::job::Job;
use crate::services::{Services, with_services};
use crate::source_log::SourceLog;
use crate::tables;
use crate::tally::Tally;
use crate::world::World;
use testkit::faults::seed_or;

const SEED: u64 = 7_004;
const RECORDS: u64 = 60_000;
const TAKEOVERS: u32 = 3;
/// What a fenced program ends with.
const FENCED: i32 = 79;

/// A program is frozen, another takes over and commits, the first wakes up and is refused; several times.
async fn wake_after_takeover(world: &World<'_>, script: &str, seed: u64) -> (SourceLog, Tally) {
    let mut job = Job::start(world, script, seed);
    for _ in 0..TAKEOVERS {
        job.progress().await;
        let zombie = job.freeze_and_replace();
        job.progress().await;
        let ended = Job::wake(zombie);
        assert_eq!(ended.status.code(), Some(FENCED), "{}", ended.stderr);
        job.assert_under_way();
    }
    job.finish(RECORDS).await
}

pub async fn run_postgres(services: &Services, seed: u64) -> Tally {
    let world = World::new(services, "zombie_postgres").await;
    world.database.run(tables::COPIED).await;
    let insert = "INSERT INTO copied SELECT part, off, event_id, event_key, amount, event_time FROM events;";
    let script = [tables::events(&world), tables::copied(&world), insert.into()].concat();
    let (log, tally) = wake_after_takeover(&world, &script, seed).await;
    world.load_truth(&log).await;
    world.assert_copied().await;
    tally
}

pub async fn run_kafka(services: &Services, seed: u64) -> Tally {
    let world = World::new(services, "zombie_kafka").await;
    let insert = "INSERT INTO forwarded SELECT part, off, event_id, event_key, amount FROM events;";
    let script = [tables::events(&world), tables::forwarded(&world), insert.into()].concat();
    let (log, tally) = wake_after_takeover(&world, &script, seed).await;
    world.assert_forwarded(&log).await;
    tally
}

/// Goal: row 2 of the fault table, PostgreSQL.
#[test]
fn a_zombie_commits_nothing_in_postgresql() {
    let seed = seed_or(SEED);
    let tally = with_services(async |services| run_postgres(services, seed).await);
    tally.say("zombies at PostgreSQL", &format!("seed {seed}"));
}

/// Goal: row 2 of the fault table, Kafka.
#[test]
fn a_zombie_commits_nothing_in_kafka() {
    let seed = seed_or(SEED);
    let tally = with_services(async |services| run_kafka(services, seed).await);
    tally.say("zombies at Kafka", &format!("seed {seed}"));
}
