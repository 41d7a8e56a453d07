//! Savepoints: stopping with one, and taking one of a job that runs on.

use super::{JobManager, LOOK_EVERY};
use crate::error::FlinkError;
use crate::http::Repeat;
use crate::stack::reduce;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};

/// How Flink says that it is too early for a savepoint.
const TASKS_STARTING: &str = "Not all required tasks are currently running";

#[derive(Deserialize)]
struct Triggered {
    #[serde(rename = "request-id")]
    request: String,
}

#[derive(Deserialize)]
struct Progress {
    status: Status,
    operation: Option<Outcome>,
}

#[derive(Deserialize)]
struct Status {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    location: Option<String>,
    failure_cause: Option<FailureCause>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct FailureCause {
    stack_trace: String,
}

impl JobManager {
    /// Stops the job gracefully with a savepoint in `folder` (or in the cluster's
    /// `execution.checkpointing.savepoint-dir`) and waits for it. Sinks commit what belongs to it; nothing is read
    /// after it. `drain` ends event time too, so that windows still open give their results: only for a job that will
    /// not be resumed.
    ///
    /// A job whose tasks are still starting, although it runs, is asked again.
    ///
    /// A job resumes from the path it gives by `SET 'execution.state-recovery.path' = …` before it is submitted anew.
    ///
    /// # Errors
    /// [`FlinkError::JobFailed`] when the savepoint failed (the job then runs on, or has failed itself),
    /// [`FlinkError::JobUnknown`], [`FlinkError::Timeout`].
    pub async fn stop(
        &self,
        job: &str,
        folder: Option<&str>,
        drain: bool,
        limit: Duration,
    ) -> Result<String, FlinkError> {
        let begun = Instant::now();
        loop {
            // A trigger that failed is not asked again under its id.
            let body = json!({ "targetDirectory": folder, "drain": drain, "triggerId": trigger_id() });
            let left = limit.saturating_sub(begun.elapsed());
            match self.trigger(job, "/stop", &body, "stopping a job with a savepoint", left).await {
                Err(FlinkError::JobFailed { cause, .. })
                    if cause.contains(TASKS_STARTING) && begun.elapsed() < limit =>
                {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                done => return done,
            }
        }
    }

    /// Takes a savepoint; the job runs on.
    ///
    /// # Errors
    /// As [`JobManager::stop`].
    pub async fn savepoint(
        &self,
        job: &str,
        folder: Option<&str>,
        limit: Duration,
    ) -> Result<String, FlinkError> {
        let body = json!({ "target-directory": folder, "cancel-job": false, "triggerId": trigger_id() });
        self.trigger(job, "/savepoints", &body, "taking a savepoint", limit).await
    }

    /// The cluster knows a trigger by our id: sent twice, it is still one savepoint.
    async fn trigger(
        &self,
        job: &str,
        path: &str,
        body: &serde_json::Value,
        doing: &str,
        limit: Duration,
    ) -> Result<String, FlinkError> {
        let path = format!("/jobs/{job}{path}");
        let answer = self.http.send(Method::POST, &path, Some(body), Repeat::Safe).await;
        let text = answer.map_err(|failed| self.job_error(doing, job, failed))?;
        let request = self.http.read::<Triggered>(doing, &text)?.request;
        self.wait(doing, limit, async || {
            let progress: Progress = self.about(doing, job, &format!("/savepoints/{request}")).await?;
            if progress.status.id != "COMPLETED" {
                return Ok(None);
            }
            match progress.operation {
                Some(Outcome { location: Some(location), .. }) => Ok(Some(location)),
                Some(Outcome { failure_cause: Some(cause), .. }) => Err(FlinkError::JobFailed {
                    job: Some(job.to_owned()),
                    cause: reduce(&cause.stack_trace).named(),
                }),
                _ => Err(FlinkError::protocol(doing, "it completed with neither a path nor a cause")),
            }
        })
        .await
    }
}

/// 128 random bits in hex.
fn trigger_id() -> String {
    format!("{}{}", resilience::entropy::writer_id(), resilience::entropy::writer_id())
}
