//! `ibb.sink_epochs`: who may write, and what is held.

use crate::PostgresError;
use crate::ddl::ADVISORY_LOCK;
use event::Epoch;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row as _, query, raw_sql};
use stream::{Commit, Held, SinkCounters, SnapshotId, Verdict};

const CREATE: &str = "
    CREATE SCHEMA IF NOT EXISTS ibb;
    CREATE TABLE IF NOT EXISTS ibb.sink_epochs (
        pipeline text NOT NULL,
        sink text NOT NULL,
        token bigint NOT NULL,
        generation bigint NOT NULL DEFAULT 0,
        epoch bigint NOT NULL DEFAULT 0,
        snapshot text,
        backend_pid integer,
        backend_start timestamptz,
        committed bigint NOT NULL DEFAULT 0,
        superseded bigint NOT NULL DEFAULT 0,
        refused bigint NOT NULL DEFAULT 0,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (pipeline, sink)
    );
    COMMENT ON TABLE ibb.sink_epochs IS 'The last epoch each sink committed; written in the same transaction as its rows'";

/// The row's columns, in the order [`Row::read`] takes them. A backend is named by its pid and the microsecond it
/// started in, for pids come again.
const COLUMNS: &str = "token, generation, epoch, snapshot, committed, superseded, refused, backend_pid,
    (extract(epoch FROM backend_start) * 1000000)::bigint";

/// A server process, of all there ever were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    pub pid: i32,
    pub start_us: i64,
}

/// Which row is ours.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub pipeline: String,
    pub sink: String,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub token: i64,
    pub held: Option<Held>,
    pub counters: SinkCounters,
    pub backend: Option<Backend>,
}

impl Row {
    fn read(row: &PgRow) -> Self {
        let unsigned = |i: usize| row.get::<i64, _>(i).max(0) as u64;
        let snapshot: Option<String> = row.get(3);
        let (pid, start_us): (Option<i32>, Option<i64>) = (row.get(7), row.get(8));
        Self {
            token: row.get(0),
            held: snapshot.map(|snapshot| Held {
                generation: unsigned(1),
                epoch: Epoch(unsigned(2)),
                snapshot: SnapshotId(snapshot),
            }),
            counters: SinkCounters { committed: unsigned(4), superseded: unsigned(5), refused: unsigned(6) },
            backend: pid.zip(start_us).map(|(pid, start_us)| Backend { pid, start_us }),
        }
    }
}

/// Whether this epoch is to be written, given what is held.
pub(crate) fn judge(id: &Identity, held: Option<&Held>, commit: &Commit) -> Result<Verdict, PostgresError> {
    commit
        .after(held)
        .map_err(|why| PostgresError::Data(format!("sink '{}' of pipeline '{}' {why}", id.sink, id.pipeline)))
}

/// Creates schema and table unless they are there.
pub(crate) async fn ensure(connection: &mut PgConnection) -> Result<(), PostgresError> {
    if crate::catalog::exists(connection, "ibb.sink_epochs").await? {
        return Ok(());
    }
    let sql = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK}); {CREATE}");
    match raw_sql(AssertSqlSafe(sql)).execute(connection).await {
        Ok(_) => Ok(()),
        Err(cause) => match PostgresError::from_sqlx("creating table ibb.sink_epochs", cause) {
            error if error.sqlstate() == Some("42501") => Err(PostgresError::Permission(format!(
                "{error}; let the database's owner run: {CREATE}; GRANT USAGE, CREATE ON SCHEMA ibb TO the role; \
                 GRANT SELECT, INSERT, UPDATE ON ibb.sink_epochs TO the role"
            ))),
            error => Err(error),
        },
    }
}

/// Takes the sink over from whoever had it: ends the recorded backend where that is permitted, then raises the token
/// in a statement that waits for the row's lock.
pub(crate) async fn claim(connection: &mut PgConnection, id: &Identity) -> Result<Row, PostgresError> {
    const DOING: &str = "claiming the sink";
    let ended = query(
        "SELECT pg_terminate_backend(a.pid)
         FROM ibb.sink_epochs e JOIN pg_stat_activity a ON a.pid = e.backend_pid AND a.backend_start = e.backend_start
         WHERE e.pipeline = $1 AND e.sink = $2 AND a.pid <> pg_backend_pid()",
    )
    .bind(&id.pipeline)
    .bind(&id.sink)
    .fetch_all(&mut *connection)
    .await;
    tolerate_no_permission(ended.map(|_| ()), DOING)?;
    let sql = format!(
        "INSERT INTO ibb.sink_epochs AS e (pipeline, sink, token, backend_pid, backend_start)
         SELECT $1, $2, 1, pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()
         ON CONFLICT (pipeline, sink) DO UPDATE SET token = e.token + 1, backend_pid = excluded.backend_pid,
             backend_start = excluded.backend_start, updated_at = now()
         RETURNING {COLUMNS}"
    );
    let row = query(AssertSqlSafe(sql)).bind(&id.pipeline).bind(&id.sink).fetch_one(connection).await;
    Ok(Row::read(&row.map_err(|cause| PostgresError::from_sqlx(DOING, cause))?))
}

