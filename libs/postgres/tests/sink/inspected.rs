//! Questions beside a pipeline: what a table holds, and when its rows came.

use crate::server::{Db, within};
use postgres::{Counted, Inspection};
use std::time::Duration;

async fn inspection(db: &Db) -> Inspection {
    let (host, port) = db.address();
    let url = format!("jdbc:postgresql://{host}:{port}/{}?sslmode=disable", db.name);
    let opened = Inspection::open(&url, db.user(), Some(db.password()), Duration::from_secs(30));
    within(opened).await.unwrap()
}

/// Goal: rows that are there twice, or missing, show in the counts; an empty table has none.
#[tokio::test]
async fn rows_are_counted_by_their_numbers() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (seq bigint)").await;
    let mut inspection = inspection(&db).await;
    assert_eq!(inspection.count("t", "seq").await.unwrap(), Counted::default());
    db.run("INSERT INTO t VALUES (0), (1), (1), (7)").await;
    let expected = Counted { rows: 4, distinct: 3, least: Some(0), greatest: Some(7) };
    assert_eq!(inspection.count("t", "seq").await.unwrap(), expected);
    inspection.close().await;
}

/// Goal: a stamped row holds the server's time of its insertion, and distances to it are counted in steps of 100 µs.
#[tokio::test]
async fn stamped_rows_tell_when_they_came() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (due bigint)").await;
    let mut inspection = inspection(&db).await;
    inspection.stamp_rows("t", "written").await.unwrap();
    assert_eq!(inspection.grown("t", "written").await.unwrap(), (0, None));
    let now = || db.count("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
    let before = now().await;
    db.run("INSERT INTO t (due) VALUES (1), (2)").await;
    let after = now().await;
    let (rows, last) = inspection.grown("t", "written").await.unwrap();
    let last = last.unwrap();
    assert!(rows == 2 && (before..=after).contains(&last), "{before} {last} {after}");

    db.run("UPDATE t SET written = due * 1000; INSERT INTO t (due, written) VALUES (2, 2000), (-5, 0)").await;
    let mut distances = inspection.distances("t", ["due", "written"], 1).await.unwrap();
    distances.sort_unstable();
    assert_eq!(distances, [(900, 1), (1_900, 2)], "999, 1998 and 1998 µs; what was due earlier is left out");
    inspection.close().await;
}

/// Goal: nothing of a table and its pipeline stays, and what was never there is no error.
#[tokio::test]
async fn a_forgotten_table_is_gone() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (seq bigint)").await;
    let mut inspection = inspection(&db).await;
    inspection.forget("t", "p").await.unwrap();
    inspection.forget("t", "p").await.unwrap();
    assert_eq!(db.count("SELECT count(*) FROM pg_class WHERE relname = 't'").await, 0);
    inspection.close().await;
}
