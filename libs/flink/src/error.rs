//! Why talking to a Flink cluster failed, and what to do about it.

use resilience::Retry;
use std::fmt;
use std::time::Duration;

/// Where in a statement, or (once a [`Statement`](crate::Statement) has mapped it) in the whole script.
/// Both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// No message holds more of a Java stack than its cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlinkError {
    /// Nothing happened, or it was only read; trying again is safe.
    #[error("{service} at {url} did not answer within {waited:.1?} ({tries} tries): {reason}")]
    Unreachable { service: &'static str, url: String, waited: Duration, tries: u32, reason: String },
    /// Jobs it started run on; its tables, views and properties are gone.
    #[error(
        "the SQL gateway at {gateway} no longer knows session {session}: the gateway was restarted, or the session \
         was idle for too long"
    )]
    SessionLost { gateway: String, session: String },
    /// Flink refused a statement. The place is missing when Flink named none.
    #[error("{}{message}", at(.place))]
    Sql { place: Option<Place>, message: String },
    /// The job ran and failed, or could not start.
    #[error("{}: {cause}", job_failed(.job))]
    JobFailed { job: Option<String>, cause: String },
    /// The cluster forgot it (its JobManager was restarted without high availability), or never had it.
    #[error("the cluster at {url} has no job {job}")]
    JobUnknown { url: String, job: String },
    /// The answer to a submission was lost, and no job of that (unique) name appeared. It is not submitted again: two
    /// copies of a job would write twice.
    #[error(
        "whether job '{name}' was submitted is not known ({reason}); look for it before running it again"
    )]
    SubmissionUnknown { name: String, reason: String },
    #[error("{doing} took longer than {limit:?}")]
    Timeout { doing: String, limit: Duration },
    #[error("{product} {version} at {url} is not supported; this program needs Apache Flink 2.0 or newer")]
    Unsupported { url: String, product: String, version: String },
    /// An answer that this client does not understand.
    #[error("unexpected answer while {doing}: {reason}")]
    Protocol { doing: String, reason: String },
}

fn at(place: &Option<Place>) -> String {
    place.map_or_else(String::new, |place| format!("{place}: "))
}

fn job_failed(job: &Option<String>) -> String {
    job.as_ref().map_or_else(|| "the job failed".to_owned(), |job| format!("job {job} failed"))
}

impl FlinkError {
    /// No wildcard arm: a new variant must decide.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. } => Retry::Backoff,
            Self::SessionLost { .. }
            | Self::Sql { .. }
            | Self::JobFailed { .. }
            | Self::JobUnknown { .. }
            | Self::SubmissionUnknown { .. }
            | Self::Timeout { .. }
            | Self::Unsupported { .. }
            | Self::Protocol { .. } => Retry::Never,
        }
    }

    /// The same error with its place mapped, as from a statement to its script.
    pub(crate) fn placed(self, map: impl Fn(Place) -> Place) -> Self {
        match self {
            Self::Sql { place, message } => Self::Sql { place: place.map(map), message },
            other => other,
        }
    }

    pub(crate) fn protocol(doing: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::Protocol { doing: doing.into(), reason: reason.to_string() }
    }
}
