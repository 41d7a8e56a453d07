//! Kill -9 at random times and at every failpoint; the table equals the truth.

use crate::world::World;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
use testkit::Running;

const KILLS: u32 = 10;
const SEED: u64 = 20_130_101;
pub const RUN_MAX: Duration = Duration::from_secs(120);
pub const FILES: &str = "'connector' = 'filesystem', 'path' = 'flights', 'format' = 'json'";

/// Paced, so that every kill finds work under way.
pub fn paced(rows_per_second: u32) -> String {
    format!("SET 'ibb.source.rows-per-second' = '{rows_per_second}';")
}

/// Waits until the run has committed an epoch of its own.
pub async fn progressed(world: &World, running: &mut Running) {
    let mut connection = world.connect().await;
    let before = world.epoch(&mut connection).await;
    let deadline = tokio::time::Instant::now() + RUN_MAX;
    while world.epoch(&mut connection).await <= before {
        assert!(!running.has_ended(), "it ended by itself:\n{}", running.stderr());
        assert!(tokio::time::Instant::now() < deadline, "no epoch:\n{}", running.stderr());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_table_is_exact_after_ten_kills() {
    let world = World::new(&paced(40_000), FILES).await;
    world.write_flights(SEED, 1);
    world.load_truth().await;
    let mut random = StdRng::seed_from_u64(SEED);
    for kill in 1..=KILLS {
        let mut running = world.start(&[]);
        progressed(&world, &mut running).await;
        // A random moment of the epochs that follow: this is the fault itself, nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..250))).await;
        assert!(running.kill(), "kill {kill} of seed {SEED} came after the end of the work");
    }
    let finished = world.start(&[]).finish(RUN_MAX).expect_code(0);
    assert!(finished.stderr.contains("continuing from a snapshot"), "{}", finished.stderr);
    world.assert_exact().await;
    testkit::say(&format!(
        "0 lost, 0 duplicated in 1 run x {KILLS} kills x {} records, seed {SEED}; 95 % bound on the rate per kill: {:.2}",
        testkit::FLIGHTS,
        3.0 / f64::from(KILLS)
    ));
    world.postgres.stop().await.unwrap();
}

/// Failpoint and how often it is passed before it strikes. `restore.caught_up` needs a sink that lags, which the
/// failpoint before it leaves behind.
const FAILPOINTS: [(&str, u32); 13] = [
    ("sinks.claimed", 1),
    ("snapshot.before_write", 1),
    ("snapshot.written", 2),
    ("snapshot.durable", 3),
    ("restore.caught_up", 1),
    ("snapshot.restored", 1),
    ("postgres.claimed", 1),
    ("postgres.staged", 2),
    ("postgres.before_commit", 2),
    ("postgres.committed", 2),
    ("commit.one_sink", 3),
    ("files.committed", 2),
    ("epoch.committed", 2),
];

#[tokio::test]
async fn the_table_is_exact_after_every_failpoint() {
    let world = World::new(&paced(60_000), FILES).await;
    world.write_flights(SEED + 1, 1);
    world.load_truth().await;
    for (name, nth) in FAILPOINTS {
        let failpoint = format!("{name}@{nth}");
        let finished = world.program(&[]).env("IBB_FAILPOINT", &failpoint).start().finish(RUN_MAX);
        assert_eq!(finished.status.signal(), Some(6), "{failpoint} was not hit:\n{}", finished.stderr);
        assert!(finished.stderr.contains(&format!("failpoint {name}")), "{}", finished.stderr);
    }
    world.start(&[]).finish(RUN_MAX).expect_code(0);
    world.assert_exact().await;
    world.postgres.stop().await.unwrap();
}
