//! The numbered manifests of a folder: its whole history of claims and commits.
//!
//! Invariant: a writer's next number is its own last one plus one, and the number after a fenced writer's last is a
//! claim. Claims are never removed, so a fenced writer can never take a number. Only commits without files are pruned,
//! and never the newest number.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::path::{Path, PathBuf};
use stream::{ErrorKind, Held, SinkCounters, StreamError};

/// One manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub pipeline: String,
    pub sink: String,
    /// The number of the claim under which it was written.
    pub token: u64,
    /// Random, one for each claim.
    pub writer: String,
    /// `None`: a claim.
    pub commit: Option<Committed>,
}

/// What a commit made visible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Committed {
    #[serde(flatten)]
    pub held: Held,
    pub files: Vec<DataFile>,
    pub counters: SinkCounters,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataFile {
    pub name: String,
    pub rows: u64,
    pub bytes: u64,
    /// BLAKE3, in hex.
    pub checksum: String,
}

/// Where the manifests of a table's folder are.
pub(crate) fn folder(path: &Path) -> PathBuf {
    path.join("_manifests")
}

/// The data files that are committed, in the order of their commits.
///
/// # Errors
/// I/O and [`ErrorKind::Data`] for a manifest that cannot be read. A folder without manifests has no committed files.
pub fn committed_files(path: impl AsRef<Path>) -> Result<Vec<PathBuf>, StreamError> {
    let path = path.as_ref();
    let manifests = read_all(path)?;
    let commits = manifests.values().filter_map(|manifest| manifest.commit.as_ref());
    Ok(commits.flat_map(|commit| &commit.files).map(|file| path.join(&file.name)).collect())
}

/// Every manifest by its number.
pub(crate) fn read_all(path: &Path) -> Result<BTreeMap<u64, Manifest>, StreamError> {
    let mut manifests = BTreeMap::new();
    for number in numbers(path)? {
        // One that is gone by now was pruned: it had no files.
        if let Some(manifest) = read(path, number)? {
            manifests.insert(number, manifest);
        }
    }
    Ok(manifests)
}

/// The numbers taken, rising; none if the folder does not exist yet.
pub(crate) fn numbers(path: &Path) -> Result<Vec<u64>, StreamError> {
    let folder = folder(path);
    let wrong = |cause| StreamError::io(format!("cannot list {}", folder.display()), cause);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(wrong)?.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_suffix(".json")).filter(|name| name.len() == 20);
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// One manifest; `None` if there is none of this number.
pub(crate) fn read(path: &Path, number: u64) -> Result<Option<Manifest>, StreamError> {
    let file = file(path, number);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StreamError::io(format!("cannot read {}", file.display()), error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
        let message = format!("{} is no manifest of ours; was it edited or cut?", file.display());
        StreamError::because(ErrorKind::Data, message, cause)
    })
}

/// Writes a manifest aside, makes it durable and links it under its number. `false`: the number is taken, or our
/// draft was swept away by a newer claim.
pub(crate) fn link(path: &Path, number: u64, manifest: &Manifest) -> Result<bool, StreamError> {
    let (folder, target) = (folder(path), file(path, number));
    let draft = folder.join(draft_name(number, &manifest.writer));
    let bytes = serde_json::to_vec(manifest)
        .map_err(|cause| StreamError::because(ErrorKind::Internal, "a manifest did not encode", cause))?;
    write_durably(&draft, &bytes)?;
    let linked = fs::hard_link(&draft, &target);
    // The draft has done its duty; a later claim sweeps it up if this fails.
    drop(fs::remove_file(&draft));
    match linked {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), IoErrorKind::AlreadyExists | IoErrorKind::NotFound) => {
            return Ok(false);
        }
        Err(error) => return Err(StreamError::io(format!("cannot link {}", target.display()), error)),
    }
    sync_folder(&folder)?;
    Ok(true)
}

/// Removes a commit without files; see the invariant above.
pub(crate) fn prune(path: &Path, number: u64) {
    if let Err(error) = fs::remove_file(file(path, number)) {
        tracing::debug!(%error, number, "an empty manifest stays");
    }
}

/// `.…-<writer>.tmp`: the writer stands in the name of everything it leaves behind.
fn draft_name(number: u64, writer: &str) -> String {
    format!(".{number:020}-{writer}.tmp")
}

fn file(path: &Path, number: u64) -> PathBuf {
    folder(path).join(format!("{number:020}.json"))
}

/// Writes a file and waits until it is on the disk.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StreamError> {
    let write = || {
        let mut file = fs::File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|cause| StreamError::io(format!("cannot write {}", path.display()), cause))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), StreamError> {
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|cause| StreamError::io(format!("cannot sync {}", folder.display()), cause))
}
