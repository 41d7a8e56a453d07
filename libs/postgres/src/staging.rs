//! Rows on their way in: into a staging table before the transaction that commits them, or straight into the table.

use crate::PostgresError;
use crate::dead_letters::Refused;
use crate::encode::Encoders;
use crate::epochs::Identity;
use crate::rows::EpochRows;
use crate::target::Target;
use bytes::BytesMut;
use event::Epoch;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, query_scalar, raw_sql};

const DOING: &str = "staging rows";
/// What is sent at once, and the rows encoded between two looks at the size.
const CHUNK_BYTES: usize = 128 << 10;
const SLICE_ROWS: usize = 4096;

/// Rows that wait in a staging table.
pub(crate) struct Staged {
    /// Quoted, with its schema.
    pub table: String,
    pub rows: i64,
    /// Rows refused already on their way in, such as text with U+0000.
    pub refused: Vec<Refused>,
}

/// Names of staging tables begin with this for one sink: no name of a pipeline or sink is too long or too odd.
fn prefix(id: &Identity) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(&(id.pipeline.len() as u64).to_le_bytes());
    hash.update(id.pipeline.as_bytes());
    hash.update(id.sink.as_bytes());
    format!("stage_{}_", &hash.finalize().to_hex()[..16])
}

/// The staging table's name, quoted, with its schema.
pub(crate) fn table_name(id: &Identity, token: i64, epoch: Epoch) -> String {
    format!("ibb.\"{}{token}_{epoch}\"", prefix(id))
}

/// Creates the table and copies all rows into it, each COPY a transaction of its own.
pub(crate) async fn stage(
    connection: &mut PgConnection,
    target: &Target,
    encoders: &Encoders,
    table: String,
    rows: &EpochRows,
) -> Result<Staged, PostgresError> {
    let mut columns = vec!["ordinal bigint NOT NULL".to_owned()];
    for (i, column) in target.columns.iter().enumerate() {
        // A NULL in a key is refused here: the unique index would let it through again and again.
        let suffix = if column.key { " NOT NULL" } else { "" };
        columns.push(format!("c{i} {}{suffix}", column.mapping.staging));
    }
    // Not waited for on disk: what makes the epoch durable is its own commit, behind this one in the server's log, and a
    // crash in between takes the connection with it, so that the rows are staged again.
    let create = format!(
        "DROP TABLE IF EXISTS {table}; SET LOCAL synchronous_commit = off;
         CREATE UNLOGGED TABLE {table} ({}) WITH (autovacuum_enabled = false)",
        columns.join(", ")
    );
    raw_sql(AssertSqlSafe(create))
        .execute(&mut *connection)
        .await
        .map_err(|cause| PostgresError::from_sqlx("creating the staging table", cause))?;
    let mut staged = Staged { table, rows: 0, refused: Vec::new() };
    let mut buffer = BytesMut::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4);
    let mut ranges = vec![(0, rows.len())];
    while let Some((from, to)) = ranges.pop() {
        match copy(connection, encoders, &staged.table, rows, (from, to), &mut buffer).await {
            Ok(copied) => staged.rows += copied as i64,
            Err(error) if error.refuses_rows() && to - from == 1 => {
                staged.refused.push(Refused::new(&error, rows.json(from)?));
            }
            Err(error) if error.refuses_rows() => {
                let middle = from + (to - from) / 2;
                ranges.extend([(middle, to), (from, middle)]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(staged)
}

/// Copies all rows into the table itself, within the transaction that commits them; returns how many.
///
/// # Errors
/// One that [`refuses_rows`](PostgresError::refuses_rows), when the database refuses any of them: none is in then, and the
/// transaction is at its end.
pub(crate) async fn append(
    connection: &mut PgConnection,
    target: &Target,
    encoders: &Encoders,
    rows: &EpochRows,
) -> Result<u64, PostgresError> {
    let names: Vec<&str> = target.columns.iter().map(|column| column.quoted.as_str()).collect();
    let table = format!("{} ({})", target.qualified, names.join(", "));
    let mut buffer = BytesMut::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4);
    copy(connection, encoders, &table, rows, (0, rows.len()), &mut buffer).await
}

/// One COPY of the rows with ordinals in the range: all of them or none.
async fn copy(
    connection: &mut PgConnection,
    encoders: &Encoders,
    table: &str,
    rows: &EpochRows,
    (from, to): (usize, usize),
    buffer: &mut BytesMut,
) -> Result<u64, PostgresError> {
    let fail = |cause| PostgresError::from_sqlx(DOING, cause);
    let mut copy =
        connection.copy_in_raw(&format!("COPY {table} FROM STDIN (FORMAT binary)")).await.map_err(fail)?;
    buffer.clear();
    let mut encoder = encoders.start(buffer)?;
    for slice in rows.slices(from, to, SLICE_ROWS) {
        encoder.write(&slice, buffer)?;
        if buffer.len() >= CHUNK_BYTES {
            copy.send(&buffer[..]).await.map_err(fail)?;
            buffer.clear();
        }
    }
    encoder.finish(buffer)?;
    copy.send(&buffer[..]).await.map_err(fail)?;
    copy.finish().await.map_err(fail)
}

/// Removes what older tokens of this sink left behind. A table that a dying backend still holds is left to the next
/// claim.
pub(crate) async fn drop_leftovers(
    connection: &mut PgConnection,
    id: &Identity,
    token: i64,
) -> Result<(), PostgresError> {
    let fail = |cause| PostgresError::from_sqlx("removing old staging tables", cause);
    let prefix = prefix(id);
    let names: Vec<String> = query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'ibb' AND c.relkind = 'r' AND starts_with(c.relname::text, $1)",
    )
    .bind(&prefix)
    .fetch_all(&mut *connection)
    .await
    .map_err(fail)?;
    let of_older_token = |name: &&String| {
        let rest = name[prefix.len()..].split_once('_');
        rest.and_then(|(token, _)| token.parse::<i64>().ok()).is_some_and(|other| other < token)
    };
    for name in names.iter().filter(of_older_token) {
        let sql = format!("SET LOCAL lock_timeout = '5s'; DROP TABLE IF EXISTS ibb.\"{name}\"");
        match raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(fail) {
            Ok(_) => {}
            Err(error) if matches!(error.sqlstate(), Some("55P03" | "42501")) => {
                tracing::warn!(table = name, %error, "Left an old staging table to the next claim");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
