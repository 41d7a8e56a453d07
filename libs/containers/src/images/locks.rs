//! Advisory file locks: held by an open file, so they end with the process however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::ImageError;

/// How often a taken lock is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(50);

/// Waits for the only lock on `path`, which is created if missing, and gives the locked file. `waiting` is called
/// once if somebody else has it.
///
/// # Errors
/// `Locked` when someone else held it for all of `timeout`; I/O failures.
pub(super) async fn exclusive(
    path: &Path,
    timeout: Duration,
    mut waiting: impl FnMut(),
) -> Result<File, ImageError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(|cause| ImageError::io("open the lock file", path, cause))?;
    let deadline = Instant::now() + timeout;
    let mut tick = tokio::time::interval(RETRY_EVERY);
    let mut told = false;
    loop {
        tick.tick().await;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(ImageError::io("lock", path, cause)),
        }
        if !std::mem::replace(&mut told, true) {
            waiting();
        }
        if Instant::now() >= deadline {
            return Err(ImageError::Locked { path: path.to_path_buf(), timeout });
        }
    }
}
