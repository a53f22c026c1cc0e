//! Entries as they arrive: checked against the chain, opened, applied in order, once. Protocol §§4-6.

use bytes::Bytes;
use prost::Message;
use rand_core::CryptoRngCore;
use sotto_secrecy::{
    Applied, EntryAddress, EnvelopeKey, Group, Member, MergeError, ReceiveError, Received, Rows, Workspace,
    open_entry, verify_franking,
};
use sotto_wire::content::{ApplicationPayload, AuthenticatedData, Body, Content};
use sotto_wire::digest::{EntryKind, body_hash};
use sotto_wire::ids::{AccountId, DeviceId, MessageId, Millis, Minute, Seq, TopicId};
use sotto_wire::limits::{ENTRY_VERSION, SLOT_HOLD_DAYS};
use sotto_wire::proto::SignedItem;
use sotto_wire::receipt::{self, Item as ReceiptItem};
use sotto_wire::topic::{Delivery, Entries, Entry, EntryContent};

use crate::api::{AlarmKind, Event, Failure, MessageState, OutboxKind, OutboxState, Plane, Standing};
use crate::engine::Work;
use crate::error::{Cause, Step, StorageError};
use crate::limits::{CHAINS_KEPT, FIRST_UPDATE_MS_MAX, REPAIR_MS, UPDATE_MS};
use crate::store::conversations::ConversationKey;
use crate::store::legs::{Leg, LegState};
use crate::store::messages::{MessageKind, NewMessage, Place};
use crate::store::outbox::{Item, OwnAppend};

/// A leg's `discard_to` between unblocking and the first answer to a follow.
pub(crate) const DISCARD_UNTIL_FOLLOWED: Seq = Seq(i64::MAX as u64);

/// What an entry did to its leg.
enum Fate {
    /// It is dealt with.
    Fine,
    /// This device cannot go on from here: a new leg has to.
    Broken,
}

/// The group of a leg while a delivery is read. Loading it costs half as much as opening a message, and a delivery
/// brings hundreds. What a message changes is written before the next is opened; after an error it is loaded again.
struct Reading<'r> {
    rows: &'r dyn Rows,
    open: Option<OpenGroup<'r>>,
}

struct OpenGroup<'r> {
    workspace: Workspace<'r>,
    group: Group,
    envelope: EnvelopeKey,
}

impl<'r> Reading<'r> {
    fn new(rows: &'r dyn Rows) -> Self {
        Self { rows, open: None }
    }

    /// None when there is no group for this topic.
    fn group(&mut self, topic: TopicId, entropy: &mut dyn CryptoRngCore) -> Step<Option<&mut OpenGroup<'r>>> {
        if self.open.is_none() {
            let workspace = Workspace::new(self.rows, entropy);
            let Some(group) = Group::load(&workspace, topic)? else { return Ok(None) };
            let envelope = group.envelope_key(&workspace)?;
            self.open = Some(OpenGroup { workspace, group, envelope });
        }
        Ok(self.open.as_mut())
    }

    /// What is in memory may no longer be what the tables hold.
    fn close(&mut self) {
        self.open = None;
    }
}

