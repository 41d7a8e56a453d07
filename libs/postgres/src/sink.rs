//! The sink: claims, and commits epoch after epoch over one connection.

use crate::PostgresError;
use crate::connect::connect;
use crate::dead_letters;
use crate::encode::Encoders;
use crate::epochs::{self, Backend, Identity, Row};
use crate::merge::merge;
use crate::options::Settings;
use crate::rows::EpochRows;
use crate::staging::{self, Staged};
use crate::target::Target;
use arrow::array::RecordBatch;
use async_trait::async_trait;
use resilience::{Retry, RetryPolicy, failpoint, retry};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, raw_sql};
use std::time::Duration;
use stream::{Claim, Commit, Sink, SinkCounters, StreamError, Verdict};

/// A server that vanished without a word is given up after this; longer than any statement may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(15 * 60);

/// Everything that stays the same.
pub(crate) struct Plan {
    pub id: Identity,
    pub settings: Settings,
    pub connect_timeout: Duration,
    pub target: Target,
    pub encoders: Encoders,
    /// Where the table takes rows as they are: into it without a staging table.
    pub direct: Option<Encoders>,
}

/// How rows get into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By one COPY inside the transaction: quickest, but a refused row ends it.
    Direct,
    /// Through a staging table, from where rows that the database refuses are told from the others.
    Staged,
}

/// Since `claim`.
struct Claimed {
    /// As the row was when we last saw or wrote it.
    row: Row,
    /// Every backend this instance claimed or tried to claim from.
    backends: Vec<Backend>,
}

/// Exactly once: rows and epoch in one transaction of the database.
pub(crate) struct PostgresSink {
    plan: Plan,
    claimed: Option<Claimed>,
    /// Absent when it was lost, or left in an unknown state by a dropped future.
    connection: Option<PgConnection>,
}

impl PostgresSink {
    pub fn new(plan: Plan) -> Self {
        Self { plan, claimed: None, connection: None }
    }

