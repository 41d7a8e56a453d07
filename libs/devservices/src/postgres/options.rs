//! How an embedded PostgreSQL is started.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::progress::ProgressFn;

/// Where and how to start. [`PostgresOptions::new`] gives the defaults.
#[derive(Clone)]
pub struct PostgresOptions {
    /// The folder that holds the data, the password file and the server's log. Created if missing, kept between
    /// runs. When we are root, user `nobody` must be able to enter it and all folders above.
    pub data_dir: PathBuf,
    /// Whether commits survive a crash of the machine (`fsync`). Default true; tests may switch it off.
    pub durable: bool,
    /// Whether the server stays up when this program ends. The next start adopts it. Default false.
    pub keep_running: bool,
    /// Limit for the server to become ready, its recovery after a crash included. Default 60 s.
    pub start_timeout: Duration,
    /// Limit for fetching the server's binaries, or for waiting until another program has. Default 5 min.
    pub download_timeout: Duration,
    /// Where the binaries are kept. Default [`crate::cache_root`].
    pub cache_dir: PathBuf,
    /// Told about steps that take time. Default none.
    pub progress: Option<ProgressFn>,
}

impl PostgresOptions {
    /// The defaults for a server whose folder is `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durable: true,
            keep_running: false,
            start_timeout: Duration::from_secs(60),
            download_timeout: Duration::from_secs(300),
            cache_dir: crate::cache_root(),
            progress: None,
        }
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("data_dir", &self.data_dir)
            .field("durable", &self.durable)
            .field("keep_running", &self.keep_running)
            .field("start_timeout", &self.start_timeout)
            .field("download_timeout", &self.download_timeout)
            .field("cache_dir", &self.cache_dir)
            .finish_non_exhaustive()
    }
}
