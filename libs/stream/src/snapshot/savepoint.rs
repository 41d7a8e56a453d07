//! Savepoints: the state of a pipeline that stopped in order, for another one to begin with.
//!
//! A savepoint is a snapshot without rows: it is taken when every sink has committed its epoch. Nobody lists or prunes
//! them, so they may lie anywhere; the file's name still ends with the checksum of its bytes.

use super::store::{aside, link, read_file, write_aside};
use super::{Snapshot, SnapshotStore};
use crate::{ErrorKind, SnapshotId, StreamError};
use resilience::failpoint;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const EXTENSION: &str = "savepoint";

/// A savepoint as it was read.
#[derive(Debug)]
pub(crate) struct Savepoint {
    pub path: PathBuf,
    pub id: SnapshotId,
    pub snapshot: Snapshot,
}

/// Keeps the state of `id`, which every sink has committed, as a savepoint in `folder`.
pub(crate) fn take(store: &SnapshotStore, id: &SnapshotId, folder: &Path) -> Result<PathBuf, StreamError> {
    let Some(snapshot) = store.read(id)? else {
        let what = format!("no savepoint was taken: {} has gone or was changed", store.path(id).display());
        return Err(StreamError::new(ErrorKind::Data, what));
    };
    let snapshot = Snapshot { sinks: BTreeMap::new(), ..snapshot };
    fs::create_dir_all(folder).map_err(|e| {
        StreamError::io(format!("savepoint folder {} could not be made", folder.display()), e)
    })?;
    let aside = aside(folder, &snapshot);
    let id = write_aside(&snapshot, &aside)?;
    failpoint::hit("savepoint.written");
    let path = folder.join(format!("{}.{EXTENSION}", id.0));
    link(&aside, &path)
        .map_err(|e| StreamError::io(format!("savepoint {} could not be kept", path.display()), e))?;
    Ok(path)
}

impl Savepoint {
    pub fn read(path: &Path) -> Result<Self, StreamError> {
        let shown = path.display();
        if !path.is_file() {
            let what =
                format!("there is no savepoint {shown}: name the file that --stop-with-savepoint printed");
            return Err(StreamError::config(what));
        }
        let Some(snapshot) = read_file(path)? else {
            return Err(StreamError::new(
                ErrorKind::Data,
                format!(
                    "savepoint {shown} is cut short, changed or renamed, as its name does not end with the checksum of \
                     its bytes: restore it from a copy"
                ),
            ));
        };
        if !snapshot.sinks.is_empty() {
            let what = "is a snapshot, whose rows its own sinks may not hold yet, and no savepoint";
            return Err(StreamError::config(format!("{shown} {what}: --stop-with-savepoint takes one")));
        }
        Ok(Self { path: path.to_owned(), id: id_of(path), snapshot })
    }
}

/// The identity of a savepoint: its file's name, like that of a snapshot. The file may be gone.
pub(crate) fn id_of(path: &Path) -> SnapshotId {
    SnapshotId(path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
}

/// Whether `savepoint` holds the state of `snapshot`: both are of one epoch of one writer, and only their checksums
/// differ.
pub(crate) fn is_of(savepoint: &SnapshotId, snapshot: &SnapshotId) -> bool {
    let epoch = |id: &SnapshotId| id.0.rsplit_once('-').map(|(epoch, _checksum)| epoch.to_owned());
    epoch(savepoint).is_some_and(|of| Some(of) == epoch(snapshot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::SinkRows;
    use event::Epoch;

    fn store(folder: &Path) -> (SnapshotStore, SnapshotId) {
        let store = SnapshotStore::open(folder.join("snapshots"), "p-1").unwrap();
        let sinks = BTreeMap::from([("out".to_owned(), SinkRows { emitted: 3, ..SinkRows::default() })]);
        let writer = "0123456789abcdef".to_owned();
        let snapshot =
            Snapshot { pipeline: "p-1".into(), epoch: Epoch(7), writer, sinks, ..Snapshot::default() };
        let id = store.write(&snapshot).unwrap();
        (store, id)
    }

    #[test]
    fn a_savepoint_is_its_snapshot_without_rows() {
        let folder = tempfile::tempdir().unwrap();
        let (store, id) = store(folder.path());
        let path = take(&store, &id, &folder.path().join("kept")).unwrap();
        let read = Savepoint::read(&path).unwrap();
        assert_eq!((read.snapshot.epoch, read.snapshot.pipeline.as_str()), (Epoch(7), "p-1"));
        assert!(is_of(&read.id, &id) && read.id != id);
        assert!(!is_of(&read.id, &SnapshotId(id.0.replace("e000000000007", "e000000000008"))));
        let names: Vec<_> = fs::read_dir(folder.path().join("kept")).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing is left aside");
    }

    #[test]
    fn what_is_no_whole_savepoint_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let (store, id) = store(folder.path());
        let path = take(&store, &id, folder.path()).unwrap();
        let bytes = fs::read(&path).unwrap();
        let refused = |kind, words: &str| {
            let error = Savepoint::read(&path).unwrap_err();
            assert!(error.message.contains(words) && error.message.contains("p-1-g"), "{error}");
            assert_eq!(error.kind, kind, "{error}");
        };
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        refused(ErrorKind::Data, "is cut short");
        fs::write(&path, [&bytes[..20], b"x", &bytes[21..]].concat()).unwrap();
        refused(ErrorKind::Data, "changed");
        fs::write(&path, [b"IBBSNAP2", &bytes[8..]].concat()).unwrap();
        refused(
            ErrorKind::Config,
            "has version 2 of the state format, and this program understands versions up to 1",
        );
        fs::remove_file(&path).unwrap();
        refused(ErrorKind::Config, "there is no savepoint");
        fs::copy(store.path(&id), &path).unwrap();
        refused(ErrorKind::Data, "renamed");
        let error = Savepoint::read(&store.path(&id)).unwrap_err();
        assert!(error.message.contains("is a snapshot"), "{error}");
    }
}
