//! Topics in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};

use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{AppendId, Chain, Day, Minute, Seq, SlotId, TopicId};
use sotto_wire::topic::{Entry, EntryContent, NewSlot};

use super::MemoryStore;
use crate::limits::SWEEP_ROWS_MAX;
use crate::logs::{
    Ack, AckRefused, Append, AppendRefused, Appended, Asked, Control, ControlRefused, Controlled, Create,
    CreateRefused, Created, LogOp, LogOutcome, Logs, OpenSlot, OpenSlotRefused, Prove, ProveRefused,
    ReadLimit, ReadTopic, ReplaceSecret, SlotKey, SlotRefused, SlotView, Stretch, Sweep, Swept, TopicRefused,
    TopicView,
};
use crate::storage::StorageError;
use crate::topic::{Slot, Topic};
use crate::trim::{self, Aged, Cutoffs};

/// All topics.
#[derive(Debug, Clone, Default)]
pub(super) struct Topics(BTreeMap<TopicId, Held>);

/// A topic with its entries and slots.
#[derive(Debug, Clone)]
struct Held {
    topic: Topic,
    slots: BTreeMap<SlotId, Slot>,
    /// Contiguous, from `topic.first` to `topic.newest`.
    entries: VecDeque<Kept>,
    by_append: HashMap<AppendId, Seq>,
}

#[derive(Debug, Clone)]
struct Kept {
    entry: Entry,
    previous: Chain,
    chain: Chain,
}

impl Logs for MemoryStore {
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError> {
        Ok(batch.into_iter().map(|op| self.topics.apply(&op)).collect())
    }

    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError> {
        Ok(self.topics.0.get(&topic).map(|held| held.stretch(after, to, limit)))
    }

    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError> {
        let due = |held: &&Held| held.topic.due.is_some_and(|due| due <= today);
        Ok(self.topics.0.values().filter(due).take(at_most).map(|held| held.topic.id).collect())
    }
}

impl Topics {
    fn apply(&mut self, op: &LogOp) -> LogOutcome {
        match op {
            LogOp::Create(op) => LogOutcome::Create(self.create(op)),
            LogOp::Append(op) => LogOutcome::Append(self.append(op)),
            LogOp::OpenSlot(op) => LogOutcome::OpenSlot(self.open_slot(op)),
            LogOp::ReplaceSecret(op) => LogOutcome::ReplaceSecret(self.replace_secret(op)),
            LogOp::Prove(op) => LogOutcome::Prove(self.prove(op)),
            LogOp::Ack(op) => LogOutcome::Ack(self.ack(op)),
            LogOp::CloseSlot(key) => LogOutcome::CloseSlot(self.close_slot(key)),
            LogOp::Control(op) => LogOutcome::Control(self.control(op)),
            LogOp::ReadSlot(key) => LogOutcome::ReadSlot(self.read_slot(key)),
            LogOp::ReadTopic(op) => LogOutcome::ReadTopic(self.read_topic(op)),
            LogOp::Sweep(op) => LogOutcome::Sweep(self.sweep(op)),
        }
    }

    fn create(&mut self, op: &Create) -> Result<Created, CreateRefused> {
        if let Some(held) = self.0.get(&op.topic) {
            let same = held.topic.arguments == op.arguments();
            return if same {
                Ok(Created { asked: Asked::Again, first: held.topic.first })
            } else {
                Err(CreateRefused::Exists)
            };
        }
        let topic = Topic::create(op);
        let first = topic.first;
        self.0.insert(op.topic, Held::new(topic));
        Ok(Created { asked: Asked::First, first })
    }

    fn append(&mut self, op: &Append) -> Result<Appended, AppendRefused> {
        let held = self.0.get_mut(&op.topic).ok_or(AppendRefused::TopicUnknown)?;
        if held.topic.admits(&op.capability).is_none() {
            return Err(AppendRefused::Capability);
        }
        if let Some(kept) = held.by_append.get(&op.append_id).and_then(|seq| held.kept(*seq)) {
            return kept.repeat(op, held.topic.first);
        }
        held.topic.check_append(op)?;
        held.check_slots(&op.open_slots)?;
        Ok(held.append(op))
    }

    fn open_slot(&mut self, op: &OpenSlot) -> Result<SlotView, OpenSlotRefused> {
        let held = self.0.get_mut(&op.topic).ok_or(OpenSlotRefused::TopicUnknown)?;
        let (opened, _) = held.topic.admits(&op.capability).ok_or(OpenSlotRefused::Capability)?;
        if let Some(slot) = held.slots.get(&op.slot.slot) {
            let same = slot.secret == op.slot.secret;
            return if same { Ok(slot.view(&held.topic)) } else { Err(OpenSlotRefused::SlotTaken) };
        }
        if !held.topic.has_room_for_slots(1) {
            return Err(OpenSlotRefused::TooManySlots);
        }
        let slot = Slot::opened(op.slot, &held.topic, opened.generation, op.today);
        held.topic.slots += 1;
        let view = slot.view(&held.topic);
        held.slots.insert(slot.id, slot);
        Ok(view)
    }

