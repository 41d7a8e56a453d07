//! `'connector' = 'jdbc'`.

use crate::connect::connect;
use crate::ddl::TableName;
use crate::encode::Encoders;
use crate::epochs::Identity;
use crate::options::{OPTIONS, Settings};
use crate::sink::{Plan, PostgresSink};
use crate::target::Target;
use crate::{PostgresError, catalog, dead_letters};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use std::sync::Arc;
use stream::{Connector, ConnectorContext, OptionSpec, Sink, SourceFactory, StreamError, TableSpec};

/// Flink's `jdbc` connector, for PostgreSQL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jdbc;

#[async_trait]
impl Connector for Jdbc {
    fn name(&self) -> &'static str {
        "jdbc"
    }

    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
    }

    fn takes_changes(&self, table: &TableSpec) -> bool {
        !table.primary_key.is_empty()
    }

    async fn check_source(&self, table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        Err(not_read(table))
    }

    async fn check_sink(&self, table: &TableSpec, context: &ConnectorContext) -> Result<(), StreamError> {
        Settings::parse(table, context)?;
        Ok(())
    }

    async fn source(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        Err(not_read(table))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        let settings = Settings::parse(table, context)?;
        let mut connection = connect(&settings.url, context.connect_timeout).await?;
        let target = validate(&mut connection, table, &settings).await?;
        let (encoders, direct) = (Encoders::staged(&target)?, Encoders::direct(&target)?);
        let id = Identity { pipeline: context.pipeline.clone(), sink: table.name.clone() };
        let connect_timeout = context.connect_timeout;
        Ok(Box::new(PostgresSink::new(Plan { id, settings, connect_timeout, target, encoders, direct })))
    }
}

fn not_read(table: &TableSpec) -> StreamError {
    StreamError::config(format!(
        "reading a jdbc table is not supported yet: table '{}' can only be written to",
        table.name
    ))
}

async fn validate(
    connection: &mut PgConnection,
    table: &TableSpec,
    settings: &Settings,
) -> Result<Target, PostgresError> {
    let found = catalog::read(connection, &TableName::parse(&settings.table_name)).await?;
    let may_create = found.as_ref().is_some_and(|found| found.may_create_in_schema);
    let target = Target::new(table, found)?;
    // Better now than when the first row is refused.
    if !may_create && !catalog::exists(connection, &target.dead_letters).await? {
        return Err(PostgresError::Permission(format!(
            "the role may not create the table of rows that {} refuses; let its owner run:\n{};\nGRANT INSERT ON {} \
             TO the role",
            target.qualified,
            dead_letters::create_sql(&target.dead_letters),
            target.dead_letters
        )));
    }
    Ok(target)
}
