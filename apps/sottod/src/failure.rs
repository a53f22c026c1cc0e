//! How a command fails, and what the exit code says about it.

use std::{fmt, io, process::ExitCode};

use crate::settings::SettingsError;

/// A command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The question was wrong: exit code 2.
    Usage(String),
    /// Refused, or the environment failed: exit code 1.
    Refused(String),
    /// Whoever read our output has left: nobody needs to be told.
    OutputClosed,
}

impl Failure {
    /// What a script sees.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Refused(_) => 1,
            Self::OutputClosed => 0,
        })
    }

    /// A refusal that says what cannot be done and why.
    pub(crate) fn because(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Refused(format!("{what}: {why}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Refused(text) => f.write_str(text),
            Self::OutputClosed => f.write_str("the output was closed"),
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// For errors of our own output only; file operations say which file.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::because("cannot write the output", error),
        }
    }
}
