//! Whether kept state fits the script: all of it after a restart, what is left of it after a savepoint.

use super::Savepoints;
use crate::snapshot::savepoint::{self, Savepoint};
use crate::snapshot::{NodeState, Snapshot};
use crate::{Graph, Node, NodeKind, SnapshotId, StreamError};
use event::Position;
use std::collections::BTreeMap;

/// What the state of a node means; empty where there is none.
pub(super) fn signature(node: &Node) -> String {
    match &node.kind {
        NodeKind::Source { .. } => "source".into(),
        NodeKind::Operator(factory) => factory.signature(),
        NodeKind::Sink(_) => String::new(),
    }
}

fn signatures(graph: &Graph) -> BTreeMap<&str, String> {
    graph.nodes.iter().map(|node| (node.id.as_str(), signature(node))).collect()
}

/// Why a node's state has no place in the script any more.
fn misfit(name: &str, state: &NodeState, now: &BTreeMap<&str, String>) -> Option<String> {
    match now.get(name) {
        None if state.signature.is_empty() => None,
        None => Some(format!("'{name}' has gone from the script")),
        Some(signature) if *signature == state.signature => None,
        Some(signature) => Some(format!("'{name}' has changed from {} to {signature}", state.signature)),
    }
}

/// A restart: every source and every operator with state must be in both, and mean the same.
pub(super) fn refuse_other_pipeline(
    graph: &Graph,
    snapshot: &Snapshot,
    id: &SnapshotId,
) -> Result<(), StreamError> {
    let now = signatures(graph);
    let lost = snapshot.nodes.iter().find_map(|(name, state)| misfit(name, state, &now));
    let come = || {
        let is_new = |(name, signature): &(&&str, &String)| {
            !signature.is_empty() && !snapshot.nodes.contains_key(**name)
        };
        now.iter().find(is_new).map(|(name, _)| format!("'{name}' has come into the script"))
    };
    match lost.or_else(come) {
        None => Ok(()),
        Some(what) => Err(StreamError::config(format!(
            "{what} since snapshot {} was taken: run the earlier script, or start a new pipeline with another \
             --pipeline, which may begin with a savepoint of this one (--from-savepoint)",
            id.0
        ))),
    }
}

/// The savepoint that a pipeline without state of its own begins with, cut down to what the script goes on with.
pub(super) fn begin_with(graph: &Graph, savepoints: &Savepoints) -> Result<Option<Savepoint>, StreamError> {
    let Some(path) = &savepoints.from else { return Ok(None) };
    let mut savepoint = Savepoint::read(path)?;
    let now = signatures(graph);
    let (mut kept, mut dropped) = (BTreeMap::new(), Vec::new());
    for (name, state) in std::mem::take(&mut savepoint.snapshot.nodes) {
        if state.signature.is_empty() {
            continue;
        }
        match misfit(&name, &state, &now) {
            // This pipeline counts from its own beginning: its sinks do, too.
            None => drop(kept.insert(name, NodeState { counters: BTreeMap::new(), ..state })),
            Some(why) => dropped.push(why),
        }
    }
    drop_or_refuse(savepoints, &savepoint, &dropped)?;
    for (name, _) in now.iter().filter(|(name, s)| !s.is_empty() && !kept.contains_key(**name)) {
        tracing::info!(name, savepoint = %savepoint.id.0, "not in the savepoint: starts empty");
    }
    savepoint.snapshot.nodes = kept;
    Ok(Some(savepoint))
}

/// Partitions that a source of the savepoint had and that nobody reads any more: their rows would be lost unsaid.
pub(super) fn refuse_left_partitions(
    savepoints: &Savepoints,
    savepoint: &Savepoint,
    positions: &BTreeMap<String, Position>,
) -> Result<(), StreamError> {
    let mut left = Vec::new();
    for (name, position) in positions {
        let Some(state) = savepoint.snapshot.nodes.get(name) else { continue };
        let gone = state.position.0.keys().filter(|partition| !position.0.contains_key(partition));
        left.extend(gone.map(|partition| format!("'{name}' no longer reads partition {partition}")));
    }
    drop_or_refuse(savepoints, savepoint, &left)
}

fn drop_or_refuse(
    savepoints: &Savepoints,
    savepoint: &Savepoint,
    misfits: &[String],
) -> Result<(), StreamError> {
    if misfits.is_empty() {
        return Ok(());
    }
    if !savepoints.allow_non_restored_state {
        return Err(StreamError::config(format!(
            "savepoint {} holds state that has no place any more: {}; run the earlier script, or drop that state with \
             --allow-non-restored-state",
            savepoint.path.display(),
            misfits.join("; ")
        )));
    }
    for reason in misfits {
        tracing::warn!(reason, savepoint = %savepoint.id.0, "state of the savepoint is dropped");
    }
    Ok(())
}

/// With state of its own a pipeline goes on from there, and the flag is left over from its first start. Returns the
/// savepoint that the pipeline began with.
pub(super) fn used_before(
    savepoints: &Savepoints,
    own: &SnapshotId,
    snapshot: &Snapshot,
) -> Result<Option<SnapshotId>, StreamError> {
    let Some(path) = &savepoints.from else { return Ok(snapshot.savepoint.clone()) };
    let asked = savepoint::id_of(path);
    let used = snapshot.savepoint.as_ref() == Some(&asked);
    if !used && !savepoint::is_of(&asked, own) {
        return Err(StreamError::config(format!(
            "pipeline '{}' has come to epoch {} from elsewhere, not from savepoint {}: leave --from-savepoint out to go \
             on there, or begin a new pipeline with another --pipeline",
            snapshot.pipeline,
            snapshot.epoch,
            path.display()
        )));
    }
    tracing::info!(savepoint = %asked.0, snapshot = %own.0, "the savepoint is used already: the own state is as new, or newer");
    Ok(Some(asked))
}
