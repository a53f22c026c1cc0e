//! What goes to standard output: text for people, or one JSON object per line for scripts.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use serde::Serialize;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    People,
    Scripts,
}

impl Output {
    /// The reader that `--json` chooses.
    pub(crate) fn chosen_by(json: bool) -> Self {
        if json { Self::Scripts } else { Self::People }
    }

    /// One record: its JSON object or its text.
    pub(crate) fn record(self, record: &(impl Serialize + Display)) -> io::Result<()> {
        match self {
            Self::People => line(record),
            Self::Scripts => line(serde_json::to_string(record)?),
        }
    }

    /// A remark that scripts do not need.
    pub(crate) fn remark(self, text: impl Display) -> io::Result<()> {
        match self {
            Self::People => line(text),
            Self::Scripts => Ok(()),
        }
    }
}

fn line(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// A line on standard error, for people at a terminal or reading a journal.
pub(crate) fn note(text: impl Display) {
    // There is nowhere else to say that standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
