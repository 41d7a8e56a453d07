//! Why talking to PostgreSQL failed, and what to do about it.

use sqlx::postgres::{PgDatabaseError, PgSeverity};
use std::time::Duration;
use stream::{ErrorKind, StreamError};

/// No message holds a password.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Nothing was done; trying again is safe.
    #[error("postgresql at {server} did not answer within {waited:?} ({tries} tries): {reason}")]
    Unreachable { server: String, waited: Duration, tries: u32, reason: String },
    /// Whether the last statement took effect is unknown until the sink is claimed again.
    #[error("lost the connection to postgresql while {doing}")]
    Lost {
        doing: &'static str,
        #[source]
        cause: Option<sqlx::Error>,
    },
    #[error("postgresql failed while {doing}: {message} (SQLSTATE {sqlstate})")]
    Statement {
        doing: &'static str,
        sqlstate: String,
        message: String,
        #[source]
        cause: Box<sqlx::Error>,
    },
    #[error(
        "sink '{sink}' of pipeline '{pipeline}' is owned by a newer instance: it no longer holds token {token}, \
         this instance must stop"
    )]
    Fenced { pipeline: String, sink: String, token: i64 },
    /// A person must change the script, an option or the table.
    #[error("{0}")]
    Config(String),
    #[error("{0}")]
    Permission(String),
    /// What the database holds contradicts what was to be committed.
    #[error("{0}")]
    Data(String),
    /// Nothing was committed; staging again repairs it.
    #[error(
        "staging table {table} holds {found} of {expected} rows, as after a crash of the server; nothing of epoch \
         {epoch} was committed"
    )]
    StagingIncomplete { table: String, found: i64, expected: i64, epoch: u64 },
    #[error("{0}")]
    Internal(String),
}

impl PostgresError {
    /// Sorts a driver's error into lost connections and refused statements.
    pub(crate) fn from_sqlx(doing: &'static str, cause: sqlx::Error) -> Self {
        match &cause {
            sqlx::Error::Database(error) => {
                let error = error.downcast_ref::<PgDatabaseError>();
                let fatal = matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic);
                if fatal || error.code().starts_with("08") {
                    return Self::Lost { doing, cause: Some(cause) };
                }
                let (sqlstate, message) = (error.code().to_owned(), describe(error));
                Self::Statement { doing, sqlstate, message, cause: Box::new(cause) }
            }
            sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
                Self::Internal(format!("unexpected answer while {doing}: {cause}"))
            }
            _ => Self::Lost { doing, cause: Some(cause) },
        }
    }

    pub(crate) fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Statement { sqlstate, .. } => Some(sqlstate),
            _ => None,
        }
    }

    /// Whether the database refused a row's values, as opposed to the statement.
    pub(crate) fn refuses_rows(&self) -> bool {
        self.sqlstate().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
    }

    /// Rows cannot be copied into the table itself: some are refused, or it does not take COPY (row-level security).
    pub(crate) fn needs_staging(&self) -> bool {
        self.refuses_rows() || self.sqlstate() == Some("0A000")
    }

    /// Deadlock or serialisation failure: the transaction had no effect and may be run again at once.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self.sqlstate(), Some("40001" | "40P01"))
    }

    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } | Self::Lost { .. } | Self::StagingIncomplete { .. } => {
                ErrorKind::Unavailable
            }
            Self::Statement { sqlstate, .. } => statement_kind(sqlstate),
            Self::Fenced { .. } => ErrorKind::Fenced,
            Self::Config(_) => ErrorKind::Config,
            Self::Permission(_) => ErrorKind::Permission,
            Self::Data(_) => ErrorKind::Data,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn statement_kind(sqlstate: &str) -> ErrorKind {
    match sqlstate {
        "42501" => ErrorKind::Permission,
        // Conflicts, lock and statement timeouts, a standby before its promotion, too many connections.
        "40001" | "40P01" | "55P03" | "57014" | "25006" | "53300" => ErrorKind::Unavailable,
        _ => match sqlstate.get(..2) {
            Some("22" | "23") => ErrorKind::Data,
            // Undefined or duplicate objects: someone changed the table.
            Some("3D" | "3F" | "42" | "0A") => ErrorKind::Config,
            Some("53" | "58") => ErrorKind::Io,
            _ => ErrorKind::Internal,
        },
    }
}

/// The server's words, with the detail that names the value or key.
fn describe(error: &PgDatabaseError) -> String {
    match error.detail() {
        Some(detail) => format!("{}; {detail}", error.message()),
        None => error.message().to_owned(),
    }
}

/// `"a" (b (c))` of an error and its causes, for messages that end where no cause can be attached.
pub(crate) fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(cause) => cause.to_string(),
        sqlx::Error::Tls(cause) => format!("TLS: {cause}"),
        other => other.to_string(),
    }
}

impl From<PostgresError> for StreamError {
    fn from(error: PostgresError) -> Self {
        let (kind, message) = (error.kind(), error.to_string());
        match error {
            PostgresError::Lost { cause: Some(cause), .. } => StreamError::because(kind, message, cause),
            PostgresError::Statement { cause, .. } => StreamError::because(kind, message, cause),
            _ => StreamError::new(kind, message),
        }
    }
}
