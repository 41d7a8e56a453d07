//! Exactly once into a folder: a manifest is the commit.

use crate::data_file::Encoder;
use crate::listing;
use crate::manifest::{self, Committed, Manifest};
use crate::options::FileFormat;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use resilience::{entropy, failpoint};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use stream::{Claim, Commit, ErrorKind, Held, Sink, SinkCounters, StreamError, Verdict};

/// Writes rows into a folder, exactly once: a file is data only when a manifest names it.
///
/// ```text
/// <folder>/part-<epoch>-<writer>-0.json     rows; data only if a manifest names it
/// <folder>/_manifests/<number>.json         a claim, or a commit with its files, epoch, snapshot and counters
/// ```
///
/// Read the folder with [`crate::committed_files`] or a table of the `filesystem` connector. Also of use without a
/// script, say for dead letters (`event::dead_letter_schema()`).
pub struct FilesSink {
    name: String,
    writer: Arc<Mutex<Writer>>,
}

impl FilesSink {
    /// A sink `name` of `pipeline` into `folder`, which is made when it is claimed.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a column that the format cannot carry.
    pub fn new(
        name: impl Into<String>,
        pipeline: impl Into<String>,
        folder: impl Into<PathBuf>,
        schema: &SchemaRef,
        format: &FileFormat,
    ) -> Result<Self, StreamError> {
        let name = name.into();
        let encoder = Encoder::new(schema, format)
            .map_err(|error| StreamError::config(format!("table {name}: {error}")))?;
        let writer = Writer {
            pipeline: pipeline.into(),
            sink: name.clone(),
            folder: folder.into(),
            extension: format.extension(),
            encoder,
            claimed: None,
        };
        Ok(Self { name, writer: Arc::new(Mutex::new(writer)) })
    }

    /// Runs on a thread that may block; if the caller goes away, the work is finished and the next call finds it done.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StreamError> + Send + 'static,
    ) -> Result<T, StreamError> {
        let writer = self.writer.clone();
        let task = tokio::task::spawn_blocking(move || {
            let mut writer =
                writer.lock().map_err(|_| StreamError::internal("a writer of files panicked"))?;
            work(&mut writer)
        });
        task.await.map_err(|cause| {
            StreamError::because(ErrorKind::Internal, "a writer of files did not end", cause)
        })?
    }
}

#[async_trait]
impl Sink for FilesSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        self.blocking(|writer| writer.claim().map(Some)).await
    }

    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let (commit, rows) = (commit.clone(), rows.to_vec());
        self.blocking(move |writer| writer.commit(&commit, &rows)).await
    }
}

struct Writer {
    pipeline: String,
    sink: String,
    folder: PathBuf,
    extension: &'static str,
    encoder: Encoder,
    claimed: Option<Claimed>,
}

/// What a writer knows after its claim.
struct Claimed {
    token: u64,
    writer: String,
    /// The number of our newest manifest.
    last: u64,
    /// Whether it is a commit without files, which may go when it is no longer the newest.
    last_is_empty: bool,
    held: Option<Held>,
    counters: SinkCounters,
}

impl Writer {
    fn claim(&mut self) -> Result<Claim, StreamError> {
        self.prepare_folder()?;
        let (writer, token, manifests) = loop {
            // A name for each attempt: what an attempt that came too late left behind is anybody's to remove.
            let writer = entropy::writer_id();
            let manifests = manifest::read_all(&self.folder)?;
            self.check_owner(&manifests)?;
            let token = manifests.keys().next_back().map_or(1, |newest| newest + 1);
            let claim = Manifest {
                pipeline: self.pipeline.clone(),
                sink: self.sink.clone(),
                token,
                writer: writer.clone(),
                commit: None,
            };
            if !manifest::link(&self.folder, token, &claim)? {
                continue;
            }
            // A number may be free because it was pruned; then the chain is already further on, and nobody is fenced.
            if manifest::numbers(&self.folder)?.last() == Some(&token) {
                // Read again: the older writer may have committed up to the last moment.
                break (writer, token, manifest::read_all(&self.folder)?);
            }
        };
        failpoint::hit("files.claimed");
        self.sweep(token, &manifests)?;
        let newest = manifests.range(..token).rev().find_map(|(_, manifest)| manifest.commit.as_ref());
        let held = newest.map(|commit| commit.held.clone());
        let counters = newest.map(|commit| commit.counters).unwrap_or_default();
        let claim = Claim { token, held: held.clone(), counters };
        self.claimed = Some(Claimed { token, writer, last: token, last_is_empty: false, held, counters });
        Ok(claim)
    }