    /// One attempt, on the connection at hand or on a new one that claims again.
    async fn try_commit(
        &mut self,
        commit: &Commit,
        rows: &EpochRows,
        way: Way,
    ) -> Result<SinkCounters, PostgresError> {
        let Some(claimed) = &mut self.claimed else {
            return Err(PostgresError::Internal("commit was called before claim".into()));
        };
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.plan.claim_again(claimed).await?,
        };
        let attempt = self.plan.run(&mut connection, &claimed.row, commit, rows, way);
        let result = match tokio::time::timeout(ATTEMPT_MAX, attempt).await {
            Ok(result) => result,
            Err(_) => Err(PostgresError::Lost { doing: "committing an epoch", cause: None }),
        };
        match result {
            Ok(row) => {
                claimed.row = row;
                self.connection = Some(connection);
                Ok(claimed.row.counters)
            }
            Err(error) => {
                if !error.is_lost()
                    && self.plan.undo(&mut connection, claimed.row.token, commit).await.is_ok()
                {
                    self.connection = Some(connection);
                }
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Sink for PostgresSink {
    fn name(&self) -> &str {
        &self.plan.id.sink
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        self.connection = None;
        self.claimed = None;
        let policy = RetryPolicy { total_max: self.plan.connect_timeout, ..RetryPolicy::default() };
        let plan = &self.plan;
        let (connection, row) = retry(policy, retry_claim, || plan.claim()).await?;
        failpoint::hit("postgres.claimed");
        let claim = Claim { token: row.token.max(0) as u64, held: row.held.clone(), counters: row.counters };
        self.claimed = Some(Claimed { backends: row.backend.into_iter().collect(), row });
        self.connection = Some(connection);
        Ok(Some(claim))
    }

    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let rows = EpochRows::prepare(&self.plan.target, rows)?;
        let mut left = self.plan.settings.max_retries.max(1);
        let mut way = if self.plan.direct.is_some() { Way::Direct } else { Way::Staged };
        loop {
            match self.try_commit(commit, &rows, way).await {
                Ok(counters) => return Ok(counters),
                Err(error) if way == Way::Direct && error.needs_staging() => {
                    way = Way::Staged;
                    tracing::debug!(%error, epoch = commit.epoch.0, "The rows go through a staging table");
                }
                Err(error) if left > 0 && (error.is_lost() || error.is_conflict()) => {
                    left -= 1;
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, cause, sink = self.plan.id.sink, epoch = commit.epoch.0, "Committing again");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A claim may be repeated: each one only raises the token.
fn retry_claim(error: &PostgresError) -> Retry {
    match error.is_lost() || error.is_conflict() {
        true => Retry::Backoff,
        false => Retry::Never,
    }
}

impl Plan {
    async fn claim(&self) -> Result<(PgConnection, Row), PostgresError> {
        let mut connection = connect(&self.settings.url, self.connect_timeout).await?;
        epochs::ensure(&mut connection).await?;
        let row = epochs::claim(&mut connection, &self.id).await?;
        staging::drop_leftovers(&mut connection, &self.id, row.token).await?;
        Ok((connection, row))
    }

    /// A new connection that owns the sink as the lost one did.
    async fn claim_again(&self, claimed: &mut Claimed) -> Result<PgConnection, PostgresError> {
        let policy = RetryPolicy { total_max: self.settings.retry_timeout, ..RetryPolicy::default() };
        // Kept while trying: the answer to any try may be the one that is lost.
        let backends = tokio::sync::Mutex::new(std::mem::take(&mut claimed.backends));
        let token = claimed.row.token;
        let result = retry(policy, retry_claim, || async {
            let mut connection = connect(&self.settings.url, self.settings.retry_timeout).await?;
            let mut backends = backends.lock().await;
            let own = epochs::own_backend(&mut connection).await?;
            backends.push(own);
            match epochs::claim_again(&mut connection, &self.id, token, &backends).await? {
                Some(row) => Ok((connection, row)),
                None => Err(self.fenced(token)),
            }
        })
        .await;
        claimed.backends = backends.into_inner();
        let (mut connection, row) = result?;
        claimed.backends = row.backend.into_iter().collect();
        claimed.row = row;
        staging::drop_leftovers(&mut connection, &self.id, claimed.row.token).await?;
        Ok(connection)
    }

    fn fenced(&self, token: i64) -> PostgresError {
        let Identity { pipeline, sink } = self.id.clone();
        PostgresError::Fenced { pipeline, sink, token }
    }

    /// Commits the rows with the epoch in one transaction, staged before if that is the way; returns the row as it is now.
    async fn run(
        &self,
        connection: &mut PgConnection,
        known: &Row,
        commit: &Commit,
        rows: &EpochRows,
        way: Way,
    ) -> Result<Row, PostgresError> {
        // What we know was held decides only whether staging is worth it; the locked row decides the rest.
        let staged = match epochs::judge(&self.id, known.held.as_ref(), commit) {
            Ok(Verdict::Next) if rows.len() > 0 && way == Way::Staged => {
                Some(self.stage(connection, known.token, commit, rows).await?)
            }
            _ => None,
        };
        execute(connection, "BEGIN; SET CONSTRAINTS ALL IMMEDIATE", "beginning the transaction").await?;
        let before = epochs::lock(connection, &self.id).await?;
        if before.token != known.token {
            return Err(self.fenced(known.token));
        }
        match epochs::judge(&self.id, before.held.as_ref(), commit)? {
            Verdict::AlreadyHeld => {
                self.undo(connection, known.token, commit).await?;
                return Ok(before);
            }
            Verdict::Next if staged.is_none() && rows.len() > 0 && way == Way::Staged => {
                let message = "ibb.sink_epochs went back while this instance was running";
                return Err(PostgresError::Data(message.into()));
            }
            Verdict::Next => {}
        }
        let counters = self.write(connection, &before, commit, rows, staged).await?;
        if !epochs::advance(connection, &self.id, &before, commit, &counters).await? {
            return Err(self.fenced(known.token));
        }
        failpoint::hit("postgres.before_commit");
        execute(connection, "COMMIT", "committing the transaction").await?;
        failpoint::hit("postgres.committed");
        Ok(Row { held: Some(commit.into()), counters, ..before })
    }

    async fn stage(
        &self,
        connection: &mut PgConnection,
        token: i64,
        commit: &Commit,
        rows: &EpochRows,
    ) -> Result<Staged, PostgresError> {
        let table = staging::table_name(&self.id, token, commit.epoch);
        let staged = staging::stage(connection, &self.target, &self.encoders, table, rows).await?;
        failpoint::hit("postgres.staged");
        Ok(staged)
    }

    /// Within the transaction: merges what is staged and drops the staging table, or copies the rows; keeps what is refused;
    /// returns the new totals.
    async fn write(
        &self,
        connection: &mut PgConnection,
        before: &Row,
        commit: &Commit,
        rows: &EpochRows,
        staged: Option<Staged>,
    ) -> Result<SinkCounters, PostgresError> {
        let mut refused = rows.refused.clone();
        let mut committed = 0;
        if let Some(staged) = staged {
            let unmerged = merge(connection, &self.target, &staged, rows, commit.epoch.0).await?;
            committed = staged.rows as u64 - unmerged.len() as u64;
            refused.extend(staged.refused);
            refused.extend(unmerged);
            execute(connection, &format!("DROP TABLE {}", staged.table), "dropping the staging table")
                .await?;
        } else if let Some(encoders) = self.direct.as_ref().filter(|_| rows.len() > 0) {
            committed = staging::append(connection, &self.target, encoders, rows).await?;
            failpoint::hit("postgres.staged");
        }
        dead_letters::insert(connection, &self.target.dead_letters, &self.id, commit.epoch, &refused).await?;
        if !refused.is_empty() {
            tracing::warn!(
                rows = refused.len(),
                epoch = commit.epoch.0,
                sink = self.id.sink,
                dead_letters = self.target.dead_letters,
                first = refused[0].error,
                "PostgreSQL refused rows; they are kept as dead letters"
            );
        }
        Ok(SinkCounters {
            committed: before.counters.committed + committed,
            superseded: before.counters.superseded + rows.superseded,
            refused: before.counters.refused + refused.len() as u64,
        })
    }

    /// Leaves the connection without a transaction and without the epoch's staging table.
    async fn undo(
        &self,
        connection: &mut PgConnection,
        token: i64,
        commit: &Commit,
    ) -> Result<(), PostgresError> {
        let table = staging::table_name(&self.id, token, commit.epoch);
        execute(connection, &format!("ROLLBACK; DROP TABLE IF EXISTS {table}"), "undoing an epoch").await
    }
}

async fn execute(connection: &mut PgConnection, sql: &str, doing: &'static str) -> Result<(), PostgresError> {
    let result = raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    result.map(|_| ()).map_err(|cause| PostgresError::from_sqlx(doing, cause))
}
