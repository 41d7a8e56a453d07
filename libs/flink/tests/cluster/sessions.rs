//! Sessions: closed and dropped.

use crate::cluster::{LIMIT, batch, query};
use flink::FlinkError;
use std::time::Duration;

#[tokio::test]
async fn a_closed_session_is_gone() {
    let session = batch().await;
    let properties = session.properties().await.unwrap();
    assert_eq!(properties.get("execution.runtime-mode").map(String::as_str), Some("batch"));
    let mut results = query(&session, "SHOW TABLES").await;
    session.close().await.unwrap();
    let error = results.next().await.unwrap_err();
    assert!(matches!(error, FlinkError::SessionLost { .. }), "{error:?}");
}

#[tokio::test]
async fn a_dropped_session_is_closed() {
    let session = batch().await;
    let mut results = query(&session, "SHOW TABLES").await;
    results.ready().await.unwrap();
    drop(session);
    let gone = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        loop {
            tick.tick().await;
            let other = query_again(&results).await;
            if other {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, gone).await.expect("the session is closed");
}

/// Whether the results' session is gone.
async fn query_again(results: &flink::Results) -> bool {
    matches!(results.cancel().await, Err(FlinkError::SessionLost { .. }))
}
