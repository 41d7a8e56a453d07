//! Rows the database refuses: set aside one by one, their neighbours committed.

use crate::server::*;
use arrow::array::{ArrayRef, Date32Array, RecordBatch, TimestampMillisecondArray};
use arrow::datatypes::{DataType, TimeUnit};
use std::sync::Arc;
use stream::ErrorKind;

async fn dead(db: &Db) -> Vec<String> {
    db.texts("SELECT concat_ws(' ', epoch, sqlstate, \"row\") FROM t_dead_letters ORDER BY \"row\"::text")
        .await
}

/// Goal: NULL, overflow and a failed check are isolated among many good rows, and everything adds up.
#[tokio::test]
async fn bad_rows_are_isolated() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint CHECK (k <> 666), v varchar(6) NOT NULL)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    let mut batch: Vec<(i64, &str)> = (0..1000).map(|k| (k, "fine")).collect();
    batch[17].1 = "null";
    batch[18].1 = "too long";
    batch[999].1 = "null";
    let totals = sink.commit(&epoch(1), &[rows(&batch[..300]), rows(&batch[300..])]).await.unwrap();
    assert_eq!(totals, counters(996, 0, 4));
    assert_eq!(db.count("SELECT count(*) FROM t").await, 996);
    assert_eq!(
        dead(&db).await,
        [
            "1 23502 {\"k\":17,\"v\":null}",
            "1 22001 {\"k\":18,\"v\":\"too long\"}",
            "1 23514 {\"k\":666,\"v\":\"fine\"}",
            "1 23502 {\"k\":999,\"v\":null}"
        ]
    );
    let errors = db.texts("SELECT error FROM t_dead_letters WHERE sqlstate = '23514'").await;
    assert!(errors[0].contains("check constraint"), "{errors:?}");
    let totals = sink.commit(&epoch(2), &[rows(&[(7, "null")])]).await.unwrap();
    assert_eq!(totals, counters(996, 0, 5));
    assert_eq!(db.epochs().await, ["1 2 s2 996 0 5"]);
}

/// Goal: of rows that exclude each other the first stays, within an epoch and across epochs.
#[tokio::test]
async fn a_unique_violation_in_append_refuses_the_later_row() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint UNIQUE DEFERRABLE INITIALLY DEFERRED, v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    let totals = sink.commit(&epoch(1), &[rows(&[(1, "a"), (2, "b"), (1, "c"), (3, "d")])]).await.unwrap();
    assert_eq!(totals, counters(3, 0, 1));
    let totals = sink.commit(&epoch(2), &[rows(&[(3, "e"), (4, "f")])]).await.unwrap();
    assert_eq!(totals, counters(4, 0, 2));
    assert_eq!(content(&db, "t").await, ["1=a", "2=b", "3=d", "4=f"]);
    assert_eq!(dead(&db).await, ["1 23505 {\"k\":1,\"v\":\"c\"}", "2 23505 {\"k\":3,\"v\":\"e\"}"]);
}

/// Goal: when the last row of a key is refused, the earlier ones stay superseded and the table's row stays as it was.
#[tokio::test]
async fn a_refused_row_does_not_bring_back_superseded_ones() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint PRIMARY KEY, v text CHECK (v <> 'bad'))").await;
    let mut sink = claimed(&db.table("t", &columns(), &["k"])).await;
    sink.commit(&epoch(1), &[rows(&[(1, "old")])]).await.unwrap();
    let totals = sink.commit(&epoch(2), &[rows(&[(1, "new"), (2, "b"), (1, "bad")])]).await.unwrap();
    assert_eq!(totals, counters(2, 1, 1));
    assert_eq!(content(&db, "t").await, ["1=old", "2=b"]);
}

/// Goal: text that cannot even be staged is refused alone, and its letter shows it.
#[tokio::test]
async fn a_zero_character_is_refused_at_copy() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    let mut batch: Vec<(i64, &str)> = (0..100).map(|k| (k, "fine")).collect();
    batch[50].1 = "a\0b";
    let totals = sink.commit(&epoch(1), &[rows(&batch)]).await.unwrap();
    assert_eq!(totals, counters(99, 0, 1));
    assert_eq!(dead(&db).await, ["1 22021 {\"k\":50,\"v\":\"a\\u0000b\"}"]);
}

/// Goal: times beyond what the database can hold are refused instead of wrapped around.
#[tokio::test]
async fn times_out_of_range_are_refused() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (at timestamp, d date)").await;
    let at = ("at", DataType::Timestamp(TimeUnit::Millisecond, None), true);
    let mut sink = claimed(&db.table("t", &[at, ("d", DataType::Date32, true)], &[])).await;
    let at = TimestampMillisecondArray::from(vec![Some(0), Some(i64::MAX), None, Some(1), Some(i64::MIN)]);
    let d = Date32Array::from(vec![Some(0), Some(0), Some(i32::MAX), Some(i32::MIN), Some(0)]);
    let batch = RecordBatch::try_from_iter([("at", Arc::new(at) as ArrayRef), ("d", Arc::new(d))]).unwrap();
    let totals = sink.commit(&epoch(1), &[batch]).await.unwrap();
    assert_eq!(totals, counters(1, 0, 4));
    assert_eq!(db.texts("SELECT concat(at, ' ', d) FROM t").await, ["1970-01-01 00:00:00 1970-01-01"]);
    assert_eq!(db.texts("SELECT DISTINCT sqlstate FROM t_dead_letters").await, ["22008"]);
}

/// Goal: an error that is nobody's row aborts the epoch whole, and it can be committed once the cause is gone.
#[tokio::test]
async fn other_errors_abort_the_epoch() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    db.run("ALTER TABLE t RENAME COLUMN v TO w").await;
    let error = sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("42703") && error.message.contains("\"v\""), "{error}");
    assert_eq!(db.staging_tables().await, [""; 0]);
    db.run("ALTER TABLE t RENAME COLUMN w TO v").await;
    assert_eq!(sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap(), counters(1, 0, 0));
}
