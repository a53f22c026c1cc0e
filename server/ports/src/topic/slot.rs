//! A reader's place on a topic, protocol §4.

use sotto_wire::ids::{Day, Generation, Seq, SlotId, SlotSecretHash};
use sotto_wire::limits::SLOT_HOLD_DAYS;
use sotto_wire::topic::NewSlot;

use super::Topic;
use crate::logs::{AckRefused, SlotView};

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub id: SlotId,
    /// Of what opens it.
    pub secret: SlotSecretHash,
    /// Everything up to here is stored by the reader.
    pub ack: Seq,
    /// The newest generation it has proved.
    pub proved: Generation,
    /// Day of its last ack.
    pub last_seen: Day,
}

impl Slot {
    /// A slot for the holder of a capability of `generation`: it reads whatever is still there.
    pub const fn opened(new: NewSlot, topic: &Topic, generation: Generation, today: Day) -> Self {
        Self {
            id: new.slot,
            secret: new.secret,
            ack: topic.trimmed_to(),
            proved: generation,
            last_seen: today,
        }
    }

    /// A slot for somebody whom the newest entry adds: it begins there, in the generation that stands after it.
    pub fn joining(new: NewSlot, topic: &Topic, today: Day) -> Self {
        Self {
            id: new.slot,
            secret: new.secret,
            ack: topic.newest,
            proved: topic.current(),
            last_seen: today,
        }
    }

    /// What its reader may see.
    pub fn view(&self, topic: &Topic) -> SlotView {
        let readable_to = topic.readable_to(self.proved);
        SlotView {
            slot: self.id,
            ack: self.ack,
            proved: self.proved,
            readable_to,
            newest: readable_to.map_or(topic.newest, |end| end.min(topic.newest)),
            first: topic.first,
            closed: topic.closed.is_some(),
        }
    }

    /// Moves the ack, never back.
    ///
    /// # Errors
    /// When the slot cannot have read so far.
    pub fn ack(&mut self, topic: &Topic, seq: Seq, today: Day) -> Result<(), AckRefused> {
        if seq > self.view(topic).newest.max(self.ack) {
            return Err(AckRefused::Beyond);
        }
        if !self.is_finished(topic) {
            self.last_seen = self.last_seen.max(today);
        }
        self.ack = self.ack.max(seq);
        Ok(())
    }

    /// Moves the read right on, never back.
    pub fn prove(&mut self, topic: &Topic, generation: Generation, today: Day) {
        if generation > self.proved || !self.is_finished(topic) {
            self.last_seen = self.last_seen.max(today);
        }
        self.proved = self.proved.max(generation);
    }

    /// Whether its read right has ended and it has acked all of it. Such a slot is not kept fresh by asking again: a
    /// removed member cannot hold the trim for ever.
    pub fn is_finished(&self, topic: &Topic) -> bool {
        topic.readable_to(self.proved).is_some_and(|end| self.ack >= end)
    }

    /// Whether it holds the trim of entries younger than [`SLOT_HOLD_DAYS`] only.
    pub const fn is_stale(&self, today: Day) -> bool {
        today.0 > self.last_seen.0.saturating_add(SLOT_HOLD_DAYS)
    }
}
