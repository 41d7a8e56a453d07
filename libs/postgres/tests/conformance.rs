//! Every promise of a sink, kept by PostgreSQL in a container.

use arrow::datatypes::DataType;
use async_trait::async_trait;
use std::path::PathBuf;
use std::time::Duration;
use stream::{Column, ColumnKind, Connector as _, ConnectorContext, Sink, StreamError, TableSpec};
use testkit::conformance::{SinkPlace, SinkWorld};
use testkit::services::{Database, Postgres};

struct World(Postgres);

struct Table(Database);

impl World {
    async fn start() -> Self {
        Self(Postgres::start().await.unwrap())
    }
}

#[async_trait]
impl SinkWorld for World {
    type Place = Table;

    async fn place(&self, stem: &str) -> Table {
        let database = self.0.database(stem).await.unwrap();
        database.run("CREATE TABLE t (id bigint, text text)").await;
        Table(database)
    }
}

#[async_trait]
impl SinkPlace for Table {
    async fn open(&self, pipeline: &str) -> Result<Box<dyn Sink>, StreamError> {
        let url = self.0.jdbc_url(None);
        let options = [
            ("url", url.as_str()),
            ("table-name", "t"),
            ("username", self.0.user()),
            ("password", self.0.password()),
        ];
        let column = |name: &str, data_type| Column {
            name: name.into(),
            data_type,
            nullable: true,
            kind: ColumnKind::Physical,
        };
        let table = TableSpec {
            name: "t".into(),
            columns: vec![column("id", DataType::Int64), column("text", DataType::Utf8)],
            primary_key: vec![],
            partitioned_by: vec![],
            options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            projection: vec![],
        };
        let context = ConnectorContext {
            pipeline: pipeline.into(),
            base_dir: PathBuf::from("."),
            connect_timeout: Duration::from_secs(30),
            batch_rows_max: 1000,
            rows_per_second_max: None,
        };
        postgres::Jdbc.sink(&table, &context).await
    }

    async fn visible(&self) -> Vec<i64> {
        let ids = self.0.texts("SELECT id::text FROM t").await;
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }
}

testkit::sink_suite!(World::start().await);
