//! What one person has said, heard and shut out: what the checker compares the end of a run with.

use std::collections::BTreeMap;

use sotto_engine::api::CommandId;
use sotto_wire::ids::{MessageId, Millis};

use crate::person::Waiting;

/// A text that a person gave to the engine.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) to: usize,
    pub(crate) text: String,
    pub(crate) at: Millis,
}

/// A person shut somebody out: what came meanwhile need not arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shut {
    pub(crate) whom: usize,
    pub(crate) from: Millis,
    /// Everything that was under way when it ended has arrived somewhere.
    pub(crate) until: Option<Millis>,
}

/// A time in which a person read nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Absence {
    pub(crate) from: Millis,
    pub(crate) until: Option<Millis>,
}

/// The diary.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    /// Given to the engine, not answered yet.
    pub(crate) saying: Waiting<Said>,
    /// Given to the engine, perhaps taken, never answered: the process died.
    pub(crate) perhaps: Vec<Said>,
    /// Acknowledged by the engine: must not be lost.
    pub(crate) said: BTreeMap<MessageId, Said>,
    /// When a line of somebody else's was first shown.
    pub(crate) heard: BTreeMap<MessageId, Millis>,
    pub(crate) shut: Vec<Shut>,
    pub(crate) absences: Vec<Absence>,
}

impl Diary {
    /// The engine has taken a text.
    pub(crate) fn taken(&mut self, command: CommandId, message: MessageId) -> Option<Said> {
        let said = self.saying.remove(&command)?;
        self.said.insert(message, said.clone());
        Some(said)
    }

    /// The engine has refused a text, or failed: nobody counts on it.
    pub(crate) fn not_taken(&mut self, command: CommandId) {
        self.perhaps.extend(self.saying.remove(&command));
    }

    pub(crate) fn forget_process(&mut self) {
        self.perhaps.extend(std::mem::take(&mut self.saying).into_values());
    }

    pub(crate) fn shut(&mut self, whom: usize, from: Millis) {
        if !self.shut.iter().any(|shut| shut.whom == whom && shut.until.is_none()) {
            self.shut.push(Shut { whom, from, until: None });
        }
    }

    /// From here on everything arrives again.
    pub(crate) fn opened(&mut self, whom: usize, at: Millis) {
        for shut in self.shut.iter_mut().filter(|shut| shut.whom == whom && shut.until.is_none()) {
            shut.until = Some(at);
        }
    }

    pub(crate) fn left(&mut self, at: Millis) {
        if self.absences.last().is_none_or(|absence| absence.until.is_some()) {
            self.absences.push(Absence { from: at, until: None });
        }
    }

    pub(crate) fn returned(&mut self, at: Millis) {
        if let Some(absence) = self.absences.last_mut().filter(|absence| absence.until.is_none()) {
            absence.until = Some(at);
        }
    }
}

impl Diary {
    /// Milliseconds of the longest absence that is over.
    pub(crate) fn longest_absence(&self) -> u64 {
        let length = |absence: &Absence| absence.until.map_or(0, |until| until.0 - absence.from.0);
        self.absences.iter().map(length).max().unwrap_or(0)
    }
}
