//! One transaction's operations, in order. Topics change in memory and are written once, at the end.

use rusqlite::{Connection, Result};
use sotto_ports::logs::{
    Ack, AckRefused, Append, AppendRefused, Appended, Asked, Control, ControlRefused, Create, CreateRefused,
    Created, OpenSlot, OpenSlotRefused, Prove, ProveRefused, ReadTopic, ReplaceSecret, SlotKey, SlotRefused,
    SlotView, TopicRefused, TopicView,
};
use sotto_ports::topic::{Slot, Topic};
use sotto_ports::{LogOp, LogOutcome};
use sotto_wire::ids::TopicId;
use sotto_wire::topic::NewSlot;

use super::cache::{Cache, Held, Unwritten};
use super::{entries, slots, sweep, topics};

/// What an operation comes to, unless the environment fails.
type Outcome<T, E> = Result<std::result::Result<T, E>>;

pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    pub(super) cache: &'a mut Cache,
}

impl<'a> Batch<'a> {
    pub(super) const fn new(connection: &'a Connection, cache: &'a mut Cache) -> Self {
        Self { connection, cache }
    }

    pub(super) fn apply(&mut self, op: &LogOp) -> Result<LogOutcome> {
        Ok(match op {
            LogOp::Create(op) => LogOutcome::Create(self.create(op)?),
            LogOp::Append(op) => LogOutcome::Append(self.append(op)?),
            LogOp::OpenSlot(op) => LogOutcome::OpenSlot(self.open_slot(op)?),
            LogOp::ReplaceSecret(op) => LogOutcome::ReplaceSecret(self.replace_secret(op)?),
            LogOp::Prove(op) => LogOutcome::Prove(self.prove(op)?),
            LogOp::Ack(op) => LogOutcome::Ack(self.ack(op)?),
            LogOp::CloseSlot(key) => LogOutcome::CloseSlot(self.close_slot(key)?),
            LogOp::Control(op) => LogOutcome::Control(self.control(op)?),
            LogOp::ReadSlot(key) => LogOutcome::ReadSlot(self.read_slot(key)?),
            LogOp::ReadTopic(op) => LogOutcome::ReadTopic(self.read_topic(op)?),
            LogOp::Sweep(op) => LogOutcome::Sweep(sweep::sweep(self, *op)?),
        })
    }

    /// Writes the topics that have changed. In the order they changed first, which is that of the operations.
    pub(super) fn write_back(&mut self) -> Result<()> {
        for id in self.cache.take_changed() {
            if let Some(held) = self.cache.get_mut(id) {
                topics::write_back(self.connection, held)?;
            }
        }
        Ok(())
    }

    pub(super) fn topic(&mut self, id: TopicId) -> Result<Option<&mut Held>> {
        self.cache.load(self.connection, id)
    }

    fn create(&mut self, op: &Create) -> Outcome<Created, CreateRefused> {
        if let Some(held) = self.topic(op.topic)? {
            let same = held.topic.arguments == op.arguments();
            return Ok(if same { Ok(Created { asked: Asked::Again }) } else { Err(CreateRefused::Exists) });
        }
        let held = topics::insert(self.connection, Topic::create(op))?;
        self.cache.insert(held);
        Ok(Ok(Created { asked: Asked::First }))
    }

    fn append(&mut self, op: &Append) -> Outcome<Appended, AppendRefused> {
        let connection = self.connection;
        let Some(held) = self.topic(op.topic)? else { return Ok(Err(AppendRefused::TopicUnknown)) };
        if held.topic.admits(&op.capability).is_none() {
            return Ok(Err(AppendRefused::Capability));
        }
        if let Some(repeated) = entries::repeated(connection, held, op)? {
            return Ok(repeated);
        }
        if let Err(refused) = held.topic.check_append(op) {
            return Ok(Err(refused));
        }
        let joining = match new_slots(connection, held, &op.open_slots)? {
            Ok(joining) => joining,
            Err(refused) => return Ok(Err(refused)),
        };
        let step = held.topic.append(op);
        entries::insert(connection, held, op, &step)?;
        for new in &joining {
            slots::store(connection, held.no, &Slot::joining(*new, &held.topic, op.minute.day()))?;
        }
        held.topic.slots += joining.len() as u32;
        let appended = Appended {
            entry: step.entry,
            body_hash: op.body_hash,
            previous: step.previous,
            chain: held.topic.chain,
            first: held.topic.first,
            asked: Asked::First,
        };
        let plain = op.rotate.is_none() && joining.is_empty();
        self.cache.change(op.topic, if plain { Unwritten::Place } else { Unwritten::All });
        Ok(Ok(appended))
    }

    fn open_slot(&mut self, op: &OpenSlot) -> Outcome<SlotView, OpenSlotRefused> {
        let connection = self.connection;
        let Some(held) = self.topic(op.topic)? else { return Ok(Err(OpenSlotRefused::TopicUnknown)) };
        let Some((opened, _)) = held.topic.admits(&op.capability) else {
            return Ok(Err(OpenSlotRefused::Capability));
        };
        if let Some(slot) = slots::load(connection, held.no, op.slot.slot)? {
            let same = slot.secret == op.slot.secret;
            return Ok(if same { Ok(slot.view(&held.topic)) } else { Err(OpenSlotRefused::SlotTaken) });
        }
        if !held.topic.has_room_for_slots(1) {
            return Ok(Err(OpenSlotRefused::TooManySlots));
        }
        let slot = Slot::opened(op.slot, &held.topic, opened.generation, op.today);
        slots::store(connection, held.no, &slot)?;
        held.topic.slots += 1;
        let view = slot.view(&held.topic);
        self.cache.change(op.topic, Unwritten::All);
        Ok(Ok(view))
    }

