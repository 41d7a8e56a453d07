//! Copying an epoch's rows while its snapshot is still being written: an open transaction shows nobody anything.

use crate::PostgresError;
use crate::epochs::Row;
use crate::rows::EpochRows;
use crate::sink::{Plan, execute};
use sqlx::postgres::PgConnection;
use std::time::Duration;

/// How long the copy may wait for a lock, in the server: another sink of this pipeline may hold it with the same right, and
/// neither ends before both are prepared.
const LOCK_MAX_MS: u32 = 1_000;
/// A server that does not answer is left to the commit.
const AHEAD_MAX: Duration = Duration::from_secs(10);

/// A connection, and what it has begun.
pub(crate) struct Line {
    pub connection: PgConnection,
    /// Its open transaction, if there is one.
    pub open: Option<Open>,
}

/// A transaction that holds the epoch's row and has copied the next epoch's rows.
pub(crate) struct Open {
    /// The row as it was.
    pub before: Row,
    pub copied: u64,
}

/// Rows that were given ahead of their commit.
pub(crate) struct Ahead {
    pub rows: EpochRows,
    /// How many rows there were at first: those of the commit must be as many.
    pub given: usize,
    /// The database refuses some of them.
    pub refused: bool,
}

impl Line {
    pub fn new(connection: PgConnection) -> Self {
        Self { connection, open: None }
    }

    /// Ends an open transaction that nobody goes on with.
    pub async fn roll_back(&mut self) -> Result<(), PostgresError> {
        if self.open.is_some() {
            execute(&mut self.connection, "ROLLBACK", "undoing what was prepared").await?;
            self.open = None;
        }
        Ok(())
    }
}

impl Plan {
    /// Copies the rows in a transaction that stays open. Gives the line back unless its state is unknown, and says whether the
    /// database refuses rows.
    pub(crate) async fn go_ahead(
        &self,
        mut line: Line,
        known: &Row,
        rows: &EpochRows,
    ) -> (Option<Line>, bool) {
        let attempt = async {
            match self.copy_ahead(&mut line, known, rows).await {
                Ok(open) => Ok(open),
                Err(error) => {
                    let undone = execute(&mut line.connection, "ROLLBACK", "undoing what was prepared").await;
                    Err((error, undone.is_ok()))
                }
            }
        };
        match tokio::time::timeout(AHEAD_MAX, attempt).await {
            Ok(Ok(open)) => {
                line.open = Some(open);
                (Some(line), false)
            }
            Ok(Err((error, undone))) => {
                tracing::debug!(%error, "The rows are not taken ahead of their commit");
                (undone.then_some(line), error.needs_staging())
            }
            Err(_) => (None, false),
        }
    }

    async fn copy_ahead(
        &self,
        line: &mut Line,
        known: &Row,
        rows: &EpochRows,
    ) -> Result<Open, PostgresError> {
        line.roll_back().await?;
        let connection = &mut line.connection;
        let before = self.begin(connection, known).await?;
        let limit = format!("SET LOCAL lock_timeout = {LOCK_MAX_MS}");
        execute(connection, &limit, "limiting the wait for a lock").await?;
        let copied = self.append(connection, rows).await?;
        Ok(Open { before, copied })
    }
}
