//! Sessions: closed, kept alive, expired.

use crate::cluster::{LIMIT, batch, gateway, query, run, statement};
use flink::{FlinkError, SessionOptions};
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

/// Goal: heartbeats keep an idle session; without them it expires, and that is told apart.
#[tokio::test]
async fn an_idle_session_expires_without_heartbeats() {
    let every = Duration::from_secs(2);
    let kept = gateway()
        .await
        .open(SessionOptions { heartbeat: Some(every), ..SessionOptions::default() })
        .await
        .unwrap();
    let left =
        gateway().await.open(SessionOptions { heartbeat: None, ..SessionOptions::default() }).await.unwrap();
    run(&kept, "CREATE TABLE here (a INT) WITH ('connector' = 'blackhole')").await;
    let idle = idle_timeout();
    // There is no condition to wait for: asking would keep the session alive.
    tokio::time::sleep(idle + Duration::from_secs(10)).await;
    let error = left.execute(&statement("SHOW TABLES")).await.unwrap_err();
    assert!(matches!(error, FlinkError::SessionLost { .. }), "{error:?}");
    let tables = query(&kept, "SHOW TABLES").await.collect(LIMIT).await.unwrap();
    assert_eq!(tables.rows.num_rows(), 1);
    kept.close().await.unwrap();
}

/// As the gateway under test was configured: its own answer does not tell.
fn idle_timeout() -> Duration {
    let seconds = crate::cluster::setting(
        "IBB_FLINK_IDLE_SECONDS",
        "20, the gateway's sql-gateway.session.idle-timeout",
    );
    Duration::from_secs(seconds.parse().expect("IBB_FLINK_IDLE_SECONDS is a number"))
}
