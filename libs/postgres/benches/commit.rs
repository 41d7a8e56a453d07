//! Rows per second of whole epochs: encode, COPY, merge, COMMIT. Prints one line a case; an embedded server with
//! `fsync` off, so that the disk is not what is measured.

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use devservices::{EmbeddedPostgres, PostgresOptions};
use event::Epoch;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::{Column, ColumnKind, Commit, Connector as _, ConnectorContext, SnapshotId, TableSpec};

const EPOCHS: u64 = 10;
const EPOCH_ROWS: i64 = 100_000;
const BATCH_ROWS: i64 = 8192;
/// What a source that keeps up with 15,000 rows/s gives at a time.
const LIVE_BATCH_ROWS: i64 = 20;

/// 60 bytes of values a row; every key once in an epoch.
fn batches(epoch: i64, batch_rows: i64) -> Vec<RecordBatch> {
    let batch = |from: i64| {
        let ids = from..(from + batch_rows).min(EPOCH_ROWS);
        let id: ArrayRef = Arc::new(Int64Array::from_iter_values(ids.clone()));
        let name: ArrayRef =
            Arc::new(StringArray::from_iter_values(ids.clone().map(|i| format!("flight number {i:020}"))));
        let at = TimestampMillisecondArray::from_iter_values(ids.clone().map(|i| 1_700_000_000_000 + i));
        let delay: ArrayRef = Arc::new(Float64Array::from_iter_values(ids.map(|i| (i * epoch) as f64)));
        let columns = [("id", id), ("name", name), ("at", Arc::new(at) as ArrayRef), ("delay", delay)];
        RecordBatch::try_from_iter(columns).expect("columns are equally long")
    };
    (0..EPOCH_ROWS).step_by(batch_rows as usize).map(batch).collect()
}

fn table(server: &EmbeddedPostgres, name: &str, key: &[&str]) -> TableSpec {
    let url = format!("jdbc:postgresql://{}:{}/{}", server.host(), server.port(), server.database());
    let options = [
        ("url", url.as_str()),
        ("table-name", name),
        ("username", server.user()),
        ("password", server.password()),
    ];
    let column = |field: &Arc<arrow::datatypes::Field>| Column {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        nullable: field.is_nullable(),
        kind: ColumnKind::Physical,
    };
    TableSpec {
        name: name.into(),
        columns: batches(1, BATCH_ROWS)[0].schema().fields().iter().map(column).collect(),
        primary_key: key.iter().map(|k| (*k).to_owned()).collect(),
        partitioned_by: vec![],
        options: options.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        projection: vec![],
    }
}

async fn measure(server: &EmbeddedPostgres, name: &str, key: &[&str], batch_rows: i64) {
    let table = table(server, name, key);
    let context = ConnectorContext {
        pipeline: "bench".into(),
        base_dir: ".".into(),
        connect_timeout: Duration::from_secs(30),
        batch_rows_max: BATCH_ROWS as usize,
        rows_per_second_max: None,
    };
    postgres::create_table_if_missing(&table, &context).await.expect("the table can be created");
    let mut sink = postgres::Jdbc.sink(&table, &context).await.expect("the table fits");
    sink.claim().await.expect("the sink can be claimed");
    let mut spent = Duration::ZERO;
    for epoch in 1..=EPOCHS {
        let rows = batches(epoch as i64, batch_rows);
        let commit = Commit { generation: 1, epoch: Epoch(epoch), snapshot: SnapshotId(format!("s{epoch}")) };
        let begun = Instant::now();
        sink.commit(&commit, &rows).await.expect("the epoch is committed");
        spent += begun.elapsed();
    }
    let rows = EPOCHS as f64 * EPOCH_ROWS as f64;
    let speed = rows / spent.as_secs_f64();
    println!("{name}: {speed:.0} rows/s ({EPOCHS} epochs of {EPOCH_ROWS} rows in batches of {batch_rows})");
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("our own folder");
    let options = PostgresOptions { durable: false, ..PostgresOptions::new(folder.path().join("postgres")) };
    let server = EmbeddedPostgres::start(options).await.expect("a server starts");
    measure(&server, "append", &[], BATCH_ROWS).await;
    measure(&server, "append_live", &[], LIVE_BATCH_ROWS).await;
    measure(&server, "upsert", &["id"], BATCH_ROWS).await;
    measure(&server, "upsert_live", &["id"], LIVE_BATCH_ROWS).await;
    server.stop().await.expect("the server stops");
}
