//! Advisory file locks below the cache folder: they end with the process, however it ends.

use super::ContainerError;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a taken lock is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(25);

/// Given up when dropped.
pub(crate) struct FileLock {
    _file: File,
}

/// Waits for the only lock named `name`.
pub(crate) async fn exclusive(
    folder: &Path,
    name: &str,
    limit: Duration,
) -> Result<FileLock, ContainerError> {
    let path = folder.join(format!("{name}.lock"));
    let failed = |cause| ContainerError::Io { path: path.clone(), cause };
    fs::create_dir_all(folder).map_err(failed)?;
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    let deadline = Instant::now() + limit;
    let mut tick = tokio::time::interval(RETRY_EVERY);
    loop {
        tick.tick().await;
        match file.try_lock() {
            Ok(()) => return Ok(FileLock { _file: file }),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {}
            Err(TryLockError::WouldBlock) => return Err(ContainerError::Locked { path, limit }),
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a second taker waits, is told what it waits for, and gets the lock once it is free.
    #[tokio::test]
    async fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = exclusive(folder.path(), "a", Duration::ZERO).await.unwrap();
        let refused = exclusive(folder.path(), "a", Duration::from_millis(30)).await;
        assert!(matches!(refused, Err(ContainerError::Locked { path, .. }) if path.ends_with("a.lock")));
        drop(first);
        exclusive(folder.path(), "a", Duration::ZERO).await.unwrap();
    }
}
