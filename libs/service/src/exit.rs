//! Exit codes: those of `sysexits.h`, and one of our own.

use std::process::ExitCode;

/// How a program ended, as a supervisor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done, or a requested stop was clean.
    Done = 0,
    /// It failed in a way no other code describes; a restart may help.
    Failure = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The data is wrong, SQL included; a restart meets the same data.
    Data = 65,
    /// A system did not answer; retrying is safe.
    Unavailable = 69,
    /// A bug in the program.
    Internal = 70,
    /// An output cannot be created.
    CannotCreate = 73,
    /// Reading or writing failed.
    Io = 74,
    /// A system or the operating system refused permission.
    NoPermission = 77,
    /// The configuration is wrong.
    Config = 78,
    /// A newer writer of the same pipeline took over. Do not restart: it would fence that one.
    Fenced = 79,
}

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
