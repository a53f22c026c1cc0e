//! The rules of a topic as a value: who may append, what an entry becomes, which generation reads how far.
//!
//! A store loads a [`Topic`], asks it, and writes it back in the same transaction: the decisions are here, once, and
//! the same for every store. Nothing here is I/O. Protocol §4.

mod control;
mod slot;

pub use slot::Slot;

use sha2::{Digest, Sha256};
use sotto_wire::digest::chain_start;
use sotto_wire::ids::{CapabilityHash, Chain, Day, Generation, Seq, TopicId};
use sotto_wire::limits::SLOTS_PER_TOPIC_MAX;
use sotto_wire::topic::{ControlKeys, Entry, EntryContent, EntryKind, TtlDays};

use crate::limits::GENERATIONS_MAX;
use crate::logs::{Append, AppendRefused, ControlStamp, Create, Rotation, Standing, TopicRefused, TopicView};

/// A topic without its entries and slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub id: TopicId,
    /// Stands for the arguments it was made with: what makes the repeat of a creation recognisable.
    pub arguments: ArgumentsHash,
    /// The newest entry, 0 before the first.
    pub newest: Seq,
    /// The newest handshake, 0 before the first.
    pub head: Seq,
    /// The chain value at `newest`.
    pub chain: Chain,
    /// The first entry that is still there; `newest + 1` when none is.
    pub first: Seq,
    /// The chain value before `first`.
    pub trimmed_chain: Chain,
    /// No application entry up to here still has its body.
    pub emptied_to: Seq,
    /// Retained generations, oldest first; never empty, the last is the current one.
    pub generations: Vec<Opened>,
    /// Who may change the topic itself.
    pub control_keys: ControlKeys,
    /// What the last control actions were, so that none takes effect twice.
    pub control: ControlMark,
    /// Days application bodies are kept.
    pub ttl: TtlDays,
    /// Since when it takes no more entries.
    pub closed: Option<Day>,
    /// How many slots it has.
    pub slots: u32,
    /// The day of its next sweep, while there is anything to sweep.
    pub due: Option<Day>,
}

/// The day after.
pub(crate) const fn tomorrow(today: Day) -> Day {
    Day(today.0.saturating_add(1))
}

/// SHA-256 over the arguments of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgumentsHash(pub [u8; 32]);

/// A generation of the capability, from where it began. It ends where the next one began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Which.
    pub generation: Generation,
    /// Of its capability.
    pub capability: CapabilityHash,
    /// The entry that began it, or the newest one when a control action did.
    pub from: Seq,
    /// The newest handshake at that point.
    pub head: Seq,
}

/// The newest seq that a control action was signed for, and the actions signed for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ControlMark {
    /// An action signed for an earlier seq is outdated.
    pub after: Seq,
    /// Actions that took effect at it.
    pub stamps: Vec<ControlStamp>,
}

/// What an append did to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The new entry.
    pub entry: Entry,
    /// The chain value before it.
    pub previous: Chain,
}

impl Create {
    /// Stands for these arguments.
    pub fn arguments(&self) -> ArgumentsHash {
        let mut hash = Sha256::new();
        hash.update(b"sotto topic arguments v1");
        hash.update(self.topic.as_bytes());
        hash.update(self.capability.as_bytes());
        hash.update(self.ttl.get().to_be_bytes());
        self.control_keys.as_slice().iter().for_each(|key| hash.update(key.as_bytes()));
        ArgumentsHash(hash.finalize().into())
    }
}

impl Topic {
    /// A fresh one.
    pub fn create(op: &Create) -> Self {
        let start = chain_start(op.topic);
        let opened =
            Opened { generation: Generation(0), capability: op.capability, from: Seq(0), head: Seq(0) };
        Self {
            id: op.topic,
            arguments: op.arguments(),
            newest: Seq(0),
            head: Seq(0),
            chain: start,
            first: Seq(1),
            trimmed_chain: start,
            emptied_to: Seq(0),
            generations: vec![opened],
            control_keys: op.control_keys.clone(),
            control: ControlMark::default(),
            ttl: op.ttl,
            closed: None,
            slots: 0,
            due: None,
        }
    }

    /// The last trimmed entry.
    pub const fn trimmed_to(&self) -> Seq {
        Seq(self.first.0 - 1)
    }

