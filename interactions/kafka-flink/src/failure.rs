//! From the libraries' errors to exit codes.

use service::{Exit, Failure};
use stream::{ErrorKind, StreamError};

/// The exit code of each kind of trouble.
pub fn of_stream(error: StreamError) -> Failure {
    let exit = match error.kind {
        ErrorKind::Unavailable => Exit::Unavailable,
        ErrorKind::Fenced => Exit::Fenced,
        ErrorKind::Config => Exit::Config,
        ErrorKind::Data => Exit::Data,
        ErrorKind::Io => Exit::Io,
        ErrorKind::Permission => Exit::NoPermission,
        ErrorKind::Internal => Exit::Internal,
    };
    let failure = Failure::new(exit, error.message.clone());
    match error.cause {
        Some(cause) => failure.because(cause),
        None => failure,
    }
}
