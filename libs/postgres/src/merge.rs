//! Staged rows into the target, inside the transaction that commits them.

use crate::PostgresError;
use crate::dead_letters::Refused;
use crate::rows::EpochRows;
use crate::staging::Staged;
use crate::target::Target;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, query_scalar, raw_sql};

const DOING: &str = "merging rows";

/// Two rows of one statement have the same key in the database's eyes, though not in Arrow's (`citext`, `char(n)`, a
/// rounded number): each succeeds in a statement of its own, and the later one wins.
const SAME_KEY_TWICE: &str = "21000";

/// The statement that merges staged rows.
fn merge_sql(target: &Target, table: &str) -> String {
    let names: Vec<&str> = target.columns.iter().map(|c| c.quoted.as_str()).collect();
    let values: Vec<String> = target
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| match &column.mapping.cast {
            Some(cast) => format!("c{i}::{cast}"),
            None => format!("c{i}"),
        })
        .collect();
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM {table}",
        target.qualified,
        names.join(", "),
        values.join(", ")
    )
}

/// What an upsert does with a row whose key is there.
fn conflict_sql(target: &Target) -> String {
    if !target.is_upsert() {
        return String::new();
    }
    let names = |key: bool| target.columns.iter().filter(move |c| c.key == key).map(|c| c.quoted.as_str());
    let key = names(true).collect::<Vec<_>>().join(", ");
    let set: Vec<String> = names(false).map(|name| format!("{name} = excluded.{name}")).collect();
    match set.is_empty() {
        true => format!(" ON CONFLICT ({key}) DO NOTHING"),
        false => format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", ")),
    }
}

/// Checks that all staged rows are there, and merges them; returns the rows that were refused.
pub(crate) async fn merge(
    connection: &mut PgConnection,
    target: &Target,
    staged: &Staged,
    rows: &EpochRows,
    epoch: u64,
) -> Result<Vec<Refused>, PostgresError> {
    let found: i64 = query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {}", staged.table)))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await
        .map_err(|cause| PostgresError::from_sqlx("counting staged rows", cause))?;
    if found != staged.rows {
        let table = staged.table.clone();
        return Err(PostgresError::StagingIncomplete { table, found, expected: staged.rows, epoch });
    }
    let (insert, conflict) = (merge_sql(target, &staged.table), conflict_sql(target));
    if attempt(connection, &format!("{insert}{conflict}")).await?.is_none() {
        return Ok(Vec::new());
    }
    bisect(connection, staged, rows, &insert, &conflict).await
}

/// Runs `sql` under a savepoint; returns the error when it is one of the rows', with everything undone.
async fn attempt(connection: &mut PgConnection, sql: &str) -> Result<Option<PostgresError>, PostgresError> {
    let sql = format!("SAVEPOINT merging; {sql}; RELEASE merging");
    match raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await {
        Ok(_) => Ok(None),
        Err(cause) => {
            let error = PostgresError::from_sqlx(DOING, cause);
            if !error.refuses_rows() && error.sqlstate() != Some(SAME_KEY_TWICE) {
                return Err(error);
            }
            let undo = raw_sql("ROLLBACK TO merging; RELEASE merging").execute(connection).await;
            undo.map_err(|cause| PostgresError::from_sqlx(DOING, cause))?;
            Ok(Some(error))
        }
    }
}

/// Halves what fails until single rows fail, in order, so that of rows that exclude each other the first stays.
async fn bisect(
    connection: &mut PgConnection,
    staged: &Staged,
    rows: &EpochRows,
    insert: &str,
    conflict: &str,
) -> Result<Vec<Refused>, PostgresError> {
    let index = format!("CREATE INDEX ON {} (ordinal)", staged.table);
    raw_sql(AssertSqlSafe(index))
        .execute(&mut *connection)
        .await
        .map_err(|cause| PostgresError::from_sqlx(DOING, cause))?;
    let mut refused = Vec::new();
    let middle = rows.len() / 2;
    let mut ranges = vec![(middle, rows.len()), (0, middle)];
    while let Some((from, to)) = ranges.pop() {
        if from == to {
            continue;
        }
        let sql = format!("{insert} WHERE ordinal >= {from} AND ordinal < {to}{conflict}");
        match attempt(connection, &sql).await? {
            None => {}
            Some(error) if to - from > 1 => {
                let middle = from + (to - from) / 2;
                ranges.extend([(middle, to), (from, middle)]);
                tracing::debug!(%error, from, to, "Looking for refused rows");
            }
            Some(error) if error.refuses_rows() => refused.push(Refused::new(&error, rows.json(from)?)),
            Some(error) => return Err(error),
        }
    }
    Ok(refused)
}
