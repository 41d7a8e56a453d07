//! Epochs: barrier, snapshot, then the sinks' commits in their one fixed order.

use super::accounting::{Progress, SinkProgress};
use super::source_task::Control;
use super::start::{NodeRole, RunningSink, Started};
use super::{RunOptions, RunReport};
use crate::snapshot::{NodeState, SinkRows, Snapshot, SnapshotStore, savepoint};
use crate::{Barrier, CheckpointStatus, Commit, SnapshotId, StreamError, TaskState};
use arrow::record_batch::RecordBatch;
use event::{Epoch, Position};
use resilience::{failpoint, retry};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval_at};

/// Ancestors a snapshot names. A sink further behind than this was left out of many restarts.
const ANCESTORS_MAX: usize = 64;

/// How long tasks may take to end after the last epoch.
const TASKS_END_MAX: Duration = Duration::from_secs(10);

/// What tasks tell the coordinator.
pub(super) enum Report {
    State {
        node: usize,
        epoch: Epoch,
        state: TaskState,
        position: Position,
    },
    Rows {
        node: usize,
        epoch: Epoch,
        rows: Vec<RecordBatch>,
    },
    /// A source task has nothing more to read.
    Ended,
    Failed(StreamError),
}

/// A task's line to the coordinator.
#[derive(Clone)]
pub(super) struct Reporter {
    pub node: usize,
    pub sender: mpsc::Sender<Report>,
}

impl Reporter {
    /// A coordinator that is gone needs no report.
    pub async fn send(&self, report: Report) {
        let _ = self.sender.send(report).await;
    }

    pub async fn state(&self, epoch: Epoch, state: TaskState, position: Position) {
        self.send(Report::State { node: self.node, epoch, state, position }).await;
    }
}

/// Runs epochs until the end.
pub(super) async fn coordinate(started: Started, options: &RunOptions) -> Result<RunReport, StreamError> {
    let mut coordinator = Coordinator { ended: 0, progress: Progress::default(), started, options };
    coordinator.announce_restored();
    let ended = coordinator.run().await?;
    let savepoint = coordinator.savepoint().await?;
    let Coordinator { started, progress, .. } = coordinator;
    let (epoch, restored_from) = (started.epoch, started.restored_from);
    let report = RunReport { epoch, restored_from, ended, progress, savepoint };
    started.finish(TASKS_END_MAX).await;
    Ok(report)
}

struct Coordinator<'a> {
    started: Started,
    options: &'a RunOptions,
    /// Source tasks that have come to their end.
    ended: usize,
    progress: Progress,
}

/// What a barrier brought in, by node.
#[derive(Default)]
struct Collected {
    states: BTreeMap<usize, Vec<TaskState>>,
    positions: BTreeMap<usize, Position>,
    rows: BTreeMap<usize, Vec<RecordBatch>>,
}

enum Wake {
    Due,
    Shutdown,
    Report(Report),
}

