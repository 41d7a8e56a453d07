//! Pulling an image, without waiting long where no registry can be reached.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::docker::{self, Limits};
use super::error::ImageError;
use super::progress::{ImageProgress, ImageStep};

/// A registry that says nothing for `first_line` is not there; a whole pull may take long on a slow line.
const LIMITS: Limits = Limits { first_line: Duration::from_secs(20), whole: Duration::from_secs(20 * 60) };
/// For how long a registry that could not be reached is not asked again, so that nine images do not wait nine times.
const MEMORY: Duration = Duration::from_secs(10 * 60);

/// Pulls `reference`; the error is the reason in words, for the caller knows what to do instead.
///
/// # Errors
/// `Pull`, `DiskFull`, `NotRunning` and the like.
pub(super) async fn pull(cache: &Path, reference: &str, progress: &ImageProgress) -> Result<(), ImageError> {
    let failed = |reason: String| ImageError::Pull { reference: reference.to_string(), reason };
    let begun = Instant::now();
    progress.tell(ImageStep::Pulling { reference: reference.to_string(), elapsed: Duration::ZERO });
    let pulling = docker::run(docker::docker(["pull", reference]), LIMITS, |_| {});
    tokio::pin!(pulling);
    let mut tick = tokio::time::interval_at(begun + Duration::from_secs(10), Duration::from_secs(10));
    let finished = loop {
        tokio::select! {
            finished = &mut pulling => break finished?,
            _ = tick.tick() => {
                progress.tell(ImageStep::Pulling { reference: reference.to_string(), elapsed: begun.elapsed() });
            }
        }
    };
    let Some(finished) = finished else {
        let reason = format!("the registry did not answer within {} s", LIMITS.first_line.as_secs());
        remember(cache, reference, &reason);
        return Err(failed(reason));
    };
    if finished.success {
        return Ok(());
    }
    match docker::refusal("pull", &finished) {
        ImageError::Docker { reason, .. } => {
            if is_unreachable(&reason.to_lowercase()) {
                remember(cache, reference, &reason);
            }
            Err(failed(reason))
        }
        other => Err(other),
    }
}

/// Why the registry of `reference` was not reached a short while ago.
pub(super) fn lately_unreachable(cache: &Path, reference: &str) -> Option<String> {
    let path = marker(cache, reference);
    let age = fs::metadata(&path).ok()?.modified().ok()?.elapsed().ok()?;
    (age < MEMORY).then(|| fs::read_to_string(&path).unwrap_or_default())
}

fn remember(cache: &Path, reference: &str, reason: &str) {
    // Only saves time: without it the registry is asked again.
    let _ = fs::write(marker(cache, reference), reason);
}

fn marker(cache: &Path, reference: &str) -> PathBuf {
    let host = match reference.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) => host,
        _ => "docker.io",
    };
    cache.join("locks").join(format!("unreachable-{host}"))
}

fn is_unreachable(reason: &str) -> bool {
    ["no such host", "dial tcp", "i/o timeout", "connection refused", "unreachable", "request canceled"]
        .iter()
        .any(|sign| reason.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_registry_is_remembered_by_its_host() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir(cache.path().join("locks")).unwrap();
        let reason =
            "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host";
        assert!(is_unreachable(reason) && !is_unreachable("manifest for redis:99 not found"));
        remember(cache.path(), "redis:8", reason);
        assert_eq!(lately_unreachable(cache.path(), "apache/kafka:4.3.1").as_deref(), Some(reason));
        assert_eq!(lately_unreachable(cache.path(), "quay.io/debezium/connect:3.7.0.Final"), None);
    }
}
