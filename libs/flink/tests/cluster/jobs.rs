//! Jobs: followed, cancelled, stopped with a savepoint and resumed.

use crate::cluster::{LIMIT, jobs, run, statement, streaming};
use flink::{FlinkError, JobState, Session};
use std::collections::BTreeMap;
use testkit::services::unique;
use testkit::until_async;

const SOURCE: &str = "CREATE TABLE ticks (n BIGINT, read_at AS PROCTIME()) WITH ('connector' = 'datagen',
    'rows-per-second' = '50', 'fields.n.min' = '1', 'fields.n.max' = '100000000')";

/// A session with an endless source and a sink that takes a changelog.
async fn ready() -> Session {
    let session = streaming().await;
    session.set("execution.checkpointing.interval", "1 s").await.unwrap();
    run(&session, SOURCE).await;
    run(&session, "CREATE TABLE hole (m BIGINT, n BIGINT) WITH ('connector' = 'blackhole')").await;
    session
}

async fn start(session: &Session, properties: &BTreeMap<String, String>) -> String {
    let insert =
        statement("INSERT INTO hole SELECT n / 1000000000, COUNT(*) FROM ticks GROUP BY n / 1000000000");
    let submitted =
        session.submit(&insert, &unique("counting"), properties, &jobs().await, LIMIT).await.unwrap();
    jobs().await.wait_state(&submitted.job, LIMIT, |state| state == JobState::Running).await.unwrap();
    submitted.job
}

/// Goal: what following a job shows is there and moves; cancelling ends it, and again is no error.
#[tokio::test]
async fn a_job_is_followed_and_cancelled() {
    let (session, cluster) = (ready().await, jobs().await);
    let job = start(&session, &BTreeMap::new()).await;
    let metrics = until_async("metrics that move", LIMIT, async || {
        let metrics = cluster.metrics(&job).await.unwrap();
        (metrics.records_in > 0
            && metrics.records_out > 0
            && metrics.vertices.iter().any(|vertex| vertex.busy.is_some()))
        .then_some(metrics)
    })
    .await;
    assert_eq!((metrics.state, metrics.restarts), (JobState::Running, 0));
    assert!(metrics.vertices.len() > 1, "{metrics:?}");
    let checkpoint = until_async("a checkpoint", LIMIT, async || {
        cluster.checkpoints(&job).await.unwrap().latest_completed
    })
    .await;
    assert!(checkpoint.id > 0 && checkpoint.path.is_some(), "{checkpoint:?}");
    // The session may go: the job is the cluster's.
    session.close().await.unwrap();
    assert_eq!(cluster.state(&job).await.unwrap(), JobState::Running);
    cluster.cancel(&job).await.unwrap();
    assert_eq!(cluster.wait_end(&job, LIMIT).await.unwrap(), JobState::Canceled);
    cluster.cancel(&job).await.unwrap();
    assert_eq!(cluster.exceptions(&job).await.unwrap(), []);
}

/// Goal: a job that was stopped goes on from its savepoint, and says so.
#[tokio::test]
async fn a_job_is_stopped_with_a_savepoint_and_resumed() {
    let (session, cluster) = (ready().await, jobs().await);
    let job = start(&session, &BTreeMap::new()).await;
    until_async("a checkpoint", LIMIT, async || cluster.checkpoints(&job).await.unwrap().latest_completed)
        .await;
    let savepoint = cluster.stop(&job, None, false, LIMIT).await.unwrap();
    assert_eq!(cluster.wait_end(&job, LIMIT).await.unwrap(), JobState::Finished);
    let from = BTreeMap::from([("execution.state-recovery.path".to_owned(), savepoint.clone())]);
    let resumed = start(&session, &from).await;
    assert_ne!(resumed, job);
    let stats = cluster.checkpoints(&resumed).await.unwrap();
    assert_eq!((stats.restored, stats.restored_from.as_deref()), (1, Some(savepoint.as_str())));
    cluster.cancel(&resumed).await.unwrap();
    assert_eq!(cluster.wait_end(&resumed, LIMIT).await.unwrap(), JobState::Canceled);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_savepoint_that_is_not_there_is_said() {
    let (session, cluster) = (ready().await, jobs().await);
    let from =
        BTreeMap::from([("execution.state-recovery.path".to_owned(), "file:///nowhere/at/all".to_owned())]);
    let insert = statement("INSERT INTO hole SELECT n, n FROM ticks");
    let submitted = session.submit(&insert, &unique("nowhere"), &from, &cluster, LIMIT).await;
    let error = match submitted {
        Ok(submitted) => cluster.wait_end(&submitted.job, LIMIT).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, FlinkError::JobFailed { .. }), "{error:?}");
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    session.close().await.unwrap();
}

/// Goal: a job that fails says its root cause.
#[tokio::test]
async fn a_job_that_fails_says_why() {
    let (session, cluster) = (ready().await, jobs().await);
    session.set("restart-strategy.type", "none").await.unwrap();
    run(
        &session,
        "CREATE TABLE single_row (n BIGINT) WITH ('connector' = 'datagen', 'fields.n.kind' = 'sequence',
         'fields.n.start' = '1', 'fields.n.end' = '1')",
    )
    .await;
    let insert = statement(
        "INSERT INTO hole SELECT CAST(CONCAT('x', CAST(n AS STRING)) AS BIGINT), n FROM single_row",
    );
    let submitted =
        session.submit(&insert, &unique("failing"), &BTreeMap::new(), &cluster, LIMIT).await.unwrap();
    let error = cluster.wait_end(&submitted.job, LIMIT).await.unwrap_err();
    let FlinkError::JobFailed { job, cause } = error else { panic!("{error:?}") };
    assert_eq!(job, Some(submitted.job));
    assert_eq!(cause, "NumberFormatException: For input string: 'x1'. Invalid character found.");
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_job_that_is_not_there_is_said() {
    let job = "00000000000000000000000000000000";
    for error in [
        jobs().await.state(job).await.map(drop),
        jobs().await.cancel(job).await,
        jobs().await.metrics(job).await.map(drop),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, FlinkError::JobUnknown { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn the_cluster_says_what_it_is() {
    let overview = jobs().await.overview().await.unwrap();
    assert!(overview.flink_version.starts_with("2."), "{overview:?}");
    assert!(overview.taskmanagers >= 1 && overview.slots_total >= 1, "{overview:?}");
}
