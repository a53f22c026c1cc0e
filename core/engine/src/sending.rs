//! From an intent to an accepted entry: staging, sending, losing, trying again. Protocol §6.

use prost::Message;
use sotto_secrecy::{DeviceKeys, EntryAddress, Group, Workspace, frank, seal_entry};
use sotto_wire::content::{ApplicationPayload, AuthenticatedData, Body, Content, Franking};
use sotto_wire::digest::{EntryKind, body_hash};
use sotto_wire::frames::Refusal as ServerRefusal;
use sotto_wire::ids::{AppendId, ConversationId, DisplayName, Millis, Seq, TopicId};
use sotto_wire::limits::ENTRY_VERSION;
use sotto_wire::proto::{self, ErrorCode, SignedItem};
use sotto_wire::receipt::Item as ReceiptItem;
use sotto_wire::topic::{Append, TopicRequest};

use crate::api::{AlarmKind, Event, Failure, MessageState, OutboxKind, OutboxState, Plane, Refusal};
use crate::engine::Work;
use crate::error::{Cause, Step};
use crate::net::TopicPending;
use crate::store::conversations::{Conversation, ConversationKey};
use crate::store::legs::Leg;
use crate::store::messages::{Draft, MessageKey, MessageKind};
use crate::store::outbox::{Item, ItemKey, StagedItem, WaitingMessage};

