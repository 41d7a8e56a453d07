//! State by key: where an operator keeps what it knows of each key between batches.
//!
//! It is a working copy. What survives a restart is in snapshots, from which it is filled again; so a backend needs no
//! durability, and one may take over from another.

mod lsm;
mod memory;

use crate::{StreamError, TaskIndex};
use lsm::Lsm;
use memory::Memory;
use std::path::PathBuf;

/// Which of the 128 groups a key falls into; groups are dealt to tasks.
pub type KeyGroup = u8;

/// What one task knows of its keys: bytes by key group and bytes.
pub trait KeyedState: Send {
    /// Calls `found` with the value of a key, if there is one.
    fn get(&self, group: KeyGroup, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), StreamError>;

    /// Replaces the values of these keys.
    fn put(&mut self, entries: &mut dyn Iterator<Item = Entry<'_>>) -> Result<(), StreamError>;

    fn remove(&mut self, group: KeyGroup, key: &[u8]) -> Result<(), StreamError>;

    /// Visits every key of a group with its value, in no order that is promised.
    fn scan(&self, group: KeyGroup, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StreamError>;
}

/// A key with its group, and its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub group: KeyGroup,
    pub key: &'a [u8],
    pub value: &'a [u8],
}

/// Where keyed state lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StateBackend {
    /// In a hash table.
    #[default]
    Memory,
    /// In a log-structured merge tree on a local disk, for more keys than memory holds. The folder is emptied at the
    /// start.
    Lsm { folder: PathBuf },
}

impl StateBackend {
    /// The empty state of one task of a node.
    pub(crate) fn open(&self, node: &str, task: TaskIndex) -> Result<Box<dyn KeyedState>, StreamError> {
        match self {
            Self::Memory => Ok(Box::new(Memory::default())),
            Self::Lsm { folder } => {
                // A node's id may hold what a file's name may not.
                let name: String =
                    node.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
                Ok(Box::new(Lsm::create(folder.join(format!("{name}-{}", task.index)))?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn value(state: &dyn KeyedState, group: KeyGroup, key: &[u8]) -> Option<Vec<u8>> {
        let mut found = None;
        state.get(group, key, &mut |value| found = Some(value.to_vec())).unwrap();
        found
    }

    fn scanned(state: &dyn KeyedState, group: KeyGroup) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut all = BTreeMap::new();
        state
            .scan(group, &mut |key, value| {
                assert!(all.insert(key.to_vec(), value.to_vec()).is_none(), "a key twice");
            })
            .unwrap();
        all
    }

    /// Both backends do the same; keys that are prefixes of each other, and empty ones, are told apart.
    #[test]
    fn a_backend_keeps_the_last_value_of_each_key() {
        let folder = tempfile::tempdir().unwrap();
        let lsm = StateBackend::Lsm { folder: folder.path().join("lsm") };
        for backend in [StateBackend::Memory, lsm] {
            let task = TaskIndex { index: 1, count: 2 };
            let mut state = backend.open("query/running", task).unwrap();
            let entry = |group, key, value| Entry { group, key, value };
            let first =
                [entry(3, b"a", b"1"), entry(3, b"ab", b""), entry(4, b"a", b"2"), entry(3, b"", b"3")];
            state.put(&mut first.into_iter()).unwrap();
            state.put(&mut [entry(3, b"a", b"4")].into_iter()).unwrap();
            assert_eq!(value(&*state, 3, b"a"), Some(b"4".to_vec()), "{backend:?}");
            assert_eq!(value(&*state, 3, b"b"), None, "{backend:?}");
            state.remove(3, b"ab").unwrap();
            let left = [(b"".to_vec(), b"3".to_vec()), (b"a".to_vec(), b"4".to_vec())];
            assert_eq!(scanned(&*state, 3), BTreeMap::from(left), "{backend:?}");
            assert_eq!(scanned(&*state, 4).len(), 1, "{backend:?}");
            // A working copy: the next start begins empty.
            drop(state);
            assert_eq!(scanned(&*backend.open("query/running", task).unwrap(), 3).len(), 0, "{backend:?}");
        }
    }
}