impl Work<'_> {
    pub(crate) fn entries(&mut self, entries: Entries) -> Step<()> {
        let topic = entries.topic;
        let Some(leg) = self.db.leg(topic)?.filter(Leg::is_read) else { return Ok(()) };
        let Some(log_key) = self.account()?.log_key else { return self.hang_up(Plane::Topic) };
        let signed = entries.receipt.clone();
        match entries.verify(log_key) {
            Ok(delivery) => self.delivery(leg, &delivery),
            Err(_) => {
                self.alarm(AlarmKind::ServerSignatureWrong, Some(leg.conversation), &signed.encode_to_vec())?;
                self.hang_up(Plane::Topic)
            }
        }
    }

    fn delivery(&mut self, mut leg: Leg, delivery: &Delivery) -> Step<()> {
        if !self.continues(&mut leg, delivery)? {
            return Ok(());
        }
        self.net.acks_paused.remove(&leg.topic);
        self.net.unacked.insert(leg.topic);
        let (was, db) = (leg.state, self.db);
        let mut reading = Reading::new(&db);
        for entry in &delivery.entries {
            if entry.seq <= leg.cursor {
                continue;
            }
            if let Fate::Broken = self.entry(&mut leg, entry, &mut reading)? {
                leg.state = LegState::Broken;
            }
        }
        leg.signed = Some(delivery.evidence.encode_to_vec());
        self.db.put_leg(&leg)?;
        if let Some(followed) = self.net.followed.get_mut(&leg.topic) {
            followed.newest = followed.newest.max(delivery.receipt.to);
        }
        if leg.state == LegState::Broken && was != LegState::Broken {
            return self.replace_leg(&leg);
        }
        Ok(())
    }

    /// Whether a delivery goes on from what this device knows; if not, the alarm is raised here.
    fn continues(&mut self, leg: &mut Leg, delivery: &Delivery) -> Step<bool> {
        let from = delivery.receipt.from;
        if from > leg.cursor {
            if delivery.receipt.first_available > leg.cursor.next() {
                let (first, minute) = (delivery.receipt.first_available, delivery.receipt.minute);
                self.trimmed(leg.clone(), first, minute, &delivery.evidence)?;
            } else {
                let evidence = delivery.evidence.encode_to_vec();
                self.alarm(AlarmKind::EntryWithheld, Some(leg.conversation), &evidence)?;
                self.hang_up(Plane::Topic)?;
            }
            return Ok(false);
        }
        let known = if from == leg.cursor { Some(leg.chain) } else { self.db.chain_at(leg.topic, from)? };
        let mut same = known.is_none_or(|chain| chain == delivery.prev_chain);
        let mut chain = delivery.prev_chain;
        for entry in delivery.entries.iter().take_while(|entry| entry.seq <= leg.cursor) {
            chain = entry.chain_after(chain);
            let known = if entry.seq == leg.cursor {
                Some(leg.chain)
            } else {
                self.db.chain_at(leg.topic, entry.seq)?
            };
            same &= known.is_none_or(|known| known == chain);
        }
        if !same {
            self.forked(leg, &delivery.evidence.encode_to_vec())?;
        }
        Ok(same)
    }

    /// The server contradicts itself. The leg is over; what was meant for it fails with the reason, and the person
    /// decides (start over) with the alarm before them.
    pub(crate) fn forked(&mut self, leg: &Leg, new: &[u8]) -> Step<()> {
        if leg.state == LegState::Active && leg.heard == Minute(0) {
            // Nothing the server signed was read yet: where the leg begins is only the inviter's word.
            self.alarm(AlarmKind::InboxItemRefused, Some(leg.conversation), new)?;
            return self.retire_leg(leg.topic);
        }
        let evidence = contradiction(leg.signed.as_deref().unwrap_or_default(), new);
        self.alarm(AlarmKind::LogFork, Some(leg.conversation), &evidence)?;
        self.unfollow(leg)?;
        self.retire_leg(leg.topic)?;
        let another = self.sending_leg(leg.conversation)?.is_some();
        for item in self.db.items_of(leg.conversation, usize::MAX)? {
            let here = item.topic == Some(leg.topic);
            match item.message {
                Some(message) if here || (item.topic.is_none() && !another) => {
                    self.fail_message(message, Some(Failure::LogFork))?;
                    self.finish_item(&item)?;
                }
                None if here => self.finish_item(&item)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Entries are gone that this device had not read. Within the time for which its slot holds them that is the
    /// server's fault; after it, this device was away too long. Either way the log cannot be continued.
    pub(crate) fn trimmed(
        &mut self,
        mut leg: Leg,
        first: Seq,
        minute: Minute,
        signed: &SignedItem,
    ) -> Step<()> {
        self.db.put_leg(&leg)?;
        let wanted = first > leg.discard_to.next();
        let held = minute.0.saturating_sub(leg.heard.0) < u64::from(SLOT_HOLD_DAYS) * 24 * 60;
        if held {
            self.alarm(AlarmKind::TrimmedTooEarly, Some(leg.conversation), &signed.encode_to_vec())?;
        } else if let Some(peer) = self.db.conversation(leg.conversation)?.peer.filter(|_| wanted) {
            leg.minute = leg.minute.max(minute);
            let place = leg.place_line(Millis(0));
            let line = MessageId::random(self.entropy);
            self.show_placeholder(leg.conversation, peer, line, place, Failure::Expired)?;
        }
        self.net.followed.remove(&leg.topic);
        self.break_leg(leg.topic)?;
        self.retire_leg(leg.topic)
    }

    fn entry(&mut self, leg: &mut Leg, entry: &Entry, reading: &mut Reading<'_>) -> Step<Fate> {
        let head_before = leg.head;
        leg.chain = entry.chain_after(leg.chain);
        leg.cursor = entry.seq;
        leg.minute = leg.minute.max(entry.minute);
        if entry.kind == EntryKind::Handshake {
            leg.head = entry.seq;
        }
        self.db.add_chain(leg.topic, entry.seq, leg.chain, CHAINS_KEPT)?;
        for item in self.db.promised_at(leg.topic, entry.seq, entry.append_id)? {
            self.promise_broken(leg, &item)?;
        }
        let own = self.db.item_by_append(leg.topic, entry.append_id)?;
        if entry.head != head_before {
            self.alarm(AlarmKind::StaleAppend, Some(leg.conversation), &entry_evidence(leg.topic, entry))?;
        }
        if let Some(item) = own {
            if item.kind != OutboxKind::Message {
                reading.close();
            }
            return self.own_entry(leg, entry, &item);
        }
        if let Some(own) = self.db.own_append(leg.topic, entry.append_id)? {
            return self.given_up_entry(leg, entry, own);
        }
        match &entry.content {
            EntryContent::Expired(_) => self.placeholder(leg, entry, Failure::Expired).map(|()| Fate::Fine),
            EntryContent::Body(_) if entry.version > ENTRY_VERSION => {
                self.placeholder(leg, entry, Failure::NeedsNewerSotto).map(|()| Fate::Fine)
            }
            EntryContent::Body(body) => self.foreign_entry(leg, entry, body, reading),
        }
    }

    /// The server had signed that something of ours stands here. It does not: it leaves again under another id.
    fn promise_broken(&mut self, leg: &Leg, item: &Item) -> Step<()> {
        let evidence = contradiction(
            leg.signed.as_deref().unwrap_or_default(),
            item.receipt.as_deref().unwrap_or_default(),
        );
        self.alarm(AlarmKind::LogFork, Some(leg.conversation), &evidence)?;
        self.net.on_wire.remove(&item.key);
        if item.kind == OutboxKind::Message {
            self.db.requeue_item(item.key, false)?;
            self.moved(item.key, item.kind, OutboxState::Queued, None);
        }
        Ok(())
    }

    /// Bytes of ours that were given up, and that the server took after all. A message goes under another id as well; until
    /// then it stands here for its readers. A commit that the others merge and this device cannot ends the leg.
    fn given_up_entry(&mut self, leg: &mut Leg, entry: &Entry, own: OwnAppend) -> Step<Fate> {
        let EntryContent::Body(body) = &entry.content else { return Ok(Fate::Fine) };
        if let Some(message) = own.message {
            let place = leg.place_line(self.db.draft(message)?.sent_at);
            self.db.set_message_place(message, place)?;
        }
        if entry.kind == EntryKind::Application {
            return Ok(Fate::Fine);
        }
        let workspace = Workspace::new(&self.db, self.entropy);
        let Some(mut group) = Group::load(&workspace, leg.topic)? else { return Ok(Fate::Broken) };
        let envelope = group.envelope_key(&workspace)?;
        let address =
            EntryAddress { topic: leg.topic, kind: entry.kind, head: entry.head, append_id: entry.append_id };
        let Ok(mls) = open_entry(&envelope, address, body) else { return Ok(Fate::Fine) };
        let outcome = group.receive_handshake(&workspace, &mls);
        Ok(if matches!(outcome, Err(ReceiveError::Own)) { Fate::Broken } else { Fate::Fine })
    }

    /// Our own entry came back: this is where a commit is merged and a message gets its place.
    fn own_entry(&mut self, leg: &mut Leg, entry: &Entry, item: &Item) -> Step<Fate> {
        self.compare_receipt(leg, item)?;
        let Some(staged) = &item.staged else { return Ok(Fate::Fine) };
        let kind = if staged.commit.is_some() { EntryKind::Handshake } else { EntryKind::Application };
        let same = entry.content.hash() == body_hash(&staged.body)
            && (entry.kind, entry.head, entry.version) == (kind, staged.head, ENTRY_VERSION);
        if !same {
            // Other bytes under our append id: what we sent does not stand here.
            return self.promise_broken(leg, item).map(|()| Fate::Fine);
        }
        if let Some((bytes, base_epoch)) = &staged.commit {
            return self.own_commit(leg, entry, item, bytes, *base_epoch);
        }
        if let Some(message) = item.message {
            let place = leg.place_line(self.db.draft(message)?.sent_at);
            self.db.set_message_place(message, place)?;
            self.set_message_state(message, MessageState::Accepted, None)?;
        }
        if item.state != OutboxState::Applied {
            self.moved(item.key, item.kind, OutboxState::Applied, item.topic);
        }
        self.finish_item(item)?;
        if leg.update_due.is_none() {
            let jitter = self.random_below(FIRST_UPDATE_MS_MAX);
            leg.update_due = Some(Millis(self.now.0 + 1 + jitter));
        }
        Ok(Fate::Fine)
    }

    fn own_commit(
        &mut self,
        leg: &mut Leg,
        entry: &Entry,
        item: &Item,
        staged: &[u8],
        base_epoch: u64,
    ) -> Step<Fate> {
        let workspace = Workspace::new(&self.db, self.entropy);
        let Some(mut group) = Group::load(&workspace, leg.topic)? else { return Ok(Fate::Broken) };
        match group.merge_own(&workspace, staged, base_epoch) {
            Ok(()) => {}
            Err(MergeError::Storage(error)) => return Err(error.into()),
            Err(MergeError::Corrupt) => return Err(Cause::Storage(StorageError::Corrupt)),
            Err(MergeError::Epoch { .. }) => {
                drop(workspace);
                self.lose_commit(item)?;
                return Ok(if leg.state == LegState::Opening { Fate::Broken } else { Fate::Fine });
            }
            Err(MergeError::Damaged | MergeError::Library(_)) => {
                drop(workspace);
                self.lose_commit(item)?;
                return Ok(Fate::Broken);
            }
        }
        let changes = workspace.into_changes();
        self.db.write_mls(changes)?;
        self.db.set_item_seq(item.key, entry.seq)?;
        self.db.set_item_state(item.key, OutboxState::Applied)?;
        self.moved(item.key, item.kind, OutboxState::Applied, item.topic);
        if leg.state == LegState::Opening {
            leg.state = LegState::Active;
        } else {
            let jitter = self.random_below(UPDATE_MS / 8);
            leg.update_due = Some(Millis(self.now.0 + UPDATE_MS + jitter));
        }
        Ok(Fate::Fine)
    }

    /// The receipt promised a chain value: the log has to keep the promise.
    fn compare_receipt(&mut self, leg: &Leg, item: &Item) -> Step<()> {
        let Some(bytes) = &item.receipt else { return Ok(()) };
        let signed =
            SignedItem::decode(bytes.as_slice()).map_err(|_| Cause::Storage(StorageError::Corrupt))?;
        let promised = receipt::read_verified(&signed).map(|item| item.item);
        if let Ok(ReceiptItem::Append(promised)) = promised
            && (promised.seq != leg.cursor || promised.chain != leg.chain)
        {
            self.alarm(AlarmKind::LogFork, Some(leg.conversation), bytes)?;
        }
        Ok(())
    }

    fn foreign_entry(
        &mut self,
        leg: &mut Leg,
        entry: &Entry,
        body: &Bytes,
        reading: &mut Reading<'_>,
    ) -> Step<Fate> {
        let Some(open) = reading.group(leg.topic, self.entropy)? else { return Ok(Fate::Broken) };
        let address =
            EntryAddress { topic: leg.topic, kind: entry.kind, head: entry.head, append_id: entry.append_id };
        let Ok(mls) = open_entry(&open.envelope, address, body) else {
            return self.not_from_members(leg, entry);
        };
        if entry.kind == EntryKind::Handshake {
            let outcome = open.group.receive_handshake(&open.workspace, &mls);
            let changes = open.workspace.take_changes();
            // The next epoch has another envelope.
            reading.close();
            return match outcome {
                Ok(Applied { sender, auth, .. }) => {
                    self.db.write_mls(changes)?;
                    let same = self.compare_view(leg, entry, sender, &auth)?;
                    Ok(if same { Fate::Fine } else { Fate::Broken })
                }
                Err(error) => self.handshake_refused(leg, entry, error),
            };
        }
        let outcome = open.group.receive_application(&open.workspace, &mls);
        let changes = open.workspace.take_changes();
        match outcome {
            Ok(received) => {
                self.db.write_mls(changes)?;
                let same = self.compare_view(leg, entry, received.sender, &received.auth)?;
                self.message_received(leg, entry, received)?;
                Ok(if same { Fate::Fine } else { Fate::Broken })
            }
            Err(error) => {
                reading.close();
                self.message_refused(leg, entry, error)
            }
        }
    }

    // Nobody in the group made it, or the groups have parted.
    fn not_from_members(&mut self, leg: &mut Leg, entry: &Entry) -> Step<Fate> {
        let evidence = entry_evidence(leg.topic, entry);
        match entry.kind {
            EntryKind::Handshake => {
                self.alarm(AlarmKind::JunkHandshake, Some(leg.conversation), &evidence)?;
                Ok(Fate::Fine)
            }
            EntryKind::Application => {
                self.alarm(AlarmKind::ForeignEntry, Some(leg.conversation), &evidence)?;
                self.placeholder(leg, entry, Failure::Undecryptable)?;
                Ok(Fate::Broken)
            }
        }
    }

    fn handshake_refused(&mut self, leg: &Leg, entry: &Entry, error: ReceiveError) -> Step<Fate> {
        let evidence = entry_evidence(leg.topic, entry);
        match error {
            // Every member sees the same: skipped and recorded.
            ReceiveError::Invalid(_) => {
                self.alarm(AlarmKind::JunkHandshake, Some(leg.conversation), &evidence)?;
                Ok(Fate::Fine)
            }
            ReceiveError::Own => {
                self.alarm(AlarmKind::CloneSuspected, Some(leg.conversation), &evidence)?;
                Ok(Fate::Broken)
            }
            ReceiveError::CannotDecrypt(_) => Ok(Fate::Broken),
            ReceiveError::Storage(error) => Err(error.into()),
            ReceiveError::Corrupt => Err(Cause::Storage(StorageError::Corrupt)),
        }
    }

    fn message_refused(&mut self, leg: &mut Leg, entry: &Entry, error: ReceiveError) -> Step<Fate> {
        match error {
            ReceiveError::Own => {
                let evidence = entry_evidence(leg.topic, entry);
                self.alarm(AlarmKind::CloneSuspected, Some(leg.conversation), &evidence)?;
                Ok(Fate::Fine)
            }
            // Every member sees the same: a line says so, and the leg goes on.
            ReceiveError::Invalid(_) => {
                let evidence = entry_evidence(leg.topic, entry);
                self.alarm(AlarmKind::ForeignEntry, Some(leg.conversation), &evidence)?;
                self.placeholder(leg, entry, Failure::Undecryptable).map(|()| Fate::Fine)
            }
            ReceiveError::CannotDecrypt(_) => {
                self.placeholder(leg, entry, Failure::Undecryptable)?;
                Ok(Fate::Broken)
            }
            ReceiveError::Storage(error) => Err(error.into()),
            ReceiveError::Corrupt => Err(Cause::Storage(StorageError::Corrupt)),
        }
    }

    /// The sender says which log it saw: the same one?
    fn compare_view(
        &mut self,
        leg: &Leg,
        entry: &Entry,
        _sender: Member,
        auth: &sotto_wire::proto::AuthenticatedData,
    ) -> Step<bool> {
        let Ok(auth) = AuthenticatedData::try_from(auth) else { return Ok(true) };
        let seen = self.db.chain_at(leg.topic, auth.seq)?;
        let same = auth.seq < entry.seq && seen.is_none_or(|chain| chain == auth.chain);
        if !same {
            let evidence =
                contradiction(leg.signed.as_deref().unwrap_or_default(), &entry_evidence(leg.topic, entry));
            self.alarm(AlarmKind::LogFork, Some(leg.conversation), &evidence)?;
        }
        Ok(same)
    }

    fn message_received(&mut self, leg: &mut Leg, entry: &Entry, received: Received) -> Step<()> {
        if entry.seq <= leg.discard_to {
            return Ok(());
        }
        let conversation = self.db.conversation(leg.conversation)?;
        let id = conversation.id.ok_or(Cause::Bug("a leg without a conversation"))?;
        let sender = received.sender;
        let payload = Bytes::from(received.payload);
        let parsed = ApplicationPayload::parse(&payload);
        let content = parsed.as_ref().ok().and_then(|payload| Content::parse(&payload.content).ok());
        let (Ok(parsed), Some(content)) = (parsed, content) else {
            return self.placeholder(leg, entry, Failure::NeedsNewerSotto);
        };
        let franking = (&parsed.franking).into();
        if verify_franking(sender.key, sender.account, sender.device, id, &parsed.content, &franking).is_err()
        {
            return self.placeholder(leg, entry, Failure::Undecryptable);
        }
        if let Some(name) = &content.sender_name {
            self.db.set_peer_name(leg.conversation, Some(name.as_str()))?;
        }
        let (kind, text, failure) = match &content.body {
            Body::Text(text) => (MessageKind::Text, Some(text.as_str()), None),
            Body::ProfileChanged => {
                if content.sender_name.is_none() {
                    self.db.set_peer_name(leg.conversation, None)?;
                }
                return self.show_conversation(leg.conversation);
            }
            Body::Unknown(_) => (MessageKind::Placeholder, None, Some(Failure::NeedsNewerSotto)),
        };
        let new = NewMessage {
            conversation: leg.conversation,
            message: content.message_id,
            sender: sender.account,
            device: sender.device,
            own: false,
            kind,
            text,
            sent_at: content.sent_at,
            state: MessageState::Received,
            failure,
            place: Some(leg.place_line(content.sent_at)),
            payload: Some(payload.as_ref()),
        };
        self.show_new(&new)
    }

    fn show_new(&mut self, new: &NewMessage<'_>) -> Step<()> {
        let Some(key) = self.db.add_message(new)? else { return self.repeated(new) };
        let message = self.db.message_view(key)?;
        self.event(Event::Message { message });
        Ok(())
    }

    /// A line that is there already was sent again.
    fn repeated(&mut self, new: &NewMessage<'_>) -> Step<()> {
        let (Some(key), Some(place)) = (self.db.message_like(new)?, new.place) else { return Ok(()) };
        if self.db.set_message_place(key, place)? {
            self.show_conversation(new.conversation)?;
        }
        Ok(())
    }

    /// A line for what could not be read: nothing is dropped in silence.
    fn placeholder(&mut self, leg: &mut Leg, entry: &Entry, failure: Failure) -> Step<()> {
        if entry.kind == EntryKind::Handshake || entry.seq <= leg.discard_to {
            return Ok(());
        }
        let Some(sender) = self.db.conversation(leg.conversation)?.peer else { return Ok(()) };
        let line = MessageId::new(*entry.append_id.as_bytes());
        let place = leg.place_line(Millis(entry.minute.0.saturating_mul(60_000)));
        self.show_placeholder(leg.conversation, sender, line, place, failure)
    }

    fn show_placeholder(
        &mut self,
        conversation: ConversationKey,
        sender: AccountId,
        message: MessageId,
        place: Place,
        failure: Failure,
    ) -> Step<()> {
        self.show_new(&NewMessage {
            conversation,
            message,
            sender,
            device: DeviceId::new([0; 16]),
            own: false,
            kind: MessageKind::Placeholder,
            text: None,
            sent_at: Millis(place.minute.0.saturating_mul(60_000)),
            state: MessageState::Received,
            failure: Some(failure),
            place: Some(place),
            payload: None,
        })
    }

    /// The leg cannot be relied on any more: read on, write elsewhere.
    pub(crate) fn break_leg(&mut self, topic: TopicId) -> Step<()> {
        let over = |leg: &Leg| matches!(leg.state, LegState::Broken | LegState::Closed);
        let Some(mut leg) = self.db.leg(topic)?.filter(|leg| !over(leg)) else { return Ok(()) };
        leg.state = LegState::Broken;
        self.db.put_leg(&leg)?;
        self.replace_leg(&leg)
    }

    /// The leg is over: its opening was lost.
    pub(crate) fn retire_leg(&mut self, topic: TopicId) -> Step<()> {
        if let Some(mut leg) = self.db.leg(topic)? {
            leg.state = LegState::Closed;
            self.db.put_leg(&leg)?;
            self.net.followed.remove(&topic);
        }
        Ok(())
    }

    /// What waited on a broken leg goes back to being an intent, and a new leg is opened - but not over and over at a
    /// server's bidding.
    fn replace_leg(&mut self, leg: &Leg) -> Step<()> {
        let unread = !self.net.followed.contains_key(&leg.topic);
        for item in self.db.items_of(leg.conversation, usize::MAX)? {
            if item.topic != Some(leg.topic) {
                continue;
            }
            match (item.kind, item.state) {
                (OutboxKind::Message, OutboxState::Applied) if !unread => {}
                (OutboxKind::Message, _) => {
                    self.withdraw(&item)?;
                }
                (OutboxKind::OpenLeg, OutboxState::Staged | OutboxState::Sent) => self.lose_commit(&item)?,
                (OutboxKind::OpenLeg, OutboxState::Posted) | (OutboxKind::SelfUpdate, _) => {
                    self.finish_item(&item)?;
                }
                (OutboxKind::OpenLeg, _) => {}
            }
        }
        let conversation = self.db.conversation(leg.conversation)?;
        let open = conversation.standing == Standing::Open && conversation.peer.is_some();
        if open && !self.is_outranked(leg)? {
            return self.open_another(leg.conversation);
        }
        Ok(())
    }

    /// A message's bytes are given up. Perhaps they were accepted; readers tell repeated messages by their id.
    pub(crate) fn withdraw(&mut self, item: &Item) -> Step<()> {
        self.db.requeue_item(item.key, false)?;
        self.net.on_wire.remove(&item.key);
        if let Some(message) = item.message {
            self.set_message_state(message, MessageState::Queued, None)?;
        }
        self.moved(item.key, item.kind, OutboxState::Queued, None);
        Ok(())
    }

    /// Whether there is a leg that both sides prefer to this one. On a lesser leg this device could write, and the peer
    /// would go on writing where nobody listens any more.
    fn is_outranked(&self, leg: &Leg) -> Step<bool> {
        let rank = |leg: &Leg| (std::cmp::Reverse(leg.leg_no), leg.topic);
        Ok(self.sending_leg(leg.conversation)?.is_some_and(|other| rank(&other) < rank(leg)))
    }

    /// Opens a leg where none can be written: at once the first time, then at most once an hour.
    pub(crate) fn open_again(&mut self, key: ConversationKey) -> Step<()> {
        if self.sending_leg(key)?.is_some() {
            return Ok(());
        }
        self.open_another(key)
    }

    fn open_another(&mut self, key: ConversationKey) -> Step<()> {
        let item = self.ensure_leg(key)?;
        if self.db.legs_of(key)?.is_empty() {
            return Ok(());
        }
        let last = self.db.conversation(key)?.repaired_at;
        if last.0 > 0 && last.0 + REPAIR_MS > self.now.0 {
            return self.db.delay_item(item, Millis(last.0 + REPAIR_MS));
        }
        self.db.set_repaired_at(key, self.now)
    }

    pub(crate) fn alarm(
        &mut self,
        kind: AlarmKind,
        conversation: Option<ConversationKey>,
        evidence: &[u8],
    ) -> Step<()> {
        if let Some(alarm) = self.db.add_alarm(kind, conversation.map(|key| key.0), self.now, evidence)? {
            self.event(Event::Alarm { alarm });
        }
        Ok(())
    }
}

fn entry_evidence(topic: TopicId, entry: &Entry) -> Vec<u8> {
    let mut evidence = topic.to_vec();
    evidence.extend_from_slice(&entry.seq.0.to_be_bytes());
    evidence.extend_from_slice(entry.append_id.as_bytes());
    evidence.extend_from_slice(entry.content.hash().as_bytes());
    evidence
}

/// Two things the server signed that cannot both be true, each with its length (u32, big-endian) before it.
fn contradiction(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut evidence = Vec::with_capacity(one.len() + other.len() + 8);
    for half in [one, other] {
        evidence.extend_from_slice(&(half.len() as u32).to_be_bytes());
        evidence.extend_from_slice(half);
    }
    evidence
}
