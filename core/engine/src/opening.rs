//! Opening a leg: topic, group, first commit, Welcomes. Protocol §§4-6.

use ed25519_dalek::SigningKey;
use prost::Message;
use sotto_identity::DeviceList;
use sotto_secrecy::{
    EntryAddress, Group, SecrecyError, Workspace, key_package_reference, seal, seal_entry, welcome_for,
};

use sotto_wire::digest::{EntryKind, chain_start};
use sotto_wire::frames::Refusal as ServerRefusal;
use sotto_wire::ids::{
    AccountId, AppendId, Capability, ConversationId, Generation, Millis, Minute, Seq, SlotId, SlotSecret,
    TopicId,
};
use sotto_wire::limits::{CONTROL_KEYS_MAX, ENTRY_VERSION, GIVEN_UP_LEGS_MAX, PROTOCOL, SUITE};
use sotto_wire::proto::{self, ErrorCode};
use sotto_wire::topic::{Append, ControlKeys, CreateTopic, DropInInbox, NewSlot, OpenSlot, TopicRequest};
use zeroize::Zeroizing;

use crate::account_plane::hint_of;
use crate::api::{AlarmKind, MessageState, OutboxKind, OutboxState, Reply};
use crate::contact::{ClaimedKey, Ready};
use crate::engine::Work;
use crate::error::{Cause, Step};
use crate::genesis::public;
use crate::limits::{DROP_GOOD_MS, TAKEN_BACK_MAX};
use crate::net::TopicPending;
use crate::store::conversations::ConversationKey;
use crate::store::legs::{Leg, LegState};
use crate::store::outbox::{Item, ItemKey, StagedItem, WelcomeRow};

