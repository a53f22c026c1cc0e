//! Readers' places.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sotto_ports::logs::{
    Ack, AckRefused, OpenSlot, OpenSlotRefused, Prove, ProveRefused, ReplaceSecret, SlotKey, SlotRefused,
    SlotView,
};
use sotto_ports::topic::Slot;
use sotto_wire::ids::{Day, Generation, SlotId};

use super::Batch;
use super::topics::Held;
use crate::error::Stop;
use crate::row::{id, int, seq};

impl Batch<'_> {
    pub(super) fn open_slot(&mut self, op: &OpenSlot) -> Result<SlotView, Stop<OpenSlotRefused>> {
        let held = self.topics.find(self.db, op.topic)?;
        let held = held.ok_or(Stop::Refused(OpenSlotRefused::TopicUnknown))?;
        let admitted = held.topic.admits(&op.capability);
        let (opened, _) = admitted.ok_or(Stop::Refused(OpenSlotRefused::Capability))?;
        if let Some(slot) = find(self.db, held.key, op.slot.slot)? {
            let same = slot.secret == op.slot.secret;
            return if same {
                Ok(slot.view(&held.topic))
            } else {
                Err(Stop::Refused(OpenSlotRefused::SlotTaken))
            };
        }
        if !held.topic.has_room_for_slots(1) {
            return Err(Stop::Refused(OpenSlotRefused::TooManySlots));
        }
        let slot = Slot::opened(op.slot, &held.topic, opened.generation, op.today);
        insert(self.db, held.key, &slot)?;
        held.topic.slots += 1;
        Ok(slot.view(&held.topic))
    }

    pub(super) fn replace_secret(&mut self, op: &ReplaceSecret) -> Result<(), Stop<SlotRefused>> {
        let held = self.topics.find(self.db, op.key.topic)?;
        let held = held.ok_or(Stop::Refused(SlotRefused::TopicUnknown))?;
        let slot = find(self.db, held.key, op.key.slot)?;
        let mut slot = slot.ok_or(Stop::Refused(SlotRefused::SlotUnknown))?;
        if slot.secret != op.key.secret && slot.secret != op.new {
            return Err(Stop::Refused(SlotRefused::SlotUnknown));
        }
        slot.secret = op.new;
        Ok(update(self.db, held.key, &slot)?)
    }

    pub(super) fn prove(&mut self, op: &Prove) -> Result<SlotView, Stop<ProveRefused>> {
        let db = self.db;
        let (held, mut slot) = self.slot(&op.key).map_err(|stop| {
            stop.into_refused(|refused| match refused {
                SlotRefused::TopicUnknown => ProveRefused::TopicUnknown,
                SlotRefused::SlotUnknown => ProveRefused::SlotUnknown,
            })
        })?;
        let admitted = held.topic.admits(&op.capability);
        let (opened, _) = admitted.ok_or(Stop::Refused(ProveRefused::Capability))?;
        slot.prove(&held.topic, opened.generation, op.today);
        update(db, held.key, &slot)?;
        Ok(slot.view(&held.topic))
    }

    pub(super) fn ack(&mut self, op: &Ack) -> Result<SlotView, Stop<AckRefused>> {
        let db = self.db;
        let (held, mut slot) = self.slot(&op.key).map_err(|stop| {
            stop.into_refused(|refused| match refused {
                SlotRefused::TopicUnknown => AckRefused::TopicUnknown,
                SlotRefused::SlotUnknown => AckRefused::SlotUnknown,
            })
        })?;
        let before = slot.clone();
        slot.ack(&held.topic, op.seq, op.today).map_err(Stop::Refused)?;
        if slot != before {
            update(db, held.key, &slot)?;
        }
        Ok(slot.view(&held.topic))
    }

    pub(super) fn close_slot(&mut self, key: &SlotKey) -> Result<(), Stop<SlotRefused>> {
        let db = self.db;
        let (held, slot) = self.slot(key)?;
        delete(db, held.key, slot.id)?;
        held.topic.slots = held.topic.slots.saturating_sub(1);
        Ok(())
    }

    pub(super) fn read_slot(&mut self, key: &SlotKey) -> Result<SlotView, Stop<SlotRefused>> {
        self.slot(key).map(|(held, slot)| slot.view(&held.topic))
    }

    fn slot(&mut self, key: &SlotKey) -> Result<(&mut Held, Slot), Stop<SlotRefused>> {
        let held = self.topics.find(self.db, key.topic)?;
        let held = held.ok_or(Stop::Refused(SlotRefused::TopicUnknown))?;
        let slot = find(self.db, held.key, key.slot)?.filter(|slot| slot.secret == key.secret);
        Ok((held, slot.ok_or(Stop::Refused(SlotRefused::SlotUnknown))?))
    }
}

pub(super) fn find(db: &Connection, topic: i64, slot: SlotId) -> rusqlite::Result<Option<Slot>> {
    let mut select = db.prepare_cached(
        "SELECT id, secret_hash, ack, proved_generation, last_seen_day FROM slots
         WHERE topic = ?1 AND id = ?2",
    )?;
    select.query_row(params![topic, slot.as_bytes()], read).optional()
}

pub(super) fn all(db: &Connection, topic: i64) -> rusqlite::Result<Vec<Slot>> {
    let mut select = db.prepare_cached(
        "SELECT id, secret_hash, ack, proved_generation, last_seen_day FROM slots WHERE topic = ?1",
    )?;
    let slots = select.query_map([topic], read)?;
    slots.collect()
}

pub(super) fn insert(db: &Connection, topic: i64, slot: &Slot) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO slots (topic, id, secret_hash, ack, proved_generation, last_seen_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let row = params![
        topic,
        slot.id.as_bytes(),
        slot.secret.as_bytes(),
        int(slot.ack.0),
        slot.proved.0,
        slot.last_seen.0
    ];
    insert.execute(row).map(drop)
}

pub(super) fn delete(db: &Connection, topic: i64, slot: SlotId) -> rusqlite::Result<()> {
    let mut delete = db.prepare_cached("DELETE FROM slots WHERE topic = ?1 AND id = ?2")?;
    delete.execute(params![topic, slot.as_bytes()]).map(drop)
}

fn update(db: &Connection, topic: i64, slot: &Slot) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE slots SET secret_hash = ?3, ack = ?4, proved_generation = ?5, last_seen_day = ?6
         WHERE topic = ?1 AND id = ?2",
    )?;
    let row = params![
        topic,
        slot.id.as_bytes(),
        slot.secret.as_bytes(),
        int(slot.ack.0),
        slot.proved.0,
        slot.last_seen.0
    ];
    update.execute(row).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Slot> {
    Ok(Slot {
        id: id(row, 0)?,
        secret: id(row, 1)?,
        ack: seq(row, 2)?,
        proved: Generation(row.get(3)?),
        last_seen: Day(row.get(4)?),
    })
}
