//! Names, quoted, and the statement that makes a fitting table.

use crate::connect::connect;
use crate::options::Settings;
use crate::types::sql_type;
use crate::{PostgresError, catalog};
use sqlx::{AssertSqlSafe, raw_sql};
use stream::{ConnectorContext, StreamError, TableSpec};

/// An identifier that SQL takes as it is, whatever is in it.
pub(crate) fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table's name as the option `table-name` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableName {
    pub schema: Option<String>,
    pub name: String,
}

impl TableName {
    /// `schema.name` or `name`.
    pub fn parse(text: &str) -> Self {
        match text.split_once('.') {
            Some((schema, name)) => Self { schema: Some(schema.to_owned()), name: name.to_owned() },
            None => Self { schema: None, name: text.to_owned() },
        }
    }

    pub fn folded(&self) -> Self {
        Self { schema: self.schema.as_ref().map(|s| s.to_lowercase()), name: self.name.to_lowercase() }
    }

    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote_ident(schema), quote_ident(&self.name)),
            None => quote_ident(&self.name),
        }
    }
}

fn table_name(table: &TableSpec) -> TableName {
    TableName::parse(table.options.get("table-name").map_or(table.name.as_str(), String::as_str))
}

/// The `CREATE TABLE` statement of a table that fits `table`, named by its option `table-name`.
pub fn create_table_sql(table: &TableSpec) -> String {
    let mut lines: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let not_null = !column.nullable || table.primary_key.contains(&column.name);
            let suffix = if not_null { " NOT NULL" } else { "" };
            format!("    {} {}{suffix}", quote_ident(&column.name), sql_type(&column.data_type))
        })
        .collect();
    if !table.primary_key.is_empty() {
        let key: Vec<String> = table.primary_key.iter().map(|name| quote_ident(name)).collect();
        lines.push(format!("    PRIMARY KEY ({})", key.join(", ")));
    }
    format!("CREATE TABLE {} (\n{}\n)", table_name(table).quoted(), lines.join(",\n"))
}

/// Creates the table of [`create_table_sql`], and its schema, unless it is there; says whether it did. Made for
/// development environments: in others a table belongs to whoever owns the database.
///
/// # Errors
/// As for a sink: no connection within the context's time, no permission, wrong options.
pub async fn create_table_if_missing(
    table: &TableSpec,
    context: &ConnectorContext,
) -> Result<bool, StreamError> {
    let settings = Settings::parse(table, context)?;
    let mut connection = connect(&settings.url, context.connect_timeout).await?;
    let name = table_name(table);
    if catalog::exists(&mut connection, &name.quoted()).await?
        || catalog::exists(&mut connection, &name.folded().quoted()).await?
    {
        return Ok(false);
    }
    let create = create_table_sql(table).replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1);
    let mut sql = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK});\n");
    if let Some(schema) = &name.schema
        && !schema_exists(&mut connection, schema).await?
    {
        sql.push_str(&format!("CREATE SCHEMA IF NOT EXISTS {};\n", quote_ident(schema)));
    }
    raw_sql(AssertSqlSafe(sql + &create))
        .execute(&mut connection)
        .await
        .map_err(|cause| PostgresError::from_sqlx("creating the table", cause))?;
    Ok(true)
}

async fn schema_exists(connection: &mut sqlx::PgConnection, schema: &str) -> Result<bool, PostgresError> {
    sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(quote_ident(schema))
        .fetch_one(connection)
        .await
        .map_err(|cause| PostgresError::from_sqlx("looking for the schema", cause))
}

/// Taken by everyone of us who creates objects: `IF NOT EXISTS` alone fails when two do so at once.
pub(crate) const ADVISORY_LOCK: i64 = 0x6962_6264_646c;

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;
    use stream::{Column, ColumnKind};

    #[test]
    fn every_identifier_is_quoted() {
        let column = |name: &str, data_type, nullable| Column {
            name: name.into(),
            data_type,
            nullable,
            kind: ColumnKind::Physical,
        };
        let table = TableSpec {
            name: "t".into(),
            columns: vec![
                column("id", DataType::Int64, false),
                column("a\"; DROP TABLE x; --", DataType::Utf8, true),
                column("price", DataType::Decimal128(10, 2), true),
            ],
            primary_key: vec!["id".into()],
            partitioned_by: vec![],
            options: [("table-name".to_owned(), "ops.my table".to_owned())].into(),
            projection: vec![],
        };
        assert_eq!(
            create_table_sql(&table),
            "CREATE TABLE \"ops\".\"my table\" (\n    \"id\" bigint NOT NULL,\n    \"a\"\"; DROP TABLE x; --\" text,\n    \
             \"price\" numeric(10,2),\n    PRIMARY KEY (\"id\")\n)"
        );
    }
}
