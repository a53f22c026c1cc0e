//! Legs: the topics that carry a conversation, and this device's place on each.

use rusqlite::{OptionalExtension, Row, params};
use sotto_wire::ids::{Capability, Chain, Generation, Millis, Minute, Seq, SlotId, SlotSecret, TopicId};
use zeroize::Zeroizing;

use super::conversations::ConversationKey;
use super::messages::Place;
use super::{Blob, Db, code, id, id_opt, int, uint, uint_opt};
use crate::error::Step;

/// What a leg is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegState {
    /// Being opened by this device: the first commit is not merged yet.
    Opening,
    /// Read and written.
    Active,
    /// Read, not written: its group or log cannot be relied on. A new leg takes over.
    Broken,
    /// Neither followed nor acknowledged while the peer is blocked.
    Blocked,
    /// Over.
    Closed,
}

const STATES: [LegState; 5] =
    [LegState::Opening, LegState::Active, LegState::Broken, LegState::Blocked, LegState::Closed];

fn state_code(state: LegState) -> i64 {
    STATES.iter().position(|known| *known == state).map_or(-1, |index| index as i64)
}

fn state_from(code: i64) -> Option<LegState> {
    usize::try_from(code).ok().and_then(|index| STATES.get(index)).copied()
}

/// A leg row.
#[derive(Clone)]
pub(crate) struct Leg {
    pub(crate) topic: TopicId,
    pub(crate) conversation: ConversationKey,
    pub(crate) leg_no: u32,
    pub(crate) state: LegState,
    pub(crate) slot: SlotId,
    pub(crate) slot_secret: SlotSecret,
    /// A replacement that the server may or may not have taken.
    pub(crate) next_slot_secret: Option<SlotSecret>,
    pub(crate) capability: Capability,
    pub(crate) generation: Generation,
    pub(crate) control_secret: Zeroizing<[u8; 32]>,
    /// Newest entry processed, and the chain there.
    pub(crate) cursor: Seq,
    pub(crate) chain: Chain,
    /// Newest handshake entry processed.
    pub(crate) head: Seq,
    pub(crate) acked: Seq,
    /// When the server last signed where the slot stands; 0: not yet.
    pub(crate) heard: Minute,
    /// Newest minute seen: a server's clock may step back, a timeline may not.
    pub(crate) minute: Minute,
    /// No later line of this leg sorts before this.
    pub(crate) sorted_to: Millis,
    pub(crate) update_due: Option<Millis>,
    /// The server's newest signed word about the log: half of a contradiction.
    pub(crate) signed: Option<Vec<u8>>,
    pub(crate) discard_to: Seq,
    /// When the peer's invitation was delivered; 0: theirs, or not yet.
    pub(crate) invited_at: Millis,
}

impl Leg {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            topic: id(row, "topic")?,
            conversation: ConversationKey(row.get("conversation")?),
            leg_no: row.get("leg_no")?,
            state: code(row, "state", state_from)?,
            slot: id(row, "slot")?,
            slot_secret: id(row, "slot_secret")?,
            next_slot_secret: id_opt(row, "next_slot_secret")?,
            capability: id(row, "capability")?,
            generation: Generation(row.get("generation")?),
            control_secret: Zeroizing::new(row.get("control_secret")?),
            cursor: Seq(uint(row, "cursor")?),
            chain: id(row, "chain")?,
            head: Seq(uint(row, "head")?),
            acked: Seq(uint(row, "acked")?),
            heard: Minute(uint(row, "heard")?),
            minute: Minute(uint(row, "minute")?),
            sorted_to: Millis(uint(row, "sorted_to")?),
            update_due: uint_opt(row, "update_due")?.map(Millis),
            signed: row.get("signed")?,
            discard_to: Seq(uint(row, "discard_to")?),
            invited_at: Millis(uint(row, "invited_at")?),
        })
    }

    /// Where the entry at the cursor sorts in the timeline. Both ends compute the same: the writer's clock, held within
    /// the server's minute and never before an earlier line of the leg.
    pub(crate) fn place_line(&mut self, sent_at: Millis) -> Place {
        let first = self.minute.0.saturating_mul(60_000);
        let held = sent_at.0.clamp(first, first.saturating_add(59_999));
        self.sorted_to = self.sorted_to.max(Millis(held));
        Place {
            topic: self.topic,
            leg_no: self.leg_no,
            seq: self.cursor,
            minute: self.minute,
            sort_at: self.sorted_to,
        }
    }

    /// Whether its entries are to be fetched.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.state, LegState::Opening | LegState::Active | LegState::Broken)
    }
}

