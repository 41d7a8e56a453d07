//! One PostgreSQL server for all tests, a database of its own for each, and tables and rows made short.
//!
//! `IBB_TEST_POSTGRES_URL=postgres://user:password@host:port/database` (a superuser) takes a server that is there;
//! else one is started, and stopped after the last test.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use devservices::{EmbeddedPostgres, PostgresOptions};
use event::Epoch;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, raw_sql};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use stream::{
    Column, ColumnKind, Commit, Connector as _, ConnectorContext, Sink, SinkCounters, SnapshotId,
    StreamError, TableSpec,
};
use testkit::faults::PgProxy;

/// Nothing that is waited for takes longer on any machine that works.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Fails the test when `future` takes too long.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline has passed")
}

pub struct Server {
    host: String,
    port: u16,
    user: String,
    password: String,
    embedded: Option<(EmbeddedPostgres, tempfile::TempDir)>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some((embedded, folder)) = self.embedded.take() else { return };
        // The test's own runtime is about to end.
        let stop = move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(embedded.stop()).unwrap();
            drop(folder);
        };
        std::thread::spawn(stop).join().unwrap();
    }
}

static SERVER: tokio::sync::Mutex<Weak<Server>> = tokio::sync::Mutex::const_new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

async fn server() -> Arc<Server> {
    let mut shared = SERVER.lock().await;
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let server = Arc::new(match std::env::var("IBB_TEST_POSTGRES_URL") {
        Ok(url) => {
            from_url(&url).expect("IBB_TEST_POSTGRES_URL is postgres://user:password@host:port/database")
        }
        Err(_) => start().await,
    });
    *shared = Arc::downgrade(&server);
    server
}

fn from_url(url: &str) -> Option<Server> {
    let (login, place) = url.split_once("://")?.1.split_once('@')?;
    let (user, password) = login.split_once(':')?;
    let (host, port) = place.split('/').next()?.split_once(':')?;
    let own = |text: &str| text.to_owned();
    Some(Server {
        host: own(host),
        port: port.parse().ok()?,
        user: own(user),
        password: own(password),
        embedded: None,
    })
}

async fn start() -> Server {
    let (embedded, folder) = start_embedded().await;
    let mut server = Server::embedded(&embedded);
    server.embedded = Some((embedded, folder));
    server
}

/// A server in a folder of its own.
pub async fn start_embedded() -> (EmbeddedPostgres, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    (restart_embedded(&folder).await, folder)
}

/// The server of a folder.
pub async fn restart_embedded(folder: &tempfile::TempDir) -> EmbeddedPostgres {
    let options = PostgresOptions { durable: false, ..PostgresOptions::new(folder.path().join("postgres")) };
    EmbeddedPostgres::start(options).await.unwrap()
}

impl Server {
    /// How to reach a server that the caller starts and stops.
    pub fn embedded(embedded: &EmbeddedPostgres) -> Self {
        Self {
            host: embedded.host().into(),
            port: embedded.port(),
            user: embedded.user().into(),
            password: embedded.password().into(),
            embedded: None,
        }
    }
}

/// A database of one test.
pub struct Db {
    server: Arc<Server>,
    pub name: String,
}

impl Db {
    pub async fn new() -> Self {
        Self::on(within(server()).await).await
    }

    /// A database on a server of the test's own.
    pub async fn of(server: Server) -> Self {
        Self::on(Arc::new(server)).await
    }

