//! A small load on dev services: nothing lost, nothing doubled, everything measured; and what a person sees go wrong.
//!
//! Nothing here is gated by time: on a busy machine a run may be "not sustained", and then it must say so.

use devservices::{EmbeddedPostgres, PostgresOptions};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use testkit::{Finished, Program, binary};

const RUN_MAX: Duration = Duration::from_secs(180);

struct World {
    folder: tempfile::TempDir,
    postgres: EmbeddedPostgres,
}

impl World {
    async fn new() -> Self {
        // The database runs as another user, who must be able to reach its folder.
        let folder =
            tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let mut options = PostgresOptions::new(folder.path().join("postgres"));
        options.durable = false;
        let postgres = EmbeddedPostgres::start(options).await.unwrap();
        Self { folder, postgres }
    }

    fn program(&self, args: &[&str]) -> Program {
        let postgres = &self.postgres;
        let settings = [
            format!("postgresql.host={}", postgres.host()),
            format!("postgresql.port={}", postgres.port()),
            format!("postgresql.database={}", postgres.database()),
            format!("postgresql.user={}", postgres.user()),
            "postgresql.tls=disable".into(),
        ];
        let exe = binary("performance_test", option_env!("CARGO_BIN_EXE_performance_test"));
        Program::new(&exe, self.folder.path())
            .args(settings.iter().flat_map(|setting| ["--set", setting]))
            .args(["--state-dir", "state", "--admin-addr", "off", "--output", "json"])
            .args(["--dev-services", "embedded"])
            .args(["--checkpoint-interval", "200", "--drain-timeout", "120"])
            .args(args)
            .env("IBB__POSTGRESQL__PASSWORD", postgres.password())
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.postgres.connect_options()).await.unwrap()
    }

    /// The tables of runs that are there now.
    async fn tables(&self, connection: &mut PgConnection) -> Vec<String> {
        let names =
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ibb\\_performance\\_%'";
        sqlx::query_scalar(names).fetch_all(connection).await.unwrap()
    }
}

