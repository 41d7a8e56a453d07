//! From a graph to running tasks: claim, restore, catch up, seek, spawn.

use super::RunOptions;
use super::build::Builder;
use super::coordinator::{Report, commit_one};
use super::fit::{begin_with, refuse_left_partitions, refuse_other_pipeline, used_before};
use super::source_task::Control;
use crate::snapshot::savepoint::Savepoint;
use crate::snapshot::{NodeState, SinkClaim, SinkRows, Snapshot, choose};
use crate::succession::FIRST_GENERATION;
use crate::{Commit, ErrorKind, Graph, NodeKind, Sink, SinkCounters, SnapshotId, StreamError};
use event::{Epoch, Position};
use resilience::{entropy, failpoint};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeRole {
    Source,
    Operator,
    Sink,
}

/// What the coordinator knows of a node.
pub(super) struct RunningNode {
    pub id: String,
    pub label: String,
    pub role: NodeRole,
    pub signature: String,
    pub tasks: usize,
}

/// A sink between commits.
pub(super) struct RunningSink {
    pub node: usize,
    pub sink: Box<dyn Sink>,
    /// The last epoch it holds; `None` for a sink without memory.
    pub held: Option<Epoch>,
    pub emitted: u64,
    pub counters: SinkCounters,
}

/// A running graph.
pub(super) struct Started {
    pub nodes: Vec<RunningNode>,
    /// In the order they commit.
    pub sinks: Vec<RunningSink>,
    /// One per source task.
    pub controls: Vec<mpsc::UnboundedSender<Control>>,
    /// The node of each of `controls`.
    pub control_nodes: Vec<usize>,
    pub reports: mpsc::Receiver<Report>,
    pub tasks: JoinSet<()>,
    pub early: Arc<Notify>,
    pub committing: watch::Sender<bool>,
    /// Counters of earlier runs, by node id.
    pub base: BTreeMap<String, BTreeMap<String, u64>>,
    /// Counters as of the last epoch, by node id.
    pub totals: BTreeMap<String, BTreeMap<String, u64>>,
    pub pipeline: String,
    pub writer: String,
    pub generation: u64,
    pub epoch: Epoch,
    pub restored_from: Option<Epoch>,
    /// Nearest first.
    pub ancestors: Vec<SnapshotId>,
    /// The one that the pipeline began with.
    pub savepoint: Option<SnapshotId>,
}

impl Started {
    pub fn empty_snapshot(&self, epoch: Epoch) -> Snapshot {
        Snapshot {
            pipeline: self.pipeline.clone(),
            generation: self.generation,
            epoch,
            writer: self.writer.clone(),
            ancestors: self.ancestors.clone(),
            savepoint: self.savepoint.clone(),
            ..Snapshot::default()
        }
    }

    pub fn descend(&mut self, id: SnapshotId, ancestors_max: usize) {
        self.ancestors.insert(0, id);
        self.ancestors.truncate(ancestors_max);
    }

    /// The next report, or the panic of a task that will never report.
    pub async fn next_report(&mut self) -> Result<Report, StreamError> {
        loop {
            tokio::select! {
                report = self.reports.recv() => {
                    return report.ok_or_else(|| StreamError::internal("every task is gone"));
                }
                Some(joined) = self.tasks.join_next() => {
                    if let Err(error) = joined {
                        return Err(StreamError::because(ErrorKind::Internal, "a task panicked", error));
                    }
                }
            }
        }
    }

    /// Lets the tasks end by themselves for `limit`, then ends them.
    pub async fn finish(mut self, limit: Duration) {
        drop(self.controls);
        drop(self.reports);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("some tasks did not end in time and were dropped; everything is committed");
        }
    }
}

