//! A PostgreSQL server, and databases of one's own.

use super::{ServiceError, one_container, unique};
use containers::services::{Container, HOST, POSTGRES_LOGIN, ports};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, raw_sql};

/// A server with a superuser `ibb`.
pub struct Postgres {
    pub(super) container: Container,
}

one_container!(Postgres);

impl Postgres {
    pub fn host(&self) -> &'static str {
        HOST
    }

    pub fn port(&self) -> u16 {
        self.container.port(ports::POSTGRES)
    }

    /// `host:port` for other containers.
    pub fn address_inside(&self) -> String {
        format!("{}:{}", self.container.name(), ports::POSTGRES)
    }

    pub fn user(&self) -> &'static str {
        POSTGRES_LOGIN
    }

    pub fn password(&self) -> &'static str {
        POSTGRES_LOGIN
    }

    /// A database of its own for a test; dropped with its handle.
    pub async fn database(&self, stem: &str) -> Result<Database, ServiceError> {
        let database = Database { name: unique(stem), port: self.port() };
        let sql = format!("CREATE DATABASE {}", database.name);
        let work = async {
            let mut admin = options(self.port(), POSTGRES_LOGIN).connect().await?;
            raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await
        };
        work.await.map_err(|cause| ServiceError::new("no database could be made", &cause))?;
        Ok(database)
    }
}

fn options(port: u16, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host(HOST)
        .port(port)
        .username(POSTGRES_LOGIN)
        .password(POSTGRES_LOGIN)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
}

/// A database of one test. Its methods fail the test with what the server said.
pub struct Database {
    name: String,
    port: u16,
}

impl Database {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn host(&self) -> &'static str {
        HOST
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn user(&self) -> &'static str {
        POSTGRES_LOGIN
    }

    pub fn password(&self) -> &'static str {
        POSTGRES_LOGIN
    }

    /// `jdbc:postgresql://…`, directly or through a proxy's `port` of this machine.
    pub fn jdbc_url(&self, port: Option<u16>) -> String {
        format!("jdbc:postgresql://{HOST}:{}/{}?sslmode=disable", port.unwrap_or(self.port), self.name)
    }

    pub fn connect_options(&self) -> PgConnectOptions {
        options(self.port, &self.name)
    }

    /// # Panics
    /// When the server does not let us in.
    pub async fn connect(&self) -> PgConnection {
        let connection = self.connect_options().connect().await;
        connection.unwrap_or_else(|error| panic!("database {}: {error}", self.name))
    }

    /// Runs statements.
    ///
    /// # Panics
    /// When one fails.
    pub async fn run(&self, sql: &str) {
        let mut connection = self.connect().await;
        let done = raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The first column of every row, which must be text; `NULL` for a null.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = self.connect().await;
        let rows = raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_else(|| "NULL".into())).collect()
    }

    /// The one bigint that a query gives.
    pub async fn count(&self, sql: &str) -> i64 {
        let mut connection = self.connect().await;
        let row = raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await;
        row.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
    }

    /// COPY of CSV lines into a table; returns how many rows it has taken.
    pub async fn copy_csv(&self, table: &str, lines: impl IntoIterator<Item = impl AsRef<str>>) -> u64 {
        /// Sent at a time.
        const CHUNK: usize = 1 << 20;
        let mut connection = self.connect().await;
        let sql = format!("COPY {table} FROM STDIN WITH (FORMAT csv)");
        let fail = |error: sqlx::Error| -> ! { panic!("{sql}: {error}") };
        let mut copy = connection.copy_in_raw(&sql).await.unwrap_or_else(|error| fail(error));
        let mut chunk = String::with_capacity(CHUNK);
        for line in lines {
            chunk.push_str(line.as_ref());
            chunk.push('\n');
            if chunk.len() >= CHUNK {
                copy.send(chunk.as_bytes()).await.unwrap_or_else(|error| fail(error));
                chunk.clear();
            }
        }
        copy.send(chunk.as_bytes()).await.unwrap_or_else(|error| fail(error));
        copy.finish().await.unwrap_or_else(|error| fail(error))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The shared server outlives us; databases need not. The runtime of the test may be ending.
        let (options, name) = (options(self.port, POSTGRES_LOGIN), std::mem::take(&mut self.name));
        let drop = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let work = async {
                let mut admin = options.connect().await.ok()?;
                raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.ok()
            };
            // A server that was killed or paused by the test has nothing to tidy up.
            runtime
                .block_on(async { tokio::time::timeout(std::time::Duration::from_secs(5), work).await })
                .ok()?
        };
        let _ = std::thread::spawn(drop).join();
    }
}
