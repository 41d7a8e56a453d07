//! What making an image is busy with, for a program that wants to show it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where the steps of [`crate::ensure`] are told. Cheap to clone.
#[derive(Clone)]
pub struct ImageProgress(Arc<dyn Fn(ImageStep) + Send + Sync>);

impl ImageProgress {
    /// Calls `tell` for every step, from the tasks that take them; it must not block.
    pub fn new(tell: impl Fn(ImageStep) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    /// A line on standard error for each step.
    pub fn stderr() -> Self {
        Self::new(|step| eprintln!("{step}"))
    }

    pub(crate) fn tell(&self, step: ImageStep) {
        (self.0)(step);
    }
}

impl fmt::Debug for ImageProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ImageProgress")
    }
}

/// One step that may take longer than a blink. `Display` is a line to show to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageStep {
    /// Another process makes the same image, or fetches the same file.
    Waiting { what: String },
    /// The registry was asked; told at the start and every ten seconds.
    Pulling { reference: String, elapsed: Duration },
    /// No registry gives the image, so it is built.
    PullFailed { reference: String, reason: String },
    /// Files are being fetched. Told once a second.
    Downloading { image: String, bytes: u64, bytes_total: u64 },
    /// An image is being built; `line` is the builder's latest. Told at the start and every five seconds.
    Building { reference: String, line: String, elapsed: Duration },
    /// An image was built, its files and parents apart.
    Built { reference: String, elapsed: Duration },
}

impl fmt::Display for ImageStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { what } => write!(f, "{what}: waiting for another process that makes it"),
            Self::Pulling { reference, elapsed } => {
                write!(f, "{reference}: pulling ({} s)", elapsed.as_secs())
            }
            Self::PullFailed { reference, reason } => {
                write!(f, "{reference}: cannot be pulled ({reason}); building it here instead")
            }
            Self::Downloading { image, bytes, bytes_total } => {
                write!(f, "{image}: downloading, {} of {} MB", bytes / 1_000_000, bytes_total / 1_000_000)
            }
            Self::Building { reference, line, elapsed } => {
                write!(f, "{reference}: building ({} s) {line}", elapsed.as_secs())
            }
            Self::Built { reference, elapsed } => {
                write!(f, "{reference}: built in {:.1} s", elapsed.as_secs_f64())
            }
        }
    }
}
