//! Which entries a topic may forget, protocol §4.
//!
//! - An application body becomes its hash when the topic's time-to-live has passed.
//! - Entries go, oldest first, when every slot that holds the trim has acked them. A slot holds an entry until it has
//!   acked it, or for 30 days: from its last ack, or from the entry if that is younger, so that a reader who had nothing
//!   to ack for a month still gets what comes next. A slot that has acked all it may read still holds what follows
//!   for those 30 days, for its reader may be about to prove the next generation; then it holds nothing. Without any slot,
//!   entries stay for those 30 days.
//! - Entries go whoever holds them when they are handshakes older than 45 days, or anything older than both the
//!   time-to-live and 45 days; with an entry goes all before it.

use sotto_wire::ids::{Day, Minute, Seq};
use sotto_wire::limits::{HANDSHAKE_DAYS_MAX, SLOT_HOLD_DAYS};

use crate::topic::{Slot, Topic};

const MINUTES_PER_DAY: u64 = 24 * 60;

/// The first minute that is less than `days` whole days before `today`: what is older has had its days.
pub const fn cutoff(today: Day, days: u32) -> Minute {
    Minute(today.0.saturating_sub(days) as u64 * MINUTES_PER_DAY)
}

/// The minutes before which things are due on a topic today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// Application bodies stored before become their hash.
    pub body: Minute,
    /// Slots do not hold entries stored before, unless they were seen since.
    pub hold: Minute,
    /// Handshakes stored before go.
    pub handshake: Minute,
    /// Everything stored before goes.
    pub all: Minute,
}

impl Cutoffs {
    /// For this topic, today.
    pub fn of(topic: &Topic, today: Day) -> Self {
        let ttl = topic.ttl.get();
        Self {
            body: cutoff(today, ttl),
            hold: cutoff(today, SLOT_HOLD_DAYS),
            handshake: cutoff(today, HANDSHAKE_DAYS_MAX),
            all: cutoff(today, HANDSHAKE_DAYS_MAX.max(ttl)),
        }
    }
}

/// Up to where entries have had their days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aged {
    /// The last of the oldest entries that were all stored before [`Cutoffs::hold`].
    pub hold: Seq,
    /// The newest handshake stored before [`Cutoffs::handshake`], or the last of the oldest entries that were all stored
    /// before [`Cutoffs::all`]: whichever is later.
    pub forced: Seq,
}

/// The last entry that may go.
pub fn cut(topic: &Topic, slots: &[Slot], today: Day, aged: Aged) -> Seq {
    let held = slots.iter().filter_map(|slot| holds(topic, slot, today, aged)).min().unwrap_or(aged.hold);
    held.max(aged.forced).max(topic.trimmed_to()).min(topic.newest)
}

/// The last entry that this slot does not hold; `None` when it holds nothing.
fn holds(topic: &Topic, slot: &Slot, today: Day, aged: Aged) -> Option<Seq> {
    match (slot.is_finished(topic), slot.is_stale(today)) {
        (false, false) => Some(slot.ack),
        (true, true) => None,
        _ => Some(slot.ack.max(aged.hold)),
    }
}

/// Whether a slot has nothing more to read and nobody came for it for a month.
pub fn is_spent(topic: &Topic, slot: &Slot, today: Day) -> bool {
    slot.is_stale(today) && topic.readable_to(slot.proved).is_some_and(|end| end < topic.first)
}

/// Forgets generations whose entries are all gone; the current one stays.
pub fn forget_generations(topic: &mut Topic) {
    let ended = topic
        .generations
        .windows(2)
        .take_while(|pair| pair.last().is_some_and(|next| next.from < topic.first));
    let gone = ended.count();
    topic.generations.drain(..gone);
}

/// Whether a closed topic may be forgotten altogether.
pub fn is_over(topic: &Topic, today: Day) -> bool {
    let over = |closed: Day| today.0 > closed.0.saturating_add(crate::limits::CLOSED_TOPIC_DAYS);
    topic.is_empty() && topic.closed.is_some_and(over)
}
