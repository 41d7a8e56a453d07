//! Which snapshot a restart takes.
//!
//! The newest whole one whose ancestry holds what every sink names, and whose kept rows reach back to each sink. Any
//! other would lose or repeat rows, so there is no fallback beyond that rule: without such a snapshot the pipeline is
//! refused, by the name of the sink that contradicts. A pipeline that began with a savepoint is no exception: its ancestry
//! begins with its own epoch 0, as no sink of its own can hold anything older.

use super::Snapshot;
use super::store::{Listed, SnapshotStore};
use crate::{ErrorKind, Held, SnapshotId, StreamError};
use event::Epoch;

/// What a sink with memory said when it was claimed.
#[derive(Clone, Debug)]
pub(crate) struct SinkClaim {
    pub name: String,
    /// Of its claim: 1 is the first ever.
    pub token: u64,
    pub held: Option<Held>,
}

/// `None`: nothing was ever committed or snapshotted; start afresh.
pub(crate) fn choose(
    store: &SnapshotStore,
    claims: &[SinkClaim],
) -> Result<Option<(SnapshotId, Snapshot)>, StreamError> {
    let listed = store.list()?;
    refuse_forgotten(store, &listed, claims)?;
    let mut objections = Vec::new();
    for Listed { id, .. } in &listed {
        let Some(snapshot) = store.read(id)? else {
            tracing::warn!(snapshot = %id.0, "snapshot is torn or changed; looking for an older one");
            objections.push(format!("{} is torn or was changed", store.path(id).display()));
            continue;
        };
        let mut reasons = claims.iter().filter_map(|claim| objection(claim, id, &snapshot));
        let reason = match reasons.next() {
            None => missing_link(store, id, &snapshot)?,
            some => some,
        };
        match reason {
            None => return Ok(Some((id.clone(), snapshot))),
            Some(reason) => {
                tracing::warn!(snapshot = %id.0, reason, "snapshot does not fit the sinks; looking for an older one");
                objections.push(reason);
            }
        }
    }
    let holding = claims.iter().find_map(|claim| Some((claim, claim.held.as_ref()?)));
    match (holding, objections.is_empty()) {
        (None, true) => Ok(None),
        (Some((claim, held)), true) => Err(StreamError::new(
            ErrorKind::Data,
            format!(
                "sink '{}' holds epoch {} of snapshot {}, but {} has no snapshots: point --state-dir at the state \
                 of this pipeline, or start a new one with another --pipeline",
                claim.name,
                held.epoch,
                held.snapshot.0,
                store.folder().display()
            ),
        )),
        (_, false) => Err(StreamError::new(
            ErrorKind::Data,
            format!(
                "no snapshot in {} fits the sinks ({}): restore the state folder or the sink, or start a new \
                 pipeline with another --pipeline",
                store.folder().display(),
                objections.join("; ")
            ),
        )),
    }
}

/// Which of the snapshots that this one builds on is not there.
fn missing_link(
    store: &SnapshotStore,
    id: &SnapshotId,
    snapshot: &Snapshot,
) -> Result<Option<String>, StreamError> {
    for older in store.built_on(snapshot, snapshot.since()) {
        if !store.is_whole(&older)? {
            return Ok(Some(format!(
                "{} builds on {}, which is missing, torn or was changed",
                id.0, older.0
            )));
        }
    }
    Ok(None)
}

/// Sinks are claimed before the first snapshot is written. One that was never claimed while there are epochs has lost its
/// memory (the offset of a Kafka group expires), or was put in place of another: an older snapshot, if one is left, would
/// have it write everything again.
fn refuse_forgotten(
    store: &SnapshotStore,
    listed: &[Listed],
    claims: &[SinkClaim],
) -> Result<(), StreamError> {
    let Some(newest) = listed.first().filter(|newest| newest.epoch > Epoch(0)) else { return Ok(()) };
    match claims.iter().find(|claim| claim.held.is_none() && claim.token <= 1) {
        None => Ok(()),
        Some(claim) => Err(StreamError::new(
            ErrorKind::Data,
            format!(
                "sink '{}' remembers nothing of this pipeline, which has come to epoch {} in {}: restore the sink, or \
                 start a new pipeline with another --pipeline",
                claim.name,
                newest.epoch,
                store.folder().display()
            ),
        )),
    }
}

/// Why this snapshot must not be used with this sink.
fn objection(claim: &SinkClaim, id: &SnapshotId, snapshot: &Snapshot) -> Option<String> {
    let held_epoch = match &claim.held {
        None => Epoch(0),
        Some(held) => {
            if held.snapshot != *id && !snapshot.ancestors.contains(&held.snapshot) {
                return Some(format!(
                    "sink '{}' holds epoch {} of snapshot {}, from which {} does not descend",
                    claim.name, held.epoch, held.snapshot.0, id.0
                ));
            }
            held.epoch
        }
    };
    if held_epoch >= snapshot.epoch {
        return None;
    }
    let kept = snapshot.sinks.get(&claim.name);
    let reaches = kept.is_some_and(|rows| rows.epochs.contains_key(&held_epoch.next()));
    (!reaches).then(|| {
        format!(
            "sink '{}' holds epoch {held_epoch} and snapshot {} no longer keeps the rows of epoch {}",
            claim.name,
            id.0,
            held_epoch.next()
        )
    })
}
