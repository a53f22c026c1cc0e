//! First contact: whose handle it is, which devices they have, one key package for each. Protocol §7.

use prost::Message;
use sotto_identity::{DeviceList, KeyPackageError, VerifiedKeyPackage};
use sotto_secrecy::{SecrecyError, Workspace, key_package_reference, seal};
use sotto_wire::frames::Refusal as ServerRefusal;
use sotto_wire::ids::{AccountId, ConversationId, DeviceId, DropCapability, Handle};
use sotto_wire::proto::{self, ErrorCode};
use sotto_wire::signed::{SignedKeyPackage, SignedList};
use sotto_wire::topic::{ClaimKeyPackage, TopicRequest};

use crate::api::{AlarmKind, Failure, MessageState, OutboxKind, OutboxState, Standing};
use crate::engine::Work;
use crate::error::{Cause, Step};
use crate::limits::{RETRY_MS_FIRST, RETRY_MS_MAX};
use crate::net::TopicPending;
use crate::store::conversations::ConversationKey;
use crate::store::messages::MessageKey;
use crate::store::outbox::{Item, ItemKey};

/// What became of claiming one device's key package.
#[derive(Debug)]
pub(crate) enum Claim {
    Asked,
    Got(Box<ClaimedKey>),
    /// The device has none to take now.
    Nothing,
}

/// A key package that verified, and the right to drop one Welcome.
#[derive(Debug)]
pub(crate) struct ClaimedKey {
    pub(crate) package: VerifiedKeyPackage,
    pub(crate) drop_capability: DropCapability,
}

/// All that is needed to open a leg.
pub(crate) struct Ready {
    pub(crate) peer: AccountId,
    pub(crate) conversation: ConversationId,
    pub(crate) list: DeviceList,
    pub(crate) keys: Vec<ClaimedKey>,
}

