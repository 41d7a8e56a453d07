//! What the database's catalog says about a table.

use crate::PostgresError;
use crate::ddl::{TableName, quote_ident};
use sqlx::postgres::PgConnection;
use sqlx::{Row as _, query};

/// A column as the database has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct DbColumn {
    pub name: String,
    /// For people: `character varying(3)`.
    pub display: String,
    /// `pg_type.typname`; of a domain, that of its base.
    pub base_type: String,
    /// The base type, ready for a cast.
    pub cast_type: String,
    pub is_enum: bool,
    pub not_null: bool,
    pub has_default: bool,
    /// Computed by the database; nothing can be written to it.
    pub generated: bool,
}

/// A table as the database has it.
#[derive(Clone, Debug)]
pub(crate) struct DbTable {
    pub schema: String,
    pub name: String,
    pub columns: Vec<DbColumn>,
    /// Column names, sorted, of every unique index an upsert can rely on.
    pub unique: Vec<Vec<String>>,
    pub may_insert: bool,
    pub may_update: bool,
    pub may_create_in_schema: bool,
}

impl DbTable {
    /// Quoted, with its schema.
    pub fn qualified(&self) -> String {
        format!("{}.{}", quote_ident(&self.schema), quote_ident(&self.name))
    }

    /// The column of a script's name: the very same, else folded to lower case like an unquoted name in SQL.
    pub fn column(&self, name: &str) -> Option<&DbColumn> {
        let exact = self.columns.iter().find(|c| c.name == name);
        exact.or_else(|| self.columns.iter().find(|c| c.name == name.to_lowercase()))
    }
}

const DOING: &str = "reading the table's definition";

/// The table of that name: the very same, else folded to lower case.
pub(crate) async fn read(
    connection: &mut PgConnection,
    name: &TableName,
) -> Result<Option<DbTable>, PostgresError> {
    match read_exactly(connection, &name.quoted()).await? {
        Some(table) => Ok(Some(table)),
        None if name.folded() != *name => read_exactly(connection, &name.folded().quoted()).await,
        None => Ok(None),
    }
}

async fn read_exactly(connection: &mut PgConnection, quoted: &str) -> Result<Option<DbTable>, PostgresError> {
    let fail = |cause| PostgresError::from_sqlx(DOING, cause);
    let row = query(
        "SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
                has_any_column_privilege(c.oid, 'INSERT'),
                has_any_column_privilege(c.oid, 'UPDATE') AND has_any_column_privilege(c.oid, 'SELECT'),
                has_schema_privilege(n.oid, 'CREATE')
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = to_regclass($1)",
    )
    .bind(quoted)
    .fetch_optional(&mut *connection)
    .await
    .map_err(fail)?;
    let Some(row) = row else { return Ok(None) };
    let (oid, kind): (i64, String) = (row.get(0), row.get(3));
    if !matches!(kind.as_str(), "r" | "p") {
        return Err(PostgresError::Config(format!(
            "{quoted} is no table, so the jdbc sink cannot write to it"
        )));
    }
    Ok(Some(DbTable {
        schema: row.get(1),
        name: row.get(2),
        may_insert: row.get(4),
        may_update: row.get(5),
        may_create_in_schema: row.get(6),
        columns: columns(connection, oid).await.map_err(fail)?,
        unique: unique(connection, oid).await.map_err(fail)?,
    }))
}

async fn columns(connection: &mut PgConnection, oid: i64) -> Result<Vec<DbColumn>, sqlx::Error> {
    let rows = query(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), b.typname::text, format_type(b.oid, NULL),
                b.typtype = 'e', a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '',
                a.attgenerated <> '' OR a.attidentity = 'a'
         FROM pg_attribute a
         JOIN pg_type t ON t.oid = a.atttypid
         JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
         WHERE a.attrelid::bigint = $1 AND a.attnum > 0 AND NOT a.attisdropped
         ORDER BY a.attnum",
    )
    .bind(oid)
    .fetch_all(connection)
    .await?;
    let column = |row: &sqlx::postgres::PgRow| DbColumn {
        name: row.get(0),
        display: row.get(1),
        base_type: row.get(2),
        cast_type: row.get(3),
        is_enum: row.get(4),
        not_null: row.get(5),
        has_default: row.get(6),
        generated: row.get(7),
    };
    Ok(rows.iter().map(column).collect())
}

async fn unique(connection: &mut PgConnection, oid: i64) -> Result<Vec<Vec<String>>, sqlx::Error> {
    let rows = query(
        "SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE \"C\")
         FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE i.indrelid::bigint = $1 AND k.place <= i.indnkeyatts AND i.indisunique AND i.indimmediate
           AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
         GROUP BY i.indexrelid",
    )
    .bind(oid)
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether a table of this quoted name exists.
pub(crate) async fn exists(connection: &mut PgConnection, quoted: &str) -> Result<bool, PostgresError> {
    let row = query("SELECT to_regclass($1) IS NOT NULL").bind(quoted).fetch_one(connection).await;
    Ok(row.map_err(|cause| PostgresError::from_sqlx(DOING, cause))?.get(0))
}
