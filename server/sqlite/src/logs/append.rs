//! Appending: the rules decide, then the entry, the joiners' slots and the rotation stand or fall together.

use rusqlite::Connection;
use sotto_ports::logs::{Append, AppendRefused, Appended, Asked};
use sotto_ports::topic::Slot;
use sotto_wire::topic::NewSlot;

use super::topics::Held;
use super::{Batch, entries, slots};
use crate::error::Stop;

impl Batch<'_> {
    pub(super) fn append(&mut self, op: &Append) -> Result<Appended, Stop<AppendRefused>> {
        let db = self.db;
        let held = self.topics.find(db, op.topic)?;
        let held = held.ok_or(Stop::Refused(AppendRefused::TopicUnknown))?;
        if held.topic.admits(&op.capability).is_none() {
            return Err(Stop::Refused(AppendRefused::Capability));
        }
        if let Some(seq) = entries::by_append(db, held.key, op.append_id)? {
            let kept = entries::kept(db, held.key, &held.topic, seq)?;
            return kept.repeat(op, held.topic.first).map_err(Stop::Refused);
        }
        held.topic.check_append(op).map_err(Stop::Refused)?;
        let joining = not_there_yet(db, held, &op.open_slots)?;
        let step = held.topic.append(op);
        entries::insert(db, held.key, &step.entry, held.topic.chain)?;
        for new in joining {
            slots::insert(db, held.key, &Slot::joining(new, &held.topic, op.minute.day()))?;
            held.topic.slots += 1;
        }
        Ok(Appended {
            entry: step.entry,
            body_hash: op.body_hash,
            previous: step.previous,
            chain: held.topic.chain,
            first: held.topic.first,
            asked: Asked::First,
        })
    }
}

/// Those of the joiners' slots that are to be made.
fn not_there_yet(
    db: &Connection,
    held: &Held,
    asked_for: &[NewSlot],
) -> Result<Vec<NewSlot>, Stop<AppendRefused>> {
    let mut new = Vec::new();
    for slot in asked_for {
        match slots::find(db, held.key, slot.slot)? {
            None => new.push(*slot),
            Some(there) if there.secret == slot.secret => {}
            Some(_) => return Err(Stop::Refused(AppendRefused::SlotTaken)),
        }
    }
    if !held.topic.has_room_for_slots(new.len()) {
        return Err(Stop::Refused(AppendRefused::TooManySlots));
    }
    Ok(new)
}
