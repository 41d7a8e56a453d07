//! What is wrong with a script, and exactly where.

use std::fmt;
use stream::StreamError;

/// Where in a (rendered) script: everything counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// The number of the statement; 0 while the text is not yet split into statements.
    pub statement: usize,
    pub line: u64,
    /// In characters.
    pub column: u64,
    /// The token that stands there.
    pub token: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if self.token.is_empty() { Ok(()) } else { write!(f, ", at '{}'", self.token) }
    }
}

/// One thing that is wrong. The message names the remedy; lower case, no final stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    pub message: String,
}

impl Problem {
    pub(crate) fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { place: place.clone(), message: message.into() }
    }

    /// Valid in Flink, but not here yet.
    pub(crate) fn unsupported(place: &Place, what: impl fmt::Display) -> Self {
        let advice = "is not supported yet by the embedded engine; it runs on a Flink cluster";
        Self::new(place, format!("{what} {advice}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Every problem found in a script, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.problems))]
pub struct SqlError {
    /// Never empty.
    pub problems: Vec<Problem>,
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

impl SqlError {
    /// `Ok` when there are none.
    pub(crate) fn of(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl From<Problem> for SqlError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// Why a pipeline could not be built from its script.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The script asks for what no connector offers.
    #[error(transparent)]
    Script(#[from] SqlError),
    /// A connector refused; its reason is the source.
    #[error("cannot open table '{table}'")]
    Connector {
        table: String,
        #[source]
        cause: StreamError,
    },
}
