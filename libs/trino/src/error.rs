//! Why a statement has no answer.

/// Why a statement has no answer.
#[derive(Debug, thiserror::Error)]
pub enum TrinoError {
    /// The server could not be reached, or the connection broke. A statement that only reads may be tried again.
    #[error("{url} does not answer")]
    Unreachable {
        url: String,
        #[source]
        cause: reqwest::Error,
    },
    /// It answered with something else than a page of results.
    #[error("{url} answers {status}: {body}")]
    Http { url: String, status: u16, body: String },
    /// The statement failed there.
    #[error("{name}: {message}")]
    Query {
        /// `SYNTAX_ERROR`, `TABLE_NOT_FOUND` and so on.
        name: String,
        message: String,
        /// `line:column` in the statement, where it says so.
        place: Option<(u32, u32)>,
    },
}

impl TrinoError {
    /// Trino's own name of what went wrong with the statement.
    pub fn query_error(&self) -> Option<&str> {
        match self {
            Self::Query { name, .. } => Some(name),
            Self::Unreachable { .. } | Self::Http { .. } => None,
        }
    }
}
