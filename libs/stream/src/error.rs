//! One error type for everything that can stop a pipeline, with the decision what to do about it.

use resilience::Retry;

/// What kind of trouble it is; programs map it to an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A service does not answer. Nothing was committed; trying again is safe.
    Unavailable,
    /// A newer instance of this pipeline owns the sinks.
    Fenced,
    /// A person must change the configuration, the script or an outside object (table, topic).
    Config,
    /// The data or a snapshot contradicts what it should be.
    Data,
    /// The operating system refused: disk full, I/O.
    Io,
    /// No permission.
    Permission,
    /// A broken invariant of ours.
    Internal,
}

/// Why a pipeline stopped. The message names the thing, the place and the remedy; lower case, no final stop.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StreamError {
    pub kind: ErrorKind,
    pub message: String,
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StreamError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None }
    }

    pub fn because(
        kind: ErrorKind,
        message: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, message: message.into(), cause: Some(cause.into()) }
    }

    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// An I/O error at a place, its kind taken from the operating system's.
    pub fn io(what: impl Into<String>, cause: std::io::Error) -> Self {
        let kind = match cause.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::Io,
        };
        Self::because(kind, what, cause)
    }

    pub fn retry(&self) -> Retry {
        match self.kind {
            ErrorKind::Unavailable => Retry::Backoff,
            ErrorKind::Fenced
            | ErrorKind::Config
            | ErrorKind::Data
            | ErrorKind::Io
            | ErrorKind::Permission
            | ErrorKind::Internal => Retry::Never,
        }
    }
}

impl From<datafusion_common::DataFusionError> for StreamError {
    fn from(cause: datafusion_common::DataFusionError) -> Self {
        Self::because(ErrorKind::Data, "an expression failed", cause)
    }
}

impl From<arrow::error::ArrowError> for StreamError {
    fn from(cause: arrow::error::ArrowError) -> Self {
        Self::because(ErrorKind::Internal, "columns did not fit together", cause)
    }
}
