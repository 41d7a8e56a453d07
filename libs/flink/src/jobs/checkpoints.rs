//! A job's checkpoints.

use super::JobManager;
use crate::error::FlinkError;
use serde::Deserialize;

/// How checkpointing went so far.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CheckpointStats {
    pub completed: u64,
    pub failed: u64,
    pub in_progress: u64,
    /// How often the job was restored from one.
    pub restored: u64,
    pub latest_completed: Option<Checkpoint>,
    pub latest_savepoint: Option<Checkpoint>,
    /// Why the last failed one failed.
    pub latest_failure: Option<String>,
    /// Where the job was last restored from.
    pub restored_from: Option<String>,
}

/// One that completed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Checkpoint {
    pub id: u64,
    /// Milliseconds since 1970.
    #[serde(rename = "trigger_timestamp")]
    pub triggered_ms: i64,
    /// From the trigger to the last acknowledgement.
    #[serde(rename = "end_to_end_duration")]
    pub duration_ms: u64,
    #[serde(rename = "state_size")]
    pub state_bytes: u64,
    /// Where it lies; a job can be resumed from it.
    #[serde(rename = "external_path")]
    pub path: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    counts: Counts,
    latest: Latest,
}

#[derive(Deserialize)]
struct Counts {
    completed: u64,
    failed: u64,
    in_progress: u64,
    restored: u64,
}

#[derive(Deserialize)]
struct Latest {
    completed: Option<Checkpoint>,
    savepoint: Option<Checkpoint>,
    failed: Option<FailedCheckpoint>,
    restored: Option<Restored>,
}

#[derive(Deserialize)]
struct FailedCheckpoint {
    failure_message: Option<String>,
}

#[derive(Deserialize)]
struct Restored {
    external_path: Option<String>,
}

impl JobManager {
    /// # Errors
    /// [`FlinkError::JobUnknown`].
    pub async fn checkpoints(&self, job: &str) -> Result<CheckpointStats, FlinkError> {
        let answer: Answer = self.about("reading a job's checkpoints", job, "/checkpoints").await?;
        Ok(CheckpointStats {
            completed: answer.counts.completed,
            failed: answer.counts.failed,
            in_progress: answer.counts.in_progress,
            restored: answer.counts.restored,
            latest_completed: answer.latest.completed,
            latest_savepoint: answer.latest.savepoint,
            latest_failure: answer.latest.failed.and_then(|failed| failed.failure_message),
            restored_from: answer.latest.restored.and_then(|restored| restored.external_path),
        })
    }
}
