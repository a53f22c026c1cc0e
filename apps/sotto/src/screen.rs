//! Where words go: data to standard output, talk to standard error, progress only to a person.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;

/// How this run prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    json: bool,
    coloured: bool,
    talks_to_person: bool,
    shows_to_person: bool,
}

/// How a piece of text stands out on a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    Name,
    Aside,
    Warning,
}

impl Screen {
    pub(crate) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let shows_to_person = !json && io::stdout().is_terminal();
        Self {
            json,
            coloured: shows_to_person && !plain,
            talks_to_person: !json && io::stderr().is_terminal(),
            shows_to_person,
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether standard output is a terminal that a person reads as text.
    pub(crate) fn shows_to_person(self) -> bool {
        self.shows_to_person
    }

    /// A line of data: the record with `--json`, else the text.
    pub(crate) fn data(self, record: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let line = if self.json { serde_json::to_string(record).map_err(io::Error::from)? } else { text() };
        self.raw(&line)
    }

    /// A line of text, whatever the form.
    pub(crate) fn raw(self, line: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::from)
    }

    /// Something the person should know, terminal or not.
    pub(crate) fn note(self, text: &str) {
        say(&format!("sotto: {text}"));
    }

    /// What is going on, for somebody who watches.
    pub(crate) fn progress(self, text: &str) {
        if self.talks_to_person {
            say(&format!("sotto: {text}"));
        }
    }

    /// What went wrong and the way out.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            // An error that cannot be written has nowhere to go.
            say(&serde_json::to_string(&failure.record()).unwrap_or_default());
        } else {
            say(&format!("sotto: {}", failure.what));
            failure.way_out.iter().for_each(|way_out| say(&format!("  {way_out}")));
        }
    }

    /// Text that stands out, where there is colour.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Name => "1",
            Style::Aside => "2",
            Style::Warning => "33",
        };
        if self.coloured && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn say(line: &str) {
    // Nobody listens on a closed standard error.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
