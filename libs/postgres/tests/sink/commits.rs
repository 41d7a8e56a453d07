//! What an epoch leaves in the table.

use crate::server::*;
use arrow::datatypes::DataType;
use stream::{Commit, ErrorKind, SnapshotId};

/// Goal: append keeps every row, duplicates too, and counters come back with a claim.
#[tokio::test]
async fn append_keeps_duplicates() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let table = db.table("t", &columns(), &[]);
    let mut sink = sink(&table).await.unwrap();
    let first = sink.claim().await.unwrap().unwrap();
    assert_eq!((first.token, first.held, first.counters), (1, None, counters(0, 0, 0)));
    let totals = sink.commit(&epoch(1), &[rows(&[(1, "a"), (1, "a")]), rows(&[(2, "null")])]).await.unwrap();
    assert_eq!(totals, counters(3, 0, 0));
    let totals = sink.commit(&epoch(2), &[]).await.unwrap();
    assert_eq!(totals, counters(3, 0, 0));
    assert_eq!(content(&db, "t").await, ["1=a", "1=a", "2=null"]);
    assert_eq!(db.epochs().await, ["1 2 s2 3 0 0"]);
    assert_eq!(db.staging_tables().await, [""; 0]);

    let claim = sink.claim().await.unwrap().unwrap();
    let held = claim.held.unwrap();
    assert_eq!((claim.token, held.generation, held.epoch.0, held.snapshot.0.as_str()), (2, 1, 2, "s2"));
    assert_eq!(claim.counters, counters(3, 0, 0));
}

/// Goal: in an upsert the last row of a key wins, across batches and epochs, and the others are counted.
#[tokio::test]
async fn upsert_takes_the_last_row_of_a_key() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (v text, k bigint PRIMARY KEY, note text DEFAULT 'kept')").await;
    let mut sink = claimed(&db.table("t", &columns(), &["k"])).await;
    let totals =
        sink.commit(&epoch(1), &[rows(&[(1, "a"), (2, "b"), (1, "c")]), rows(&[(2, "d")])]).await.unwrap();
    assert_eq!(totals, counters(2, 2, 0));
    let totals = sink.commit(&epoch(2), &[rows(&[(1, "e"), (3, "null")])]).await.unwrap();
    assert_eq!(totals, counters(4, 2, 0));
    assert_eq!(content(&db, "t").await, ["1=e", "2=d", "3=null"]);
    assert_eq!(db.count("SELECT count(*) FROM t WHERE note = 'kept'").await, 3);
}

/// Goal: when every column belongs to the key, rows that are there are left alone and count as committed.
#[tokio::test]
async fn upsert_of_nothing_but_a_key() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text, PRIMARY KEY (v, k))").await;
    let mut sink = claimed(&db.table("t", &columns(), &["k", "v"])).await;
    sink.commit(&epoch(1), &[rows(&[(1, "a"), (1, "b"), (1, "a")])]).await.unwrap();
    let totals = sink.commit(&epoch(2), &[rows(&[(1, "a"), (2, "a")])]).await.unwrap();
    assert_eq!(totals, counters(4, 1, 0));
    assert_eq!(content(&db, "t").await, ["1=a", "1=b", "2=a"]);
}

/// Goal: keys that only the database sees as equal do not stop the sink; the later row wins.
#[tokio::test]
async fn keys_equal_in_the_database_alone() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k numeric(10,0) PRIMARY KEY, v text)").await;
    let table =
        db.table("t", &[("k", DataType::Decimal128(10, 2), false), ("v", DataType::Utf8, true)], &["k"]);
    let mut sink = claimed(&table).await;
    let k = arrow::array::Decimal128Array::from(vec![101, 99, 100]).with_precision_and_scale(10, 2).unwrap();
    let v = arrow::array::StringArray::from(vec!["first", "second", "third"]);
    let batch = arrow::array::RecordBatch::try_from_iter([
        ("k", std::sync::Arc::new(k) as arrow::array::ArrayRef),
        ("v", std::sync::Arc::new(v)),
    ]);
    let totals = sink.commit(&epoch(1), &[batch.unwrap()]).await.unwrap();
    assert_eq!(totals, counters(3, 0, 0));
    assert_eq!(content(&db, "t").await, ["1=third"]);
}

/// Goal: an epoch that is held changes nothing when it comes again, in this instance or the next.
#[tokio::test]
async fn a_held_epoch_is_not_applied_again() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let table = db.table("t", &columns(), &[]);
    let mut sink = claimed(&table).await;
    sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
    assert_eq!(sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap(), counters(1, 0, 0));
    let mut next = claimed(&table).await;
    assert_eq!(next.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap(), counters(1, 0, 0));
    assert_eq!(next.commit(&epoch(2), &[rows(&[(2, "b")])]).await.unwrap(), counters(2, 0, 0));
    assert_eq!(content(&db, "t").await, ["1=a", "2=b"]);
}

/// Goal: an epoch that does not follow, or another snapshot of the same epoch, is refused by name.
#[tokio::test]
async fn gaps_and_strangers_are_refused() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    let batch = [rows(&[(1, "a")])];
    let error = sink.commit(&epoch(2), &batch).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data, "{error}");
    sink.commit(&epoch(1), &batch).await.unwrap();
    for (commit, part) in [
        (epoch(3), "holds epoch 1 of generation 1, so epoch 3 of generation 1 cannot follow"),
        (Commit { snapshot: SnapshotId("other".into()), ..epoch(1) }, "snapshot s1, not of other"),
    ] {
        let error = sink.commit(&commit, &batch).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Data);
        assert!(error.message.contains(part), "{error}");
    }
    // A savepoint opens a generation, which may start anywhere.
    sink.commit(&Commit { generation: 2, ..epoch(7) }, &batch).await.unwrap();
    assert_eq!(sink.commit(&epoch(2), &batch).await.unwrap_err().kind, ErrorKind::Data);
    assert_eq!(content(&db, "t").await, ["1=a", "1=a"]);
    assert_eq!(db.staging_tables().await, [""; 0]);
}

/// Goal: pipelines and sinks have rows of their own, and names with quotes in them harm nobody.
#[tokio::test]
async fn odd_names_are_only_names() {
    let db = Db::new().await;
    db.run("CREATE SCHEMA \"o'd\"\"d\"; CREATE TABLE \"o'd\"\"d\".\"ta; \"\"ble\" (k bigint, \"v\"\"; --\" text)").await;
    let odd_columns = [("k", DataType::Int64, false), ("v\"; --", DataType::Utf8, true)];
    let table = db.table("o'd\"d.ta; \"ble", &odd_columns, &[]);
    let mut sink = claimed(&table).await;
    let totals = sink.commit(&epoch(1), &[rows(&[(1, "'; DROP TABLE ibb.sink_epochs; --")])]).await.unwrap();
    assert_eq!(totals, counters(1, 0, 0));
    assert_eq!(db.epochs().await, ["1 1 s1 1 0 0"]);
}
