//! The folder of a pipeline's snapshots.

use super::format::{self, Snapshot};
use crate::{ErrorKind, SnapshotId, StreamError};
use event::Epoch;
use resilience::failpoint;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

const EXTENSION: &str = "snapshot";
/// Extension of a file that is still written.
const UNFINISHED: &str = "tmp";

/// Snapshots of one pipeline in one local folder.
///
/// A snapshot is written aside, fsynced, and linked under a name nobody else can have: generation, epoch, a random
/// writer id and the checksum of its bytes. It is never changed afterwards.
#[derive(Clone, Debug)]
pub struct SnapshotStore {
    folder: PathBuf,
    pipeline: String,
    /// Snapshots kept beside the newest.
    pub keep: usize,
}

/// A snapshot file as its name describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub generation: u64,
    pub epoch: Epoch,
    pub id: SnapshotId,
}

impl SnapshotStore {
    /// `folder` is made if it is missing.
    pub fn open(folder: impl Into<PathBuf>, pipeline: &str) -> Result<Self, StreamError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(|e| {
            StreamError::io(format!("state folder {} could not be made", folder.display()), e)
        })?;
        let store = Self { folder, pipeline: pipeline.to_owned(), keep: 3 };
        store.list()?;
        Ok(store)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a snapshot durable; when this returns, a power cut does not take it back.
    pub(crate) fn write(&self, snapshot: &Snapshot) -> Result<SnapshotId, StreamError> {
        failpoint::hit("snapshot.before_write");
        let aside = aside(&self.folder, snapshot);
        let id = write_aside(snapshot, &aside)?;
        failpoint::hit("snapshot.written");
        self.keep_aside(&aside, &id)?;
        failpoint::hit("snapshot.durable");
        Ok(id)
    }

    fn keep_aside(&self, aside: &Path, id: &SnapshotId) -> Result<(), StreamError> {
        let path = self.path(id);
        link(aside, &path).map_err(|cause| {
            let what = format!("snapshot {} could not be kept", path.display());
            // While the folder is there, only a newer claim removes what lies aside: it took us for dead.
            if cause.kind() == io::ErrorKind::NotFound && self.folder.is_dir() {
                let why = format!("{what}: a newer instance of pipeline '{}' cleared it away", self.pipeline);
                return StreamError::because(ErrorKind::Fenced, why, cause);
            }
            StreamError::io(what, cause)
        })
    }

    /// Removes what a writer left that ended while it wrote.
    pub(crate) fn clear_unfinished(&self) -> Result<(), StreamError> {
        let cannot =
            |e| StreamError::io(format!("state folder {} could not be cleared", self.folder.display()), e);
        for entry in fs::read_dir(&self.folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                fs::remove_file(&path).map_err(cannot)?;
            }
        }
        Ok(())
    }

    /// All snapshot files, newest first; whether they are whole is not looked at.
    pub(crate) fn list(&self) -> Result<Vec<Listed>, StreamError> {
        let cannot =
            |e| StreamError::io(format!("state folder {} could not be read", self.folder.display()), e);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(cannot)? {
            let name = entry.map_err(cannot)?.file_name();
            let Some(stem) = name.to_str().and_then(|n| n.strip_suffix(&format!(".{EXTENSION}"))) else {
                continue;
            };
            match self.parse(stem) {
                Some(listed) => found.push(listed),
                None => {
                    return Err(StreamError::config(format!(
                        "{} is no snapshot of pipeline '{}': give each pipeline a --state-dir or --pipeline of its own",
                        self.folder.join(&name).display(),
                        self.pipeline
                    )));
                }
            }
        }
        found.sort_by(|a, b| (b.generation, b.epoch, &b.id).cmp(&(a.generation, a.epoch, &a.id)));
        Ok(found)
    }

    /// Reads a snapshot; `None` when the file is torn or is not what its name says.
    pub(crate) fn read(&self, id: &SnapshotId) -> Result<Option<Snapshot>, StreamError> {
        let path = self.path(id);
        match read_file(&path)? {
            Some(snapshot) if snapshot.pipeline == self.pipeline => Ok(Some(snapshot)),
            Some(snapshot) => Err(StreamError::config(format!(
                "snapshot {} belongs to pipeline '{}', not to '{}'",
                path.display(),
                snapshot.pipeline,
                self.pipeline
            ))),
            None => Ok(None),
        }
    }

    /// The snapshots from epoch `since` on that a snapshot builds on, oldest first.
    pub(crate) fn built_on(&self, snapshot: &Snapshot, since: Epoch) -> Vec<SnapshotId> {
        let needed = |id: &&SnapshotId| self.parse(&id.0).is_some_and(|listed| listed.epoch >= since);
        let mut ids: Vec<SnapshotId> = snapshot.ancestors.iter().take_while(needed).cloned().collect();
        ids.reverse();
        ids
    }

    /// Whether a snapshot's file is there and is what its name says.
    pub(crate) fn is_whole(&self, id: &SnapshotId) -> Result<bool, StreamError> {
        let path = self.path(id);
        let hashed = File::open(&path).and_then(|file| {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(file)?;
            Ok(hasher.finalize().to_hex())
        });
        match hashed {
            Ok(checksum) => Ok(id.0.ends_with(&checksum[..16])),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(StreamError::io(format!("snapshot {} could not be read", path.display()), e)),
        }
    }

    /// Removes what no restart can need any more: all but `newest`, the `keep` before it, and what they build on, where
    /// `newest` builds on epoch `since`. Failure is harmless.
    pub(crate) fn prune(&self, newest: &SnapshotId, since: Epoch) -> Result<(), StreamError> {
        // Each epoch's snapshot begins at most one epoch earlier than the next one's.
        let needed = since.0.saturating_sub(self.keep as u64);
        let listed = self.list()?.into_iter().skip_while(|listed| listed.id != *newest).skip(1 + self.keep);
        for listed in listed.filter(|listed| listed.epoch.0 < needed) {
            let path = self.path(&listed.id);
            fs::remove_file(&path)
                .map_err(|e| StreamError::io(format!("{} could not be removed", path.display()), e))?;
        }
        Ok(())
    }

    pub(crate) fn path(&self, id: &SnapshotId) -> PathBuf {
        self.folder.join(format!("{}.{EXTENSION}", id.0))
    }

    fn parse(&self, stem: &str) -> Option<Listed> {
        let rest = stem.strip_prefix(&self.pipeline)?.strip_prefix("-g")?;
        let mut parts = rest.split('-');
        let generation = parts.next()?.parse().ok()?;
        let epoch = parts.next()?.strip_prefix('e')?.parse().ok()?;
        let (writer, checksum) = (parts.next()?, parts.next()?);
        let whole = writer.len() == 16 && checksum.len() == 16 && parts.next().is_none();
        whole.then(|| Listed { generation, epoch: Epoch(epoch), id: SnapshotId(stem.to_owned()) })
    }
}

