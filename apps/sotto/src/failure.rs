//! What went wrong, in a sentence, and the way out of it.

mod code;
mod network;
mod refusal;
mod storage;

use std::io;

use serde::Serialize;
use sotto_native::SessionError;

pub(crate) use self::code::Code;
pub(crate) use self::network::may_pass;

/// Why a command did not do what was asked. Exit code 1, or 2 when it was asked in a wrong way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A name for scripts.
    pub(crate) code: Code,
    /// What happened: a sentence.
    pub(crate) what: String,
    /// What the person can do: a sentence or two.
    pub(crate) way_out: Option<String>,
    pub(crate) exit: Exit,
}

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Refused or failed.
    Failed,
    /// Used in a wrong way.
    Usage,
    /// The reader of our output is gone: nothing to say, nobody to say it to.
    Quiet,
}

/// A failure as `--json` prints it on standard error.
#[derive(Serialize)]
pub(crate) struct FailureRecord<'f> {
    r#type: &'static str,
    code: Code,
    message: &'f str,
    way_out: Option<&'f str>,
}

impl Failure {
    pub(crate) fn new(code: Code, what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { code, what: what.into(), way_out: Some(way_out.into()), exit: Exit::Failed }
    }

    pub(crate) fn usage(code: Code, what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(code, what, way_out) }
    }

    /// The same, with what it means for the thing at hand.
    pub(crate) fn and(mut self, consequence: &str) -> Self {
        self.what = format!("{} {consequence}", self.what);
        self
    }

    pub(crate) fn record(&self) -> FailureRecord<'_> {
        let Self { code, what, way_out, .. } = self;
        FailureRecord { r#type: "error", code: *code, message: what, way_out: way_out.as_deref() }
    }

    /// The person stopped it.
    pub(crate) fn stopped() -> Self {
        Self { code: Code::Stopped, what: "Stopped.".to_owned(), way_out: None, exit: Exit::Failed }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { code: Code::Io, what: String::new(), way_out: None, exit: Exit::Quiet };
        }
        Self::new(
            Code::Io,
            format!("Reading or writing failed: {error}."),
            "Check the disk and the permissions, then repeat the command.",
        )
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Refused(refusal) => refusal.into(),
            SessionError::Storage(trouble) => trouble.into(),
            SessionError::Interrupted => Self::new(
                Code::Interrupted,
                "The other sotto that held this profile stopped half-way; this may or may not have been done.",
                "Look at `sotto chats`, then repeat the command if it was not.",
            ),
            SessionError::NotQueued => Self::new(
                Code::NotQueued,
                "The other sotto that held this profile kept stopping; the message was not queued.",
                "Send it again.",
            ),
            SessionError::Lost(error) => Self::from(error)
                .and("(The other sotto that held this profile stopped, and this one could not take over.)"),
        }
    }
}
