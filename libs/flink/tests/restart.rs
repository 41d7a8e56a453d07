//! The gateway is killed and started again under a running job: the session is lost and said to be, the job is not.
//!
//! `IBB_FLINK_GATEWAY_RESTART` is a shell command that kills the gateway and starts it again without waiting.

use flink::{FlinkError, Gateway, JobManager, JobState, SessionOptions, Statement, Timeouts};
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);

fn setting(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: this test needs a running Flink cluster"))
}

#[tokio::test]
async fn a_restarted_gateway_has_lost_the_session_and_kept_the_job() {
    let timeouts = Timeouts {
        connect: Duration::from_secs(10),
        request: Duration::from_secs(120),
        // The time in which a gateway starts again.
        unreachable: LIMIT,
    };
    let gateway = Gateway::connect(&setting("IBB_FLINK_GATEWAY"), timeouts).await.unwrap();
    let cluster = JobManager::new(&setting("IBB_FLINK_REST"), timeouts).unwrap();
    let restart = setting("IBB_FLINK_GATEWAY_RESTART");
    let session = gateway.open(SessionOptions::default()).await.unwrap();
    for table in [
        "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10')",
        "CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole')",
    ] {
        session.run(&Statement::one(table).unwrap(), LIMIT).await.unwrap();
    }
    let insert = Statement::one("INSERT INTO hole SELECT n FROM ticks").unwrap();
    let name = format!("restart-{}", std::process::id());
    let submitted = session.submit(&insert, &name, &BTreeMap::new(), &cluster, LIMIT).await.unwrap();
    let mut rows = session.execute(&Statement::one("SELECT n FROM ticks").unwrap()).await.unwrap();
    rows.next().await.unwrap();

    assert!(std::process::Command::new("sh").args(["-c", &restart]).status().unwrap().success());
    let error = loop {
        match rows.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an endless query ended"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, FlinkError::SessionLost { .. }), "{error:?}");
    assert_eq!(cluster.state(&submitted.job).await.unwrap(), JobState::Running);
    session.close().await.unwrap();

    let again = gateway.open(SessionOptions::default()).await.unwrap();
    let mut tables = again.execute(&Statement::one("SHOW TABLES").unwrap()).await.unwrap();
    assert_eq!(tables.collect(LIMIT).await.unwrap().rows.num_rows(), 0);
    // The query's job has lost the one who read it; nobody else ends it.
    if let Some(query) = rows.job() {
        cluster.cancel(query).await.unwrap();
    }
    cluster.cancel(&submitted.job).await.unwrap();
    assert_eq!(cluster.wait_end(&submitted.job, LIMIT).await.unwrap(), JobState::Canceled);
    again.close().await.unwrap();
}
