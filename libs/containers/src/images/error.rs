//! Why a service image could not be had.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a service image could not be pulled or built.
///
/// Every message names the thing and the way out; the cause is left to `source()`.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// `IBB_IMAGES` holds something else.
    #[error("IBB_IMAGES is {found:?}; it takes auto (present, else pulled, else built), upstream or local")]
    UnknownOrigin { found: String },
    /// There is no `docker` on the PATH.
    #[error(
        "Docker is not installed; install it (Debian: `apt-get install docker.io`), or leave out what needs \
         containers (`tools/bazel test --config=quick //...`)"
    )]
    NoDocker,
    /// There is a client, and no engine behind it.
    #[error(
        "the Docker engine does not answer; start it (`systemctl start docker`, or `dockerd &` as root): {reason}"
    )]
    NotRunning { reason: String },
    /// The engine's socket belongs to others.
    #[error(
        "not allowed to use the Docker engine; run as root, or join the group docker (`usermod -aG docker \"$USER\"`, \
         then log in again): {reason}"
    )]
    NoPermission { reason: String },
    /// A file system is full, ours or the engine's.
    #[error("no space left {place}; free some (`docker system df`), or choose another cache with IBB_CACHE")]
    DiskFull { place: String },
    /// No registry gave the image, and building was not allowed.
    #[error("{reference} cannot be pulled ({reason}); check the network, or build it with IBB_IMAGES=local")]
    Pull { reference: String, reason: String },
    /// A downloaded file is not the one that was locked. It was removed.
    #[error(
        "{url} has the wrong checksum and was removed: expected sha256 {expected}, found {found}; try again, and if it \
         stays so do not trust that mirror"
    )]
    Checksum { url: String, expected: String, found: String },
    /// Nothing was kept but the part that arrived; trying again goes on from there.
    #[error(
        "{url} cannot be downloaded ({reason}); check the network, or name a mirror with IBB_MAVEN_URL or \
         IBB_PYPI_URL"
    )]
    Download { url: String, reason: String },
    /// The builder gave up.
    #[error("building {reference} failed; the builder's last lines:\n{log}")]
    Build { reference: String, log: String },
    /// The base system is made by debootstrap.
    #[error(
        "{reference} is built with debootstrap, which {missing}; install it and run as root (`apt-get install \
         debootstrap`), or use the images of a registry (IBB_IMAGES=upstream)"
    )]
    NoDebootstrap { reference: String, missing: &'static str },
    /// Another process has held the lock for longer than any build takes.
    #[error("another process has held {} for {} s; wait for it, or end it", path.display(), timeout.as_secs())]
    Locked { path: PathBuf, timeout: Duration },
    /// A line of an artifacts.lock is not one.
    #[error("artifacts.lock of {folder}, line {line}: {reason}")]
    BadLock { folder: String, line: usize, reason: String },
    /// The engine refused for a reason of its own.
    #[error("`docker {command}` failed: {reason}")]
    Docker { command: String, reason: String },
    /// Any other failure of the file system or of a process call.
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl ImageError {
    /// Sorts an I/O failure into the variant whose remedy fits.
    pub(crate) fn io(action: &'static str, path: &Path, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { place: format!("at {}", path.display()) }
            }
            _ => Self::Io { action, path: path.to_path_buf(), cause },
        }
    }
}