impl Coordinator<'_> {
    /// Returns whether every source came to its end.
    async fn run(&mut self) -> Result<bool, StreamError> {
        let interval = self.options.checkpoint_interval;
        let mut timer = interval_at(tokio::time::Instant::now() + interval, interval);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let all_ended = self.ended == self.started.controls.len();
            if all_ended || self.options.shutdown.is_cancelled() {
                self.epoch(true).await?;
                return Ok(all_ended);
            }
            let early = self.started.early.clone();
            let wake = tokio::select! {
                biased;
                report = self.started.next_report() => Wake::Report(report?),
                () = self.options.shutdown.cancelled() => Wake::Shutdown,
                () = early.notified() => Wake::Due,
                _ = timer.tick() => Wake::Due,
            };
            match wake {
                Wake::Due => self.epoch(false).await?,
                Wake::Shutdown => {}
                Wake::Report(report) => self.between_epochs(report)?,
            }
        }
    }

    /// After the last epoch every sink holds all of its rows, so that the state alone is the whole of it.
    async fn savepoint(&mut self) -> Result<Option<PathBuf>, StreamError> {
        let options = self.options;
        let Some(folder) = options.savepoints.stop_into.clone() else { return Ok(None) };
        let newest = self.started.ancestors.first().cloned();
        let newest = newest.ok_or_else(|| StreamError::internal("a run ended without a snapshot"))?;
        let store = options.store.clone();
        let taken = tokio::task::spawn_blocking(move || savepoint::take(&store, &newest, &folder)).await;
        let taken = taken.map_err(|e| StreamError::internal(format!("taking a savepoint panicked: {e}")))?;
        taken.map(Some).map_err(|error| StreamError {
            message: format!("{}; everything read is committed all the same", error.message),
            ..error
        })
    }

    fn between_epochs(&mut self, report: Report) -> Result<(), StreamError> {
        match report {
            Report::Ended => {
                self.ended += 1;
                Ok(())
            }
            Report::Failed(error) => Err(error),
            Report::State { .. } | Report::Rows { .. } => {
                Err(StreamError::internal("a state without a barrier"))
            }
        }
    }

    async fn epoch(&mut self, last: bool) -> Result<(), StreamError> {
        let begun = Instant::now();
        let epoch = self.started.epoch.next();
        // A savepoint stands alone.
        let barrier = Barrier { epoch, whole: last && self.options.savepoints.stop_into.is_some() };
        for control in &self.started.controls {
            // A task that is gone has reported why.
            let _ = control.send(Control::Barrier { barrier, last });
        }
        let collected = self.collect(epoch).await?;
        let positions = collected.positions.clone();
        let (snapshot, rows) = self.snapshot(epoch, collected);
        let since = snapshot.since();
        let written = write(self.options.store.clone(), snapshot);
        let (written, ()) = tokio::join!(written, prepare_all(&mut self.started.sinks, &rows));
        let (id, bytes) = written?;
        self.started.committing.send_replace(true);
        self.commit_all(epoch, &id, &rows).await?;
        self.started.committing.send_replace(false);
        failpoint::hit("epoch.committed");
        self.started.epoch = epoch;
        for (control, node) in self.started.controls.iter().zip(&self.started.control_nodes) {
            let _ = control.send(Control::Committed(positions.get(node).cloned().unwrap_or_default()));
        }
        self.account(begun.elapsed(), bytes);
        let pruned = self.prune(&id, since);
        if last {
            // Who runs us may remove the folder when we return. What goes wrong with it is in the log.
            let _ = pruned.await;
        }
        self.started.descend(id, ANCESTORS_MAX);
        Ok(())
    }

    /// Waits until every task has passed the barrier.
    async fn collect(&mut self, epoch: Epoch) -> Result<Collected, StreamError> {
        let mut collected = Collected::default();
        let mut missing: usize = self.started.nodes.iter().map(|node| node.tasks).sum();
        while missing > 0 {
            match self.started.next_report().await? {
                Report::State { node, epoch: at, state, position } => {
                    debug_assert_eq!(at, epoch);
                    collected.states.entry(node).or_default().push(state);
                    collected.positions.entry(node).or_default().merge(&position);
                    missing -= 1;
                }
                Report::Rows { node, epoch: at, rows } => {
                    debug_assert_eq!(at, epoch);
                    collected.rows.insert(node, rows);
                    missing -= 1;
                }
                Report::Ended => self.ended += 1,
                Report::Failed(error) => return Err(error),
            }
        }
        Ok(collected)
    }

    /// The snapshot, and the rows each sink is to commit, in the sinks' order.
    fn snapshot(&mut self, epoch: Epoch, mut collected: Collected) -> (Snapshot, Vec<Vec<RecordBatch>>) {
        let mut snapshot = self.started.empty_snapshot(epoch);
        for (index, node) in self.started.nodes.iter().enumerate() {
            if node.role == NodeRole::Sink {
                continue;
            }
            let tasks = collected.states.remove(&index).unwrap_or_default();
            let mut counters = self.started.base.get(&node.id).cloned().unwrap_or_default();
            for (name, count) in tasks.iter().flat_map(|task| &task.counters) {
                *counters.entry(name.clone()).or_default() += count;
            }
            let position = collected.positions.remove(&index).unwrap_or_default();
            self.started.totals.insert(node.id.clone(), counters.clone());
            let signature = node.signature.clone();
            snapshot.nodes.insert(node.id.clone(), NodeState { signature, position, tasks, counters });
        }
        let mut to_commit = Vec::new();
        for sink in &mut self.started.sinks {
            let rows = collected.rows.remove(&sink.node).unwrap_or_default();
            sink.emitted += rows.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
            let epochs = BTreeMap::from([(epoch, rows.clone())]);
            snapshot.sinks.insert(sink.sink.name().to_owned(), SinkRows { emitted: sink.emitted, epochs });
            to_commit.push(rows);
        }
        (snapshot, to_commit)
    }

    async fn commit_all(
        &mut self,
        epoch: Epoch,
        snapshot: &SnapshotId,
        rows: &[Vec<RecordBatch>],
    ) -> Result<(), StreamError> {
        let commit = Commit { generation: self.started.generation, epoch, snapshot: snapshot.clone() };
        for (sink, rows) in self.started.sinks.iter_mut().zip(rows) {
            commit_one(sink, &commit, rows, self.options).await?;
            failpoint::hit("commit.one_sink");
        }
        Ok(())
    }

    fn account(&mut self, took: Duration, snapshot_bytes: u64) {
        self.progress = self.started.progress();
        self.progress.checkpoint_ms = took.as_millis() as u64;
        self.progress.snapshot_bytes = snapshot_bytes;
        self.progress.publish(&self.options.pipeline);
        self.options.monitor.committed(CheckpointStatus {
            epoch: self.progress.epoch,
            duration_ms: self.progress.checkpoint_ms,
            bytes: snapshot_bytes,
            at_ms: resilience::clock::now_ms(),
        });
        (self.options.on_epoch)(&self.progress);
    }

    /// After a restart the totals are those of the restored epoch until the next one is committed.
    fn announce_restored(&mut self) {
        self.progress = self.started.progress();
        self.progress.publish(&self.options.pipeline);
    }

    fn prune(&self, newest: &SnapshotId, since: Epoch) -> JoinHandle<()> {
        let (store, newest) = (self.options.store.clone(), newest.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = store.prune(&newest, since) {
                tracing::warn!(%error, "an old snapshot stays behind");
            }
        })
    }
}

