//! A job that we leave, stop, and take up again.

use crate::run::{ENDLESS, LIMIT, endless, job_id, program};
use flink::{JobManager, JobState, Timeouts};
use std::fs;
use testkit::services::Flink;

#[tokio::test]
async fn a_detached_job_runs_on() {
    let flink = Flink::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("endless.sql"), ENDLESS).unwrap();
    let finished = program(folder.path(), &flink, &["--sql", "endless.sql", "--detach"])
        .start()
        .finish(LIMIT)
        .expect_code(0);
    let job = job_id(&finished.stderr);
    let cluster = JobManager::new(flink.url(), Timeouts::default()).unwrap();
    cluster.wait_state(&job, LIMIT, |state| state == JobState::Running).await.unwrap();
    cluster.cancel(&job).await.unwrap();
    assert_eq!(cluster.wait_end(&job, LIMIT).await.unwrap(), JobState::Canceled);
}

/// Goal: a graceful end leaves nothing behind and loses nothing: the next run can go on from the savepoint.
#[tokio::test]
async fn a_stopped_job_goes_on_from_its_savepoint() {
    let flink = Flink::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let running = endless(folder.path(), &flink, &[]).await;
    running.ask_to_end();
    let finished = running.finish(LIMIT).expect_code(0);
    let savepoint = finished.stdout.trim().strip_prefix("savepoint: ").expect("a savepoint").to_owned();
    let cluster = JobManager::new(flink.url(), Timeouts::default()).unwrap();
    assert_eq!(cluster.state(&job_id(&finished.stderr)).await.unwrap(), JobState::Finished);

    let running = endless(folder.path(), &flink, &["--from-savepoint", &savepoint]).await;
    let job = job_id(&running.stderr());
    let restored = cluster.checkpoints(&job).await.unwrap().restored_from;
    assert_eq!(restored, Some(savepoint));
    running.ask_to_end();
    running.finish(LIMIT).expect_code(0);
}

/// Goal: somebody else ends our job: that is no success.
#[tokio::test]
async fn a_job_that_somebody_cancels_is_said() {
    let flink = Flink::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let running = endless(folder.path(), &flink, &[]).await;
    let cluster = JobManager::new(flink.url(), Timeouts::default()).unwrap();
    cluster.cancel(&job_id(&running.stderr())).await.unwrap();
    let finished = running.finish(LIMIT).expect_code(1);
    assert!(finished.stderr.contains("was cancelled, and not by this program"), "{}", finished.stderr);
}

/// Goal: passwords that the script holds are not quoted from Flink's words.
#[tokio::test]
async fn a_refused_script_is_said_with_its_place_and_without_secrets() {
    let flink = Flink::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = "CREATE TABLE t (n INT) WITH ('connector' = 'datagen');\n\
                  CREATE TABLE o (n INT) WITH ('connector' = 'jdbc', 'url' = '${postgres_url}', 'table-name' = 'o',\n\
                  'username' = '${postgres_user}', 'password' = '${postgres_password}');\n\
                  INSERT INTO o\n  SELECT nope FROM t;";
    fs::write(folder.path().join("wrong.sql"), script).unwrap();
    let finished = program(folder.path(), &flink, &["--sql", "wrong.sql"])
        .args(["--set", "postgresql.host=db", "--set", "postgresql.database=d", "--set", "postgresql.user=u"])
        .args(["--set", "postgresql.password=hush-hush"])
        .start()
        .finish(LIMIT)
        .expect_code(65);
    assert!(finished.stderr.contains("line 5, column 10"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("hush-hush"), "{}", finished.stderr);
}