impl Work<'_> {
    /// The item that opens a new leg of this conversation: the one under way, or a new one.
    pub(crate) fn ensure_leg(&mut self, conversation: ConversationKey) -> Step<ItemKey> {
        let under_way = self.db.commits_of(conversation)?;
        let open = |item: &&Item| {
            item.kind == OutboxKind::OpenLeg
                && matches!(item.state, OutboxState::Queued | OutboxState::Staged)
        };
        match under_way.iter().find(open) {
            Some(item) => Ok(item.key),
            None => self.queue_item(OutboxKind::OpenLeg, conversation, None, None),
        }
    }

    /// `QUEUED → STAGED`: group, leg, first commit and Welcomes are on disk; nothing has left.
    pub(crate) fn stage_leg(&mut self, item: &Item, ready: Ready) -> Step<()> {
        let topic = TopicId::random(self.entropy);
        let leg = self.new_leg(item.conversation, topic)?;
        let own_account = self.own_account()?;
        let own_list = self.db.newest_list(own_account)?.ok_or(Cause::Bug("own list is missing"))?;
        let state = group_state(&ready, own_account, &own_list, leg.leg_no);
        let keys = self.account()?.keys();
        let workspace = Workspace::new(&self.db, self.entropy);
        Group::create(&workspace, &keys, topic, state)?;
        let changes = workspace.into_changes();
        self.db.write_mls(changes)?;

        let auth = self.auth_data(&leg)?;
        let workspace = Workspace::new(&self.db, self.entropy);
        let mut group = Group::load(&workspace, topic)?.ok_or(Cause::Bug("created group is missing"))?;
        let adds: Vec<_> = ready.keys.iter().map(|key| key.package.clone()).collect();
        let commit = match group.stage_add(&workspace, &keys, &adds, &auth) {
            Ok(commit) => commit,
            // Their package does not fit a group of ours: nothing that trying again would mend.
            Err(SecrecyError::Refused(what)) => {
                drop(workspace);
                self.forget_group(topic)?;
                return self.refuse_contact(item.key, AlarmKind::ContactKeyRefused, what.as_bytes());
            }
            Err(error) => return Err(error.into()),
        };
        let envelope = group.envelope_key(&workspace)?;
        drop(workspace);

        let append_id = AppendId::random(self.entropy);
        let address = EntryAddress { topic, kind: EntryKind::Handshake, head: leg.head, append_id };
        let staged = StagedItem {
            append_id,
            head: leg.head,
            body: seal_entry(&envelope, address, &commit.mls_message).into(),
            mls_message: commit.mls_message,
            commit: Some((commit.staged, commit.base_epoch)),
        };
        self.db.put_leg(&leg)?;
        self.db.stage_item(item.key, topic, &staged)?;
        let welcome = commit.welcome.ok_or(Cause::Bug("an add without a welcome"))?;
        self.add_welcomes(item.key, &leg, &ready, &welcome, &commit.ratchet_tree)?;
        self.moved(item.key, OutboxKind::OpenLeg, OutboxState::Staged, Some(topic));
        self.more = true;
        Ok(())
    }

    /// Deletes the MLS state of a topic that is not used any more.
    pub(crate) fn forget_group(&mut self, topic: TopicId) -> Step<()> {
        let workspace = Workspace::new(&self.db, self.entropy);
        if let Some(group) = Group::load(&workspace, topic)? {
            group.delete(&workspace)?;
            let changes = workspace.into_changes();
            self.db.write_mls(changes)?;
        }
        Ok(())
    }

    fn new_leg(&mut self, conversation: ConversationKey, topic: TopicId) -> Step<Leg> {
        let newest = self.db.legs_of(conversation)?.iter().map(|leg| leg.leg_no).max();
        Ok(Leg {
            topic,
            conversation,
            leg_no: newest.unwrap_or(0).saturating_add(1),
            state: LegState::Opening,
            slot: SlotId::random(self.entropy),
            slot_secret: SlotSecret::random(self.entropy),
            next_slot_secret: None,
            capability: Capability::random(self.entropy),
            generation: Generation(0),
            control_secret: self.random_secret(),
            cursor: Seq(0),
            chain: chain_start(topic),
            head: Seq(0),
            acked: Seq(0),
            heard: Minute(0),
            minute: Minute(0),
            sorted_to: Millis(0),
            update_due: None,
            signed: None,
            discard_to: Seq(0),
            invited_at: Millis(0),
        })
    }

    fn random_secret(&mut self) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new([0; 32]);
        self.entropy.fill_bytes(secret.as_mut());
        secret
    }

    fn add_welcomes(
        &mut self,
        item: ItemKey,
        leg: &Leg,
        ready: &Ready,
        mls_welcome: &[u8],
        ratchet_tree: &[u8],
    ) -> Step<()> {
        for key in &ready.keys {
            // Each device gets its own secrets only: the others' are nobody else's business.
            let workspace = Workspace::new(&self.db, self.entropy);
            let reference = key_package_reference(&workspace, &key.package.mls_key_package)?;
            drop(workspace);
            let own_part =
                welcome_for(mls_welcome, &reference).ok_or(Cause::Bug("welcome without its reader"))?;
            let row = self.welcome_row(leg, ready, key, &own_part, ratchet_tree)?;
            self.db.add_welcome(item, &row)?;
        }
        Ok(())
    }

    fn welcome_row(
        &mut self,
        leg: &Leg,
        ready: &Ready,
        key: &ClaimedKey,
        mls_welcome: &[u8],
        ratchet_tree: &[u8],
    ) -> Step<WelcomeRow> {
        let (slot, secret) = (SlotId::random(self.entropy), SlotSecret::random(self.entropy));
        let control = self.random_secret();
        let own = self.own_account()?;
        let mut lists = Vec::new();
        for account in [own, ready.peer] {
            let signed = self.db.lists(account)?.iter().map(Into::into).collect();
            lists.push(proto::PinnedLists { account_id: account.into(), lists: signed });
        }
        let account = self.account()?;
        let log_key = account.log_key.ok_or(Cause::Bug("no server key"))?;
        let welcome = proto::Welcome {
            topic: leg.topic.into(),
            host: self.net.topic.hello().map(|hello| hello.host.as_str().to_owned()).unwrap_or_default(),
            mls_welcome: mls_welcome.to_vec().into(),
            ratchet_tree: ratchet_tree.to_vec().into(),
            lists,
            capability: leg.capability.expose().to_vec().into(),
            generation: leg.generation.0,
            slot: slot.into(),
            slot_secret: secret.expose().to_vec().into(),
            start_seq: 0,
            chain: Default::default(),
            leg_no: leg.leg_no,
            control_secret: control.to_vec().into(),
            sender_handle: account.handle.as_str().to_owned(),
            log_key: log_key.into(),
            given_up: self.given_up(leg)?,
        };
        Ok(WelcomeRow {
            key: 0,
            account: key.package.account,
            device: key.package.device,
            drop_capability: key.drop_capability.clone(),
            seal_key: key.package.seal_key.to_vec(),
            slot,
            slot_hash: secret.hash(),
            welcome: welcome.encode_to_vec(),
            sealed: None,
            claimed_at: self.now,
        })
    }

    /// Legs before this one that are read no more, and how far they were: what the peer wrote after that leaves again.
    fn given_up(&self, new: &Leg) -> Step<Vec<proto::GivenUpLeg>> {
        let legs = self.db.legs_of(new.conversation)?;
        // At cursor 0 it was never opened: nobody else knows it.
        let over = legs.iter().filter(|leg| leg.state == LegState::Closed && leg.cursor > Seq(0));
        Ok(over
            .take(GIVEN_UP_LEGS_MAX)
            .map(|leg| proto::GivenUpLeg {
                topic: leg.topic.into(),
                // What was written to somebody who had shut the writer out is not asked for either.
                read_to: leg.cursor.max(leg.discard_to).0,
            })
            .collect())
    }

    /// `STAGED → SENT`, or again after a lost connection: every step is idempotent.
    pub(crate) fn send_leg(&mut self, item: &Item, staged: &StagedItem) -> Step<()> {
        let topic = item.topic.ok_or(Cause::Bug("staged without a topic"))?;
        let leg = self.db.leg(topic)?.ok_or(Cause::Bug("staged without a leg"))?;
        let welcomes = self.db.welcomes_of(item.key)?;
        let mut control_keys = vec![public(&SigningKey::from_bytes(&leg.control_secret))];
        for row in &welcomes {
            let secret = control_secret(&row.welcome)?;
            control_keys.push(public(&SigningKey::from_bytes(&secret)));
        }
        // A contact with as many devices as there may be: the first of them can repair the topic.
        control_keys.truncate(CONTROL_KEYS_MAX);
        let create = CreateTopic {
            token: None,
            topic,
            capability: leg.capability.hash(),
            control_keys: ControlKeys::new(control_keys).map_err(|_| Cause::Bug("control keys"))?,
            ttl: None,
        };
        let slot = NewSlot { slot: leg.slot, secret: leg.slot_secret.hash() };
        let open = OpenSlot { topic, capability: leg.capability.clone(), slot };
        let append = Append {
            topic,
            capability: leg.capability.clone(),
            kind: EntryKind::Handshake,
            version: ENTRY_VERSION,
            expect_head: staged.head,
            append_id: staged.append_id,
            body: staged.body.clone(),
            rotate: None,
            open_slots: welcomes
                .iter()
                .map(|row| NewSlot { slot: row.slot, secret: row.slot_hash })
                .collect(),
        };
        self.ask_topic(TopicPending::CreateTopic, TopicRequest::CreateTopic(create));
        self.ask_topic(TopicPending::OpenSlot(item.key, topic), TopicRequest::OpenSlot(open));
        self.ask_topic(TopicPending::Append(item.key, staged.append_id), TopicRequest::Append(append));
        Ok(())
    }

    /// Delivers what is left of an accepted commit's Welcomes; without any the item is posted.
    pub(crate) fn post_welcomes(&mut self, item: &Item) -> Step<()> {
        let rows = self.db.welcomes_of(item.key)?;
        if rows.is_empty() {
            self.db.set_item_state(item.key, OutboxState::Posted)?;
            self.moved(item.key, item.kind, OutboxState::Posted, item.topic);
            self.answer_start_overs(item.key);
            let acked = match (item.topic, item.seq) {
                (Some(topic), Some(seq)) => self.db.leg(topic)?.is_none_or(|leg| leg.acked >= seq),
                _ => true,
            };
            return if acked { self.finish_item(item) } else { Ok(()) };
        }
        for row in rows {
            let key = (item.key, row.key);
            let asked = |pending: &TopicPending| matches!(pending, TopicPending::Drop(item, row) if (*item, *row) == key);
            if self.net.topic.is_waiting(asked) {
                continue;
            }
            let sealed = match row.sealed {
                Some(sealed) => sealed,
                None => self.seal_welcome(item, &row)?.into(),
            };
            let request = DropInInbox {
                account: row.account,
                device: row.device,
                capability: row.drop_capability,
                sealed,
            };
            self.ask_topic(TopicPending::Drop(item.key, row.key), TopicRequest::DropInInbox(request));
        }
        Ok(())
    }

    fn seal_welcome(&mut self, item: &Item, row: &WelcomeRow) -> Step<Vec<u8>> {
        let (Some(topic), Some(seq)) = (item.topic, item.seq) else {
            return Err(Cause::Bug("applied nowhere"));
        };
        let chain = self.db.chain_at(topic, seq)?.ok_or(Cause::Bug("chain of own commit is gone"))?;
        let mut welcome =
            proto::Welcome::decode(row.welcome.as_slice()).map_err(|_| Cause::Bug("stored welcome"))?;
        welcome.start_seq = seq.0;
        welcome.chain = chain.into();
        let content = proto::InboxContent { content: Some(proto::inbox_content::Content::Welcome(welcome)) };
        let workspace = Workspace::new(&self.db, self.entropy);
        let mut sealed = hint_of(&row.seal_key).to_vec();
        sealed.extend(seal(&workspace, &row.seal_key, &content.encode_to_vec())?);
        drop(workspace);
        self.db.seal_welcome(row.key, &sealed)?;
        Ok(sealed)
    }

    pub(crate) fn dropped(
        &mut self,
        item: ItemKey,
        row: i64,
        outcome: Result<(), ServerRefusal>,
    ) -> Step<()> {
        let Some(current) = self.db.item(item)? else { return Ok(()) };
        match outcome {
            Ok(()) => {
                self.db.remove_welcome(row)?;
                if let Some(mut leg) = current.topic.map(|topic| self.db.leg(topic)).transpose()?.flatten() {
                    leg.invited_at = self.now;
                    self.db.put_leg(&leg)?;
                }
                if self.db.welcomes_of(item)?.is_empty() {
                    return self.post_welcomes(&current);
                }
                Ok(())
            }
            // The right to drop is gone (expired): only a new claim, so a new leg, reaches the device.
            Err(refusal) if matches!(refusal.code, ErrorCode::DropRefused | ErrorCode::AccountUnknown) => {
                let claimed_at = self.db.take_welcome(row)?;
                self.uninvited(&current, claimed_at)
            }
            Err(refusal) => self.delay(item, refusal),
        }
    }

    /// Nobody can be let into the leg: what was written on it goes to the one that is opened instead. Readers tell
    /// repeated messages by their id.
    fn uninvited(&mut self, item: &Item, claimed_at: Millis) -> Step<()> {
        let Some(topic) = item.topic else { return Ok(()) };
        if self.now.0.saturating_sub(claimed_at.0) < DROP_GOOD_MS {
            self.alarm(AlarmKind::WelcomeRefused, Some(item.conversation), topic.as_bytes())?;
        }
        self.take_back(item.conversation, topic, Seq(0))?;
        self.db.requeue_item(item.key, false)?;
        self.net.on_wire.remove(&item.key);
        self.moved(item.key, item.kind, OutboxState::Queued, None);
        self.back_off(item)?;
        self.break_leg(topic)
    }

    /// The peer reads this leg no more, and did so up to there. What this device wrote after that leaves again, on a leg
    /// that is read.
    pub(crate) fn peer_gave_up(
        &mut self,
        conversation: ConversationKey,
        topic: TopicId,
        read_to: Seq,
    ) -> Step<()> {
        let Some(leg) = self.db.leg(topic)?.filter(|leg| leg.conversation == conversation) else {
            return Ok(());
        };
        self.break_leg(leg.topic)?;
        for item in self.db.items_of(conversation, usize::MAX)? {
            let unread = item.seq.is_none_or(|seq| seq > read_to);
            if item.topic == Some(topic) && item.message.is_some() && unread {
                self.withdraw(&item)?;
            }
        }
        self.take_back(conversation, topic, read_to)
    }

    /// Own messages that stand on a topic after this entry go back to the outbox.
    fn take_back(&mut self, conversation: ConversationKey, topic: TopicId, after: Seq) -> Step<()> {
        for message in self.db.take_own_messages_on(topic, after, TAKEN_BACK_MAX)? {
            self.set_message_state(message, MessageState::Queued, None)?;
            self.queue_item(OutboxKind::Message, conversation, Some(message), None)?;
        }
        Ok(())
    }

    fn answer_start_overs(&mut self, item: ItemKey) {
        let (done, waiting) =
            std::mem::take(&mut self.net.start_overs).into_iter().partition(|(_, key)| *key == item);
        self.net.start_overs = waiting;
        let done: Vec<(crate::api::CommandId, ItemKey)> = done;
        for (command, _) in done {
            self.reply(command, Ok(Reply::Done));
        }
    }
}