/// Where a snapshot of this writer is written before it has a name.
pub(super) fn aside(folder: &Path, snapshot: &Snapshot) -> PathBuf {
    folder.join(format!(".{}.{UNFINISHED}", snapshot.writer))
}

/// Writes and fsyncs a file that nobody looks at yet, and says under which name it is to be kept.
pub(super) fn write_aside(snapshot: &Snapshot, aside: &Path) -> Result<SnapshotId, StreamError> {
    let write = || {
        let cannot = |e| StreamError::io(format!("snapshot {} could not be written", aside.display()), e);
        let file = File::create(aside).map_err(cannot)?;
        let mut out = Hashed { inner: BufWriter::new(file), hasher: blake3::Hasher::new() };
        format::write(snapshot, &mut out)?;
        let checksum = out.hasher.finalize().to_hex();
        out.inner.into_inner().map_err(|e| cannot(e.into_error()))?.sync_all().map_err(cannot)?;
        Ok(SnapshotId(format!(
            "{}-g{:06}-e{:012}-{}-{}",
            snapshot.pipeline,
            snapshot.generation,
            snapshot.epoch.0,
            snapshot.writer,
            &checksum[..16]
        )))
    };
    // What a failure leaves is no snapshot; the folder is left as it was.
    write().inspect_err(|_| drop(fs::remove_file(aside)))
}

/// Gives what lies aside its name, durably, unless something has that name.
pub(super) fn link(aside: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(aside, path)?;
    fs::remove_file(aside)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Reads a file whose name ends with the checksum of its bytes; `None` when it is not there, is torn, or is not what its
/// name says. A newer layout is an error: its whole file would look torn.
pub(super) fn read_file(path: &Path) -> Result<Option<Snapshot>, StreamError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StreamError::io(format!("snapshot {} could not be read", path.display()), e)),
    };
    // Before the checksum, which a newer layout may compute otherwise.
    if let Some(found) = format::version(&bytes).filter(|found| *found > format::VERSION) {
        return Err(StreamError::config(format!(
            "{} has version {found} of the state format, and this program understands versions up to {}: start the \
             program that wrote it, or a newer one",
            path.display(),
            format::VERSION
        )));
    }
    let checksum = blake3::hash(&bytes).to_hex();
    let named = path.file_stem().and_then(|stem| stem.to_str());
    match named.is_some_and(|stem| stem.ends_with(&checksum[..16])) {
        true => Ok(format::read(&bytes)),
        false => Ok(None),
    }
}

struct Hashed<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: an instance that stood still while it wrote, and was replaced, hears that it is fenced and not that a file
    /// is missing; a folder that is gone is told apart.
    #[test]
    fn what_a_newer_instance_cleared_away_is_fenced() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let store = SnapshotStore::open(&state, "p").unwrap();
        let snapshot =
            Snapshot { pipeline: "p".into(), writer: "0123456789abcdef".into(), ..Snapshot::default() };
        let aside = state.join(".0123456789abcdef.tmp");
        let id = write_aside(&snapshot, &aside).unwrap();
        SnapshotStore::open(&state, "p").unwrap().clear_unfinished().unwrap();
        let error = store.keep_aside(&aside, &id).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fenced, "{error}");
        assert!(store.list().unwrap().is_empty());
        store.write(&snapshot).unwrap();
        fs::remove_dir_all(&state).unwrap();
        let error = store.keep_aside(&aside, &id).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Io, "{error}");
    }
}