    fn replace_secret(&mut self, op: &ReplaceSecret) -> Result<(), SlotRefused> {
        let held = self.0.get_mut(&op.key.topic).ok_or(SlotRefused::TopicUnknown)?;
        let slot = held.slots.get_mut(&op.key.slot).ok_or(SlotRefused::SlotUnknown)?;
        if slot.secret != op.key.secret && slot.secret != op.new {
            return Err(SlotRefused::SlotUnknown);
        }
        slot.secret = op.new;
        Ok(())
    }

    fn prove(&mut self, op: &Prove) -> Result<SlotView, ProveRefused> {
        let (topic, slot) = self.slot(&op.key).map_err(|refused| match refused {
            SlotRefused::TopicUnknown => ProveRefused::TopicUnknown,
            SlotRefused::SlotUnknown => ProveRefused::SlotUnknown,
        })?;
        let (opened, _) = topic.admits(&op.capability).ok_or(ProveRefused::Capability)?;
        slot.prove(topic, opened.generation, op.today);
        Ok(slot.view(topic))
    }

    fn ack(&mut self, op: &Ack) -> Result<SlotView, AckRefused> {
        let (topic, slot) = self.slot(&op.key).map_err(|refused| match refused {
            SlotRefused::TopicUnknown => AckRefused::TopicUnknown,
            SlotRefused::SlotUnknown => AckRefused::SlotUnknown,
        })?;
        slot.ack(topic, op.seq, op.today)?;
        Ok(slot.view(topic))
    }

    fn close_slot(&mut self, key: &SlotKey) -> Result<(), SlotRefused> {
        self.slot(key)?;
        if let Some(held) = self.0.get_mut(&key.topic) {
            held.slots.remove(&key.slot);
            held.topic.slots -= 1;
        }
        Ok(())
    }

    fn control(&mut self, op: &Control) -> Result<Controlled, ControlRefused> {
        let topic = &mut self.0.get_mut(&op.topic).ok_or(ControlRefused::TopicUnknown)?.topic;
        Ok(Controlled { asked: topic.control(op)?, newest: topic.newest })
    }

    fn read_slot(&mut self, key: &SlotKey) -> Result<SlotView, SlotRefused> {
        self.slot(key).map(|(topic, slot)| slot.view(topic))
    }

    fn read_topic(&self, op: &ReadTopic) -> Result<TopicView, TopicRefused> {
        self.0.get(&op.topic).ok_or(TopicRefused::TopicUnknown)?.topic.view(&op.capability)
    }

    fn slot(&mut self, key: &SlotKey) -> Result<(&Topic, &mut Slot), SlotRefused> {
        let held = self.0.get_mut(&key.topic).ok_or(SlotRefused::TopicUnknown)?;
        let slot = held.slots.get_mut(&key.slot).filter(|slot| slot.secret == key.secret);
        Ok((&held.topic, slot.ok_or(SlotRefused::SlotUnknown)?))
    }

    fn sweep(&mut self, op: &Sweep) -> Swept {
        let Some(held) = self.0.get_mut(&op.topic) else { return Swept::default() };
        let swept = held.sweep(op.today);
        if trim::is_over(&held.topic, op.today) {
            self.0.remove(&op.topic);
        }
        swept
    }
}

impl Held {
    fn new(topic: Topic) -> Self {
        Self { topic, slots: BTreeMap::new(), entries: VecDeque::new(), by_append: HashMap::new() }
    }

    fn kept(&self, seq: Seq) -> Option<&Kept> {
        let at = seq.0.checked_sub(self.topic.first.0)?;
        self.entries.get(usize::try_from(at).ok()?)
    }

    fn check_slots(&self, new: &[NewSlot]) -> Result<(), AppendRefused> {
        let standing = |new: &NewSlot| self.slots.get(&new.slot);
        if new.iter().any(|new| standing(new).is_some_and(|slot| slot.secret != new.secret)) {
            return Err(AppendRefused::SlotTaken);
        }
        let more = new.iter().filter(|new| standing(new).is_none()).count();
        if self.topic.has_room_for_slots(more) { Ok(()) } else { Err(AppendRefused::TooManySlots) }
    }

    fn append(&mut self, op: &Append) -> Appended {
        let step = self.topic.append(op);
        for new in &op.open_slots {
            if !self.slots.contains_key(&new.slot) {
                self.slots.insert(new.slot, Slot::joining(*new, &self.topic, op.minute.day()));
                self.topic.slots += 1;
            }
        }
        let kept = Kept { entry: step.entry, previous: step.previous, chain: self.topic.chain };
        self.by_append.insert(op.append_id, kept.entry.seq);
        let appended = kept.appended(op, self.topic.first, Asked::First);
        self.entries.push_back(kept);
        appended
    }