impl Work<'_> {
    /// Asks whose handle it is, unless asked already.
    pub(crate) fn look_up(&mut self, key: ConversationKey) -> Step<()> {
        let asked = |pending: &TopicPending| matches!(pending, TopicPending::LookUp(other) if *other == key);
        if self.net.topic.is_waiting(asked) {
            return Ok(());
        }
        if let Some(handle) = self.db.conversation(key)?.handle {
            self.ask_topic(TopicPending::LookUp(key), TopicRequest::LookUpHandle { handle, token: None });
        }
        Ok(())
    }

    pub(crate) fn looked_up(
        &mut self,
        key: ConversationKey,
        outcome: Result<AccountId, ServerRefusal>,
    ) -> Step<()> {
        match outcome {
            Ok(peer) if peer == self.own_account()? => self.fail_conversation(key, Failure::HandleUnknown),
            Ok(peer) => {
                let id = ConversationId::direct(self.own_account()?, peer);
                let key = self.db.resolve_conversation(key, id, peer)?;
                // Their request came while ours was on its way: who writes has accepted.
                match self.db.conversation(key)?.standing {
                    Standing::Request | Standing::Declined => self.db.set_standing(key, Standing::Open)?,
                    Standing::Blocked => self.fail_conversation(key, Failure::HandleUnknown)?,
                    Standing::Open => {}
                }
                self.show_conversation(key)
            }
            Err(refusal) if refusal.code == ErrorCode::HandleUnknown => {
                self.fail_conversation(key, Failure::HandleUnknown)
            }
            Err(refusal) => self.delay_conversation(key, refusal),
        }
    }

    /// Checks the handle that a Welcome claimed: shown only if the server says the same.
    pub(crate) fn check_handles(&mut self) -> Step<()> {
        for (key, handle) in self.db.claimed_handles()? {
            if !self.net.handles_asked.insert(key) {
                continue;
            }
            let request = TopicRequest::LookUpHandle { handle: handle.clone(), token: None };
            self.ask_topic(TopicPending::CheckHandle(key, handle), request);
        }
        Ok(())
    }

    pub(crate) fn handle_checked(
        &mut self,
        key: ConversationKey,
        handle: &Handle,
        outcome: Result<AccountId, ServerRefusal>,
    ) -> Step<()> {
        let known = self.db.conversation(key)?;
        match outcome {
            Ok(account) if known.peer == Some(account) => {
                self.db.set_conversation_handle(key, handle)?;
                self.db.set_claimed_handle(key, None)?;
                self.show_conversation(key)
            }
            // Somebody else's, or nobody's: the claim was false and is not shown.
            Ok(_) => self.db.set_claimed_handle(key, None),
            Err(refusal) if refusal.code == ErrorCode::HandleUnknown => self.db.set_claimed_handle(key, None),
            Err(_) => Ok(()),
        }
    }

    /// Gathers what opening a leg needs, one round trip at a time; none while something is missing.
    pub(crate) fn gather(&mut self, item: &Item) -> Step<Option<Ready>> {
        let conversation = self.db.conversation(item.conversation)?;
        let (Some(id), Some(peer)) = (conversation.id, conversation.peer) else { return Ok(None) };
        if self.clock_off().is_some() {
            return Ok(None);
        }
        if !self.net.gathered.entry(item.key).or_default().lists_fresh {
            return self.fetch_lists(item.key, peer).map(|()| None);
        }
        let Some(list) = self.db.newest_list(peer)? else {
            return self.refuse_contact(item.key, AlarmKind::ContactKeyRefused, b"no list").map(|()| None);
        };
        self.claim_missing(item.key, peer, &list);
        let Some(gathered) = self.net.gathered.get_mut(&item.key) else { return Ok(None) };
        if gathered.claims.values().any(|claim| matches!(claim, Claim::Asked)) {
            return Ok(None);
        }
        let claims = std::mem::take(&mut gathered.claims);
        let mut keys: Vec<_> = claims
            .into_values()
            .filter_map(|claim| match claim {
                Claim::Got(key) => Some(*key),
                Claim::Asked | Claim::Nothing => None,
            })
            .collect();
        self.net.gathered.remove(&item.key);
        if keys.is_empty() {
            return self.wait_for_key(item).map(|()| None);
        }
        keys.sort_by_key(|key| key.package.device);
        Ok(Some(Ready { peer, conversation: id, list, keys }))
    }

    fn fetch_lists(&mut self, item: ItemKey, peer: AccountId) -> Step<()> {
        let asked =
            |pending: &TopicPending| matches!(pending, TopicPending::Lists(other, _) if *other == item);
        if !self.net.topic.is_waiting(asked) {
            let after = self.db.newest_list(peer)?.map(|list| list.pin());
            self.ask_topic(
                TopicPending::Lists(item, peer),
                TopicRequest::FetchLists { account: peer, after },
            );
        }
        Ok(())
    }

    fn claim_missing(&mut self, item: ItemKey, peer: AccountId, list: &DeviceList) {
        for device in list.devices().iter().map(|device| device.id) {
            let claims = &mut self.net.gathered.entry(item).or_default().claims;
            if claims.contains_key(&device) {
                continue;
            }
            claims.insert(device, Claim::Asked);
            let request = ClaimKeyPackage { account: peer, device, token: None };
            self.ask_topic(TopicPending::Claim(item, peer, device), TopicRequest::ClaimKeyPackage(request));
        }
    }

    pub(crate) fn lists_arrived(
        &mut self,
        item: ItemKey,
        peer: AccountId,
        outcome: Result<Vec<SignedList>, ServerRefusal>,
    ) -> Step<()> {
        let lists = match outcome {
            Ok(lists) => lists,
            Err(refusal) if refusal.code == ErrorCode::AccountUnknown => {
                return self.refuse_contact(item, AlarmKind::ContactKeyRefused, b"account unknown");
            }
            Err(refusal) => return self.delay(item, refusal),
        };
        let known = self.db.newest_list(peer)?;
        match verify_lists(peer, known, &lists) {
            Some(verified) => {
                self.db.add_lists(peer, &verified)?;
                self.net.gathered.entry(item).or_default().lists_fresh = true;
                Ok(())
            }
            None => {
                let evidence = proto::Lists { lists: lists.iter().map(Into::into).collect() }.encode_to_vec();
                self.refuse_contact(item, AlarmKind::ContactListConflict, &evidence)
            }
        }
    }

    pub(crate) fn claimed(
        &mut self,
        item: ItemKey,
        peer: AccountId,
        device: DeviceId,
        outcome: Result<(SignedKeyPackage, DropCapability), ServerRefusal>,
    ) -> Step<()> {
        let claim = match outcome {
            Err(refusal) if refusal.code == ErrorCode::NoKeyPackage => Claim::Nothing,
            Err(refusal) => return self.delay(item, refusal),
            Ok((signed, drop_capability)) => {
                let list = self.db.newest_list(peer)?.ok_or(Cause::Bug("claim without a list"))?;
                match VerifiedKeyPackage::verify(&signed, &list, device, self.now) {
                    Ok(package) if !self.is_usable(&package)? => {
                        let evidence = proto::SignedKeyPackage::from(&signed).encode_to_vec();
                        return self.refuse_contact(item, AlarmKind::ContactKeyRefused, &evidence);
                    }
                    Ok(package) => Claim::Got(Box::new(ClaimedKey { package, drop_capability })),
                    Err(KeyPackageError::Expired { .. }) => Claim::Nothing,
                    Err(_) => {
                        let evidence = proto::SignedKeyPackage::from(&signed).encode_to_vec();
                        return self.refuse_contact(item, AlarmKind::ContactKeyRefused, &evidence);
                    }
                }
            }
        };
        self.net.gathered.entry(item).or_default().claims.insert(device, claim);
        Ok(())
    }

    /// A package may be signed by the right device and still be nothing that anyone can be added with.
    fn is_usable(&mut self, package: &VerifiedKeyPackage) -> Step<bool> {
        let workspace = Workspace::new(&self.db, self.entropy);
        let tried = key_package_reference(&workspace, &package.mls_key_package)
            .and_then(|_| seal(&workspace, &package.seal_key, b""));
        match tried {
            Ok(_) => Ok(true),
            Err(SecrecyError::Refused(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Nobody's device has a key to take: it goes on by itself once there is one.
    fn wait_for_key(&mut self, item: &Item) -> Step<()> {
        self.back_off(item)?;
        for waiting in self.db.items_of(item.conversation, usize::MAX)? {
            if let (Some(message), OutboxState::Queued) = (waiting.message, waiting.state) {
                self.set_message_state(message, MessageState::WaitingForKey, None)?;
            }
        }
        Ok(())
    }

    /// The contact's keys do not verify: nothing is encrypted to them. The messages stay, and can be tried again.
    pub(crate) fn refuse_contact(&mut self, item: ItemKey, kind: AlarmKind, evidence: &[u8]) -> Step<()> {
        self.net.gathered.remove(&item);
        let Some(item) = self.db.item(item)? else { return Ok(()) };
        self.alarm(kind, Some(item.conversation), evidence)?;
        self.fail_conversation(item.conversation, Failure::KeyRefused)
    }

    /// Every queued message of the conversation fails, and what would have opened a leg is given up.
    pub(crate) fn fail_conversation(&mut self, key: ConversationKey, failure: Failure) -> Step<()> {
        for item in self.db.items_of(key, usize::MAX)? {
            match (item.kind, item.state, item.message) {
                (OutboxKind::Message, OutboxState::Queued, Some(message)) => {
                    self.fail_message(message, Some(failure))?;
                    self.finish_item(&item)?;
                }
                (OutboxKind::OpenLeg, OutboxState::Queued, _) => self.finish_item(&item)?,
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn fail_message(&mut self, message: MessageKey, failure: Option<Failure>) -> Step<()> {
        self.set_message_state(message, MessageState::Failed, failure)
    }

    /// The server asks to wait, or cannot now.
    pub(crate) fn delay(&mut self, item: ItemKey, refusal: ServerRefusal) -> Step<()> {
        self.net.gathered.remove(&item);
        let Some(item) = self.db.item(item)? else { return Ok(()) };
        match refusal.retry_after {
            Some(wait) => {
                let until = sotto_wire::ids::Millis(self.now.0 + wait.as_millis() as u64 + 1);
                self.db.delay_item(item.key, until)
            }
            None => self.back_off(&item),
        }
    }

    fn delay_conversation(&mut self, key: ConversationKey, refusal: ServerRefusal) -> Step<()> {
        for item in self.db.items_of(key, usize::MAX)? {
            self.delay(item.key, refusal)?;
        }
        Ok(())
    }

    pub(crate) fn back_off(&mut self, item: &Item) -> Step<()> {
        let step = RETRY_MS_FIRST.saturating_mul(1 << item.attempts.min(16)).min(RETRY_MS_MAX);
        let wait = step / 2 + self.random_below(step / 2 + 1);
        self.db.delay_item(item.key, sotto_wire::ids::Millis(self.now.0 + wait))
    }
}

/// The new lists, each proved by the one before; none when one is not.
pub(crate) fn verify_lists(
    account: AccountId,
    known: Option<DeviceList>,
    lists: &[SignedList],
) -> Option<Vec<(SignedList, DeviceList)>> {
    let mut newest = known;
    let mut verified = Vec::with_capacity(lists.len());
    for signed in lists {
        let list = match &newest {
            None => DeviceList::genesis(account, signed),
            Some(before) => before.successor(signed),
        };
        let list = list.ok()?;
        newest = Some(list.clone());
        verified.push((signed.clone(), list));
    }
    newest.map(|_| verified)
}
