//! A store around the real one: an honest one passes everything on, a bugged one changes what it passes.
//!
//! Where a bug makes an entry that the real store would have refused, the shelf stores it under values that the store
//! takes, remembers the true ones, and shows readers the log as a bugged server would have signed it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use sotto_ports::directory::{Account, Invitation};
use sotto_ports::logs::{
    Ack, Append, AppendRefused, Appended, Asked, ReadLimit, SlotKey, SlotView, Stretch, Sweep,
};
use sotto_ports::{Directory, DirectoryOp, DirectoryOutcome, LogOp, LogOutcome, Logs, StorageError, Store};
use sotto_wire::account::KeyPackageCount;
use sotto_wire::ids::{AccountId, AppendId, Chain, Day, DeviceId, Handle, InboxKey, Seq, SlotId, TopicId};
use sotto_wire::signed::SignedList;
use sotto_wire::topic::Entry;

use super::Planted;

/// What a bugged store remembers; outlives its process.
#[derive(Debug, Default)]
pub(crate) struct Forged {
    /// Append id and quoted head as the appender meant them.
    meant: BTreeMap<(TopicId, Seq), (AppendId, Seq)>,
    /// Chain values from the first forged entry of a topic on.
    chains: BTreeMap<(TopicId, Seq), Chain>,
    appended: BTreeSet<(TopicId, AppendId)>,
    acks: BTreeMap<(TopicId, SlotId), (SlotKey, Seq)>,
    made_up: u64,
}

/// The store as the service sees it.
pub(crate) struct Shelf<S> {
    store: S,
    bug: Option<Planted>,
    forged: Forged,
}

impl<S: Store> Shelf<S> {
    pub(crate) fn new(store: S, bug: Option<Planted>, forged: Forged) -> Self {
        Self { store, bug, forged }
    }

    pub(crate) fn into_parts(self) -> (S, Forged) {
        (self.store, self.forged)
    }

    fn one(&mut self, op: LogOp) -> Result<LogOutcome, StorageError> {
        let mut outcomes = self.store.apply_to_logs(vec![op])?;
        Ok(outcomes.pop().expect("one outcome for one operation"))
    }

    fn bugged(&mut self, bug: Planted, op: LogOp) -> Result<LogOutcome, StorageError> {
        match (bug, op) {
            (Planted::IdempotencyOff, LogOp::Append(append)) => self.append_again(append),
            (Planted::HeadCheckOff, LogOp::Append(append)) => self.append_anyway(append),
            (Planted::TrimOneTooFar, LogOp::Sweep(sweep)) => self.sweep_too_far(sweep),
            (Planted::TrimOneTooFar, op) => self.watch_acks(op),
            (_, op) => self.one(op),
        }
    }

    fn append_again(&mut self, mut append: Append) -> Result<LogOutcome, StorageError> {
        let (topic, meant) = (append.topic, (append.append_id, append.expect_head));
        let again = !self.forged.appended.insert((topic, append.append_id));
        if again {
            append.append_id = self.make_up(append.append_id);
        }
        let outcome = self.one(LogOp::Append(append))?;
        Ok(self.forge(topic, outcome, again.then_some(meant)))
    }

    fn append_anyway(&mut self, append: Append) -> Result<LogOutcome, StorageError> {
        let (topic, meant) = (append.topic, (append.append_id, append.expect_head));
        match self.one(LogOp::Append(append.clone()))? {
            LogOutcome::Append(Err(AppendRefused::Conflict { head })) => {
                let outcome = self.one(LogOp::Append(Append { expect_head: head, ..append }))?;
                Ok(self.forge(topic, outcome, Some(meant)))
            }
            outcome => Ok(self.forge(topic, outcome, None)),
        }
    }

    fn make_up(&mut self, like: AppendId) -> AppendId {
        self.forged.made_up += 1;
        let mut bytes = *like.as_bytes();
        bytes.iter_mut().zip(self.forged.made_up.to_be_bytes()).for_each(|(byte, made)| *byte ^= made | 0x80);
        AppendId::new(bytes)
    }

    /// The outcome as the bugged server tells it.
    fn forge(&mut self, topic: TopicId, outcome: LogOutcome, meant: Option<(AppendId, Seq)>) -> LogOutcome {
        let LogOutcome::Append(Ok(mut appended)) = outcome else { return outcome };
        let place = (topic, appended.entry.seq);
        if let (Some(meant), Asked::First) = (meant, appended.asked) {
            self.forged.meant.insert(place, meant);
        }
        self.show_appended(topic, &mut appended);
        LogOutcome::Append(Ok(appended))
    }

