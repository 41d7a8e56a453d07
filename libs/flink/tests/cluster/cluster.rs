//! Where the cluster is. The one place that knows; everything else asks here.

use flink::{Gateway, JobManager, Results, Session, SessionOptions, Statement, Timeouts};
use std::time::Duration;
use testkit::services::Flink;
use tokio::sync::OnceCell;

/// Long enough for a job's start on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(180);

/// Patient: these tests share their cores with a cluster.
pub fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(10),
        request: Duration::from_secs(120),
        unreachable: Duration::from_secs(60),
    }
}

/// A cluster of its own: a query that is cancelled before its task has opened ends the task manager (a fault of Flink
/// 2.2.1 in the handler of that exception), which no other suite should meet.
async fn cluster() -> &'static Flink {
    static CLUSTER: OnceCell<Flink> = OnceCell::const_new();
    CLUSTER.get_or_init(async || Flink::exclusive().await.unwrap()).await
}

pub async fn gateway() -> Gateway {
    Gateway::connect(cluster().await.gateway_url(), timeouts()).await.unwrap()
}

pub async fn jobs() -> JobManager {
    JobManager::new(cluster().await.url(), timeouts()).unwrap()
}

pub async fn batch() -> Session {
    gateway().await.open(SessionOptions::default().batch()).await.unwrap()
}

pub async fn streaming() -> Session {
    gateway().await.open(SessionOptions::default()).await.unwrap()
}

pub fn statement(text: &str) -> Statement {
    Statement::one(text).unwrap()
}

/// Runs a definition.
pub async fn run(session: &Session, text: &str) {
    session.run(&statement(text), LIMIT).await.unwrap_or_else(|error| panic!("{text}: {error}"));
}

pub async fn query(session: &Session, text: &str) -> Results {
    session.execute(&statement(text)).await.unwrap_or_else(|error| panic!("{text}: {error}"))
}