    fn stretch(&self, after: Seq, to: Option<Seq>, limit: ReadLimit) -> Stretch {
        let topic = &self.topic;
        let after = after.max(topic.trimmed_to()).min(topic.newest.max(topic.trimmed_to()));
        let previous = self.kept(after).map_or(topic.trimmed_chain, |kept| kept.chain);
        let mut stretch = Stretch {
            after,
            previous,
            entries: Vec::new(),
            chain: previous,
            first: topic.first,
            newest: topic.newest,
        };
        let mut body_bytes = 0;
        let skip = (after.0 - topic.trimmed_to().0) as usize;
        for kept in self.entries.iter().skip(skip) {
            let beyond = to.is_some_and(|to| kept.entry.seq > to);
            if beyond || stretch.entries.len() >= limit.entries || body_bytes >= limit.body_bytes {
                break;
            }
            body_bytes += kept.body_bytes();
            stretch.chain = kept.chain;
            stretch.entries.push(kept.entry.clone());
        }
        stretch
    }

    fn sweep(&mut self, today: Day) -> Swept {
        let cutoffs = Cutoffs::of(&self.topic, today);
        let mut swept = Swept::default();
        self.empty_bodies(cutoffs.body, &mut swept);
        let aged = Aged {
            hold: self.older_than(cutoffs.hold),
            forced: self.older_than(cutoffs.all).max(self.newest_handshake_before(cutoffs.handshake)),
        };
        let slots: Vec<_> = self.slots.values().cloned().collect();
        let cut = trim::cut(&self.topic, &slots, today, aged);
        self.trim(cut, &mut swept);
        trim::forget_generations(&mut self.topic);
        let topic = &mut self.topic;
        self.slots.retain(|_, slot| !trim::is_spent(topic, slot, today));
        swept.slots = topic.slots - self.slots.len() as u32;
        topic.slots = self.slots.len() as u32;
        topic.swept(today, swept.more);
        swept
    }

    fn empty_bodies(&mut self, before: Minute, swept: &mut Swept) {
        let from = self.topic.emptied_to.max(self.topic.trimmed_to());
        let skip = (from.0 - self.topic.trimmed_to().0) as usize;
        let old = self.entries.iter_mut().skip(skip).take_while(|kept| kept.entry.minute < before);
        for (looked_at, kept) in old.enumerate() {
            if looked_at == SWEEP_ROWS_MAX {
                swept.more = true;
                break;
            }
            if kept.entry.kind == EntryKind::Application {
                kept.entry.content = EntryContent::Expired(kept.entry.content.hash());
                swept.emptied += 1;
            }
            self.topic.emptied_to = kept.entry.seq;
        }
    }

    fn older_than(&self, minute: Minute) -> Seq {
        let old = self.entries.iter().take_while(|kept| kept.entry.minute < minute);
        old.last().map_or(self.topic.trimmed_to(), |kept| kept.entry.seq)
    }

    fn newest_handshake_before(&self, minute: Minute) -> Seq {
        let old = self.entries.iter().take_while(|kept| kept.entry.minute < minute);
        let handshakes = old.filter(|kept| kept.entry.kind == EntryKind::Handshake);
        handshakes.last().map_or(Seq(0), |kept| kept.entry.seq)
    }

    fn trim(&mut self, cut: Seq, swept: &mut Swept) {
        while self.topic.first <= cut {
            if swept.trimmed as usize == SWEEP_ROWS_MAX {
                swept.more = true;
                return;
            }
            let Some(kept) = self.entries.pop_front() else { return };
            self.by_append.remove(&kept.entry.append_id);
            self.topic.first = kept.entry.seq.next();
            self.topic.trimmed_chain = kept.chain;
            swept.trimmed += 1;
        }
    }
}

impl Kept {
    fn repeat(&self, op: &Append, first: Seq) -> Result<Appended, AppendRefused> {
        let entry = &self.entry;
        let same = entry.kind == op.kind
            && entry.version == op.version
            && entry.head == op.expect_head
            && entry.content.hash() == op.body_hash;
        if same { Ok(self.appended(op, first, Asked::Again)) } else { Err(AppendRefused::AppendIdReused) }
    }

    fn appended(&self, op: &Append, first: Seq, asked: Asked) -> Appended {
        Appended {
            entry: self.entry.clone(),
            body_hash: op.body_hash,
            previous: self.previous,
            chain: self.chain,
            first,
            asked,
        }
    }

    fn body_bytes(&self) -> usize {
        match &self.entry.content {
            EntryContent::Body(body) => body.len(),
            EntryContent::Expired(_) => 0,
        }
    }
}
