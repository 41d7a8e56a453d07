//! Why a case gives no verdict.

use sql::SqlError;
use std::path::Path;
use stream::StreamError;

/// A case that neither passed nor failed: a person must change its folder or its script.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The folder is not what a case looks like.
    #[error("{0}")]
    Folder(String),
    /// The script cannot run anywhere.
    #[error("the script cannot run")]
    Script(#[from] SqlError),
    /// The engine was stopped, or the machine refused.
    #[error("the pipeline did not run")]
    Engine(#[source] StreamError),
}

impl CaseError {
    /// Something in a file, by line from 1.
    pub(crate) fn line(path: &Path, line: usize, problem: impl std::fmt::Display) -> Self {
        Self::Folder(format!("{}, line {line}: {problem}", path.display()))
    }

    pub(crate) fn file(path: &Path, problem: impl std::fmt::Display) -> Self {
        Self::Folder(format!("{}: {problem}", path.display()))
    }
}