/// Claims the sinks, restores the snapshot that fits them, brings lagging sinks up to it, and spawns every task.
pub(super) async fn start(mut graph: Graph, options: &RunOptions) -> Result<Started, StreamError> {
    refuse_equal_names(&graph)?;
    // Before anybody is fenced: a savepoint that cannot be used leaves a running instance alone.
    let begin = match options.store.list()?.is_empty() {
        true => begin_with(&graph, &options.savepoints)?,
        false => None,
    };
    let (mut sinks, claims) = claim(&mut graph).await?;
    failpoint::hit("sinks.claimed");
    // Every older writer is fenced: what it left unfinished is nobody's.
    options.store.clear_unfinished()?;
    let chosen = choose(&options.store, &claims)?;
    let (generation, savepoint) = match (&chosen, &begin) {
        (Some((id, own)), _) => (own.generation, used_before(&options.savepoints, id, own)?),
        (None, Some(begin)) => (begin.snapshot.generation + 1, Some(begin.id.clone())),
        (None, None) => (FIRST_GENERATION, None),
    };
    if let Some((id, snapshot)) = &chosen {
        refuse_other_pipeline(&graph, snapshot, id)?;
        catch_up(&mut sinks, id, snapshot, options).await?;
    }
    failpoint::hit("snapshot.restored");
    let mut builder = Builder::new(options);
    let own = chosen.as_ref().map(|(_, snapshot)| snapshot);
    let restored = own.or(begin.as_ref().map(|savepoint| &savepoint.snapshot));
    let positions = builder.build(graph, restored).await?;
    let base = counters(restored);
    let mut started = Started {
        nodes: builder.nodes,
        sinks,
        controls: builder.controls,
        control_nodes: builder.control_nodes,
        reports: builder.reports,
        tasks: JoinSet::new(),
        early: builder.early,
        committing: builder.committing,
        totals: base.clone(),
        base,
        pipeline: options.pipeline.clone(),
        writer: entropy::writer_id(),
        generation,
        epoch: own.map_or(Epoch(0), |snapshot| snapshot.epoch),
        restored_from: own.map(|snapshot| snapshot.epoch),
        ancestors: Vec::new(),
        savepoint,
    };
    match chosen {
        Some((id, snapshot)) => {
            tracing::info!(snapshot = %id.0, epoch = snapshot.epoch.0, "continuing from a snapshot");
            started.ancestors = snapshot.ancestors;
            started.descend(id, usize::MAX);
        }
        None => {
            if let Some(savepoint) = &begin {
                refuse_left_partitions(&options.savepoints, savepoint, &positions)?;
                tracing::info!(savepoint = %savepoint.id.0, generation, "beginning with a savepoint");
            }
            write_epoch_zero(&mut started, positions, begin, options)?;
        }
    }
    // Nothing is read before the start positions are durable.
    for future in builder.futures {
        started.tasks.spawn(future);
    }
    Ok(started)
}

fn refuse_equal_names(graph: &Graph) -> Result<(), StreamError> {
    let mut seen = BTreeSet::new();
    match graph.nodes.iter().find(|node| !seen.insert(&node.id)) {
        Some(node) => Err(StreamError::config(format!("two parts of the pipeline are named '{}'", node.id))),
        None => Ok(()),
    }
}

async fn claim(graph: &mut Graph) -> Result<(Vec<RunningSink>, Vec<SinkClaim>), StreamError> {
    let (mut sinks, mut claims) = (Vec::new(), Vec::new());
    for (index, node) in graph.nodes.iter_mut().enumerate() {
        let NodeKind::Sink(slot) = &mut node.kind else { continue };
        let Some(mut sink) = slot.take() else { return Err(StreamError::internal("a sink is missing")) };
        let claim = sink.claim().await?;
        let held = claim.as_ref().map(|c| c.held.as_ref().map_or(Epoch(0), |held| held.epoch));
        let counters = claim.as_ref().map(|c| c.counters).unwrap_or_default();
        if let Some(claim) = claim {
            claims.push(SinkClaim { name: sink.name().to_owned(), token: claim.token, held: claim.held });
        }
        sinks.push(RunningSink { node: index, sink, held, emitted: 0, counters });
    }
    Ok((sinks, claims))
}

/// Sinks that hold less than the snapshot commit the rows it kept for them; sinks without memory replay them.
async fn catch_up(
    sinks: &mut [RunningSink],
    id: &SnapshotId,
    snapshot: &Snapshot,
    options: &RunOptions,
) -> Result<(), StreamError> {
    let none = SinkRows::default();
    for running in sinks {
        let kept = snapshot.sinks.get(running.sink.name()).unwrap_or(&none);
        running.emitted = kept.emitted;
        for (epoch, rows) in &kept.epochs {
            if running.held.is_some_and(|held| held >= *epoch) {
                continue;
            }
            tracing::info!(
                sink = running.sink.name(),
                epoch = epoch.0,
                "committing an epoch from the snapshot"
            );
            let commit = Commit { generation: snapshot.generation, epoch: *epoch, snapshot: id.clone() };
            commit_one(running, &commit, rows, options).await?;
            failpoint::hit("restore.caught_up");
        }
    }
    Ok(())
}

fn counters(snapshot: Option<&Snapshot>) -> BTreeMap<String, BTreeMap<String, u64>> {
    let nodes = snapshot.into_iter().flat_map(|snapshot| &snapshot.nodes);
    nodes.map(|(id, node)| (id.clone(), node.counters.clone())).collect()
}

/// Where reading begins, and with which state, before anything is read.
fn write_epoch_zero(
    started: &mut Started,
    positions: BTreeMap<String, Position>,
    begin: Option<Savepoint>,
    options: &RunOptions,
) -> Result<(), StreamError> {
    let mut restored = begin.map(|savepoint| savepoint.snapshot.nodes).unwrap_or_default();
    let mut snapshot = started.empty_snapshot(Epoch(0));
    for node in started.nodes.iter().filter(|node| node.role != NodeRole::Sink) {
        let position = positions.get(&node.id).cloned().unwrap_or_default();
        let state = restored.remove(&node.id).unwrap_or_default();
        let signature = node.signature.clone();
        snapshot.nodes.insert(node.id.clone(), NodeState { signature, position, ..state });
    }
    for sink in &started.sinks {
        snapshot.sinks.insert(sink.sink.name().to_owned(), SinkRows::default());
    }
    let id = options.store.write(&snapshot)?;
    started.descend(id, usize::MAX);
    Ok(())
}
