//! Advisory file locks: held by an open file, so they end with the process however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::DevServiceError;

/// How often a taken lock is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(25);

/// A lock on a file, given up when dropped.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

/// Waits for the only lock on `path`, which is created if missing.
///
/// # Errors
/// `Locked` when someone else held it for all of `timeout`; I/O failures.
pub(crate) async fn exclusive(path: &Path, timeout: Duration) -> Result<FileLock, DevServiceError> {
    let deadline = Instant::now() + timeout;
    let mut tick = tokio::time::interval(RETRY_EVERY);
    loop {
        tick.tick().await;
        if let Some(lock) = try_exclusive(path)? {
            return Ok(lock);
        }
        if Instant::now() >= deadline {
            return Err(DevServiceError::Locked { path: path.to_path_buf(), timeout });
        }
    }
}

/// The only lock on `path`, or `None` when someone else holds one.
pub(crate) fn try_exclusive(path: &Path) -> Result<Option<FileLock>, DevServiceError> {
    let file = open(path)?;
    taken(path, file.try_lock()).map(|free| free.then_some(FileLock { _file: file }))
}

/// One of many locks on `path`, or `None` while someone holds the only one.
pub(crate) fn try_shared(path: &Path) -> Result<Option<FileLock>, DevServiceError> {
    let file = open(path)?;
    taken(path, file.try_lock_shared()).map(|free| free.then_some(FileLock { _file: file }))
}

fn open(path: &Path) -> Result<File, DevServiceError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|cause| DevServiceError::io("open the lock file", path, cause))
}

fn taken(path: &Path, result: Result<(), TryLockError>) -> Result<bool, DevServiceError> {
    match result {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(cause)) => Err(DevServiceError::io("lock", path, cause)),
    }
}