impl Db<'_> {
    /// Stores a leg, new or changed. Conversation, number and slot of a leg never change: their indexes are left alone.
    pub(crate) fn put_leg(&self, leg: &Leg) -> Step<()> {
        self.0
            .prepare_cached(
                "INSERT INTO legs (topic, conversation, leg_no, state, slot, slot_secret, next_slot_secret,
                     capability, generation, control_secret, cursor, chain, head, acked, heard, minute,
                     update_due, signed, discard_to, sorted_to, invited_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
                 ON CONFLICT (topic) DO UPDATE SET state = ?4, slot_secret = ?6, next_slot_secret = ?7, capability = ?8,
                     generation = ?9, control_secret = ?10, cursor = ?11, chain = ?12, head = ?13, acked = ?14,
                     heard = ?15, minute = ?16, update_due = ?17, signed = ?18, discard_to = ?19, sorted_to = ?20,
                     invited_at = ?21",
            )?
            .execute(params![
                Blob(leg.topic.as_bytes()),
                leg.conversation.0,
                leg.leg_no,
                state_code(leg.state),
                Blob(leg.slot.as_bytes()),
                Blob(leg.slot_secret.expose()),
                leg.next_slot_secret.as_ref().map(|secret| secret.expose().as_slice()),
                Blob(leg.capability.expose()),
                leg.generation.0,
                leg.control_secret.as_slice(),
                int(leg.cursor.0),
                Blob(leg.chain.as_bytes()),
                int(leg.head.0),
                int(leg.acked.0),
                int(leg.heard.0),
                int(leg.minute.0),
                leg.update_due.map(|due| int(due.0)),
                leg.signed,
                int(leg.discard_to.0),
                int(leg.sorted_to.0),
                int(leg.invited_at.0),
            ])?;
        Ok(())
    }

    /// The leg on this topic.
    pub(crate) fn leg(&self, topic: TopicId) -> Step<Option<Leg>> {
        Ok(self
            .0
            .prepare_cached("SELECT * FROM legs WHERE topic = ?1")?
            .query_row([topic.as_bytes().as_slice()], Leg::from_row)
            .optional()?)
    }

    /// A conversation's legs in the order of protocol §5: the one to send on comes first.
    pub(crate) fn legs_of(&self, conversation: ConversationKey) -> Step<Vec<Leg>> {
        let mut statement = self
            .0
            .prepare_cached("SELECT * FROM legs WHERE conversation = ?1 ORDER BY leg_no DESC, topic")?;
        let rows = statement.query_map([conversation.0], Leg::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All legs.
    pub(crate) fn legs(&self) -> Step<Vec<Leg>> {
        let mut statement = self.0.prepare_cached("SELECT * FROM legs")?;
        let rows = statement.query_map([], Leg::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Remembers the chain after an entry; the oldest beyond `keep` go.
    pub(crate) fn add_chain(&self, topic: TopicId, seq: Seq, chain: Chain, keep: u64) -> Step<()> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO chains (topic, seq, chain) VALUES (?1, ?2, ?3)")?
            .execute(params![Blob(topic.as_bytes()), int(seq.0), Blob(chain.as_bytes())])?;
        if let Some(old) = seq.0.checked_sub(keep) {
            self.0
                .prepare_cached("DELETE FROM chains WHERE topic = ?1 AND seq = ?2")?
                .execute(params![Blob(topic.as_bytes()), int(old)])?;
        }
        Ok(())
    }

    /// The chain after an entry, while it is remembered.
    pub(crate) fn chain_at(&self, topic: TopicId, seq: Seq) -> Step<Option<Chain>> {
        Ok(self
            .0
            .prepare_cached("SELECT chain FROM chains WHERE topic = ?1 AND seq = ?2")?
            .query_row(params![Blob(topic.as_bytes()), int(seq.0)], |row| id(row, "chain"))
            .optional()?)
    }
}

impl Db<'_> {
    /// The earliest time at which a leg's keys are to be renewed.
    pub(crate) fn next_update_time(&self) -> Step<Option<Millis>> {
        let next: Option<i64> = self
            .0
            .prepare_cached("SELECT min(update_due) FROM legs WHERE state = ?1")?
            .query_row([state_code(LegState::Active)], |row| row.get(0))?;
        Ok(next.map(|next| Millis(next.unsigned_abs())))
    }
}

impl Db<'_> {
    /// Whether a leg of ours has this slot already.
    pub(crate) fn is_slot_taken(&self, slot: SlotId) -> Step<bool> {
        Ok(self
            .0
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM legs WHERE slot = ?1)")?
            .query_row([slot.as_bytes().as_slice()], |row| row.get(0))?)
    }
}