    fn prepare_folder(&self) -> Result<(), StreamError> {
        let (folder, manifests) = (&self.folder, manifest::folder(&self.folder));
        if folder.is_file() {
            return Err(StreamError::config(format!(
                "{} is a file; a sink writes into a folder",
                folder.display()
            )));
        }
        if manifests.is_dir() {
            return Ok(());
        }
        if folder.is_dir() {
            let mut strangers = Vec::new();
            listing::visible(folder, &mut strangers)?;
            if let Some(file) = strangers.first() {
                return Err(StreamError::config(format!(
                    "{} was not written by a sink of ours, which would hide it; choose an empty folder",
                    file.display()
                )));
            }
        }
        fs::create_dir_all(&manifests)
            .map_err(|cause| StreamError::io(format!("cannot make {}", manifests.display()), cause))?;
        manifest::sync_folder(folder)
    }

    fn check_owner(&self, manifests: &BTreeMap<u64, Manifest>) -> Result<(), StreamError> {
        let stranger = manifests.values().find(|m| m.pipeline != self.pipeline || m.sink != self.sink);
        match stranger {
            None => Ok(()),
            Some(other) => Err(StreamError::config(format!(
                "folder {} belongs to sink '{}' of pipeline '{}', not to '{}' of '{}'; choose another folder",
                self.folder.display(),
                other.sink,
                other.pipeline,
                self.sink,
                self.pipeline
            ))),
        }
    }

    /// Removes what fenced writers left behind: files that no manifest names, drafts, empty commits.
    fn sweep(&self, token: u64, manifests: &BTreeMap<u64, Manifest>) -> Result<(), StreamError> {
        let older = manifests.range(..token);
        let fenced: BTreeSet<&str> = older.clone().map(|(_, manifest)| manifest.writer.as_str()).collect();
        let commits = manifests.values().filter_map(|manifest| manifest.commit.as_ref());
        let named: BTreeSet<&str> = commits.flat_map(|c| &c.files).map(|file| file.name.as_str()).collect();
        for folder in [self.folder.clone(), manifest::folder(&self.folder)] {
            let wrong = |cause| StreamError::io(format!("cannot list {}", folder.display()), cause);
            for entry in fs::read_dir(&folder).map_err(wrong)? {
                let entry = entry.map_err(wrong)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                // A writer newer than us may be at work: only what a fenced one left is ours to remove.
                let leftover =
                    (name.starts_with("part-") || name.starts_with('.')) && !named.contains(name.as_str());
                if leftover && name.split(['-', '.']).any(|word| fenced.contains(word)) {
                    tracing::info!(file = %entry.path().display(), "removing what a fenced writer left behind");
                    remove(&entry.path())?;
                }
            }
        }
        let newest_commit = older.clone().rev().find(|(_, m)| m.commit.is_some()).map(|(number, _)| *number);
        for (number, manifest) in older {
            let empty = manifest.commit.as_ref().is_some_and(|commit| commit.files.is_empty());
            if empty && Some(*number) != newest_commit {
                manifest::prune(&self.folder, *number);
            }
        }
        Ok(())
    }

    fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let Some(claimed) = &self.claimed else {
            return Err(StreamError::internal(format!("sink {} was not claimed before a commit", self.sink)));
        };
        let number = claimed.last + 1;
        let verdict = commit.after(claimed.held.as_ref()).map_err(|why| {
            StreamError::new(
                ErrorKind::Data,
                format!("sink '{}' in {} {why}", self.sink, self.folder.display()),
            )
        });
        match verdict {
            Ok(Verdict::Next) => {}
            Ok(Verdict::AlreadyHeld) => return Ok(claimed.counters),
            // A fenced writer is behind: its epochs may be out of order for that reason alone, and it must hear so.
            Err(why) => return self.number_taken(number, commit, Some(why)),
        }
        match self.write_and_link(claimed, number, commit, rows) {
            Ok(Some(committed)) => {
                failpoint::hit("files.committed");
                Ok(self.advance(number, committed))
            }
            Ok(None) => self.number_taken(number, commit, None),
            Err(error) => self.number_taken(number, commit, Some(error)),
        }
    }

    /// `None`: the number is taken.
    fn write_and_link(
        &self,
        claimed: &Claimed,
        number: u64,
        commit: &Commit,
        rows: &[RecordBatch],
    ) -> Result<Option<Committed>, StreamError> {
        let count: u64 = rows.iter().map(|batch| batch.num_rows() as u64).sum();
        let mut files = Vec::new();
        if count > 0 {
            let name = format!("part-{:010}-{}-0.{}", commit.epoch.0, claimed.writer, self.extension);
            files.push(self.encoder.write(&self.folder, name, rows)?);
        }
        failpoint::hit("files.data_written");
        let mut counters = claimed.counters;
        counters.committed += count;
        let committed = Committed { held: commit.into(), files, counters };
        let manifest = Manifest {
            pipeline: self.pipeline.clone(),
            sink: self.sink.clone(),
            token: claimed.token,
            writer: claimed.writer.clone(),
            commit: Some(committed.clone()),
        };
        Ok(manifest::link(&self.folder, number, &manifest)?.then_some(committed))
    }

    /// The commit is visible: remembers it, and drops the one before if it says nothing any more.
    fn advance(&mut self, number: u64, committed: Committed) -> SinkCounters {
        let Committed { held, files, counters } = committed;
        if let Some(claimed) = &mut self.claimed {
            if claimed.last_is_empty {
                manifest::prune(&self.folder, claimed.last);
            }
            claimed.last = number;
            claimed.last_is_empty = files.is_empty();
            claimed.held = Some(held);
            claimed.counters = counters;
        }
        counters
    }

    /// Finds out what a failed commit came to: our own, made durable only in part; somebody else's claim; or nothing.
    fn number_taken(
        &mut self,
        number: u64,
        commit: &Commit,
        error: Option<StreamError>,
    ) -> Result<SinkCounters, StreamError> {
        let found = manifest::read(&self.folder, number)?;
        let ours = |m: &Manifest| self.claimed.as_ref().is_some_and(|claimed| claimed.writer == m.writer);
        match (found, error) {
            (Some(Manifest { commit: Some(committed), writer, .. }), _)
                if self.claimed.as_ref().is_some_and(|claimed| claimed.writer == writer)
                    && (committed.held.generation, committed.held.epoch)
                        == (commit.generation, commit.epoch) =>
            {
                manifest::sync_folder(&manifest::folder(&self.folder))?;
                Ok(self.advance(number, committed))
            }
            (Some(other), _) if !ours(&other) => Err(StreamError::new(
                ErrorKind::Fenced,
                format!(
                    "a newer writer (claim {}) owns {}; epoch {} was not committed",
                    other.token,
                    self.folder.display(),
                    commit.epoch
                ),
            )),
            (_, Some(error)) => Err(error),
            (_, None) => Err(StreamError::internal(format!(
                "manifest {number} of {} could be neither linked nor read",
                self.folder.display()
            ))),
        }
    }
}

fn remove(path: &Path) -> Result<(), StreamError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StreamError::io(format!("cannot remove {}", path.display()), error))
        }
        _ => Ok(()),
    }
}