/// The report; all is well but, perhaps, the machine was too slow.
fn report(finished: &Finished) -> Value {
    let report: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", finished.stdout, finished.stderr));
    let problems: Vec<&str> =
        report["problems"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(problems.iter().all(|problem| problem.starts_with("not sustained: the ")), "{problems:?}");
    let expected = if problems.is_empty() { 0 } else { 1 };
    assert_eq!(finished.status.code(), Some(expected), "{}", finished.stderr);
    assert_eq!(report["passed"], problems.is_empty());
    report
}

#[tokio::test]
async fn a_small_load_arrives_whole_and_is_measured() {
    let world = World::new().await;
    let args = ["--messages-per-second", "2000", "--duration", "5", "--keep"];
    let finished = world.program(&args).start().finish(RUN_MAX);
    let report = report(&finished);
    for name in ["due", "sent", "acknowledged"] {
        assert_eq!(report["messages"][name], 10_000, "{report:#}");
    }
    let rows = &report["rows"];
    assert_eq!((&rows["lost"], &rows["doubled"]), (&0.into(), &0.into()), "{report:#}");
    assert_eq!(report["embedded"]["kafka"], true);
    for (stage, count) in [("total", 10_000), ("sending", 10_000), ("reading", 10_000), ("waiting", 10_000)] {
        assert_eq!(report["latency_ms"][stage]["count"], count, "{stage}: {report:#}");
    }
    let total = &report["latency_ms"]["total"];
    let at = |name: &str| total[name].as_f64().unwrap();
    assert!(0.0 < at("p50") && at("p50") <= at("p99") && at("p99") <= at("max"), "{total}");

    // What the program counted, counted by somebody else.
    let mut connection = world.connect().await;
    let tables = world.tables(&mut connection).await;
    let [table] = tables.as_slice() else { panic!("{tables:?}") };
    let count = format!("SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM {table}");
    let counted: (i64, i64, i64, i64) =
        sqlx::query_as(AssertSqlSafe(count)).fetch_one(&mut connection).await.unwrap();
    assert_eq!(counted, (10_000, 10_000, 0, 9_999));
    let times = format!("SELECT count(*) FROM {table} WHERE sent_us < due_us OR event_time IS NULL");
    let wrong: i64 = sqlx::query_scalar(AssertSqlSafe(times)).fetch_one(&mut connection).await.unwrap();
    assert_eq!(wrong, 0);
    drop(connection);
    world.postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_stopped_run_reports_what_it_sent_and_leaves_nothing_behind() {
    let world = World::new().await;
    let mut running = world.program(&["--messages-per-second", "500", "--duration", "0"]).start();
    let mut connection = world.connect().await;
    let deadline = Instant::now() + RUN_MAX;
    // Until rows are committed.
    loop {
        assert!(!running.has_ended(), "{}", running.stderr());
        assert!(Instant::now() < deadline, "no row:\n{}", running.stderr());
        if let [table] = world.tables(&mut connection).await.as_slice() {
            let any = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            if sqlx::query_scalar::<_, i64>(any).fetch_one(&mut connection).await.unwrap() > 0 {
                break;
            }
        }
        tokio::task::yield_now().await;
    }
    running.ask_to_end();
    let report = report(&running.finish(RUN_MAX));
    assert!(report["messages"]["sent"].as_u64().unwrap() > 0, "{report:#}");
    assert_eq!(report["messages"]["sent"], report["rows"]["counted"]);

    assert_eq!(world.tables(&mut connection).await, [""; 0]);
    let left = "SELECT count(*) FROM ibb.sink_epochs";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&mut connection).await.unwrap(), 0);
    let pipelines = world.folder.path().join("state/pipelines");
    assert_eq!(fs::read_dir(pipelines).unwrap().count(), 0);
    drop(connection);
    world.postgres.stop().await.unwrap();
}

fn without_services(args: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let exe = binary("performance_test", option_env!("CARGO_BIN_EXE_performance_test"));
    let shared = ["--state-dir", "state", "--admin-addr", "off", "--connect-timeout", "2"];
    Program::new(&exe, folder.path()).args(shared).args(args).start().finish(RUN_MAX)
}

#[test]
fn bad_input_is_refused_with_its_name() {
    for (args, code, words) in [
        (&["--messages-per-second", "0"][..], 64, "--messages-per-second"),
        (&["--partitions", "0"], 64, "--partitions"),
        (&["--warm-up", "soon"], 64, "--warm-up"),
        (&["--env", "production", "--pipeline", "p"], 78, "kafka"),
    ] {
        let finished = without_services(args).expect_code(code);
        assert!(finished.stderr.contains(words), "{args:?}: {}", finished.stderr);
    }
}

#[test]
fn an_unreachable_broker_is_said_and_nothing_is_cleaned_up() {
    let database =
        ["postgresql.host=127.0.0.1", "postgresql.port=1", "postgresql.database=d", "postgresql.user=u"];
    let args: Vec<&str> =
        database.iter().chain(&["kafka.brokers=127.0.0.1:1"]).flat_map(|set| ["--set", set]).collect();
    let finished = without_services(&args).expect_code(69);
    assert!(finished.stderr.contains("127.0.0.1:1"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("stays behind"), "{}", finished.stderr);
}

#[test]
fn the_script_is_shown_without_starting_anything() {
    let finished = without_services(&["--render", "--checkpoint-interval", "100"]).expect_code(0);
    assert!(finished.stdout.contains("'100 ms'"), "{}", finished.stdout);
    assert!(!finished.stderr.contains("dev services"), "{}", finished.stderr);
    let finished = without_services(&["--dry-run"]).expect_code(0);
    assert!(finished.stdout.contains("load_rows"), "{}", finished.stdout);
}