    async fn on(server: Arc<Server>) -> Self {
        let number = DATABASES.fetch_add(1, Ordering::SeqCst);
        let db = Self { server, name: format!("ibb_test_{}_{number}", std::process::id()) };
        let mut admin = db.options("postgres").connect().await.unwrap();
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE); CREATE DATABASE {}", db.name, db.name);
        for statement in sql.split(';') {
            raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut admin).await.unwrap();
        }
        db
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        let Server { host, port, user, password, .. } = &*self.server;
        PgConnectOptions::new().host(host).port(*port).username(user).password(password).database(database)
    }

    pub fn address(&self) -> (String, u16) {
        (self.server.host.clone(), self.server.port)
    }

    pub fn user(&self) -> &str {
        &self.server.user
    }

    pub fn password(&self) -> &str {
        &self.server.password
    }

    pub async fn connect(&self) -> PgConnection {
        self.options(&self.name).connect().await.unwrap()
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) {
        let mut connection = self.connect().await;
        raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// The first column of every row, which must be text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = self.connect().await;
        let rows = raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_else(|| "NULL".into())).collect()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut connection = self.connect().await;
        raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap().get(0)
    }

    /// A script's table in this database, reached through `port` of this machine or directly.
    pub fn table_at(
        &self,
        port: Option<u16>,
        name: &str,
        columns: &[(&str, DataType, bool)],
        key: &[&str],
    ) -> TableSpec {
        let (host, direct) = self.address();
        let host = if port.is_some() { "127.0.0.1".to_owned() } else { host };
        let url =
            format!("jdbc:postgresql://{host}:{}/{}?sslmode=disable", port.unwrap_or(direct), self.name);
        let options = [
            ("url", url.as_str()),
            ("table-name", name),
            ("username", &self.server.user),
            ("password", &self.server.password),
        ];
        TableSpec {
            name: name.rsplit('.').next().unwrap().into(),
            columns: columns
                .iter()
                .map(|(name, data_type, nullable)| Column {
                    name: (*name).into(),
                    data_type: data_type.clone(),
                    nullable: *nullable,
                    kind: ColumnKind::Physical,
                })
                .collect(),
            primary_key: key.iter().map(|k| (*k).into()).collect(),
            partitioned_by: vec![],
            options: options
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            projection: vec![],
        }
    }

    pub fn table(&self, name: &str, columns: &[(&str, DataType, bool)], key: &[&str]) -> TableSpec {
        self.table_at(None, name, columns, key)
    }

    /// `ibb.sink_epochs`, shortened: `token epoch snapshot committed superseded refused`.
    pub async fn epochs(&self) -> Vec<String> {
        self.texts(
            "SELECT concat_ws(' ', token, epoch, coalesce(snapshot, '-'), committed, superseded, refused)
             FROM ibb.sink_epochs ORDER BY pipeline, sink",
        )
        .await
    }

    pub async fn staging_tables(&self) -> Vec<String> {
        self.texts("SELECT relname::text FROM pg_class WHERE relname LIKE 'stage\\_%' AND relkind = 'r'")
            .await
    }
}

/// A proxy before the server that can interfere at a statement.
pub async fn proxy(db: &Db) -> PgProxy {
    let (host, port) = db.address();
    PgProxy::to(format!("{host}:{port}")).await
}

pub fn context() -> ConnectorContext {
    ConnectorContext {
        pipeline: "test".into(),
        base_dir: PathBuf::from("."),
        connect_timeout: Duration::from_secs(30),
        batch_rows_max: 1000,
        rows_per_second_max: None,
    }
}

pub async fn sink(table: &TableSpec) -> Result<Box<dyn Sink>, StreamError> {
    within(postgres::Jdbc.sink(table, &context())).await
}

/// A sink that has claimed.
pub async fn claimed(table: &TableSpec) -> Box<dyn Sink> {
    let mut sink = sink(table).await.unwrap();
    within(sink.claim()).await.unwrap().unwrap();
    sink
}

/// Epoch `n` of generation 1, with a snapshot named after it.
pub fn epoch(n: u64) -> Commit {
    Commit { generation: 1, epoch: Epoch(n), snapshot: SnapshotId(format!("s{n}")) }
}

pub fn counters(committed: u64, superseded: u64, refused: u64) -> SinkCounters {
    SinkCounters { committed, superseded, refused }
}

/// `k` and `v` of the usual table.
pub fn columns() -> Vec<(&'static str, DataType, bool)> {
    vec![("k", DataType::Int64, false), ("v", DataType::Utf8, true)]
}

/// Rows of the usual table; `null` is NULL.
pub fn rows(rows: &[(i64, &str)]) -> RecordBatch {
    let k: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.0)));
    let v: ArrayRef = Arc::new(StringArray::from_iter(rows.iter().map(|r| (r.1 != "null").then_some(r.1))));
    RecordBatch::try_from_iter_with_nullable([("k", k, false), ("v", v, true)]).unwrap()
}

/// The usual table as `k=v` in order.
pub async fn content(db: &Db, table: &str) -> Vec<String> {
    db.texts(&format!("SELECT concat(k, '=', coalesce(v, 'null')) FROM {table} ORDER BY k, v")).await
}

/// The message of an error with all its causes.
pub fn full_message(error: &StreamError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
