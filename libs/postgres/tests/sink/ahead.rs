//! Rows that are copied while their snapshot is still being written.

use crate::server::*;
use stream::Sink;

async fn prepared(sink: &mut Box<dyn Sink>, values: &[(i64, &str)]) {
    within(sink.prepare(&[rows(values)])).await;
}

/// Transactions of sinks that are open now.
async fn open_transactions(db: &Db) -> i64 {
    db.count(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    )
    .await
}

/// Goal: the copy is done before the commit is asked for, and the commit adds nothing to it.
#[tokio::test]
async fn rows_are_in_before_their_commit() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    prepared(&mut sink, &[(1, "a"), (2, "b")]).await;
    assert_eq!(open_transactions(&db).await, 1, "the rows wait in a transaction");
    assert_eq!(content(&db, "t").await, [""; 0]);
    let totals = sink.commit(&epoch(1), &[rows(&[(1, "a"), (2, "b")])]).await.unwrap();
    assert_eq!((totals, open_transactions(&db).await), (counters(2, 0, 0), 0));
    assert_eq!(content(&db, "t").await, ["1=a", "2=b"]);
}

/// Goal: a row that the database refuses is found ahead of time, and isolated in the commit.
#[tokio::test]
async fn a_refused_row_is_isolated_as_ever() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint CHECK (k < 9), v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    let given = [(1, "a"), (9, "b"), (2, "c")];
    prepared(&mut sink, &given).await;
    assert_eq!(open_transactions(&db).await, 0, "there is nothing to go on with");
    let totals = sink.commit(&epoch(1), &[rows(&given)]).await.unwrap();
    assert_eq!(totals, counters(2, 0, 1));
    assert_eq!(content(&db, "t").await, ["1=a", "2=c"]);
}

/// Goal: the server ends the connection between copy and commit: the commit claims again and applies the rows once.
#[tokio::test]
async fn a_lost_transaction_is_done_again() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    prepared(&mut sink, &[(1, "a")]).await;
    db.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'
            AND datname = current_database()",
    )
    .await;
    let totals = within(sink.commit(&epoch(1), &[rows(&[(1, "a")])])).await.unwrap();
    assert_eq!(totals, counters(1, 0, 0));
    assert_eq!(content(&db, "t").await, ["1=a"]);
}

/// Goal: a commit that comes without its preparation ends what the last one left open.
#[tokio::test]
async fn what_was_prepared_for_nothing_is_rolled_back() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    prepared(&mut sink, &[(1, "never"), (2, "never")]).await;
    let totals = sink.commit(&epoch(1), &[rows(&[(3, "c")])]).await.unwrap();
    assert_eq!((totals, open_transactions(&db).await), (counters(1, 0, 0), 0));
    prepared(&mut sink, &[(4, "d")]).await;
    assert_eq!(sink.commit(&epoch(2), &[]).await.unwrap(), counters(1, 0, 0));
    assert_eq!(content(&db, "t").await, ["3=c"]);
}

/// Goal: two sinks of one pipeline write the same unique value: neither waits for the other for ever.
#[tokio::test]
async fn sinks_that_wait_for_each_other_go_on() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint UNIQUE, v text)").await;
    let (one, mut other) = (db.table("t", &columns(), &[]), db.table("t", &columns(), &[]));
    other.name = "other".into();
    let (mut one, mut other) = (claimed(&one).await, claimed(&other).await);
    prepared(&mut one, &[(1, "one")]).await;
    prepared(&mut other, &[(1, "other")]).await;
    assert_eq!(within(one.commit(&epoch(1), &[rows(&[(1, "one")])])).await.unwrap(), counters(1, 0, 0));
    assert_eq!(within(other.commit(&epoch(1), &[rows(&[(1, "other")])])).await.unwrap(), counters(0, 0, 1));
    assert_eq!(content(&db, "t").await, ["1=one"]);
}