impl Work<'_> {
    /// Queues an intent.
    pub(crate) fn queue_item(
        &mut self,
        kind: OutboxKind,
        conversation: ConversationKey,
        message: Option<MessageKey>,
        topic: Option<TopicId>,
    ) -> Step<ItemKey> {
        let key = self.db.add_item(kind, conversation, message, topic)?;
        self.moved(key, kind, OutboxState::Queued, topic);
        Ok(key)
    }

    /// Says that an item moved.
    pub(crate) fn moved(
        &mut self,
        key: ItemKey,
        kind: OutboxKind,
        state: OutboxState,
        topic: Option<TopicId>,
    ) {
        self.event(Event::Outbox { item: key.0, kind, state, topic });
    }

    /// Nothing is left to do for it.
    pub(crate) fn finish_item(&mut self, item: &Item) -> Step<()> {
        self.db.remove_item(item.key)?;
        self.net.on_wire.remove(&item.key);
        self.net.gathered.remove(&item.key);
        self.moved(item.key, item.kind, OutboxState::Done, item.topic);
        let asked = std::mem::take(&mut self.net.start_overs);
        for (command, key) in asked {
            if key == item.key {
                self.reply(command, Err(Refusal::GivenUp));
            } else {
                self.net.start_overs.push((command, key));
            }
        }
        Ok(())
    }

    pub(crate) fn set_message_state(
        &mut self,
        key: MessageKey,
        state: MessageState,
        failure: Option<Failure>,
    ) -> Step<()> {
        if self.db.set_message_state(key, state, failure)? {
            let message = self.db.draft(key)?.message;
            self.event(Event::MessageState { message, state, failure });
        }
        Ok(())
    }

    /// What every message of ours authenticates.
    pub(crate) fn auth_data(&self, leg: &Leg) -> Step<proto::AuthenticatedData> {
        let account = self.own_account()?;
        let own_pin = self.db.newest_pin(account)?.ok_or(Cause::Bug("own list is missing"))?;
        let auth = AuthenticatedData { seq: leg.cursor, chain: leg.chain, own_pin, statement: None };
        Ok((&auth).into())
    }

    /// `QUEUED → STAGED` for messages: encrypted in order, in one transaction, before any of them leaves.
    pub(crate) fn stage_messages(
        &mut self,
        conversation: &Conversation,
        leg: &Leg,
        items: &[WaitingMessage],
    ) -> Step<()> {
        let id = conversation.id.ok_or(Cause::Bug("a leg without a conversation"))?;
        let keys = self.account()?.keys();
        let auth = self.auth_data(leg)?;
        let mut payloads = Vec::with_capacity(items.len());
        for item in items {
            let message = item.message;
            // Made once: what was franked is what is delivered, however often it is tried.
            let payload = match self.db.message_payload(message)? {
                Some(made) => made,
                None => {
                    let made = self.payload(conversation, id, &keys, &self.db.draft(message)?)?;
                    self.db.set_message_payload(message, &made)?;
                    made
                }
            };
            payloads.push((item, message, payload));
        }
        let mut append_ids =
            payloads.iter().map(|_| AppendId::random(self.entropy)).collect::<Vec<_>>().into_iter();
        let workspace = Workspace::new(&self.db, self.entropy);
        let mut group =
            Group::load(&workspace, leg.topic)?.ok_or(Cause::Bug("active leg without a group"))?;
        let envelope = group.envelope_key(&workspace)?;
        let mut staged = Vec::with_capacity(payloads.len());
        for (item, message, payload) in payloads {
            let append_id = append_ids.next().ok_or(Cause::Bug("append ids"))?;
            let mls_message = group.encrypt(&workspace, &keys, &payload, &auth)?;
            let address =
                EntryAddress { topic: leg.topic, kind: EntryKind::Application, head: leg.head, append_id };
            let body = seal_entry(&envelope, address, &mls_message).into();
            staged.push((
                item,
                message,
                StagedItem { append_id, head: leg.head, body, mls_message, commit: None },
            ));
        }
        let changes = workspace.into_changes();
        self.db.write_mls(changes)?;
        for (item, message, staged) in staged {
            self.db.stage_item(item.key, leg.topic, &staged)?;
            self.set_message_state(message, MessageState::Queued, None)?;
            self.moved(item.key, OutboxKind::Message, OutboxState::Staged, Some(leg.topic));
        }
        self.more = true;
        Ok(())
    }

    fn payload(
        &mut self,
        conversation: &Conversation,
        id: ConversationId,
        keys: &DeviceKeys,
        draft: &Draft,
    ) -> Step<Vec<u8>> {
        let own_name = self.account()?.display_name.clone().unwrap_or_default();
        let told = conversation.name_sent.as_deref().unwrap_or_default() == own_name;
        let tell = !told || draft.kind == MessageKind::Profile;
        let sender_name = if tell { DisplayName::parse(&own_name).ok() } else { None };
        let body = match (draft.kind, &draft.text) {
            (MessageKind::Text, Some(text)) => Body::Text(text.clone()),
            _ => Body::ProfileChanged,
        };
        let content =
            Content { message_id: draft.message, sent_at: draft.sent_at, sender_name, body }.encode();
        let franking = frank(keys, &content, id, draft.sent_at.minute(), self.entropy);
        let franking = Franking::try_from(&franking).map_err(|_| Cause::Bug("own franking"))?;
        if tell {
            self.db.set_name_sent(conversation.key, &own_name)?;
        }
        Ok(ApplicationPayload { content, franking }.encode().to_vec())
    }

    /// Fresh keys for this device on one leg: `QUEUED → STAGED`.
    pub(crate) fn stage_update(&mut self, leg: &Leg, item: &Item) -> Step<()> {
        let keys = self.account()?.keys();
        let auth = self.auth_data(leg)?;
        let append_id = AppendId::random(self.entropy);
        let workspace = Workspace::new(&self.db, self.entropy);
        let mut group =
            Group::load(&workspace, leg.topic)?.ok_or(Cause::Bug("active leg without a group"))?;
        let envelope = group.envelope_key(&workspace)?;
        let commit = group.stage_update(&workspace, &keys, &auth)?;
        drop(workspace);
        let address =
            EntryAddress { topic: leg.topic, kind: EntryKind::Handshake, head: leg.head, append_id };
        let staged = StagedItem {
            append_id,
            head: leg.head,
            body: seal_entry(&envelope, address, &commit.mls_message).into(),
            mls_message: commit.mls_message,
            commit: Some((commit.staged, commit.base_epoch)),
        };
        self.db.stage_item(item.key, leg.topic, &staged)?;
        self.moved(item.key, item.kind, OutboxState::Staged, Some(leg.topic));
        self.more = true;
        Ok(())
    }

    /// `STAGED → SENT`, or the same bytes again after a lost connection.
    pub(crate) fn send_item(&mut self, item: &Item) -> Step<()> {
        let Some(staged) = item.staged.clone() else { return Err(Cause::Bug("sending what is not staged")) };
        if item.state == OutboxState::Staged {
            self.db.set_item_state(item.key, OutboxState::Sent)?;
            self.moved(item.key, item.kind, OutboxState::Sent, item.topic);
        }
        self.net.on_wire.insert(item.key);
        if item.kind == OutboxKind::OpenLeg {
            return self.send_leg(item, &staged);
        }
        let topic = item.topic.ok_or(Cause::Bug("staged without a topic"))?;
        let leg = self.db.leg(topic)?.ok_or(Cause::Bug("staged without a leg"))?;
        let kind = if staged.commit.is_some() { EntryKind::Handshake } else { EntryKind::Application };
        let append = Append {
            topic,
            capability: leg.capability,
            kind,
            version: ENTRY_VERSION,
            expect_head: staged.head,
            append_id: staged.append_id,
            body: staged.body,
            rotate: None,
            open_slots: Vec::new(),
        };
        self.ask_topic(TopicPending::Append(item.key, staged.append_id), TopicRequest::Append(append));
        Ok(())
    }

    /// The server has it: checked against what was sent, and kept until the entry itself comes back.
    pub(crate) fn appended(&mut self, key: ItemKey, asked: AppendId, signed: &SignedItem) -> Step<()> {
        let Some(item) = self.asked_item(key, asked)? else { return Ok(()) };
        let (Some(topic), Some(staged)) = (item.topic, &item.staged) else { return Ok(()) };
        let Some(receipt) = self.receipt(topic, signed)? else { return self.hang_up(Plane::Topic) };
        let ReceiptItem::Append(receipt) = receipt else { return self.hang_up(Plane::Topic) };
        let fits = receipt.append_id == staged.append_id
            && receipt.body == body_hash(&staged.body)
            && receipt.head == staged.head;
        if !fits {
            self.alarm(AlarmKind::LogFork, Some(item.conversation), &signed.encode_to_vec())?;
            return self.hang_up(Plane::Topic);
        }
        if !matches!(item.state, OutboxState::Staged | OutboxState::Sent) {
            return Ok(());
        }
        self.db.set_item_receipt(key, receipt.seq, &signed.encode_to_vec())?;
        if let Some(message) = item.message {
            self.db.set_item_state(key, OutboxState::Applied)?;
            self.moved(key, item.kind, OutboxState::Applied, item.topic);
            self.set_message_state(message, MessageState::Accepted, None)?;
        }
        Ok(())
    }

    /// Another handshake came first. The bytes are given up or sealed again once the log is read that far.
    pub(crate) fn conflict(&mut self, key: ItemKey, asked: AppendId, head: Seq) -> Step<()> {
        let Some(item) = self.asked_item(key, asked)? else { return Ok(()) };
        let (Some(topic), Some(staged)) = (item.topic, &item.staged) else { return Ok(()) };
        self.net.on_wire.remove(&key);
        if item.kind == OutboxKind::OpenLeg {
            // Nobody else knows the topic: the server made this up. Another topic, later.
            return self.lose_commit(&item);
        }
        let known = self.db.leg(topic)?.map_or(Seq(0), |leg| leg.head);
        if head <= known && staged.head == known {
            // A conflict with what this device knows already is none: no reason to run in circles.
            return self.give_up_bytes(&item, None);
        }
        let ahead = self.net.head_ahead.entry(topic).or_default();
        *ahead = head.max(*ahead);
        if item.kind == OutboxKind::Message {
            self.db.requeue_item(key, false)?;
            self.moved(key, item.kind, OutboxState::Queued, None);
        }
        Ok(())
    }

    /// A commit whose head moved, now that the log is read: the same commit under the new head while the epoch is
    /// the one it was made in; otherwise it is lost.
    pub(crate) fn settle_commit(&mut self, leg: &Leg, item: &Item) -> Step<()> {
        let Some(staged) = &item.staged else { return Ok(()) };
        let Some((_, base_epoch)) = staged.commit else { return Ok(()) };
        let append_id = AppendId::random(self.entropy);
        let workspace = Workspace::new(&self.db, self.entropy);
        let group = Group::load(&workspace, leg.topic)?;
        let envelope = group.as_ref().map(|group| group.envelope_key(&workspace)).transpose()?;
        drop(workspace);
        match (group, envelope) {
            (Some(group), Some(envelope)) if group.epoch() == base_epoch => {
                let address =
                    EntryAddress { topic: leg.topic, kind: EntryKind::Handshake, head: leg.head, append_id };
                let body = seal_entry(&envelope, address, &staged.mls_message).into();
                let again = StagedItem { append_id, head: leg.head, body, ..staged.clone() };
                self.db.stage_item(item.key, leg.topic, &again)?;
                self.moved(item.key, item.kind, OutboxState::Staged, Some(leg.topic));
                self.more = true;
                Ok(())
            }
            _ => self.lose_commit(item),
        }
    }

    /// `LOST`: keys that were to be fresh will be so another time; a leg is opened anew on another topic.
    pub(crate) fn lose_commit(&mut self, item: &Item) -> Step<()> {
        self.net.on_wire.remove(&item.key);
        match item.kind {
            OutboxKind::OpenLeg => {
                if let Some(topic) = item.topic {
                    self.retire_leg(topic)?;
                }
                self.db.requeue_item(item.key, false)?;
                self.moved(item.key, item.kind, OutboxState::Queued, None);
                self.back_off(item)
            }
            OutboxKind::SelfUpdate | OutboxKind::Message => self.finish_item(item),
        }
    }

    pub(crate) fn append_refused(
        &mut self,
        key: ItemKey,
        asked: AppendId,
        refusal: ServerRefusal,
    ) -> Step<()> {
        let Some(item) = self.asked_item(key, asked)? else { return Ok(()) };
        self.net.on_wire.remove(&key);
        match refusal.code {
            ErrorCode::TopicUnknown
            | ErrorCode::TopicClosed
            | ErrorCode::TopicExists
            | ErrorCode::CapabilityRefused => {
                if item.kind != OutboxKind::OpenLeg {
                    if let Some(topic) = item.topic {
                        self.break_leg(topic)?;
                    }
                    return Ok(());
                }
                self.lose_commit(&item)
            }
            _ => self.give_up_bytes(&item, refusal.retry_after.map(|wait| wait.as_millis() as u64 + 1)),
        }
    }

    /// Refused for now. A message is encrypted anew when its time comes: its readers keep few skipped keys, and others
    /// may have passed it. From here on the topic takes one at a time.
    fn give_up_bytes(&mut self, item: &Item, wait_ms: Option<u64>) -> Step<()> {
        if item.kind == OutboxKind::Message {
            self.net.one_by_one.extend(item.topic);
            self.db.requeue_item(item.key, false)?;
            self.moved(item.key, item.kind, OutboxState::Queued, None);
        }
        match wait_ms {
            Some(wait) => self.db.delay_item(item.key, Millis(self.now.0 + wait)),
            None => self.back_off(item),
        }
    }

    /// The item an answer is about, while it is still the one that was asked for: a staging since then has another
    /// append id.
    fn asked_item(&self, key: ItemKey, asked: AppendId) -> Step<Option<Item>> {
        let item = self.db.item(key)?;
        Ok(item.filter(|item| item.staged.as_ref().is_some_and(|staged| staged.append_id == asked)))
    }
}
