//! Following a job until it ends, through restarts and silences of the cluster.

use super::{CheckpointStats, Failure, JobManager, JobMetrics, JobState};
use crate::error::FlinkError;
use std::time::{Duration, Instant};

/// Between two looks at the state.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between two measurements, each of which is a dozen requests.
const MEASURE_EVERY: Duration = Duration::from_secs(2);
/// A JobManager that has just started may not have taken up its jobs again.
const UNKNOWN_MAX: Duration = Duration::from_secs(15);

/// What a follower hears.
#[derive(Clone, Debug)]
pub enum News {
    State(JobState),
    /// Something went wrong; the cluster restarts the job if it can.
    Failure(Failure),
    /// The JobManager does not answer, or does not know the job. It is asked on.
    Silent(String),
    /// It answers again.
    Back {
        silent: Duration,
    },
    Measured {
        metrics: Box<JobMetrics>,
        checkpoints: Box<CheckpointStats>,
    },
}

struct Follower<'a> {
    cluster: &'a JobManager,
    job: &'a str,
    state: Option<JobState>,
    /// When the newest failure that was told happened.
    failure_ms: i64,
    measured: Option<Instant>,
}

impl JobManager {
    /// Tells what happens to a job until it has ended: `Finished` or `Canceled`. Silence is borne for `patience`.
    ///
    /// # Errors
    /// [`FlinkError::JobFailed`] with the root cause. [`FlinkError::JobUnknown`] when the JobManager answers and has
    /// forgotten the job: it was restarted without high availability. [`FlinkError::Unreachable`] after `patience`; the
    /// job may run on.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the job alone.
    pub async fn follow(
        &self,
        job: &str,
        patience: Duration,
        mut tell: impl FnMut(News),
    ) -> Result<JobState, FlinkError> {
        let mut follower = Follower { cluster: self, job, state: None, failure_ms: i64::MIN, measured: None };
        let mut silent_since: Option<Instant> = None;
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let error = match follower.look(&mut tell).await {
                Ok(ended) => {
                    if let Some(since) = silent_since.take() {
                        tell(News::Back { silent: since.elapsed() });
                    }
                    match ended {
                        Some(state) => return Ok(state),
                        None => continue,
                    }
                }
                Err(error) => error,
            };
            let limit = match error {
                FlinkError::Unreachable { .. } => patience,
                FlinkError::JobUnknown { .. } => UNKNOWN_MAX.min(patience),
                other => return Err(other),
            };
            let since = *silent_since.get_or_insert_with(|| {
                tell(News::Silent(error.to_string()));
                Instant::now()
            });
            if since.elapsed() >= limit {
                return Err(error);
            }
        }
    }
}

impl Follower<'_> {
    /// One look; the state once the job has ended.
    async fn look(&mut self, tell: &mut impl FnMut(News)) -> Result<Option<JobState>, FlinkError> {
        let state = self.cluster.state(self.job).await?;
        let changed = self.state.replace(state) != Some(state);
        if changed {
            tell(News::State(state));
        }
        if changed || self.measured.is_none_or(|at| at.elapsed() >= MEASURE_EVERY) {
            self.measured = Some(Instant::now());
            self.measure(tell).await?;
        }
        match state {
            JobState::Failed => Err(self.cluster.failed(self.job).await?),
            state if state.is_terminal() => Ok(Some(state)),
            _ => Ok(None),
        }
    }

    async fn measure(&mut self, tell: &mut impl FnMut(News)) -> Result<(), FlinkError> {
        let mut failures = self.cluster.exceptions(self.job).await?;
        failures.retain(|failure| failure.time_ms > self.failure_ms);
        for failure in failures.into_iter().rev() {
            self.failure_ms = self.failure_ms.max(failure.time_ms);
            tell(News::Failure(failure));
        }
        let metrics = Box::new(self.cluster.metrics(self.job).await?);
        let checkpoints = Box::new(self.cluster.checkpoints(self.job).await?);
        tell(News::Measured { metrics, checkpoints });
        Ok(())
    }
}