    fn show_appended(&mut self, topic: TopicId, appended: &mut Appended) {
        let seq = appended.entry.seq;
        let before = self.chain_at(topic, Seq(seq.0 - 1));
        let meant = self.forged.meant.get(&(topic, seq)).copied();
        if before.is_none() && meant.is_none() {
            return;
        }
        appended.previous = before.unwrap_or(appended.previous);
        if let Some((append_id, head)) = meant {
            (appended.entry.append_id, appended.entry.head) = (append_id, head);
        }
        appended.chain = appended.entry.chain_after(appended.previous);
        self.forged.chains.insert((topic, seq), appended.chain);
    }

    fn show_stretch(&self, topic: TopicId, stretch: &mut Stretch) {
        stretch.previous = self.chain_at(topic, stretch.after).unwrap_or(stretch.previous);
        stretch.chain = self.show_entries(topic, stretch.previous, &mut stretch.entries);
    }

    fn show_entries(&self, topic: TopicId, mut chain: Chain, entries: &mut [Entry]) -> Chain {
        for entry in entries {
            if let Some((append_id, head)) = self.forged.meant.get(&(topic, entry.seq)) {
                (entry.append_id, entry.head) = (*append_id, *head);
            }
            chain = entry.chain_after(chain);
        }
        chain
    }

    /// The chain as it was shown, after the first forged entry. Some entries were stored by a call that failed at its
    /// very end: those are read again.
    fn chain_at(&self, topic: TopicId, seq: Seq) -> Option<Chain> {
        let (place, chain) = self.forged.chains.range((topic, Seq(0))..=(topic, seq)).next_back()?;
        if place.1 == seq {
            return Some(*chain);
        }
        let limit = ReadLimit { entries: (seq.0 - place.1.0) as usize, body_bytes: usize::MAX };
        let mut unseen = self.store.entries(topic, place.1, Some(seq), limit).ok()??.entries;
        Some(self.show_entries(topic, *chain, &mut unseen))
    }

    fn watch_acks(&mut self, op: LogOp) -> Result<LogOutcome, StorageError> {
        let key = match &op {
            LogOp::Ack(Ack { key, .. }) | LogOp::ReadSlot(key) => Some(*key),
            _ => None,
        };
        let asked = if let LogOp::Ack(ack) = &op { ack.seq } else { Seq(0) };
        let mut outcome = self.one(op)?;
        if let (Some(key), LogOutcome::Ack(Ok(view)) | LogOutcome::ReadSlot(Ok(view))) = (key, &mut outcome) {
            self.show_slot(key, asked, view);
        }
        Ok(outcome)
    }

    /// The slot where its reader left it.
    fn show_slot(&mut self, key: SlotKey, asked: Seq, view: &mut SlotView) {
        let held = self.forged.acks.entry((key.topic, key.slot)).or_insert((key, view.ack));
        held.0 = key;
        held.1 = held.1.max(asked);
        view.ack = held.1;
    }

    /// As if the slowest reader had acknowledged one entry more.
    fn sweep_too_far(&mut self, sweep: Sweep) -> Result<LogOutcome, StorageError> {
        let here = |slot: &&(SlotKey, Seq)| slot.0.topic == sweep.topic;
        let slowest = self.forged.acks.values().filter(here).min_by_key(|(_, ack)| *ack).copied();
        if let Some((key, ack)) = slowest {
            self.one(LogOp::Ack(Ack { key, seq: ack.next(), today: sweep.today }))?;
        }
        self.one(LogOp::Sweep(sweep))
    }
}

impl<S: Store> Logs for Shelf<S> {
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError> {
        match self.bug {
            None => self.store.apply_to_logs(batch),
            Some(bug) => batch.into_iter().map(|op| self.bugged(bug, op)).collect(),
        }
    }

    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError> {
        let mut stretch = self.store.entries(topic, after, to, limit)?;
        if let Some(stretch) = stretch.as_mut().filter(|_| self.bug.is_some()) {
            self.show_stretch(topic, stretch);
        }
        Ok(stretch)
    }

    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError> {
        self.store.due(today, at_most)
    }

    fn tidy_logs(&mut self) -> Result<(), StorageError> {
        self.store.tidy_logs()
    }
}

impl<S: Store> Directory for Shelf<S> {
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError> {
        self.store.apply_to_directory(batch)
    }

    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError> {
        self.store.account_named(handle)
    }

    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError> {
        self.store.account(account)
    }

    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError> {
        self.store.lists(account, after, at_most)
    }

    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError> {
        self.store.key_packages(account, device)
    }

    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError> {
        self.store.inbox(account, device)
    }

    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError> {
        self.store.inbox_item(account, device, key)
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StorageError> {
        self.store.invitations()
    }

    fn tidy_directory(&mut self) -> Result<(), StorageError> {
        self.store.tidy_directory()
    }
}