    /// Whether an entry is left.
    pub const fn is_empty(&self) -> bool {
        self.first.0 > self.newest.0
    }

    /// The current generation.
    pub fn current(&self) -> Generation {
        self.generations.last().map_or(Generation(0), |opened| opened.generation)
    }

    /// The retained generation with this capability, and where it ended if it did.
    pub fn admits(&self, capability: &CapabilityHash) -> Option<(Opened, Option<Opened>)> {
        let at = self.generations.iter().position(|opened| opened.capability == *capability)?;
        Some((*self.generations.get(at)?, self.generations.get(at + 1).copied()))
    }

    /// The last entry that a slot of this generation may read, if a later generation has begun.
    pub fn readable_to(&self, generation: Generation) -> Option<Seq> {
        if generation >= self.current() {
            return None;
        }
        let next = self.generations.iter().find(|opened| opened.generation.0 == generation.0 + 1);
        // A generation that is forgotten ended before anything that is still there.
        Some(next.map_or(self.trimmed_to(), |opened| opened.from))
    }

    /// What the holder of this capability may know.
    ///
    /// # Errors
    /// When no retained generation has it.
    pub fn view(&self, capability: &CapabilityHash) -> Result<TopicView, TopicRefused> {
        let (_, end) = self.admits(capability).ok_or(TopicRefused::Capability)?;
        let closed = self.closed.is_some();
        Ok(match end {
            None => TopicView {
                standing: Standing::Current,
                head: self.head,
                newest: self.newest,
                generation: self.current(),
                closed,
            },
            Some(end) => TopicView {
                standing: Standing::Retired,
                head: end.head,
                newest: end.from,
                generation: end.generation,
                closed,
            },
        })
    }

    /// Whether this append may happen now. The store has looked for its append id before, so that a repeat
    /// gets its first answer whatever happened since.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_append(&self, op: &Append) -> Result<(), AppendRefused> {
        if self.closed.is_some() {
            return Err(AppendRefused::Closed);
        }
        let view = self.view(&op.capability).map_err(|_| AppendRefused::Capability)?;
        if view.head != op.expect_head {
            return Err(AppendRefused::Conflict { head: view.head });
        }
        if view.standing == Standing::Retired {
            return Err(AppendRefused::Capability);
        }
        if op.rotate.as_ref().is_some_and(|rotate| !self.may_rotate(rotate)) {
            return Err(AppendRefused::Control);
        }
        Ok(())
    }

    /// Adds the entry of a checked append.
    pub fn append(&mut self, op: &Append) -> Step {
        let entry = Entry {
            seq: self.newest.next(),
            kind: op.kind,
            version: op.version,
            head: op.expect_head,
            append_id: op.append_id,
            minute: op.minute,
            content: EntryContent::Body(op.body.clone()),
        };
        let previous = self.chain;
        self.chain = sotto_wire::digest::chain_next(
            previous,
            entry.seq,
            entry.version,
            entry.kind,
            entry.head,
            entry.append_id,
            op.body_hash,
        );
        self.newest = entry.seq;
        if op.kind == EntryKind::Handshake {
            self.head = entry.seq;
        }
        if let Some(rotate) = &op.rotate {
            self.rotate(rotate);
        }
        self.due.get_or_insert(tomorrow(op.minute.day()));
        Step { entry, previous }
    }

    /// Notes that a sweep was made, and when the next one is due.
    pub fn swept(&mut self, today: Day, more: bool) {
        let next = if more { today } else { tomorrow(today) };
        self.due = (!self.is_empty() || self.closed.is_some()).then_some(next);
    }

    /// Whether `more` slots fit.
    pub const fn has_room_for_slots(&self, more: usize) -> bool {
        self.slots as usize + more <= SLOTS_PER_TOPIC_MAX
    }

    fn may_rotate(&self, rotate: &Rotation) -> bool {
        self.control_keys.contains(&rotate.signed_by)
            && rotate.generation.0 == self.current().0 + 1
            && self.admits(&rotate.capability).is_none()
    }

    fn rotate(&mut self, rotate: &Rotation) {
        self.generations.push(Opened {
            generation: rotate.generation,
            capability: rotate.capability,
            from: self.newest,
            head: self.head,
        });
        if self.generations.len() > GENERATIONS_MAX {
            self.generations.remove(0);
        }
        self.control_keys = rotate.control_keys.clone();
    }
}
