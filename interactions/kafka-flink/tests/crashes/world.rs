//! Topics and a database for one run, and what must hold in the end.

use crate::services::Services;
use crate::source_log::{Origin, SourceLog};
use sqlx::Connection;
use std::collections::BTreeMap;
use std::fs;
use testkit::services::{Database, Isolation, unique};

pub const PARTITIONS: i32 = 4;
/// The folder of the dead letters, in that of the run.
pub const DEAD_LETTERS: &str = "dead";

/// What one run has for itself.
pub struct World<'s> {
    pub services: &'s Services,
    pub folder: tempfile::TempDir,
    pub database: Database,
    /// Where the events come from, and where `forwarded` goes.
    pub source: String,
    pub target: String,
}

impl<'s> World<'s> {
    pub async fn new(services: &'s Services, stem: &str) -> Self {
        let database = services.postgres.database(stem).await.unwrap();
        let (source, target) = (unique("events"), unique("forwarded"));
        for topic in [&source, &target] {
            services.kafka.create_topic(topic, PARTITIONS, &[]).await.unwrap();
        }
        Self { services, folder: tempfile::tempdir().unwrap(), database, source, target }
    }

    pub fn bootstrap(&self) -> String {
        self.services.kafka_path.address()
    }

    /// The database as the program reaches it.
    pub fn jdbc(&self) -> String {
        let (url, login) = (self.database.jdbc_url(Some(self.services.commits.port())), self.database.user());
        let password = self.database.password();
        format!("'connector' = 'jdbc', 'url' = '{url}', 'username' = '{login}', 'password' = '{password}'")
    }

    /// Dead letters of this reason that are committed.
    pub fn dead_letters(&self, reason: &str) -> u64 {
        let of_reason = format!("\"reason\":\"{reason}\"");
        let files = files::committed_files(self.folder.path().join(DEAD_LETTERS)).unwrap();
        let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        text.lines().filter(|line| line.contains(&of_reason)).count() as u64
    }

    /// What the source holds, by a reader that knows nothing of us.
    pub async fn source_log(&self) -> SourceLog {
        let records =
            self.services.kafka.read_to_end(&self.source, Isolation::ReadUncommitted).await.unwrap();
        SourceLog::read(
            records.into_iter().map(|record| (record.partition, record.offset, record.value.unwrap())),
        )
    }

    /// Loads what the source holds, for PostgreSQL to compare and to group.
    pub async fn load_truth(&self, log: &SourceLog) {
        let create = "CREATE TABLE truth (part int, off bigint, event_id bigint, event_key text, amount float8, \
                      event_time timestamptz, UNIQUE (part, off))";
        self.database.run(create).await;
        let mut rows = String::new();
        for ((part, off), e) in &log.events {
            let (id, key, amount, time) = (e.event_id, &e.event_key, e.amount, &e.event_time);
            rows.push_str(&format!("{part}\t{off}\t{id}\t{key}\t{amount}\t{time}\n"));
        }
        let mut connection = self.database.connect().await;
        let mut copy = connection.copy_in_raw("COPY truth FROM STDIN").await.unwrap();
        copy.send(rows.as_bytes()).await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), log.events.len() as u64);
        connection.close().await.unwrap();
    }

    /// `copied` holds every event of the source once and nothing else.
    pub async fn assert_copied(&self) {
        let columns = "part, off, event_id, event_key, amount, event_time";
        self.assert_same(&format!("SELECT {columns} FROM copied"), &format!("SELECT {columns} FROM truth"))
            .await;
    }

    /// Windows that have closed are as PostgreSQL computes them; in those of very late events, what is missing lies among
    /// the late letters.
    pub async fn assert_windows(&self) {
        let truth = "SELECT date_trunc('second', event_time AT TIME ZONE 'UTC') AS window_start, event_key, \
                     count(*) AS events, sum(amount::numeric)::float8 AS total, max(amount) AS largest \
                     FROM truth WHERE event_time > now() - interval '1 day' GROUP BY 1, 2";
        let found = "SELECT window_start, event_key, events, round(total::numeric, 2)::float8, largest \
                     FROM per_key WHERE window_start > now() - interval '1 day'";
        // The last windows are still open: no watermark has passed them.
        let closed = "window_start < (SELECT max(window_start) - interval '4 seconds' FROM per_key)";
        let (found, truth) = (
            format!("SELECT * FROM ({found}) f WHERE {closed}"),
            format!("SELECT * FROM ({truth}) t WHERE {closed}"),
        );
        self.assert_same(&found, &truth).await;
        let old = "< now() - interval '1 day'";
        let (grouped, all) = (
            self.number(&format!(
                "SELECT coalesce(sum(events), 0)::bigint FROM per_key WHERE window_start {old}"
            ))
            .await,
            self.number(&format!("SELECT count(*) FROM truth WHERE event_time {old}")).await,
        );
        assert!(all > 0, "no late events were produced");
        let late = self.dead_letters("late");
        assert_eq!(grouped as u64 + late, all as u64, "late events are grouped or kept as late");
    }

    async fn assert_same(&self, found: &str, truth: &str) {
        let lost = self.number(&format!("SELECT count(*) FROM ({truth} EXCEPT ALL {found}) AS lost")).await;
        let extra = self.number(&format!("SELECT count(*) FROM ({found} EXCEPT ALL {truth}) AS extra")).await;
        let rows = self.number(&format!("SELECT count(*) FROM ({truth}) AS truth")).await;
        assert!(rows > 0, "nothing to compare: {truth}");
        assert_eq!((lost, extra), (0, 0), "rows lost and rows too many, of {rows}: {found}");
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let mut connection = self.database.connect().await;
        let number = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await;
        connection.close().await.unwrap();
        number.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// A `read_committed` reader sees every event of the source once, and those of a key in their order.
    pub async fn assert_forwarded(&self, log: &SourceLog) {
        let records = self.services.kafka.read_to_end(&self.target, Isolation::ReadCommitted).await.unwrap();
        let mut seen: BTreeMap<Origin, u32> = BTreeMap::new();
        let mut last: BTreeMap<(i32, String), Origin> = BTreeMap::new();
        for record in &records {
            let row: serde_json::Value = serde_json::from_str(record.text()).unwrap();
            let origin = (row["part"].as_i64().unwrap() as i32, row["off"].as_i64().unwrap());
            let event = log.events.get(&origin).unwrap_or_else(|| panic!("never produced: {row}"));
            assert_eq!(
                (row["event_id"].as_i64(), row["event_key"].as_str()),
                (Some(event.event_id), Some(event.event_key.as_str()))
            );
            *seen.entry(origin).or_default() += 1;
            let before = last.insert((record.partition, event.event_key.clone()), origin);
            assert!(before < Some(origin), "{}: {before:?} before {origin:?}", event.event_key);
        }
        let doubled = seen.values().filter(|count| **count > 1).count();
        let lost = log.events.keys().filter(|origin| !seen.contains_key(origin)).count();
        assert_eq!((lost, doubled), (0, 0), "records lost and doubled, of {}", log.events.len());
    }
}