async fn write(store: SnapshotStore, snapshot: Snapshot) -> Result<(SnapshotId, u64), StreamError> {
    let write = move || {
        let id = store.write(&snapshot)?;
        let bytes = std::fs::metadata(store.path(&id)).map_or(0, |m| m.len());
        Ok((id, bytes))
    };
    let written = tokio::task::spawn_blocking(write).await;
    written.map_err(|e| StreamError::internal(format!("writing a snapshot panicked: {e}")))?
}

async fn prepare_all(sinks: &mut [RunningSink], rows: &[Vec<RecordBatch>]) {
    for (running, rows) in sinks.iter_mut().zip(rows) {
        running.sink.prepare(rows).await;
    }
}

/// Commits one epoch to one sink, trying again while it does not answer.
pub(super) async fn commit_one(
    running: &mut RunningSink,
    commit: &Commit,
    rows: &[RecordBatch],
    options: &RunOptions,
) -> Result<(), StreamError> {
    let sink = tokio::sync::Mutex::new(&mut running.sink);
    let attempt = || async { sink.lock().await.commit(commit, rows).await };
    running.counters = retry(options.commit_retry, StreamError::retry, attempt).await?;
    Ok(())
}

impl Started {
    fn progress(&self) -> Progress {
        let mut progress = Progress { epoch: self.epoch, ..Progress::default() };
        for node in &self.nodes {
            let by_label = match node.role {
                NodeRole::Source => &mut progress.sources,
                NodeRole::Operator => &mut progress.queries,
                NodeRole::Sink => continue,
            };
            let counters = by_label.entry(node.label.clone()).or_default();
            for (name, count) in self.totals.get(&node.id).into_iter().flatten() {
                *counters.entry(name.clone()).or_default() += count;
            }
        }
        for sink in &self.sinks {
            let entry = SinkProgress { emitted: sink.emitted, counters: sink.counters };
            progress.sinks.insert(sink.sink.name().to_owned(), entry);
        }
        progress
    }
}
