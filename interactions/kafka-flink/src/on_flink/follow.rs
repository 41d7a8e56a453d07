//! Jobs on a cluster, followed until they end or we are to stop: logs, metrics and `/status` as of a local run.

use super::errors::Of;
use super::stop;
use crate::processor_args::ProcessorArgs;
use ::flink::{CheckpointStats, FlinkError, JobManager, JobMetrics, JobState, News, Submitted};
use metrics::{counter, gauge};
use serde_json::{Map, Value, json};
use service::{Component, Context, Exit, Failure, Progress, Status};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long the cluster may be silent. The job does not need us, so there is no hurry.
const PATIENCE: Duration = Duration::from_secs(600);
/// One request's share of it, so that silence is said soon.
const SILENCE_MIN: Duration = Duration::from_secs(2);

type Ended = (Submitted, Result<JobState, FlinkError>);

/// Until every job has ended, or the program is to stop.
///
/// # Errors
/// The first job that failed, was cancelled by somebody else, or was lost; the others are followed to their ends.
pub async fn follow(
    ctx: &Context,
    args: &ProcessorArgs,
    cluster: &JobManager,
    jobs: Vec<Submitted>,
    of: &Of<'_>,
) -> Result<(), Failure> {
    let patient = cluster.with_unreachable(SILENCE_MIN);
    let shown = Arc::new(Mutex::new(Map::new()));
    let mut following: JoinSet<Ended> = JoinSet::new();
    for job in &jobs {
        let mut display = Display {
            job: job.clone(),
            component: ctx.health.component(format!("flink job {}", job.stable_name())),
            progress: ctx.progress(job.stable_name().to_owned(), None, "rows read"),
            status: ctx.status.clone(),
            shown: Arc::clone(&shown),
        };
        let (patient, job) = (patient.clone(), job.clone());
        following.spawn(async move {
            let ended = patient.follow(&job.job, PATIENCE, |news| display.tell(news)).await;
            (job, ended)
        });
    }
    let mut outcome = Ok(());
    loop {
        tokio::select! {
            biased;
            () = ctx.shutdown.cancelled() => {
                following.abort_all();
                return outcome.and(stop::stop(ctx, args, cluster, &jobs, of).await);
            }
            ended = following.join_next() => match ended {
                None => return outcome,
                Some(Ok((job, ended))) => outcome = outcome.and(judged(&job, ended, of)),
                Some(Err(panic)) => outcome = outcome.and(Err(Failure::internal("a follower stopped").because(panic))),
            }
        }
    }
}

/// What the end of a job means for us, who did not ask for it.
fn judged(job: &Submitted, ended: Result<JobState, FlinkError>, of: &Of<'_>) -> Result<(), Failure> {
    match ended {
        Ok(JobState::Canceled) => Err(Failure::new(
            Exit::Failure,
            format!("job {} '{}' was cancelled, and not by this program", job.job, job.name),
        )),
        Ok(state) => {
            tracing::info!(job = job.job, name = job.name, %state, "The job has ended.");
            Ok(())
        }
        Err(error) => Err(of.flink(error)),
    }
}

/// Shows one job.
struct Display {
    job: Submitted,
    component: Component,
    progress: Progress,
    status: Status,
    /// Section `flink` of `/status`, by job.
    shown: Arc<Mutex<Map<String, Value>>>,
}

impl Display {
    fn tell(&mut self, news: News) {
        let Submitted { job, name } = &self.job;
        match news {
            News::State(state) => {
                tracing::info!(job, name, %state, "The job's state changed.");
                match state {
                    JobState::Running | JobState::Finished => self.component.connected(),
                    _ => self.component.connecting(),
                }
            }
            News::Failure(failure) => {
                let task = failure.task.unwrap_or_default();
                tracing::warn!(
                    job,
                    name,
                    cause = failure.cause,
                    task,
                    "The job failed; Flink restarts it if it may."
                );
            }
            News::Silent(reason) => {
                tracing::warn!(job, name, reason, "The cluster is silent; the job may run. It is asked on.");
                self.component.failed(reason);
            }
            News::Back { silent } => {
                tracing::info!(job, name, silent_seconds = silent.as_secs(), "The cluster answers again.");
                self.component.connected();
            }
            News::Measured { metrics, checkpoints } => self.measured(&metrics, &checkpoints),
        }
    }

    fn measured(&self, metrics: &JobMetrics, checkpoints: &CheckpointStats) {
        let name = self.job.stable_name();
        let labels = [("pipeline", name.to_owned())];
        counter!("ibb_flink_records_in_total", &labels).absolute(metrics.records_in);
        counter!("ibb_flink_records_out_total", &labels).absolute(metrics.records_out);
        counter!("ibb_flink_restarts_total", &labels).absolute(metrics.restarts);
        counter!("ibb_flink_checkpoints_completed_total", &labels).absolute(checkpoints.completed);
        counter!("ibb_flink_checkpoints_failed_total", &labels).absolute(checkpoints.failed);
        gauge!("ibb_flink_running", &labels).set(f64::from(u8::from(metrics.state == JobState::Running)));
        if let Some(watermark_ms) = metrics.watermark_ms {
            gauge!("ibb_flink_watermark_seconds", &labels).set(watermark_ms as f64 / 1000.0);
        }
        self.progress.set(metrics.records_in);
        let vertices: Vec<Value> = metrics
            .vertices
            .iter()
            .map(|vertex| {
                json!({
                    "name": vertex.name, "parallelism": vertex.parallelism,
                    "records_in": vertex.records_in, "records_out": vertex.records_out,
                    "busy": vertex.busy, "backpressured": vertex.backpressured,
                    "watermark_ms": vertex.watermark_ms,
                })
            })
            .collect();
        let section = json!({
            "job": self.job.job, "state": metrics.state.to_string(), "restarts": metrics.restarts,
            "records_in": metrics.records_in, "records_out": metrics.records_out,
            "checkpoints_completed": checkpoints.completed, "checkpoints_failed": checkpoints.failed,
            "vertices": vertices,
        });
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.insert(name.to_owned(), section);
        self.status.set("flink", &*shown);
    }
}