    fn replace_secret(&mut self, op: &ReplaceSecret) -> Outcome<(), SlotRefused> {
        let connection = self.connection;
        let Some(held) = self.topic(op.key.topic)? else { return Ok(Err(SlotRefused::TopicUnknown)) };
        let slot = slots::load(connection, held.no, op.key.slot)?;
        let Some(mut slot) = slot.filter(|slot| slot.secret == op.key.secret || slot.secret == op.new) else {
            return Ok(Err(SlotRefused::SlotUnknown));
        };
        slot.secret = op.new;
        slots::store(connection, held.no, &slot).map(Ok)
    }

    fn prove(&mut self, op: &Prove) -> Outcome<SlotView, ProveRefused> {
        let connection = self.connection;
        let (held, mut slot) = match self.slot(&op.key)? {
            Ok(found) => found,
            Err(SlotRefused::TopicUnknown) => return Ok(Err(ProveRefused::TopicUnknown)),
            Err(SlotRefused::SlotUnknown) => return Ok(Err(ProveRefused::SlotUnknown)),
        };
        let Some((opened, _)) = held.topic.admits(&op.capability) else {
            return Ok(Err(ProveRefused::Capability));
        };
        let before = slot.clone();
        slot.prove(&held.topic, opened.generation, op.today);
        store_if_changed(connection, held.no, &before, &slot)?;
        Ok(Ok(slot.view(&held.topic)))
    }

    fn ack(&mut self, op: &Ack) -> Outcome<SlotView, AckRefused> {
        let connection = self.connection;
        let (held, mut slot) = match self.slot(&op.key)? {
            Ok(found) => found,
            Err(SlotRefused::TopicUnknown) => return Ok(Err(AckRefused::TopicUnknown)),
            Err(SlotRefused::SlotUnknown) => return Ok(Err(AckRefused::SlotUnknown)),
        };
        let before = slot.clone();
        if let Err(refused) = slot.ack(&held.topic, op.seq, op.today) {
            return Ok(Err(refused));
        }
        store_if_changed(connection, held.no, &before, &slot)?;
        Ok(Ok(slot.view(&held.topic)))
    }

    fn close_slot(&mut self, key: &SlotKey) -> Outcome<(), SlotRefused> {
        let connection = self.connection;
        let (held, slot) = match self.slot(key)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        slots::delete(connection, held.no, slot.id)?;
        held.topic.slots = held.topic.slots.saturating_sub(1);
        self.cache.change(key.topic, Unwritten::All);
        Ok(Ok(()))
    }

    fn control(&mut self, op: &Control) -> Outcome<Asked, ControlRefused> {
        let Some(held) = self.topic(op.topic)? else { return Ok(Err(ControlRefused::TopicUnknown)) };
        let outcome = held.topic.control(op);
        if outcome == Ok(Asked::First) {
            self.cache.change(op.topic, Unwritten::All);
        }
        Ok(outcome)
    }

    fn read_slot(&mut self, key: &SlotKey) -> Outcome<SlotView, SlotRefused> {
        Ok(self.slot(key)?.map(|(held, slot)| slot.view(&held.topic)))
    }

    fn read_topic(&mut self, op: &ReadTopic) -> Outcome<TopicView, TopicRefused> {
        Ok(match self.topic(op.topic)? {
            None => Err(TopicRefused::TopicUnknown),
            Some(held) => held.topic.view(&op.capability),
        })
    }

    /// The slot, if its secret was shown.
    fn slot(&mut self, key: &SlotKey) -> Outcome<(&mut Held, Slot), SlotRefused> {
        let connection = self.connection;
        let Some(held) = self.topic(key.topic)? else { return Ok(Err(SlotRefused::TopicUnknown)) };
        let slot = slots::load(connection, held.no, key.slot)?.filter(|slot| slot.secret == key.secret);
        Ok(slot.map(|slot| (held, slot)).ok_or(SlotRefused::SlotUnknown))
    }
}

/// Those of the slots that are not there yet.
fn new_slots(
    connection: &Connection,
    held: &Held,
    asked: &[NewSlot],
) -> Outcome<Vec<NewSlot>, AppendRefused> {
    let mut new = Vec::new();
    for slot in asked {
        match slots::load(connection, held.no, slot.slot)? {
            None => new.push(*slot),
            Some(standing) if standing.secret == slot.secret => {}
            Some(_) => return Ok(Err(AppendRefused::SlotTaken)),
        }
    }
    let fits = held.topic.has_room_for_slots(new.len());
    Ok(if fits { Ok(new) } else { Err(AppendRefused::TooManySlots) })
}

fn store_if_changed(connection: &Connection, topic: i64, before: &Slot, after: &Slot) -> Result<()> {
    if before == after { Ok(()) } else { slots::store(connection, topic, after) }
}
