//! What a start is busy with, for a program that wants to show it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Called from the task that starts the service; it must not block.
pub type ProgressFn = Arc<dyn Fn(Progress) + Send + Sync>;

/// One step of a start that may take longer than a blink. `Display` is a line to show to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The server's binaries are being fetched. Told at the start and then once a second.
    Downloading { artifact: String, about_bytes: u64, elapsed: Duration },
    /// The binaries arrived and are unpacked into the cache.
    Extracting { artifact: String },
    /// An empty data folder is being prepared.
    Initialising,
    /// The server process was started and is not ready yet.
    Starting,
    /// A container's image is fetched or built.
    Image { step: String },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Downloading { artifact, about_bytes, elapsed } => write!(
                f,
                "downloading {artifact} (about {} MB, once; {} s so far)",
                about_bytes / 1_000_000,
                elapsed.as_secs()
            ),
            Self::Extracting { artifact } => write!(f, "unpacking {artifact} into the cache"),
            Self::Initialising => f.write_str("preparing an empty PostgreSQL data folder"),
            Self::Starting => f.write_str("starting PostgreSQL"),
            Self::Image { step } => f.write_str(step),
        }
    }
}
