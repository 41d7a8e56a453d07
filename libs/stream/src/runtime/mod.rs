//! Running a [`Graph`]: one task per node and parallel instance, bounded channels between them, one coordinator.

mod accounting;
mod build;
mod channel;
mod coordinator;
mod fit;
mod operator_task;
mod outputs;
mod sink_task;
mod source_task;
mod start;

pub use accounting::Progress;

use crate::snapshot::SnapshotStore;
use crate::{Graph, Monitor, StateBackend, StreamError};
use event::Epoch;
use resilience::RetryPolicy;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How to run.
pub struct RunOptions {
    pub pipeline: String,
    pub store: SnapshotStore,
    /// Where operators keep what they know of each key.
    pub state_backend: StateBackend,
    /// An epoch ends after this long…
    pub checkpoint_interval: Duration,
    /// …or when this many bytes of rows wait for their commit. Sinks stop reading above it.
    pub pending_bytes_max: usize,
    /// Ends the run after a last epoch. Cancelled by a signal or a deadline.
    pub shutdown: CancellationToken,
    /// How long a commit is tried again while its destination does not answer.
    pub commit_retry: RetryPolicy,
    /// Called after every committed epoch.
    pub on_epoch: Arc<dyn Fn(&Progress) + Send + Sync>,
    pub savepoints: Savepoints,
    /// Where the figures of this run are shown.
    pub monitor: Monitor,
}

/// The savepoint a pipeline begins with, and the one it leaves.
#[derive(Clone, Debug, Default)]
pub struct Savepoints {
    /// The file whose state a pipeline begins with that has none of its own. One that has must have begun with it, and
    /// goes on from its own state.
    pub from: Option<PathBuf>,
    /// What `from` holds and the graph has no place for is dropped, and not refused by name.
    pub allow_non_restored_state: bool,
    /// A run that ends in order keeps its last epoch here, for other pipelines to begin with. Never pruned.
    pub stop_into: Option<PathBuf>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The last epoch every sink committed.
    pub epoch: Epoch,
    /// The epoch of its own that the run continued from; `None`: it started afresh, or with a savepoint.
    pub restored_from: Option<Epoch>,
    /// Whether every source came to its end.
    pub ended: bool,
    pub progress: Progress,
    /// The savepoint that was asked for.
    pub savepoint: Option<PathBuf>,
}

/// Runs until every source has ended, `shutdown` is cancelled, or something fails.
///
/// # Errors
/// Nothing committed is lost or doubled by any of them: a later run of the same pipeline continues where the sinks
/// stand.
pub async fn run(graph: Graph, options: RunOptions) -> Result<RunReport, StreamError> {
    let mut sampler = options.monitor.watch(&options.pipeline, &graph);
    let epochs = async {
        let started = start::start(graph, &options).await?;
        options.monitor.started(started.epoch, started.restored_from);
        coordinator::coordinate(started, &options).await
    };
    let ended = tokio::select! {
        ended = epochs => ended,
        never = sampler.run() => match never {},
    };
    sampler.sample();
    ended
}
