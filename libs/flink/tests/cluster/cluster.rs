//! Where the cluster is. The one place that knows; everything else asks here.

use flink::{Gateway, JobManager, Results, Session, SessionOptions, Statement, Timeouts};
use std::time::Duration;

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

/// An address from the environment. A test without a cluster fails and says what is missing.
pub fn setting(name: &str, example: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: these tests need a running Flink cluster, as in {name}={example}")
    })
}

pub async fn gateway() -> Gateway {
    Gateway::connect(&setting("IBB_FLINK_GATEWAY", "http://localhost:8083"), timeouts()).await.unwrap()
}

pub fn jobs() -> JobManager {
    JobManager::new(&setting("IBB_FLINK_REST", "http://localhost:8081"), timeouts()).unwrap()
}

pub async fn batch() -> Session {
    gateway().await.open(options().batch()).await.unwrap()
}

pub async fn streaming() -> Session {
    gateway().await.open(options()).await.unwrap()
}

/// The gateway under test lets sessions expire soon.
fn options() -> SessionOptions {
    SessionOptions { heartbeat: Some(Duration::from_secs(4)), ..SessionOptions::default() }
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

/// A name that no other run has.
pub fn unique(name: &str) -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{name}-{:016x}", RandomState::new().hash_one(name))
}
