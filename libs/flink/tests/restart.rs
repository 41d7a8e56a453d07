//! Parts of a cluster die while it is used: what is lost is said plainly, and what can go on goes on.

use flink::{FlinkError, Gateway, JobManager, JobState, Session, SessionOptions, Statement, Timeouts};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::services::{Flink, Sharing};
use testkit::until_async;

const LIMIT: Duration = Duration::from_secs(300);
/// Sessions expire soon, and the dead are missed soon.
const PROPERTIES: &str = "sql-gateway.session.idle-timeout: 15 s
sql-gateway.session.check-interval: 1 s
heartbeat.interval: 1000
heartbeat.timeout: 8000";
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

struct Cluster {
    flink: Flink,
    gateway: Gateway,
    jobs: JobManager,
}

impl Cluster {
    async fn start() -> Self {
        let flink = Flink::with(|spec| spec.env("FLINK_PROPERTIES", PROPERTIES), Sharing::Exclusive);
        let flink = flink.await.unwrap();
        let timeouts = Timeouts {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(120),
            // The time in which a part starts again.
            unreachable: LIMIT,
        };
        let gateway = Gateway::connect(&flink.gateway_url(), timeouts).await.unwrap();
        let jobs = JobManager::new(flink.url(), timeouts).unwrap();
        Self { flink, gateway, jobs }
    }

    /// A session that is kept, with an endless source and a sink.
    async fn session(&self) -> Session {
        let heartbeat = Some(Duration::from_secs(3));
        let session =
            self.gateway.open(SessionOptions { heartbeat, ..SessionOptions::default() }).await.unwrap();
        session.set("execution.checkpointing.interval", "500 ms").await.unwrap();
        for table in [
            "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10')",
            "CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole')",
        ] {
            session.run(&statement(table), LIMIT).await.unwrap();
        }
        session
    }

    /// A job that runs and has a checkpoint.
    async fn job(&self, session: &Session, name: &str) -> String {
        let insert = statement("INSERT INTO hole SELECT n FROM ticks");
        let submitted = session.submit(&insert, name, &BTreeMap::new(), &self.jobs, LIMIT).await.unwrap();
        self.jobs.wait_state(&submitted.job, LIMIT, |state| state == JobState::Running).await.unwrap();
        let completed = async || self.jobs.checkpoints(&submitted.job).await.unwrap().latest_completed;
        until_async("a checkpoint", LIMIT, completed).await;
        submitted.job
    }

    async fn cancel(&self, job: &str) {
        self.jobs.cancel(job).await.unwrap();
        assert_eq!(self.jobs.wait_end(job, LIMIT).await.unwrap(), JobState::Canceled);
    }
}

fn statement(text: &str) -> Statement {
    Statement::one(text).unwrap()
}

async fn tables(session: &Session) -> usize {
    let mut tables = session.execute(&statement("SHOW TABLES")).await.unwrap();
    tables.collect(LIMIT).await.unwrap().rows.num_rows()
}

/// Goal: each part in turn, on one cluster, which takes longer to start than all of this.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_is_said_and_the_rest_goes_on() {
    let cluster = Cluster::start().await;
    an_idle_session_expires_without_heartbeats(&cluster).await;
    a_job_goes_on_after_its_task_manager_died(&cluster).await;
    a_restarted_gateway_has_lost_the_session_and_kept_the_job(&cluster).await;
    a_restarted_job_manager_has_lost_the_job(&cluster).await;
}

/// Heartbeats keep an idle session; without them it expires, and that is told apart.
async fn an_idle_session_expires_without_heartbeats(cluster: &Cluster) {
    let kept = cluster.session().await;
    let options = SessionOptions { heartbeat: None, ..SessionOptions::default() };
    let left = cluster.gateway.open(options).await.unwrap();
    // There is no condition to wait for: asking would keep the session alive.
    tokio::time::sleep(IDLE_TIMEOUT + Duration::from_secs(5)).await;
    let error = left.execute(&statement("SHOW TABLES")).await.unwrap_err();
    assert!(matches!(error, FlinkError::SessionLost { .. }), "{error:?}");
    assert_eq!(tables(&kept).await, 2);
    kept.close().await.unwrap();
}

/// The job is seen to restart, and goes on from its checkpoint.
async fn a_job_goes_on_after_its_task_manager_died(cluster: &Cluster) {
    let session = cluster.session().await;
    let job = cluster.job(&session, "task manager").await;
    let taskmanager = &cluster.flink.cluster.taskmanager;
    taskmanager.kill().await.unwrap();
    let stopped = |state| state != JobState::Running;
    cluster.jobs.wait_state(&job, LIMIT, stopped).await.unwrap();
    taskmanager.start_again().await.unwrap();
    cluster.jobs.wait_state(&job, LIMIT, |state| state == JobState::Running).await.unwrap();
    let restored = async || {
        let stats = cluster.jobs.checkpoints(&job).await.unwrap();
        (stats.restored == 1).then_some(())
    };
    until_async("a restored checkpoint", LIMIT, restored).await;
    let moving = async || {
        let metrics = cluster.jobs.metrics(&job).await.unwrap();
        (metrics.restarts >= 1 && metrics.records_in > 0).then_some(())
    };
    until_async("records after the restart", LIMIT, moving).await;
    cluster.cancel(&job).await;
    session.close().await.unwrap();
}

/// Tables and views went with the gateway; the job is the cluster's.
async fn a_restarted_gateway_has_lost_the_session_and_kept_the_job(cluster: &Cluster) {
    let session = cluster.session().await;
    let job = cluster.job(&session, "gateway").await;
    let mut rows = session.execute(&statement("SELECT n FROM ticks")).await.unwrap();
    rows.next().await.unwrap();
    let restart = async {
        cluster.flink.cluster.gateway.kill().await.unwrap();
        cluster.flink.cluster.gateway.start_again().await.unwrap();
    };
    let read = async {
        loop {
            match rows.next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("an endless query ended"),
                Err(error) => break error,
            }
        }
    };
    let ((), error) = tokio::join!(restart, read);
    assert!(matches!(error, FlinkError::SessionLost { .. }), "{error:?}");
    assert_eq!(cluster.jobs.state(&job).await.unwrap(), JobState::Running);
    session.close().await.unwrap();

    let again = cluster.gateway.open(SessionOptions::default()).await.unwrap();
    assert_eq!(tables(&again).await, 0);
    // The query's job has lost the one who read it; nobody else ends it.
    if let Some(query) = rows.job() {
        cluster.jobs.cancel(query).await.unwrap();
    }
    cluster.cancel(&job).await;
    again.close().await.unwrap();
}

/// Without high availability a JobManager forgets its jobs. Who follows one hears that, not that all is well; the
/// session lives in the gateway and goes on.
async fn a_restarted_job_manager_has_lost_the_job(cluster: &Cluster) {
    let session = cluster.session().await;
    let job = cluster.job(&session, "job manager").await;
    let restart = async {
        cluster.flink.cluster.jobmanager.kill().await.unwrap();
        cluster.flink.cluster.jobmanager.start_again().await.unwrap();
    };
    let ((), followed) = tokio::join!(restart, cluster.jobs.wait_end(&job, LIMIT));
    let error = followed.unwrap_err();
    assert!(matches!(error, FlinkError::JobUnknown { .. }), "{error:?}");
    cluster.flink.cluster.wait_registered().await.unwrap();
    assert_eq!(tables(&session).await, 2);
    let again = cluster.job(&session, "job manager, again").await;
    cluster.cancel(&again).await;
    session.close().await.unwrap();
}
