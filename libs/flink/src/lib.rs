//! A client of a Flink cluster: its SQL gateway and its JobManager, over REST.
//!
//! A script is split into statements that keep their places ([`split`]); a [`Session`] of a [`Gateway`] runs them one
//! by one; [`Results`] come as Arrow with what each row does ([`Changes`]); jobs are followed, stopped and resumed at
//! the [`JobManager`], which outlives gateways and sessions. Errors are [`FlinkError`]: a Java stack trace is reduced
//! to its cause, and a place that Flink names is mapped to the script.
//!
//! - Only what changes nothing is sent again after a lost answer. An INSERT is never: its job is looked for by a name
//!   that nothing else has ([`Session::submit`]).
//! - Values come by the gateway's JSON row format. It drops fractions of a second from TIME and gives a NULL key of a map
//!   as `"null"`. It cannot carry maps whose keys are no texts, VARIANT, RAW and structured types, which is an error.
//! - `TIMESTAMP_LTZ` comes as an instant, whatever the session's zone (which the gateway's own format gets wrong).
//!
//! Not here: the embedded engine, connectors, starting a cluster.
//!
//! ```no_run
//! # async fn run() -> Result<(), flink::FlinkError> {
//! use flink::{Gateway, SessionOptions, Statement, Timeouts};
//! use std::time::Duration;
//!
//! let gateway = Gateway::connect("http://localhost:8083", Timeouts::default()).await?;
//! let session = gateway.open(SessionOptions::default().batch()).await?;
//! let mut results = session.execute(&Statement::one("SELECT 1 AS one")?).await?;
//! let changes = results.collect(Duration::from_secs(60)).await?;
//! assert_eq!(changes.rows.num_rows(), 1);
//! session.close().await
//! # }
//! ```

mod endpoint;
mod error;
mod gateway;
mod http;
mod jobs;
mod results;
mod rows;
mod script;
mod session;
mod stack;

pub use endpoint::Endpoint;
pub use error::{FlinkError, Place};
pub use gateway::{Gateway, Info};
pub use http::Timeouts;
pub use jobs::{
    Checkpoint, CheckpointStats, ClusterOverview, Failure, JobDetail, JobManager, JobMetrics, JobState,
    JobSummary, News, Vertex, VertexMetrics,
};
pub use results::Results;
pub use rows::{ChangeKind, Changes, Column};
pub use script::{Setting, Statement, StatementKind, split};
pub use session::{Session, SessionOptions, Submitted};
