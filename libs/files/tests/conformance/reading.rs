//! The source.

use arrow::datatypes::DataType;
use async_trait::async_trait;
use files::Filesystem;
use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use stream::{Column, ColumnKind, Connector as _, ConnectorContext, SourceFactory, StreamError, TableSpec};
use tempfile::TempDir;
use testkit::conformance::source::BATCH_ROWS_MAX;
use testkit::conformance::{SourcePlace, SourceWorld};

struct World;

struct Folder(TempDir);

#[async_trait]
impl SourceWorld for World {
    type Place = Folder;

    async fn place(&self, _stem: &str, _partitions: usize) -> Folder {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        Folder(folder)
    }

    fn waiver(&self, promise: &str) -> Option<&'static str> {
        match promise {
            "what_is_appended_later_is_read" => {
                Some("a file is read to the end it had; watching finds new files")
            }
            _ => None,
        }
    }
}

#[async_trait]
impl SourcePlace for Folder {
    async fn append(&self, partition: usize, ids: Vec<i64>) {
        let text: String = ids.iter().map(|id| format!("{{\"id\":{id}}}\n")).collect();
        // Moved in whole, as the source asks for.
        let aside = self.0.path().join("aside");
        let place = self.0.path().join(format!("in/part-{partition}.json"));
        fs::File::create(&aside).unwrap().write_all(text.as_bytes()).unwrap();
        fs::rename(aside, place).unwrap();
    }

    async fn factory(&self) -> Result<Arc<dyn SourceFactory>, StreamError> {
        let options = [("path", "in"), ("format", "json"), ("source.monitor-interval", "20 ms")];
        let id = Column {
            name: "id".into(),
            data_type: DataType::Int64,
            nullable: true,
            kind: ColumnKind::Physical,
        };
        let table = TableSpec {
            name: "t".into(),
            columns: vec![id],
            primary_key: vec![],
            partitioned_by: vec![],
            options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            projection: vec![0],
        };
        let context = ConnectorContext {
            pipeline: "conformance".into(),
            base_dir: self.0.path().into(),
            connect_timeout: Duration::from_secs(5),
            batch_rows_max: BATCH_ROWS_MAX,
            rows_per_second_max: None,
        };
        Filesystem.source(&table, &context).await
    }
}

testkit::source_suite!(World);
