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

/// The gateway and the JobManager of the cluster that all suites share.
async fn addresses() -> &'static (String, String) {
    static ADDRESSES: OnceCell<(String, String)> = OnceCell::const_new();
    let start = async || {
        let flink = Flink::start().await.unwrap();
        (flink.gateway_url(), flink.url())
    };
    ADDRESSES.get_or_init(start).await
}

pub async fn gateway() -> Gateway {
    Gateway::connect(&addresses().await.0, timeouts()).await.unwrap()
}

pub async fn jobs() -> JobManager {
    JobManager::new(&addresses().await.1, timeouts()).unwrap()
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
