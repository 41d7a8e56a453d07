//! The sink: claims, and commits epoch after epoch over one connection.

use crate::PostgresError;
use crate::ahead::{Ahead, Line, Open};
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

/// Rows on their way into the table.
enum Written {
    /// They are in it; how many.
    Copied(u64),
    Staged(Staged),
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
    line: Option<Line>,
    /// The rows of the next commit, if they were given ahead of it.
    ahead: Option<Ahead>,
}

impl PostgresSink {
    pub fn new(plan: Plan) -> Self {
        Self { plan, claimed: None, line: None, ahead: None }
    }

    /// One attempt, on the connection at hand or on a new one that claims again.
    async fn try_commit(
        &mut self,
        commit: &Commit,
        rows: &EpochRows,
        way: Way,
        go_on: bool,
    ) -> Result<SinkCounters, PostgresError> {
        let Some(claimed) = &mut self.claimed else {
            return Err(PostgresError::Internal("commit was called before claim".into()));
        };
        let mut line = match self.line.take() {
            Some(line) => line,
            None => Line::new(self.plan.claim_again(claimed).await?),
        };
        let open = if go_on { line.open.take() } else { None };
        let attempt = async {
            line.roll_back().await?;
            self.plan.run(&mut line.connection, &claimed.row, commit, rows, way, open).await
        };
        let result = match tokio::time::timeout(ATTEMPT_MAX, attempt).await {
            Ok(result) => result,
            Err(_) => Err(PostgresError::Lost { doing: "committing an epoch", cause: None }),
        };
        match result {
            Ok(row) => {
                claimed.row = row;
                self.line = Some(line);
                Ok(claimed.row.counters)
            }
            Err(error) => {
                if !error.is_lost()
                    && self.plan.undo(&mut line.connection, claimed.row.token, commit).await.is_ok()
                {
                    self.line = Some(line);
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
        (self.line, self.claimed, self.ahead) = (None, None, None);
        let policy = RetryPolicy { total_max: self.plan.connect_timeout, ..RetryPolicy::default() };
        let plan = &self.plan;
        let (connection, row) = retry(policy, retry_claim, || plan.claim()).await?;
        failpoint::hit("postgres.claimed");
        let claim = Claim { token: row.token.max(0) as u64, held: row.held.clone(), counters: row.counters };
        self.claimed = Some(Claimed { backends: row.backend.into_iter().collect(), row });
        self.line = Some(Line::new(connection));
        Ok(Some(claim))
    }

    async fn prepare(&mut self, rows: &[RecordBatch]) {
        self.ahead = None;
        let Some(claimed) = self.claimed.as_ref().filter(|_| self.plan.direct.is_some()) else { return };
        let given: usize = rows.iter().map(RecordBatch::num_rows).sum();
        // What is wrong with the rows, the commit says.
        let Ok(rows) = EpochRows::prepare(&self.plan.target, rows) else { return };
        let Some(line) = self.line.take() else { return };
        if rows.len() == 0 {
            self.line = Some(line);
            return;
        }
        let (line, refused) = self.plan.go_ahead(line, &claimed.row, &rows).await;
        self.line = line;
        self.ahead = Some(Ahead { rows, given, refused });
    }

    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let given: usize = rows.iter().map(RecordBatch::num_rows).sum();
        let ahead = self.ahead.take().filter(|ahead| ahead.given == given);
        let mut go_on = ahead.is_some();
        let refused = ahead.as_ref().is_some_and(|ahead| ahead.refused);
        let rows = match ahead {
            Some(ahead) => ahead.rows,
            None => EpochRows::prepare(&self.plan.target, rows)?,
        };
        let mut left = self.plan.settings.max_retries.max(1);
        let mut way = if self.plan.direct.is_some() && !refused { Way::Direct } else { Way::Staged };
        loop {
            match self.try_commit(commit, &rows, way, std::mem::take(&mut go_on)).await {
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
        open: Option<Open>,
    ) -> Result<Row, PostgresError> {
        // What we know was held decides only whether staging is worth it; the locked row decides the rest.
        let staged = match epochs::judge(&self.id, known.held.as_ref(), commit) {
            Ok(Verdict::Next) if rows.len() > 0 && way == Way::Staged => {
                Some(self.stage(connection, known.token, commit, rows).await?)
            }
            _ => None,
        };
        let (before, copied) = match open {
            Some(Open { before, copied }) => (before, Some(copied)),
            None => (self.begin(connection, known).await?, None),
        };
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
        let written = match (staged, copied) {
            (Some(staged), _) => Written::Staged(staged),
            (None, Some(copied)) => Written::Copied(copied),
            (None, None) if rows.len() > 0 => Written::Copied(self.append(connection, rows).await?),
            (None, None) => Written::Copied(0),
        };
        let counters = self.merge(connection, &before, commit, rows, written).await?;
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

    /// Begins the transaction that commits, and takes hold of the epoch's row in it.
    pub(crate) async fn begin(
        &self,
        connection: &mut PgConnection,
        known: &Row,
    ) -> Result<Row, PostgresError> {
        execute(connection, "BEGIN; SET CONSTRAINTS ALL IMMEDIATE", "beginning the transaction").await?;
        let before = epochs::lock(connection, &self.id).await?;
        if before.token != known.token {
            return Err(self.fenced(known.token));
        }
        Ok(before)
    }

    /// Within the transaction: copies the rows into the table itself.
    pub(crate) async fn append(
        &self,
        connection: &mut PgConnection,
        rows: &EpochRows,
    ) -> Result<u64, PostgresError> {
        let Some(encoders) = &self.direct else {
            return Err(PostgresError::Internal("rows of this table are staged".into()));
        };
        let copied = staging::append(connection, &self.target, encoders, rows).await?;
        failpoint::hit("postgres.staged");
        Ok(copied)
    }

    /// Within the transaction: merges what is staged and drops the staging table; keeps what is refused; returns the new
    /// totals.
    async fn merge(
        &self,
        connection: &mut PgConnection,
        before: &Row,
        commit: &Commit,
        rows: &EpochRows,
        written: Written,
    ) -> Result<SinkCounters, PostgresError> {
        let mut refused = rows.refused.clone();
        let committed = match written {
            Written::Copied(copied) => copied,
            Written::Staged(staged) => {
                let unmerged = merge(connection, &self.target, &staged, rows, commit.epoch.0).await?;
                let merged = staged.rows as u64 - unmerged.len() as u64;
                refused.extend(staged.refused);
                refused.extend(unmerged);
                let drop = format!("DROP TABLE {}", staged.table);
                execute(connection, &drop, "dropping the staging table").await?;
                merged
            }
        };
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

pub(crate) async fn execute(
    connection: &mut PgConnection,
    sql: &str,
    doing: &'static str,
) -> Result<(), PostgresError> {
    let result = raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    result.map(|_| ()).map_err(|cause| PostgresError::from_sqlx(doing, cause))
}
