//! What the tests of this crate share.
#![allow(dead_code, reason = "each test file uses its part")]

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use event::{Epoch, Partition, Position};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stream::{
    Column, ColumnKind, Commit, ConnectorContext, Polled, SnapshotId, Source, SourceFactory, StreamError,
    TableSpec,
};

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]))
}

pub fn rows(ids: impl IntoIterator<Item = i64>) -> Vec<RecordBatch> {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    vec![RecordBatch::try_new(schema(), vec![column]).unwrap()]
}

pub fn commit(epoch: u64) -> Commit {
    Commit { generation: 1, epoch: Epoch(epoch), snapshot: SnapshotId(format!("snapshot-{epoch}")) }
}

pub fn column(name: &str, data_type: DataType, nullable: bool) -> Column {
    Column { name: name.into(), data_type, nullable, kind: ColumnKind::Physical }
}

/// A table of one BIGINT column `id`.
pub fn table(options: &[(&str, &str)]) -> TableSpec {
    table_of(vec![column("id", DataType::Int64, true)], options)
}

pub fn table_of(columns: Vec<Column>, options: &[(&str, &str)]) -> TableSpec {
    TableSpec {
        name: "t".into(),
        projection: (0..columns.len()).collect(),
        columns,
        primary_key: vec![],
        partitioned_by: vec![],
        options: options.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
    }
}

pub fn context(folder: &Path) -> ConnectorContext {
    ConnectorContext {
        pipeline: "pipeline".into(),
        base_dir: folder.into(),
        connect_timeout: Duration::from_secs(5),
        batch_rows_max: 2,
        rows_per_second_max: None,
    }
}

/// What one source had to say, until its end or `batches_max` batches.
#[derive(Debug, Default)]
pub struct Heard {
    pub ids: BTreeMap<Partition, Vec<i64>>,
    pub dead: Vec<String>,
    pub caught_up: Vec<String>,
    pub position: Position,
    pub ended: bool,
}

impl Heard {
    pub fn all(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.ids.values().flatten().copied().collect();
        ids.sort_unstable();
        ids
    }
}

pub async fn hear(
    source: &mut dyn Source,
    from: Option<&Position>,
    batches_max: usize,
) -> Result<Heard, StreamError> {
    let mut heard = Heard { position: source.seek(from).await?, ..Default::default() };
    let mut batches = 0;
    while batches < batches_max {
        match source.poll().await? {
            Polled::Batch(batch) => {
                assert!(
                    batch.records > 0 && batch.records == (batch.rows.num_rows() + batch.dead.len()) as u64
                );
                assert!(heard.position.0[&batch.partition] < batch.next_offset);
                batches += 1;
                heard.position.advance(&batch.partition, batch.next_offset);
                if batch.rows.num_columns() > 0 {
                    let ids = batch.rows.column(0).as_primitive::<Int64Type>();
                    heard.ids.entry(batch.partition).or_default().extend(ids.values());
                }
                heard.dead.extend(batch.dead.into_iter().map(|d| format!("{:?}: {}", d.offset, d.error)));
            }
            Polled::CaughtUp(partition) => heard.caught_up.push(partition.to_string()),
            Polled::Discovered(found) => heard.position.merge(&found),
            Polled::End => {
                heard.ended = true;
                break;
            }
        }
    }
    Ok(heard)
}

pub fn instance(factory: &Arc<dyn SourceFactory>, index: usize, count: usize) -> Box<dyn Source> {
    factory.create(stream::TaskIndex { index, count }).unwrap()
}
