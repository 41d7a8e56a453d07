//! The shipped pipeline on both engines, over the same events.

use crate::run::{LIMIT, program};
use std::path::Path;
use testkit::services::{Database, Flink, Kafka, Postgres, unique};
use testkit::{Program, binary, until_async};

/// The shipped pipeline, but a partition is idle only after a minute. Flink counts a partition as idle that it has not come
/// to read for so long, and drops its rows as late: on a busy machine its first fetches take more than the 2 s of the script.
fn script(folder: &Path) -> String {
    let idle = "SET 'table.exec.source.idle-timeout' = '2 s';";
    let shipped = include_str!("../../sql/stream_processor.sql");
    assert!(shipped.contains(idle), "the shipped script has another idle timeout");
    let path = folder.join("script.sql");
    std::fs::write(&path, shipped.replace(idle, "SET 'table.exec.source.idle-timeout' = '1 min';")).unwrap();
    path.display().to_string()
}

const EVENTS: &str = "20000";
/// Two windows of all keys, of which there are so many.
const ROWS_MIN: i64 = 2 * KEYS;
const KEYS: i64 = 10;
const TABLE: &str = "(window_start timestamp(3), window_end timestamp(3), event_key text, events bigint, total float8, \
                     mean float8, largest float8, PRIMARY KEY (window_start, event_key))";

fn folder_of(parent: &Path, name: &str) -> std::path::PathBuf {
    let folder = parent.join(name);
    std::fs::create_dir(&folder).unwrap();
    folder
}

/// `--set` for the systems as one engine reaches them.
fn systems(brokers: &str, host: &str, port: u16, database: &Database) -> Vec<String> {
    let settings = [
        format!("kafka.brokers={brokers}"),
        format!("postgresql.host={host}"),
        format!("postgresql.port={port}"),
        format!("postgresql.database={}", database.name()),
        format!("postgresql.user={}", database.user()),
        format!("postgresql.password={}", database.password()),
        "postgresql.tls=disable".to_owned(),
    ];
    settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]).collect()
}

/// Ten seconds of events, all of them.
fn produce(kafka: &Kafka, topic: &str, folder: &Path) {
    let producer = binary("test_producer", option_env!("CARGO_BIN_EXE_test_producer"));
    Program::new(&producer, &folder_of(folder, "producer"))
        .args(["--topic", topic, "--count", EVENTS, "--rate", "2000", "--seed", "11", "--admin-addr", "off"])
        .args(["--set", &format!("kafka.brokers={}", kafka.bootstrap())])
        .start()
        .finish(LIMIT)
        .expect_code(0);
}

/// Goal: every window that closed in both runs has the same row.
#[tokio::test]
async fn windows_are_those_of_the_embedded_engine() {
    let (kafka, postgres, flink) =
        (Kafka::start().await.unwrap(), Postgres::start().await.unwrap(), Flink::start().await.unwrap());
    let database = postgres.database("on_flink").await.unwrap();
    let (topic, folder) = (unique("events"), tempfile::tempdir().unwrap());
    kafka.create_topic(&topic, 4, &[]).await.unwrap();
    for table in ["embedded", "on_flink"] {
        database.run(&format!("CREATE TABLE {table} {TABLE}")).await;
    }
    produce(&kafka, &topic, folder.path());
    let script = script(folder.path());
    let shared = [
        ["--kafka-topic", &topic],
        ["--window-seconds", "2"],
        ["--pipeline", &topic],
        ["--env", "production"],
        ["--sql", &script],
    ]
    .concat();
    let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
    let here = systems(&kafka.bootstrap(), postgres.host(), postgres.port(), &database);
    let mut embedded = Program::new(&exe, &folder_of(folder.path(), "embedded"))
        .args(&shared)
        .args(["--table-name", "embedded", "--admin-addr", "off"])
        .args(&here)
        .start();
    let (host, port) = split(&postgres.address_inside());
    let there = systems(&kafka.bootstrap_inside(), &host, port, &database);
    let mut on_flink = program(&folder_of(folder.path(), "flink"), &flink, &shared)
        .args(["--table-name", "on_flink"])
        .args(&there)
        .start();
    let mut connection = database.connect().await;
    let mut number = async |sql: String| -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap()
    };
    for (table, running) in [("embedded", &mut embedded), ("on_flink", &mut on_flink)] {
        until_async(&format!("three windows of each key in {table}"), LIMIT, async || {
            assert!(!running.has_ended(), "{}", running.stderr());
            let keys = format!("SELECT event_key FROM {table} GROUP BY event_key HAVING count(*) >= 3");
            (number(format!("SELECT count(*) FROM ({keys}) AS k")).await == KEYS).then_some(())
        })
        .await;
        running.ask_to_end();
    }
    embedded.finish(LIMIT).expect_code(0);
    on_flink.finish(LIMIT).expect_code(0);

    // The windows of a key are written in order, those of others by other tasks: up to the key that is least far, each is
    // there.
    let last = |table: &str| {
        let of_keys = format!("SELECT max(window_start) AS last FROM {table} GROUP BY event_key");
        format!("(SELECT min(last) FROM ({of_keys}) AS k)")
    };
    let closed = format!("window_start <= LEAST({}, {})", last("embedded"), last("on_flink"));
    let rows = |table: &str| {
        format!(
            "SELECT window_start, window_end, event_key, events, round(total::numeric, 6), round(mean::numeric, 6), \
             largest FROM {table} WHERE {closed}"
        )
    };
    let compared = number(format!("SELECT count(*) FROM ({}) AS r", rows("on_flink"))).await;
    assert!(compared >= ROWS_MIN, "only {compared} rows in windows that closed in both");
    for (one, other) in [("embedded", "on_flink"), ("on_flink", "embedded")] {
        let differ =
            number(format!("SELECT count(*) FROM ({} EXCEPT ALL {}) AS d", rows(one), rows(other))).await;
        assert_eq!(differ, 0, "of {compared} rows, those in {one} and not in {other}");
    }
}

fn split(address: &str) -> (String, u16) {
    let (host, port) = address.rsplit_once(':').unwrap();
    (host.to_owned(), port.parse().unwrap())
}
