//! A folder, a database, the flights, and the program between them.

use devservices::{EmbeddedPostgres, PostgresOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use testkit::{FlightEvents, Program, Running, binary, flights_csv};

pub const SCRIPT: &str = include_str!("../../sql/flights.sql");
/// Flights come up to this late; the script's watermark allows 30 minutes.
pub const DISORDER_MS: i64 = 29 * 60_000;

pub struct World {
    pub folder: tempfile::TempDir,
    pub postgres: EmbeddedPostgres,
}

impl World {
    /// `head` goes before the script.
    pub async fn new(head: &str, source_options: &str) -> Self {
        Self::with_script(&format!("{head}\n{}", SCRIPT.replace("${source_options}", source_options))).await
    }

    pub async fn with_script(script: &str) -> Self {
        // The database runs as another user, who must be able to reach its folder.
        let folder =
            tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let mut options = PostgresOptions::new(folder.path().join("postgres"));
        options.durable = false;
        let postgres = EmbeddedPostgres::start(options).await.unwrap();
        fs::write(folder.path().join("flights.sql"), script).unwrap();
        Self { folder, postgres }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write_flights(&self, seed: u64, parts: usize) {
        FlightEvents::read(&flights_csv(), seed, DISORDER_MS).write(&self.path("flights"), parts);
    }

    pub fn program(&self, more: &[&str]) -> Program {
        self.program_as("flights", more)
    }

    pub fn program_as(&self, pipeline: &str, more: &[&str]) -> Program {
        let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
        let postgres = &self.postgres;
        let settings = [
            format!("postgresql.host={}", postgres.host()),
            format!("postgresql.port={}", postgres.port()),
            format!("postgresql.database={}", postgres.database()),
            format!("postgresql.user={}", postgres.user()),
            "postgresql.tls=disable".into(),
        ];
        Program::new(&exe, self.folder.path())
            .args(settings.iter().flat_map(|setting| ["--set", setting]))
            .args(["--sql", "flights.sql", "--state-dir", "state", "--pipeline", pipeline])
            .args(["--checkpoint-interval", "100"])
            .args(if more.contains(&"--parallelism") { &[] } else { &["--parallelism", "2"][..] })
            .args(more)
            .env("IBB__POSTGRESQL__PASSWORD", postgres.password())
    }

    pub fn start(&self, more: &[&str]) -> Running {
        self.program(more).start()
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.postgres.connect_options()).await.unwrap()
    }

    /// The last epoch the table holds; 0 before the first.
    pub async fn epoch(&self, connection: &mut PgConnection) -> i64 {
        let there = sqlx::query_scalar::<_, bool>("SELECT to_regclass('ibb.sink_epochs') IS NOT NULL");
        if !there.fetch_one(&mut *connection).await.unwrap() {
            return 0;
        }
        let epoch = "SELECT coalesce(max(epoch), 0)::bigint FROM ibb.sink_epochs WHERE pipeline = 'flights'";
        sqlx::query_scalar(epoch).fetch_one(connection).await.unwrap()
    }

    /// How many flights the table has counted.
    pub async fn flights(&self) -> i64 {
        let sum = "SELECT coalesce(sum(flights), 0)::bigint FROM flights_per_carrier";
        sqlx::query_scalar(sum).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// Loads the raw file and lets PostgreSQL group it: local schedule and zone, not our UTC hours.
    pub async fn load_truth(&self) {
        let mut connection = self.connect().await;
        let csv = fs::read_to_string(flights_csv()).unwrap();
        let header = csv.lines().next().unwrap();
        let columns: Vec<String> = header.split(',').map(|name| format!("\"{name}\" text")).collect();
        let create = format!("CREATE TABLE flights_raw ({})", columns.join(", "));
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        let copy = "COPY flights_raw FROM STDIN WITH (FORMAT csv, HEADER, NULL '')";
        let mut copy = connection.copy_in_raw(copy).await.unwrap();
        copy.send(csv.as_bytes()).await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), testkit::FLIGHTS as u64);
        let truth = "CREATE TABLE truth AS
            SELECT date_trunc('hour', at) AS window_start, date_trunc('hour', at) + interval '1 hour' AS window_end,
                   carrier, count(*) AS flights, count(delay) AS departed, avg(delay) AS mean_delay,
                   max(delay) AS max_delay
            FROM (SELECT carrier, nullif(dep_delay, 'NA')::float8 AS delay,
                         make_timestamp(year::int, month::int, day::int, hour::int, minute::int, 0)
                             AT TIME ZONE 'America/New_York' AT TIME ZONE 'UTC' AS at
                  FROM flights_raw) AS scheduled
            GROUP BY 1, 2, 3";
        sqlx::query(truth).execute(&mut connection).await.unwrap();
    }

    /// The table and the truth, row for row.
    pub async fn assert_exact(&self) {
        let mut connection = self.connect().await;
        let columns = "window_start, window_end, carrier, flights, departed, mean_delay, max_delay";
        let differing = format!(
            "SELECT count(*) FROM (
                (SELECT {columns} FROM flights_per_carrier EXCEPT ALL SELECT {columns} FROM truth) UNION ALL
                (SELECT {columns} FROM truth EXCEPT ALL SELECT {columns} FROM flights_per_carrier)) AS differing"
        );
        let differing: i64 =
            sqlx::query_scalar(AssertSqlSafe(differing)).fetch_one(&mut connection).await.unwrap();
        let sums =
            "SELECT (SELECT count(*) FROM truth), (SELECT sum(flights)::bigint FROM flights_per_carrier)";
        let (windows, flights): (i64, Option<i64>) =
            sqlx::query_as(sums).fetch_one(&mut connection).await.unwrap();
        assert_eq!(differing, 0, "rows differ from what PostgreSQL computes");
        assert_eq!(flights, Some(testkit::FLIGHTS as i64));
        assert!(windows > 10_000, "{windows} windows");
    }
}
