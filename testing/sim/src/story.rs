//! What happened in a run, to be read by people: who did what at which simulated time, faults marked, and what the
//! checker found. Messages and topics have numbers, so two runs of one seed tell the same story.

use std::collections::BTreeMap;
use std::fmt;

use sotto_wire::ids::{MessageId, Millis, TopicId};

/// When every run begins: a day in January 2027.
pub(crate) const START: Millis = Millis(1_800_000_000_000);

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Plain,
    Fault,
    Found,
}

#[derive(Debug)]
struct Line {
    at: Millis,
    mark: Mark,
    text: String,
}

/// The record of one run.
#[derive(Debug)]
pub struct Story {
    lines: Vec<Line>,
    now: Millis,
    faults: usize,
    messages: BTreeMap<MessageId, usize>,
    topics: BTreeMap<TopicId, usize>,
}

impl Story {
    pub(crate) fn new() -> Self {
        Self { lines: Vec::new(), now: START, faults: 0, messages: BTreeMap::new(), topics: BTreeMap::new() }
    }

    pub(crate) fn set_time(&mut self, now: Millis) {
        self.now = now;
    }

    /// Something happened.
    pub(crate) fn tell(&mut self, text: impl Into<String>) {
        self.add(Mark::Plain, text.into());
    }

    /// Something bad happened, as the weather wanted.
    pub(crate) fn fault(&mut self, text: impl Into<String>) {
        self.faults += 1;
        self.add(Mark::Fault, text.into());
    }

    /// The weather did something to a single frame: told, not counted.
    pub(crate) fn blemish(&mut self, text: impl Into<String>) {
        self.add(Mark::Fault, text.into());
    }

    /// The checker found something that must not be.
    pub(crate) fn found(&mut self, text: impl Into<String>) {
        self.add(Mark::Found, text.into());
    }

    fn add(&mut self, mark: Mark, text: String) {
        self.lines.push(Line { at: self.now, mark, text });
    }

    /// Faults so far.
    pub fn faults(&self) -> usize {
        self.faults
    }

    /// What the checker found, one line each; empty after a good run.
    pub fn findings(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| line.mark == Mark::Found).map(|line| line.text.as_str()).collect()
    }

    /// A message's number in the story.
    pub(crate) fn message(&mut self, id: MessageId) -> usize {
        let next = self.messages.len() + 1;
        *self.messages.entry(id).or_insert(next)
    }

    /// A topic's number in the story.
    pub(crate) fn topic(&mut self, id: TopicId) -> usize {
        let next = self.topics.len() + 1;
        *self.topics.entry(id).or_insert(next)
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let mark = match line.mark {
                Mark::Plain => ' ',
                Mark::Fault => '*',
                Mark::Found => '!',
            };
            writeln!(f, "{} {mark} {}", Clock(line.at), line.text)?;
        }
        Ok(())
    }
}

/// Simulated time since the start: `2d 03:04:05.678`.
struct Clock(Millis);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.0.saturating_sub(START.0);
        let (seconds, ms) = (ms / 1_000, ms % 1_000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        write!(f, "{:>3}d {:02}:{minutes:02}:{seconds:02}.{ms:03}", hours / 24, hours % 24)
    }
}

/// A length of time as people say it.
pub(crate) fn span(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        7_200_000..172_800_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} days", ms / 86_400_000),
    }
}
