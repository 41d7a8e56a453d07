//! The JobManager: which jobs there are, how they fare, and how they end.

mod checkpoints;
mod detail;
mod follow;
mod metrics;
mod savepoint;
mod state;

pub use checkpoints::{Checkpoint, CheckpointStats};
pub use detail::{Failure, JobDetail, Vertex};
pub use follow::News;
pub use metrics::{JobMetrics, VertexMetrics};
pub use state::JobState;

use crate::endpoint::Endpoint;
use crate::error::FlinkError;
use crate::http::{Failed, Failure as Refusal, Http, Repeat, Timeouts};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// Between two looks at a job whose state is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A cluster's JobManager, by its REST address (`http://host:8081`).
#[derive(Clone, Debug)]
pub struct JobManager {
    http: Http,
}

/// What `GET /overview` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClusterOverview {
    pub flink_version: String,
    pub taskmanagers: u32,
    pub slots_total: u32,
    pub slots_available: u32,
}

/// A job in the list of all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct JobSummary {
    #[serde(rename = "jid")]
    pub id: String,
    pub name: String,
    pub state: JobState,
    /// Milliseconds since 1970.
    pub start_time: i64,
    /// -1 while it runs.
    pub end_time: i64,
}

#[derive(Deserialize)]
struct Jobs {
    jobs: Vec<JobSummary>,
}

impl JobManager {
    /// Nothing is asked yet.
    pub fn new(endpoint: impl Into<Endpoint>, timeouts: Timeouts) -> Result<Self, FlinkError> {
        Ok(Self { http: Http::new("the JobManager", endpoint.into(), timeouts)? })
    }

    pub fn url(&self) -> &str {
        &self.http.url
    }

    /// The same, which calls it unreachable after another time.
    #[must_use]
    pub fn with_unreachable(&self, after: Duration) -> Self {
        Self { http: self.http.with_unreachable(after) }
    }

    /// # Errors
    /// [`FlinkError::Unreachable`].
    pub async fn overview(&self) -> Result<ClusterOverview, FlinkError> {
        self.http.get("asking the JobManager for its overview", "/overview").await
    }

    /// Every job it remembers, those that ended among them.
    pub async fn jobs(&self) -> Result<Vec<JobSummary>, FlinkError> {
        Ok(self.http.get::<Jobs>("listing jobs", "/jobs/overview").await?.jobs)
    }

    /// The newest job of that name.
    pub async fn named(&self, name: &str) -> Result<Option<JobSummary>, FlinkError> {
        let jobs = self.jobs().await?;
        Ok(jobs.into_iter().filter(|job| job.name == name).max_by_key(|job| job.start_time))
    }

    /// Waits until a job of that name is there, and says its id.
    ///
    /// # Errors
    /// [`FlinkError::Timeout`] after `limit`.
    pub async fn wait_named(&self, name: &str, limit: Duration) -> Result<String, FlinkError> {
        self.wait(&format!("looking for job '{name}'"), limit, async || {
            Ok(self.named(name).await?.map(|job| job.id))
        })
        .await
    }

    /// Waits until the job is in a state that `wanted` takes.
    ///
    /// # Errors
    /// [`FlinkError::JobFailed`] with its root cause as soon as it has failed, unless that is wanted;
    /// [`FlinkError::JobUnknown`]; [`FlinkError::Protocol`] when it has ended otherwise; [`FlinkError::Timeout`] after
    /// `limit`.
    pub async fn wait_state(
        &self,
        job: &str,
        limit: Duration,
        wanted: impl Fn(JobState) -> bool,
    ) -> Result<JobState, FlinkError> {
        let doing = format!("waiting for job {job}");
        self.wait(&doing, limit, async || {
            let state = self.state(job).await?;
            if wanted(state) {
                return Ok(Some(state));
            }
            match state {
                JobState::Failed => Err(self.failed(job).await?),
                _ if state.is_terminal() => {
                    Err(FlinkError::protocol(doing.clone(), format!("it ended as {state}")))
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// Waits until the job has ended.
    ///
    /// # Errors
    /// As [`JobManager::wait_state`]: a failed job is an error, a cancelled one is not.
    pub async fn wait_end(&self, job: &str, limit: Duration) -> Result<JobState, FlinkError> {
        self.wait_state(job, limit, |state| state.is_terminal() && state != JobState::Failed).await
    }

    /// Asks the job to end without a savepoint. It ends some time after; one that has ended already stays as it is.
    pub async fn cancel(&self, job: &str) -> Result<(), FlinkError> {
        let path = format!("/jobs/{job}?mode=cancel");
        match self.http.send(Method::PATCH, &path, None, Repeat::Safe).await {
            Ok(_) => Ok(()),
            // It is in a terminal state.
            Err(Failed { failure: Refusal::Refused { status: StatusCode::CONFLICT, .. }, .. }) => Ok(()),
            Err(failed) => Err(self.job_error("cancelling a job", job, failed)),
        }
    }

    async fn wait<T>(
        &self,
        doing: &str,
        limit: Duration,
        mut look: impl AsyncFnMut() -> Result<Option<T>, FlinkError>,
    ) -> Result<T, FlinkError> {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if begun.elapsed() >= limit {
                return Err(FlinkError::Timeout { doing: doing.to_owned(), limit });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A GET about one job.
    async fn about<T: DeserializeOwned>(&self, doing: &str, job: &str, path: &str) -> Result<T, FlinkError> {
        let path = format!("/jobs/{job}{path}");
        let answer = self.http.send(Method::GET, &path, None, Repeat::Safe).await;
        let text = answer.map_err(|failed| self.job_error(doing, job, failed))?;
        self.http.read(doing, &text)
    }

    fn job_error(&self, doing: &str, job: &str, failed: Failed) -> FlinkError {
        // Flink says so with status 404 or 500, by the kind of question.
        let missing =
            |errors: &[String]| errors.iter().any(|error| error.contains("FlinkJobNotFoundException"));
        match &failed.failure {
            Refusal::Refused { errors, .. } if missing(errors) => {
                FlinkError::JobUnknown { url: self.http.url.clone(), job: job.to_owned() }
            }
            _ => self.http.error(doing, failed),
        }
    }
}
