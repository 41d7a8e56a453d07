//! Which files a table has, and which task reads each.

use crate::manifest::{self, committed_files};
use event::Partition;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use stream::{StreamError, TaskIndex};

/// The files of a table by the name of their partition: their path relative to the table's. A folder that a sink of
/// ours writes is read by its manifests; names that begin with `_` or `.` are no data, as in Flink and Hive.
pub(crate) fn files(path: &Path) -> Result<BTreeMap<Partition, PathBuf>, StreamError> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StreamError::config(format!("there is no file or folder {}", path.display())));
        }
        Err(error) => return Err(StreamError::io(format!("cannot read {}", path.display()), error)),
    };
    if metadata.is_file() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Ok(BTreeMap::from([(Partition::new(name), path.to_owned())]));
    }
    let mut found = Vec::new();
    if manifest::folder(path).is_dir() {
        found = committed_files(path)?;
    } else {
        visible(path, &mut found)?;
    }
    let named = found.into_iter().map(|file| {
        let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().into_owned();
        (Partition::new(name), file)
    });
    Ok(named.collect())
}

/// Every file below a folder that is not hidden.
pub(crate) fn visible(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), StreamError> {
    let wrong = |cause| StreamError::io(format!("cannot list {}", folder.display()), cause);
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if entry.file_name().to_string_lossy().starts_with(['_', '.']) {
            continue;
        }
        let path = entry.path();
        // Follows links.
        if path.is_dir() { visible(&path, found)? } else { found.push(path) }
    }
    Ok(())
}

/// A compressed file would yield nothing but dead letters.
pub(crate) fn refuse_compressed(file: &Path) -> Result<(), StreamError> {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("gz" | "zst" | "bz2" | "xz" | "deflate") => {
            let problem = "is compressed, which is not supported; unpack it";
            Err(StreamError::config(format!("{} {problem}", file.display())))
        }
        _ => Ok(()),
    }
}

/// Whether `task` reads this partition: by a hash of its name, so that a file that comes or goes moves no other.
pub(crate) fn falls_to(partition: &Partition, task: TaskIndex) -> bool {
    let hash = blake3::hash(partition.0.as_bytes());
    let number = hash.as_bytes()[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    number % task.count.max(1) as u64 == task.index as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_falls_to_exactly_one_task() {
        for count in 1..6 {
            for file in 0..100 {
                let partition = Partition::new(format!("part-{file}.json"));
                let readers =
                    (0..count).filter(|index| falls_to(&partition, TaskIndex { index: *index, count }));
                assert_eq!(readers.count(), 1);
            }
        }
    }
}