fn control_secret(welcome: &[u8]) -> Step<Zeroizing<[u8; 32]>> {
    let welcome = proto::Welcome::decode(welcome).map_err(|_| Cause::Bug("stored welcome"))?;
    <[u8; 32]>::try_from(welcome.control_secret.as_ref())
        .map(Zeroizing::new)
        .map_err(|_| Cause::Bug("stored control secret"))
}

/// What secrecy needs of a key package that identity verified.
fn group_state(ready: &Ready, own: AccountId, own_list: &DeviceList, leg_no: u32) -> proto::GroupState {
    let added: Vec<_> = ready.keys.iter().map(|key| key.package.device).collect();
    let pending = ready.list.devices().iter().map(|device| device.id).filter(|id| !added.contains(id));
    let mut members = vec![
        member(own, own_list, Vec::new()),
        member(ready.peer, &ready.list, pending.map(Into::into).collect()),
    ];
    members.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    proto::GroupState {
        protocol: PROTOCOL,
        conversation: conversation_bytes(ready.conversation),
        suite: SUITE.into(),
        members,
        leg_no,
        direct: true,
    }
}

fn conversation_bytes(conversation: ConversationId) -> bytes::Bytes {
    conversation.into()
}

fn member(account: AccountId, list: &DeviceList, pending_devices: Vec<bytes::Bytes>) -> proto::MemberPin {
    proto::MemberPin {
        account_id: account.into(),
        pin: Some(list.pin().into()),
        role: proto::Role::Owner.into(),
        pending_devices,
    }
}
