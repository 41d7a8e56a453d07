//! Session windows through kills and failpoints; PostgreSQL finds the gaps.

use crate::crash::progressed;
use crate::world::World;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::AssertSqlSafe;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

const SEED: u64 = 20_131_122;
const KILLS: u32 = 5;
const RUN_MAX: Duration = Duration::from_secs(120);

const SCRIPT: &str = "
SET 'ibb.source.rows-per-second' = '40000';
CREATE TABLE flights (
  carrier STRING, origin STRING, dep_delay DOUBLE, scheduled TIMESTAMP_LTZ(3),
  WATERMARK FOR scheduled AS scheduled - INTERVAL '30' MINUTE
) WITH ('connector' = 'filesystem', 'path' = 'flights', 'format' = 'json');
CREATE TABLE rushes (
  carrier STRING, origin STRING, first_at TIMESTAMP(3), ended TIMESTAMP(3), flights BIGINT, departed BIGINT, delay DOUBLE,
  PRIMARY KEY (carrier, origin, first_at) NOT ENFORCED
) WITH ('connector' = 'jdbc', 'url' = '${postgres_url}', 'table-name' = 'rushes', 'username' = '${postgres_user}',
  'password' = '${postgres_password}');
INSERT INTO rushes
SELECT carrier, origin, window_start, window_end, COUNT(*), COUNT(dep_delay), SUM(dep_delay)
FROM TABLE(SESSION(TABLE flights PARTITION BY (carrier, origin), DESCRIPTOR(scheduled), INTERVAL '15' MINUTE))
GROUP BY carrier, origin, window_start, window_end;";

/// Gaps and islands: a flight begins a session if the one before it is more than the gap away.
const TRUTH: &str = "
SELECT carrier, origin, min(at), max(at) + interval '15 minutes', count(*), count(delay), sum(delay)
FROM (SELECT *, sum(begins) OVER (PARTITION BY carrier, origin ORDER BY at) AS session
      FROM (SELECT *, coalesce(
                at > lag(at) OVER (PARTITION BY carrier, origin ORDER BY at) + interval '15 minutes', true)::int AS begins
            FROM (SELECT carrier, origin, nullif(dep_delay, 'NA')::float8 AS delay,
                         make_timestamp(year::int, month::int, day::int, hour::int, minute::int, 0)
                             AT TIME ZONE 'America/New_York' AT TIME ZONE 'UTC' AS at
                  FROM flights_raw) AS scheduled) AS marked) AS numbered
GROUP BY carrier, origin, session";

/// Goal: sessions that were open, merged or just closed when the program was killed are what PostgreSQL finds.
#[tokio::test]
async fn sessions_are_exact_after_kills() {
    let world = World::with_script(SCRIPT).await;
    world.write_flights(SEED, 1);
    world.load_truth().await;
    let mut random = StdRng::seed_from_u64(SEED);
    for kill in 1..=KILLS {
        let tasks = random.random_range(1..4).to_string();
        let mut running = world.start(&["--parallelism", &tasks]);
        progressed(&world, &mut running).await;
        // A random moment of the epochs that follow: this is the fault itself, nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..500))).await;
        assert!(running.kill(), "kill {kill} of seed {SEED} came after the end of the work");
    }
    for failpoint in ["snapshot.durable@2", "postgres.before_commit@2"] {
        let finished = world.program(&[]).env("IBB_FAILPOINT", failpoint).start().finish(RUN_MAX);
        assert_eq!(finished.status.signal(), Some(6), "{failpoint} was not hit:\n{}", finished.stderr);
    }
    world.start(&[]).finish(RUN_MAX).expect_code(0);
    let mut connection = world.connect().await;
    let rushes = "SELECT carrier, origin, first_at, ended, flights, departed, delay FROM rushes";
    let query = format!(
        "SELECT (SELECT count(*) FROM ((({rushes}) EXCEPT ALL ({TRUTH})) UNION ALL (({TRUTH}) EXCEPT ALL ({rushes}))) AS d),
                (SELECT count(*) FROM rushes), (SELECT sum(flights)::bigint FROM rushes)"
    );
    let (differing, sessions, flights): (i64, i64, i64) =
        sqlx::query_as(AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap();
    assert_eq!(differing, 0, "rows differ from what PostgreSQL computes");
    assert_eq!(flights, testkit::FLIGHTS as i64);
    assert!(sessions > 10_000, "{sessions} sessions");
    world.postgres.stop().await.unwrap();
}
