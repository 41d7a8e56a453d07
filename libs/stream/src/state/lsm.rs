//! A log-structured merge tree on a local disk (fjall).

use super::{Entry, KeyGroup, KeyedState};
use crate::StreamError;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Blocks of the tree kept in memory, per task.
const CACHE_BYTES: u64 = 64 << 20;
/// What is written to memory before it goes to disk, per task.
const MEMTABLE_BYTES: u64 = 32 << 20;
/// The tree's own log, which a working copy does not need and fjall cannot leave out.
const JOURNAL_BYTES: u64 = 128 << 20;

pub(super) struct Lsm {
    database: Database,
    entries: Keyspace,
    folder: PathBuf,
}

impl Lsm {
    /// An empty one; what lies in the folder is removed, and it again when this is dropped.
    pub fn create(folder: PathBuf) -> Result<Self, StreamError> {
        match fs::remove_dir_all(&folder) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                let what = format!("state folder {} could not be cleared", folder.display());
                return Err(StreamError::io(what, cause));
            }
            _ => {}
        }
        let parent = folder.parent().unwrap_or(&folder);
        fs::create_dir_all(parent).map_err(|cause| {
            StreamError::io(format!("state folder {} could not be made", parent.display()), cause)
        })?;
        let database = Database::builder(&folder)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .manual_journal_persist(true)
            .worker_threads(1)
            .temporary(true)
            .open()
            .map_err(|cause| failed("opened", &folder, &cause))?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        let entries =
            database.keyspace("entries", options).map_err(|cause| failed("opened", &folder, &cause))?;
        Ok(Self { database, entries, folder })
    }
}

/// The key group comes first: a group lies together.
fn full_key(group: KeyGroup, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(1 + key.len());
    full.push(group);
    full.extend_from_slice(key);
    full
}

fn failed(done: &str, folder: &Path, cause: &dyn fmt::Display) -> StreamError {
    let what = format!("the state in {} could not be {done}", folder.display());
    StreamError::io(what, io::Error::other(cause.to_string()))
}

impl KeyedState for Lsm {
    fn get(&self, group: KeyGroup, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), StreamError> {
        let value = self.entries.get(full_key(group, key));
        if let Some(value) = value.map_err(|cause| failed("read", &self.folder, &cause))? {
            found(&value);
        }
        Ok(())
    }

    fn put(&mut self, entries: &mut dyn Iterator<Item = Entry<'_>>) -> Result<(), StreamError> {
        let mut batch = self.database.batch();
        for Entry { group, key, value } in entries {
            batch.insert(&self.entries, full_key(group, key), value);
        }
        batch.commit().map_err(|cause| failed("written", &self.folder, &cause))
    }

    fn remove(&mut self, group: KeyGroup, key: &[u8]) -> Result<(), StreamError> {
        self.entries.remove(full_key(group, key)).map_err(|cause| failed("written", &self.folder, &cause))
    }

    fn scan(&self, group: KeyGroup, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StreamError> {
        for entry in self.entries.prefix([group]) {
            let (key, value) = entry.into_inner().map_err(|cause| failed("read", &self.folder, &cause))?;
            visit(&key[1..], &value);
        }
        Ok(())
    }
}
