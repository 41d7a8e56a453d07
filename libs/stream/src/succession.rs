//! Whether an epoch follows the one that a sink holds: one rule for every sink with a memory.

use crate::{Commit, Held};
use event::Epoch;

/// The generation of a pipeline that did not begin with a savepoint; one that did is a generation further than that.
pub(crate) const FIRST_GENERATION: u64 = 1;

/// What a sink does with an epoch that is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it holds this very epoch.
    AlreadyHeld,
    /// It commits.
    Next,
}

/// A gap, an epoch of the past, or another snapshot's: committing it would lose rows or repeat them. A sink that is
/// given one, and was not fenced meanwhile, refuses it with [`crate::ErrorKind::Data`]. Reads on after the sink's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfOrder {
    #[error("holds no epoch yet, so {} cannot be its first", named(.wanted))]
    First { wanted: Held },
    #[error("holds {}, so {} cannot follow", named(.held), named(.wanted))]
    Gap { held: Held, wanted: Held },
    #[error("holds {}, of snapshot {}, not of {}", named(.held), .held.snapshot.0, .wanted.snapshot.0)]
    Stranger { held: Held, wanted: Held },
}

fn named(Held { generation, epoch, .. }: &Held) -> String {
    format!("epoch {epoch} of generation {generation}")
}

impl From<&Commit> for Held {
    fn from(commit: &Commit) -> Self {
        Self { generation: commit.generation, epoch: commit.epoch, snapshot: commit.snapshot.clone() }
    }
}

impl Commit {
    /// An epoch follows the one held in its generation; a newer generation, which a savepoint opens, may start anywhere.
    ///
    /// # Errors
    /// When it is neither the next nor the one held.
    pub fn after(&self, held: Option<&Held>) -> Result<Verdict, OutOfOrder> {
        let wanted = Held::from(self);
        let Some(held) = held else {
            return match self.generation > FIRST_GENERATION || self.epoch == Epoch(0).next() {
                true => Ok(Verdict::Next),
                false => Err(OutOfOrder::First { wanted }),
            };
        };
        let follows = self.generation == held.generation && self.epoch == held.epoch.next();
        if follows || self.generation > held.generation {
            return Ok(Verdict::Next);
        }
        let same = (wanted.generation, wanted.epoch) == (held.generation, held.epoch);
        match (same, wanted.snapshot == held.snapshot) {
            (true, true) => Ok(Verdict::AlreadyHeld),
            (true, false) => Err(OutOfOrder::Stranger { held: held.clone(), wanted }),
            (false, _) => Err(OutOfOrder::Gap { held: held.clone(), wanted }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SnapshotId;

    fn commit(generation: u64, epoch: u64, snapshot: &str) -> Commit {
        Commit { generation, epoch: Epoch(epoch), snapshot: SnapshotId(snapshot.into()) }
    }

    #[test]
    fn only_the_next_epoch_follows() {
        let held = |generation, epoch| Some(Held::from(&commit(generation, epoch, "a")));
        for (held, commit, expected) in [
            (None, commit(1, 1, "a"), Some(Verdict::Next)),
            (None, commit(1, 9, "a"), None),
            (None, commit(2, 9, "a"), Some(Verdict::Next)),
            (held(1, 4), commit(1, 5, "b"), Some(Verdict::Next)),
            (held(1, 4), commit(1, 4, "a"), Some(Verdict::AlreadyHeld)),
            (held(1, 4), commit(1, 4, "b"), None),
            (held(1, 4), commit(1, 6, "b"), None),
            (held(1, 4), commit(1, 3, "a"), None),
            (held(1, 4), commit(2, 3, "a"), Some(Verdict::Next)),
            (held(2, 4), commit(1, 5, "a"), None),
        ] {
            assert_eq!(commit.after(held.as_ref()).ok(), expected, "{held:?} then {commit:?}");
        }
    }

    #[test]
    fn both_epochs_are_named() {
        let held = Held::from(&commit(1, 4, "a"));
        for (held, commit, expected) in [
            (None, commit(1, 6, "b"), "holds no epoch yet, so epoch 6 of generation 1 cannot be its first"),
            (
                Some(&held),
                commit(1, 6, "b"),
                "holds epoch 4 of generation 1, so epoch 6 of generation 1 cannot follow",
            ),
            (Some(&held), commit(1, 4, "b"), "holds epoch 4 of generation 1, of snapshot a, not of b"),
        ] {
            assert_eq!(commit.after(held).unwrap_err().to_string(), expected);
        }
    }
}
