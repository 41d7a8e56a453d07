//! Rows the database refused, kept beside their table.

use crate::PostgresError;
use crate::catalog::exists;
use crate::ddl::ADVISORY_LOCK;
use crate::epochs::Identity;
use event::Epoch;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, query, raw_sql};

/// A row that was not accepted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    pub sqlstate: String,
    pub error: String,
    /// As a JSON object.
    pub row: String,
}

impl Refused {
    pub fn new(error: &PostgresError, row: String) -> Self {
        let (sqlstate, error) = match error {
            PostgresError::Statement { sqlstate, message, .. } => (sqlstate.clone(), message.clone()),
            other => (String::new(), other.to_string()),
        };
        Self { sqlstate, error, row }
    }
}

/// The statement that makes the table. `row` is json, not jsonb: that keeps every string, also one with U+0000.
pub(crate) fn create_sql(qualified: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {qualified} (
    pipeline text NOT NULL,
    sink text NOT NULL,
    epoch bigint NOT NULL,
    sqlstate text NOT NULL,
    error text NOT NULL,
    \"row\" json NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
)"
    )
}

/// Rows a statement inserts at once.
const CHUNK: usize = 1000;

/// Writes `refused` within the open transaction, creating the table when it is missing.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    qualified: &str,
    id: &Identity,
    epoch: Epoch,
    refused: &[Refused],
) -> Result<(), PostgresError> {
    let fail = |cause| PostgresError::from_sqlx("keeping refused rows as dead letters", cause);
    if refused.is_empty() {
        return Ok(());
    }
    if !exists(connection, qualified).await? {
        let sql = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK}); {}", create_sql(qualified));
        raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(fail)?;
    }
    let sql = format!(
        "INSERT INTO {qualified} (pipeline, sink, epoch, sqlstate, error, \"row\")
         SELECT $1, $2, $3, r.sqlstate, r.error, r.content::json
         FROM unnest($4::text[], $5::text[], $6::text[]) r(sqlstate, error, content)"
    );
    for chunk in refused.chunks(CHUNK) {
        query(AssertSqlSafe(sql.clone()))
            .bind(&id.pipeline)
            .bind(&id.sink)
            .bind(epoch.0 as i64)
            .bind(chunk.iter().map(|r| r.sqlstate.clone()).collect::<Vec<_>>())
            .bind(chunk.iter().map(|r| r.error.clone()).collect::<Vec<_>>())
            .bind(chunk.iter().map(|r| r.row.clone()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await
            .map_err(fail)?;
    }
    Ok(())
}
