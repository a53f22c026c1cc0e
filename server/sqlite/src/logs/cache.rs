//! Topics in use, as they stand after the last commit (or, within a batch, after the last operation).

use std::collections::HashMap;

use rusqlite::{Connection, Result};
use sotto_ports::topic::Topic;
use sotto_wire::ids::{Day, TopicId};

use super::topics;

/// Topics of one half of the cache; a topic takes less than a kilobyte, unless it has rotated often.
const HALF_TOPICS_MAX: usize = 16_384;

/// A topic with its number in the database and what has yet to be written.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) no: i64,
    pub(super) topic: Topic,
    pub(super) unwritten: Unwritten,
    /// As the database has it: its index entry is touched only when it changes.
    pub(super) due_written: Option<Day>,
}

/// How much of a topic has changed in this batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unwritten {
    /// Nothing.
    Nothing,
    /// What an append without rotation moves: newest, head, chain.
    Place,
    /// Anything.
    All,
}

/// Two halves: what is used moves to the young one; when that is full the old one is forgotten.
#[derive(Debug, Default)]
pub(super) struct Cache {
    young: HashMap<TopicId, Held>,
    old: HashMap<TopicId, Held>,
    /// Topics with something unwritten.
    changed: Vec<TopicId>,
}

impl Cache {
    /// The topic, from memory or from the database; `None` when there is none.
    pub(super) fn load(&mut self, connection: &Connection, id: TopicId) -> Result<Option<&mut Held>> {
        if !self.young.contains_key(&id) {
            let held = match self.old.remove(&id) {
                Some(held) => held,
                None => match topics::load(connection, id)? {
                    Some(held) => held,
                    None => return Ok(None),
                },
            };
            self.young.insert(id, held);
        }
        Ok(self.young.get_mut(&id))
    }

    pub(super) fn insert(&mut self, held: Held) {
        self.young.insert(held.topic.id, held);
    }

    pub(super) fn forget(&mut self, id: TopicId) {
        self.young.remove(&id);
        self.old.remove(&id);
    }

    /// Notes that a topic has changed, so that it is written back with its batch.
    pub(super) fn change(&mut self, id: TopicId, what: Unwritten) {
        if let Some(held) = self.young.get_mut(&id) {
            if held.unwritten == Unwritten::Nothing {
                self.changed.push(id);
            }
            held.unwritten = held.unwritten.max(what);
        }
    }

    /// Everything that has to be written, each topic once. A topic that is gone by now is left out.
    pub(super) fn take_changed(&mut self) -> Vec<TopicId> {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn get_mut(&mut self, id: TopicId) -> Option<&mut Held> {
        self.young.get_mut(&id)
    }

    /// After a commit: makes room. Within a batch nothing is forgotten, for it may be unwritten.
    pub(super) fn settle(&mut self) {
        if self.young.len() > HALF_TOPICS_MAX {
            self.old = std::mem::take(&mut self.young);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
