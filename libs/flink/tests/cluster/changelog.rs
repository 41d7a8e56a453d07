//! Rows that change: a streaming aggregate.

use crate::cluster::{LIMIT, batch, query, streaming};
use arrow::array::{AsArray, Int64Array};
use flink::{ChangeKind, Changes};

const COUNT: &str =
    "SELECT word, COUNT(*) AS n FROM (VALUES ('a'), ('b'), ('a'), ('a')) AS t (word) GROUP BY word";

fn lines(changes: &Changes) -> Vec<String> {
    let words = changes.rows.column(0).as_string::<i32>();
    let counts = changes.rows.column(1).as_any().downcast_ref::<Int64Array>().unwrap();
    let line = |at: usize| format!("{} {} {}", changes.kinds[at], words.value(at), counts.value(at));
    (0..changes.kinds.len()).map(line).collect()
}

/// Goal: each word's rows come in order, and every count but the last is taken back.
#[tokio::test]
async fn a_streaming_count_takes_back_what_it_said() {
    let session = streaming().await;
    let mut results = query(&session, COUNT).await;
    let changes = results.collect(LIMIT).await.unwrap();
    let of = |word: &str| {
        lines(&changes).into_iter().filter(|line| line[3..].starts_with(word)).collect::<Vec<_>>()
    };
    assert_eq!(of("a"), ["+I a 1", "-U a 1", "+U a 2", "-U a 2", "+U a 3"]);
    assert_eq!(of("b"), ["+I b 1"]);
    assert!(results.is_query() && results.job().is_some());
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_batch_count_only_inserts() {
    let session = batch().await;
    let changes = query(&session, COUNT).await.collect(LIMIT).await.unwrap();
    let mut lines = lines(&changes);
    lines.sort();
    assert_eq!(lines, ["+I a 3", "+I b 1"]);
    assert!(changes.kinds.iter().all(|kind| kind.adds() && *kind == ChangeKind::Insert));
    session.close().await.unwrap();
}

/// Goal: rows of a query without an end come while it runs, and closing it cancels its job.
#[tokio::test]
async fn an_endless_query_gives_rows_until_it_is_closed() {
    let session = streaming().await;
    crate::cluster::run(
        &session,
        "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20',
         'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000')",
    )
    .await;
    let mut results = query(&session, "SELECT n FROM ticks").await;
    let mut rows = 0;
    while rows < 50 {
        rows += results.next().await.unwrap().expect("it has no end").rows.num_rows();
    }
    let job = results.job().unwrap().to_owned();
    results.close().await.unwrap();
    let state = crate::cluster::jobs().await.wait_end(&job, LIMIT).await.unwrap();
    assert_eq!(state, flink::JobState::Canceled);
    session.close().await.unwrap();
}

/// Goal: more rows than one page holds arrive whole and in order.
#[tokio::test]
async fn many_pages() {
    let session = streaming().await;
    crate::cluster::run(
        &session,
        "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'fields.n.kind' = 'sequence',
         'fields.n.start' = '1', 'fields.n.end' = '20000', 'rows-per-second' = '1000000')",
    )
    .await;
    session.set("parallelism.default", "1").await.unwrap();
    let changes = query(&session, "SELECT n FROM numbers").await.collect(LIMIT).await.unwrap();
    let numbers = changes.rows.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
    assert_eq!(numbers.values().to_vec(), (1..=20_000).collect::<Vec<i64>>());
    session.close().await.unwrap();
}
