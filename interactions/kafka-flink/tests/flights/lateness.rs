//! Windows that close too early and take the rows that come late: in the end the table has every row.

use crate::crash::{FILES, paced, progressed};
use crate::world::{SCRIPT, World};
use std::time::Duration;

const SEED: u64 = 20_131_123;
const RUN_MAX: Duration = Duration::from_secs(120);

/// Goal: with a watermark that is too eager, amendments bring every window to what PostgreSQL computes, through kills.
#[tokio::test]
async fn late_rows_amend_the_table() {
    let script = SCRIPT.replace("scheduled - INTERVAL '30' MINUTE", "scheduled - INTERVAL '1' MINUTE");
    // A flight is late by what was read before its batch.
    let eager = "SET 'ibb.window.allowed-lateness' = '30 min'; SET 'ibb.source.batch-rows' = '50';";
    let head = format!("{}\n{eager}", paced(60_000));
    let world = World::with_script(&format!("{head}\n{}", script.replace("${source_options}", FILES))).await;
    world.write_flights(SEED, 1);
    world.load_truth().await;
    for _ in 0..3 {
        let mut running = world.start(&[]);
        progressed(&world, &mut running).await;
        assert!(running.kill(), "it had ended by itself");
    }
    let finished = world.start(&[]).finish(RUN_MAX).expect_code(0);
    world.assert_exact().await;
    let progress = finished.stderr.split("progress=").last().unwrap().trim();
    let progress: String = serde_json::from_str(progress).unwrap();
    let progress: serde_json::Value = serde_json::from_str(&progress).unwrap();
    assert_eq!(progress["queries"]["flights_per_carrier"]["late"], 0, "{progress}");
    let emitted = progress["sinks"]["flights_per_carrier"]["emitted"].as_u64().unwrap();
    let mut connection = world.connect().await;
    let windows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM truth").fetch_one(&mut connection).await.unwrap();
    assert!(
        emitted > windows as u64 + 1_000,
        "{emitted} results of {windows} windows: hardly any was amended"
    );
    world.postgres.stop().await.unwrap();
}
