//! Why a program ends without success, in words for the person who reads its last lines.

use std::{error::Error, io, io::Write};

use crate::{Exit, LogFormat};

/// What a program's body returns when it cannot go on: an exit code, one sentence, and the ways out.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    exit: Exit,
    message: String,
    details: Vec<String>,
    remedies: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure with `exit`; `message` is lower case, without a final stop.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), details: Vec::new(), remedies: Vec::new(), source: None }
    }

    /// The command line is wrong (64).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The data or the SQL is wrong (65).
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(Exit::Data, message)
    }

    /// A system did not answer (69).
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, message)
    }

    /// A bug (70).
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Internal, message)
    }

    /// The configuration is wrong (78).
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(Exit::Config, message)
    }

    /// A newer writer of the same pipeline took over (79).
    pub fn fenced(message: impl Into<String>) -> Self {
        Self::new(Exit::Fenced, message)
    }

    /// Reading or writing failed: 77 where permission was refused, else 74.
    pub fn io(message: impl Into<String>, cause: io::Error) -> Self {
        let exit =
            if cause.kind() == io::ErrorKind::PermissionDenied { Exit::NoPermission } else { Exit::Io };
        Self::new(exit, message).because(cause)
    }

    /// Adds the error that led here; its own causes are printed as well.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Adds one of several things that are wrong; each is printed on a line of its own.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Adds a way out, printed as `try: …`.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedies.push(remedy.into());
        self
    }

    /// The code the process ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The single things that are wrong.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// The ways out.
    pub fn remedies(&self) -> &[String] {
        &self.remedies
    }

    /// The message of every cause, nearest first. One that its parent already contains is left out:
    /// many libraries print their cause and also return it.
    pub fn causes(&self) -> Vec<String> {
        let (mut causes, mut last) = (Vec::new(), self.message.clone());
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !last.contains(&text) {
                causes.push(text.clone());
                last = text;
            }
            next = cause.source();
        }
        causes
    }

    /// The last words of a program, in the format of its logs, with a line end.
    pub fn render(&self, format: LogFormat) -> String {
        match format {
            LogFormat::Text => {
                let mut text = format!("error: {}\n", self.message);
                let lines =
                    [("  - ", &self.details), ("  caused by: ", &self.causes()), ("  try: ", &self.remedies)];
                for (label, values) in lines {
                    for value in values {
                        text.push_str(&format!("{label}{}\n", value.replace('\n', "\n    ")));
                    }
                }
                text
            }
            LogFormat::Json => {
                let line = serde_json::json!({
                    "level": "ERROR",
                    "message": self.message,
                    "details": self.details,
                    "causes": self.causes(),
                    "remedies": self.remedies,
                    "exit_code": self.exit.code(),
                });
                format!("{line}\n")
            }
        }
    }

    /// Prints [`Failure::render`] to stderr. A closed stderr is no further error.
    pub(crate) fn report(&self, format: LogFormat) {
        let text = self.render(format);
        crate::progress::suspended(|| {
            let _ = io::stderr().write_all(text.as_bytes());
        });
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(cause: tokio::task::JoinError) -> Self {
        Self::internal("a task of the program ended unexpectedly").because(cause)
    }
}

/// Turns a library's typed error into a [`Failure`] where the exit code is decided.
pub trait OrFail<T> {
    /// Wraps the error as cause of a failure with `exit` and `message`.
    ///
    /// # Errors
    /// The failure, when this is an error.
    fn or_fail(self, exit: Exit, message: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> OrFail<T> for Result<T, E> {
    fn or_fail(self, exit: Exit, message: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|cause| Failure::new(exit, message).because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Failure {
        let cause = io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused");
        Failure::unavailable("no broker answered")
            .because(cause)
            .detail("a:9092\nis down")
            .remedy("start one, or leave the section out")
    }

    #[test]
    fn text_names_causes_and_ways_out() {
        assert_eq!(
            sample().render(LogFormat::Text),
            "error: no broker answered\n  - a:9092\n    is down\n  caused by: connection refused\n  \
             try: start one, or leave the section out\n"
        );
    }

    #[test]
    fn json_is_one_line_with_the_exit_code() {
        let text = sample().render(LogFormat::Json);
        assert_eq!(text.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["exit_code"], 69);
        assert_eq!(value["causes"][0], "connection refused");
    }

    #[test]
    fn a_cause_already_printed_is_not_repeated() {
        let failure = Failure::internal("lost: disk full").because(io::Error::other("disk full"));
        assert!(failure.causes().is_empty());
    }

    #[test]
    fn refused_permission_has_its_own_code() {
        let refused = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(Failure::io("cannot read a", refused).exit(), Exit::NoPermission);
        assert_eq!(Failure::io("cannot read a", io::Error::other("x")).exit(), Exit::Io);
    }
}