/// Names the server process of this connection.
pub(crate) async fn own_backend(connection: &mut PgConnection) -> Result<Backend, PostgresError> {
    let row = query(
        "SELECT pid, (extract(epoch FROM backend_start) * 1000000)::bigint FROM pg_stat_activity
         WHERE pid = pg_backend_pid()",
    )
    .fetch_one(connection)
    .await
    .map_err(|cause| PostgresError::from_sqlx("asking for the backend", cause))?;
    Ok(Backend { pid: row.get(0), start_us: row.get(1) })
}

/// Takes the sink over from ourselves after a lost connection; `None` when another writer has claimed it since.
///
/// `mine` are the backends we claimed or tried to claim from: the answer to an earlier try may have been lost, and
/// then the row names that backend with a token we were never told.
pub(crate) async fn claim_again(
    connection: &mut PgConnection,
    id: &Identity,
    token: i64,
    mine: &[Backend],
) -> Result<Option<Row>, PostgresError> {
    const DOING: &str = "claiming the sink again";
    let (pids, starts): (Vec<i32>, Vec<i64>) = mine.iter().map(|b| (b.pid, b.start_us)).unzip();
    let ended = query(
        "SELECT pg_terminate_backend(a.pid)
         FROM pg_stat_activity a JOIN unnest($1::int[], $2::bigint[]) m(pid, start_us)
           ON a.pid = m.pid AND (extract(epoch FROM a.backend_start) * 1000000)::bigint = m.start_us
         WHERE a.pid <> pg_backend_pid()",
    )
    .bind(&pids)
    .bind(&starts)
    .fetch_all(&mut *connection)
    .await;
    tolerate_no_permission(ended.map(|_| ()), DOING)?;
    let sql = format!(
        "UPDATE ibb.sink_epochs SET token = token + 1, backend_pid = pg_backend_pid(), updated_at = now(),
             backend_start = (SELECT a.backend_start FROM pg_stat_activity a WHERE a.pid = pg_backend_pid())
         WHERE pipeline = $1 AND sink = $2 AND (token = $3 OR
             (backend_pid, (extract(epoch FROM backend_start) * 1000000)::bigint) IN
             (SELECT m.pid, m.start_us FROM unnest($4::int[], $5::bigint[]) m(pid, start_us)))
         RETURNING {COLUMNS}"
    );
    let row = query(AssertSqlSafe(sql))
        .bind(&id.pipeline)
        .bind(&id.sink)
        .bind(token)
        .bind(&pids)
        .bind(&starts)
        .fetch_optional(connection)
        .await
        .map_err(|cause| PostgresError::from_sqlx(DOING, cause))?;
    Ok(row.as_ref().map(Row::read))
}

/// Reads the row and keeps its lock until the transaction ends, so that a claim waits for us.
pub(crate) async fn lock(connection: &mut PgConnection, id: &Identity) -> Result<Row, PostgresError> {
    let sql = format!("SELECT {COLUMNS} FROM ibb.sink_epochs WHERE pipeline = $1 AND sink = $2 FOR UPDATE");
    let row = query(AssertSqlSafe(sql)).bind(&id.pipeline).bind(&id.sink).fetch_optional(connection).await;
    match row.map_err(|cause| PostgresError::from_sqlx("locking the sink's epoch", cause))? {
        Some(row) => Ok(Row::read(&row)),
        None => Err(PostgresError::Data(format!(
            "the row of sink '{}' of pipeline '{}' in ibb.sink_epochs was deleted while this instance was running",
            id.sink, id.pipeline
        ))),
    }
}

/// Writes the epoch; says whether the row was as `before`.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    id: &Identity,
    before: &Row,
    commit: &Commit,
    counters: &SinkCounters,
) -> Result<bool, PostgresError> {
    let (generation, epoch) = before.held.as_ref().map_or((0, 0), |held| (held.generation, held.epoch.0));
    let result = query(
        "UPDATE ibb.sink_epochs SET generation = $1, epoch = $2, snapshot = $3, committed = $4, superseded = $5,
             refused = $6, updated_at = now()
         WHERE pipeline = $7 AND sink = $8 AND token = $9 AND generation = $10 AND epoch = $11",
    )
    .bind(commit.generation as i64)
    .bind(commit.epoch.0 as i64)
    .bind(&commit.snapshot.0)
    .bind(counters.committed as i64)
    .bind(counters.superseded as i64)
    .bind(counters.refused as i64)
    .bind(&id.pipeline)
    .bind(&id.sink)
    .bind(before.token)
    .bind(generation as i64)
    .bind(epoch as i64)
    .execute(connection)
    .await
    .map_err(|cause| PostgresError::from_sqlx("writing the epoch", cause))?;
    Ok(result.rows_affected() == 1)
}

/// A backend of another role cannot be ended by us; the row's lock is waited for instead.
pub(crate) fn tolerate_no_permission(
    result: Result<(), sqlx::Error>,
    doing: &'static str,
) -> Result<(), PostgresError> {
    match result.map_err(|cause| PostgresError::from_sqlx(doing, cause)) {
        Err(error) if error.sqlstate() == Some("42501") => {
            tracing::warn!(%error, "Cannot end the backend of the writer before, so waiting for its lock");
            Ok(())
        }
        other => other,
    }
}
