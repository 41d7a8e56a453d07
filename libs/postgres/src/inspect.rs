//! Questions to a server beside any pipeline: is it well, what does a table hold; and leaving nothing behind.

use crate::PostgresError;
use crate::connect::connect;
use crate::ddl::quote_ident;
use crate::url::{JdbcUrl, Secret};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, query, raw_sql};
use std::time::Duration;

/// A connection for questions.
pub struct Inspection(PgConnection);

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHealth {
    pub version: String,
    /// A standby: it takes no writes.
    pub in_recovery: bool,
    pub connections: i64,
    pub connections_max: i64,
    pub slots: Vec<ReplicationSlot>,
}

/// A replication slot, and how much of the log it keeps the server from removing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicationSlot {
    pub name: String,
    pub active: bool,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    pub status: Option<String>,
    pub retained_bytes: i64,
}

/// What a table holds, as the database counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub rows: u64,
    /// Distinct values of the column that numbers the rows.
    pub distinct: u64,
    pub least: Option<i64>,
    pub greatest: Option<i64>,
}

const HEALTH: &str = "SELECT current_setting('server_version'), pg_is_in_recovery(),
    (SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database),
    current_setting('max_connections')::bigint";

/// `pg_replication_slots` is for everyone to read.
const SLOTS: &str = "SELECT slot_name::text, active, wal_status,
    coalesce(pg_wal_lsn_diff(
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
        restart_lsn), 0)::bigint
    FROM pg_replication_slots ORDER BY 1";

impl Inspection {
    /// Connects to the database of a `jdbc:postgresql:` URL, encrypted as the URL says.
    ///
    /// # Errors
    /// As a sink's: no answer within `timeout`, refused credentials, no TLS, a wrong URL.
    pub async fn open(
        url: &str,
        user: &str,
        password: Option<&str>,
        timeout: Duration,
    ) -> Result<Self, PostgresError> {
        let mut url = JdbcUrl::parse(url)?;
        url.user = Some(user.to_owned());
        url.password = password.map(|password| Secret(password.to_owned()));
        url.connect_timeout = timeout;
        Ok(Self(connect(&url, timeout).await?))
    }

    /// How the server is.
    pub async fn health(&mut self) -> Result<ServerHealth, PostgresError> {
        let doing = "asking the server how it is";
        let fail = |cause| PostgresError::from_sqlx(doing, cause);
        let row = query(HEALTH).fetch_one(&mut self.0).await.map_err(fail)?;
        let slots = query(SLOTS).fetch_all(&mut self.0).await.map_err(fail)?;
        let slots = slots.iter().map(|row| ReplicationSlot {
            name: row.get(0),
            active: row.get(1),
            status: row.get(2),
            retained_bytes: row.get(3),
        });
        Ok(ServerHealth {
            version: row.get(0),
            in_recovery: row.get(1),
            connections: row.get(2),
            connections_max: row.get(3),
            slots: slots.collect(),
        })
    }

    /// Counts the rows of `table`, whose column `number` is a bigint.
    pub async fn count(&mut self, table: &str, number: &str) -> Result<Counted, PostgresError> {
        let number = quote_ident(number);
        let sql = format!(
            "SELECT count(*), count(DISTINCT {number}), min({number}), max({number}) FROM {}",
            quote_ident(table)
        );
        let row = query(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut self.0).await;
        let row = row.map_err(|cause| PostgresError::from_sqlx("counting rows", cause))?;
        let unsigned = |i: usize| row.get::<i64, _>(i).max(0) as u64;
        Ok(Counted { rows: unsigned(0), distinct: unsigned(1), least: row.get(2), greatest: row.get(3) })
    }

    /// Gives `table` a bigint `column` in which the server notes when it took a row, in µs since 1970 by its own clock.
    pub async fn stamp_rows(&mut self, table: &str, column: &str) -> Result<(), PostgresError> {
        let sql = format!(
            "ALTER TABLE {} ADD COLUMN {} bigint DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
            quote_ident(table),
            quote_ident(column)
        );
        let done = raw_sql(AssertSqlSafe(sql)).execute(&mut self.0).await;
        done.map(drop).map_err(|cause| PostgresError::from_sqlx("adding a column", cause))
    }

    /// How many rows `table` has, and the greatest value of its bigint `column`.
    pub async fn grown(&mut self, table: &str, column: &str) -> Result<(u64, Option<i64>), PostgresError> {
        let sql = format!("SELECT count(*), max({}) FROM {}", quote_ident(column), quote_ident(table));
        let row = query(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut self.0).await;
        let row = row.map_err(|cause| PostgresError::from_sqlx("counting rows", cause))?;
        Ok((row.get::<i64, _>(0).max(0) as u64, row.get(1)))
    }

    /// How far the bigint column `to` lies behind `from`, in steps of 100, and in how many rows, among those whose `from`
    /// is `least` or more.
    pub async fn distances(
        &mut self,
        table: &str,
        [from, to]: [&str; 2],
        least: i64,
    ) -> Result<Vec<(i64, u64)>, PostgresError> {
        let (table, from, to) = (quote_ident(table), quote_ident(from), quote_ident(to));
        let sql = format!(
            "SELECT ({to} - {from}) / 100 * 100, count(*) FROM {table} WHERE {from} >= $1 GROUP BY 1"
        );
        let rows = query(AssertSqlSafe(sql)).persistent(false).bind(least).fetch_all(&mut self.0).await;
        let rows = rows.map_err(|cause| PostgresError::from_sqlx("comparing columns", cause))?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1).max(0) as u64)).collect())
    }

    /// Drops a table with its dead letters, and what its pipeline had written down.
    pub async fn forget(&mut self, table: &str, pipeline: &str) -> Result<(), PostgresError> {
        let fail = |cause| PostgresError::from_sqlx("removing a table", cause);
        let dead_letters = quote_ident(&format!("{table}_dead_letters"));
        let sql = format!("DROP TABLE IF EXISTS {}, {dead_letters}", quote_ident(table));
        raw_sql(AssertSqlSafe(sql)).execute(&mut self.0).await.map_err(fail)?;
        let known = query("SELECT to_regclass('ibb.sink_epochs') IS NOT NULL");
        if known.fetch_one(&mut self.0).await.map_err(fail)?.get(0) {
            let delete = query("DELETE FROM ibb.sink_epochs WHERE pipeline = $1").bind(pipeline);
            delete.execute(&mut self.0).await.map_err(fail)?;
        }
        Ok(())
    }

    /// Says goodbye; a connection that is dropped instead is closed as well.
    pub async fn close(self) {
        // Nothing depends on the server hearing it.
        let _heard = self.0.close().await;
    }
}
