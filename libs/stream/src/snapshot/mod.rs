//! Snapshots: one write-once file per epoch.
//!
//! [`format`] says what is in one, [`store`] how it becomes durable and how it is found again, [`choose`] which one a
//! restart takes, [`savepoint`] what another pipeline can begin with.

mod choose;
mod format;
pub(crate) mod savepoint;
mod store;

pub(crate) use choose::{SinkClaim, choose};
pub(crate) use format::{NodeState, SinkRows, Snapshot};
pub use store::SnapshotStore;
