//! One job: its vertices, and what went wrong.

use super::{JobManager, JobState};
use crate::error::FlinkError;
use crate::stack::reduce;
use serde::Deserialize;

/// A job with the steps it is made of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct JobDetail {
    #[serde(rename = "jid")]
    pub id: String,
    pub name: String,
    pub state: JobState,
    /// Since its start.
    #[serde(rename = "duration")]
    pub duration_ms: i64,
    /// From sources to sinks.
    pub vertices: Vec<Vertex>,
}

/// A chain of operators that runs as one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Vertex {
    pub id: String,
    /// What stands in Flink's own pages.
    pub name: String,
    pub parallelism: u32,
    pub status: String,
    pub(super) metrics: IoMetrics,
}

/// Counted between vertices: sources read nothing and sinks write nothing by this measure.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct IoMetrics {
    #[serde(default)]
    pub read_records: u64,
    #[serde(default)]
    pub write_records: u64,
}

/// An exception of a job, its cause only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Milliseconds since 1970.
    pub time_ms: i64,
    pub cause: String,
    /// The task that threw it, if one did.
    pub task: Option<String>,
}

#[derive(Deserialize)]
struct StateOnly {
    status: JobState,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exceptions {
    exception_history: History,
}

#[derive(Deserialize)]
struct History {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    timestamp: i64,
    stacktrace: String,
    task_name: Option<String>,
}

impl JobManager {
    /// # Errors
    /// [`FlinkError::JobUnknown`].
    pub async fn state(&self, job: &str) -> Result<JobState, FlinkError> {
        Ok(self.about::<StateOnly>("reading a job's state", job, "/status").await?.status)
    }

    /// # Errors
    /// [`FlinkError::JobUnknown`].
    pub async fn job(&self, job: &str) -> Result<JobDetail, FlinkError> {
        self.about("reading a job", job, "").await
    }

    /// What went wrong, newest first; a job that was restarted and runs has some too.
    pub async fn exceptions(&self, job: &str) -> Result<Vec<Failure>, FlinkError> {
        let answer: Exceptions = self.about("reading a job's exceptions", job, "/exceptions").await?;
        let failure = |entry: Entry| Failure {
            time_ms: entry.timestamp,
            cause: reduce(&entry.stacktrace).named(),
            task: entry.task_name,
        };
        Ok(answer.exception_history.entries.into_iter().map(failure).collect())
    }

    /// The error of a job that has failed.
    pub(super) async fn failed(&self, job: &str) -> Result<FlinkError, FlinkError> {
        let newest = self.exceptions(job).await?.into_iter().next();
        let cause = newest.map_or_else(|| "the cluster does not say why".to_owned(), |failure| failure.cause);
        Ok(FlinkError::JobFailed { job: Some(job.to_owned()), cause })
    }
}
