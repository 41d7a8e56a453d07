//! Totals without windows, of more keys than a snapshot holds whole, through kills and failpoints, with every backend.

use crate::crash::progressed;
use crate::world::World;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::PgConnection;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

const SEED: u64 = 20_131_121;
const KILLS: u32 = 6;
const RUN_MAX: Duration = Duration::from_secs(120);

/// 26,848 keys; the watermark is not asked for.
const SCRIPT: &str = "
SET 'ibb.source.rows-per-second' = '40000';
CREATE TABLE flights (
  carrier STRING, flight INT, dest STRING, dep_delay DOUBLE, scheduled TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = 'flights', 'format' = 'json');
CREATE TABLE totals (
  carrier STRING, flight INT, dest STRING, `month` STRING, flights BIGINT, departed BIGINT, delay DOUBLE, worst DOUBLE,
  PRIMARY KEY (carrier, flight, dest, `month`) NOT ENFORCED
) WITH ('connector' = 'jdbc', 'url' = '${postgres_url}', 'table-name' = 'totals', 'username' = '${postgres_user}',
  'password' = '${postgres_password}');
INSERT INTO totals
SELECT carrier, flight, dest, DATE_FORMAT(scheduled, 'yyyy-MM'), COUNT(*), COUNT(dep_delay), SUM(dep_delay), MAX(dep_delay)
FROM flights GROUP BY carrier, flight, dest, DATE_FORMAT(scheduled, 'yyyy-MM');";

/// What PostgreSQL makes of the raw file; delays are whole minutes, so their sum is exact in any order.
const TRUTH: &str = "
SELECT carrier, flight::int, dest, to_char(at, 'YYYY-MM'), count(*), count(delay), sum(delay), max(delay)
FROM (SELECT carrier, flight, dest, nullif(dep_delay, 'NA')::float8 AS delay,
             make_timestamp(year::int, month::int, day::int, hour::int, minute::int, 0)
                 AT TIME ZONE 'America/New_York' AT TIME ZONE 'UTC' AS at
      FROM flights_raw) AS scheduled
GROUP BY 1, 2, 3, 4";

async fn count(connection: &mut PgConnection, query: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(connection).await.unwrap()
}

async fn assert_exact(world: &World) {
    let mut connection = world.connect().await;
    let totals = "SELECT carrier, flight, dest, month, flights, departed, delay, worst FROM totals";
    let differing = format!(
        "SELECT count(*) FROM ((({totals}) EXCEPT ALL ({TRUTH})) UNION ALL (({TRUTH}) EXCEPT ALL ({totals}))) AS d"
    );
    assert_eq!(count(&mut connection, &differing).await, 0, "rows differ from what PostgreSQL computes");
    let flights = count(&mut connection, "SELECT sum(flights)::bigint FROM totals").await;
    assert_eq!(flights, testkit::FLIGHTS as i64);
    let keys = count(&mut connection, "SELECT count(*) FROM totals").await;
    assert!(keys > 20_000, "{keys} keys: snapshots were whole");
}

/// Goal: after kills at random moments and at failpoints of the snapshot, with restarts into other numbers of tasks and
/// onto the other backend, every key's total is what PostgreSQL says.
#[tokio::test]
async fn totals_are_exact_after_kills_on_both_backends() {
    let world = World::with_script(SCRIPT).await;
    world.write_flights(SEED, 1);
    world.load_truth().await;
    let mut random = StdRng::seed_from_u64(SEED);
    let lives = [["lsm", "2"], ["lsm", "3"], ["memory", "1"]];
    for kill in 1..=KILLS {
        let [backend, tasks] = lives[random.random_range(0..lives.len())];
        let mut running = world.start(&["--state-backend", backend, "--parallelism", tasks]);
        progressed(&world, &mut running).await;
        // A random moment of the epochs that follow: this is the fault itself, nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..500))).await;
        assert!(running.kill(), "kill {kill} of seed {SEED} came after the end of the work");
    }
    for failpoint in
        ["snapshot.written@3", "snapshot.durable@2", "postgres.committed@4", "snapshot.restored@1"]
    {
        let finished = world.program(&[]).env("IBB_FAILPOINT", failpoint).start().finish(RUN_MAX);
        assert_eq!(finished.status.signal(), Some(6), "{failpoint} was not hit:\n{}", finished.stderr);
    }
    let finished = world.start(&["--state-backend", "lsm"]).finish(RUN_MAX).expect_code(0);
    assert!(finished.stderr.contains("continuing from a snapshot"), "{}", finished.stderr);
    assert_exact(&world).await;
    world.postgres.stop().await.unwrap();
}
