//! The inbox: Welcomes that let this device into a leg. Protocol §5.

use bytes::Bytes;
use sotto_identity::DeviceList;
use sotto_secrecy::{Group, JoinError, Workspace, check_membership, open_sealed};
use sotto_wire::account::InboxItem;
use sotto_wire::content::{GroupKind, GroupState, InboxContent, Welcome};
use sotto_wire::error::Reason;
use sotto_wire::ids::{AccountId, ConversationId, Millis, Minute, Seq, SlotSecret};
use sotto_wire::signed::SignedList;
use zeroize::Zeroizing;

use crate::api::{AlarmKind, Event, OutboxKind, OutboxState, Standing, Target};
use crate::contact::verify_lists;
use crate::engine::Work;
use crate::error::{Cause, Step, StorageError};
use crate::limits::{CHAINS_KEPT, LEGS_READ_MAX, WELCOME_WAITS_MS};
use crate::query;
use crate::store::conversations::{Conversation, ConversationKey};
use crate::store::key_packages::Hint;
use crate::store::legs::{Leg, LegState};

/// Why an inbox item leads nowhere.
enum Refused {
    /// It contradicts what is known, or was tampered with: recorded, shown.
    Alarm(AlarmKind),
    /// From somebody blocked, or seen before: nothing to say.
    Silently,
}

/// One account's chain of lists, verified from genesis.
type Verified = (AccountId, Vec<(SignedList, DeviceList)>);

/// A Welcome that leads into a conversation we may have.
struct Joined {
    group: GroupState,
    peer: AccountId,
    lists: Vec<Verified>,
    changes: sotto_secrecy::Changes,
}

impl Work<'_> {
    pub(crate) fn inbox_items(&mut self, items: &[InboxItem]) -> Step<()> {
        for item in items {
            if self.db.inbox_item_is_new(item)? {
                self.inbox_item(item)?;
            }
            self.net.inbox_waiting = self.net.inbox_waiting.map(|waiting| waiting.saturating_sub(1));
        }
        self.ack_inbox(items.iter().map(|item| item.key).collect());
        Ok(())
    }

    fn inbox_item(&mut self, item: &InboxItem) -> Step<()> {
        match self.open_item(&item.sealed)? {
            Ok((hint, InboxContent::Welcome(welcome))) => match self.join(&welcome)? {
                Ok(joined) => {
                    self.db.spend_key_package(hint)?;
                    self.ask_status();
                    self.enter(&welcome, joined)
                }
                Err(refused) => self.refuse_item(item, &refused),
            },
            Err(refused) => self.refuse_item(item, &refused),
        }
    }

    fn refuse_item(&mut self, item: &InboxItem, refused: &Refused) -> Step<()> {
        match refused {
            Refused::Silently => Ok(()),
            Refused::Alarm(kind) => self.alarm(*kind, None, &item.sealed),
        }
    }

    fn open_item(&mut self, sealed: &Bytes) -> Step<Result<(Hint, InboxContent), Refused>> {
        const TAMPERED: Refused = Refused::Alarm(AlarmKind::InboxItemRefused);
        let Some((hint, sealed)) = sealed.split_first_chunk::<8>() else { return Ok(Err(TAMPERED)) };
        let Some((secret, _)) = self.db.seal_secret(*hint)? else { return Ok(Err(TAMPERED)) };
        let workspace = Workspace::new(&self.db, self.entropy);
        let opened = open_sealed(&workspace, &secret, sealed);
        drop(workspace);
        let Ok(plaintext) = opened else { return Ok(Err(TAMPERED)) };
        Ok(match InboxContent::parse(&plaintext.into()) {
            Ok(content) => Ok((*hint, content)),
            // Of a kind that only newer versions know.
            Err(Reason::Unknown { .. }) => Err(Refused::Silently),
            Err(_) => Err(TAMPERED),
        })
    }

    fn join(&mut self, welcome: &Welcome) -> Step<Result<Joined, Refused>> {
        const REFUSED: Refused = Refused::Alarm(AlarmKind::InboxItemRefused);
        if self.db.leg(welcome.topic)?.is_some() {
            return Ok(Err(Refused::Silently));
        }
        // Both are the sender's word only: no reason to accuse the server.
        if self.account()?.log_key != Some(welcome.log_key) || self.db.is_slot_taken(welcome.slot)? {
            return Ok(Err(REFUSED));
        }
        let lists = match self.pinned_lists(welcome)? {
            Ok(lists) => lists,
            Err(refused) => return Ok(Err(refused)),
        };
        let keys = self.account()?.keys();
        let workspace = Workspace::new(&self.db, self.entropy);
        let (group, adder) = match Group::join(&workspace, &keys, &welcome.mls_welcome, &welcome.ratchet_tree)
        {
            Ok(joined) => joined,
            Err(JoinError::Storage(error)) => return Err(error.into()),
            Err(JoinError::Corrupt) => return Err(Cause::Storage(StorageError::Corrupt)),
            Err(_) => return Ok(Err(REFUSED)),
        };
        let members = group.members();
        let pinned: Vec<_> =
            lists.iter().filter_map(|(_, lists)| lists.last()).map(|(_, list)| list.clone()).collect();
        let invariant = check_membership(group.state(), &pinned, &members);
        let state = GroupState::try_from(group.state());
        let topic = group.topic();
        let changes = workspace.into_changes();
        let (Ok(()), Ok(state)) = (invariant, state) else { return Ok(Err(REFUSED)) };
        let own = self.own_account()?;
        let Some(peer) = state.members().iter().map(|member| member.account).find(|account| *account != own)
        else {
            return Ok(Err(REFUSED));
        };
        let ours = topic == welcome.topic
            && state.kind == GroupKind::Direct
            && state.leg_no == welcome.leg_no
            && state.conversation == ConversationId::direct(own, peer)
            && adder.account == peer;
        Ok(if ours { Ok(Joined { group: state, peer, lists, changes }) } else { Err(REFUSED) })
    }

    /// The Welcome's chains of lists, verified from genesis, and in step with what is known of each account.
    fn pinned_lists(&self, welcome: &Welcome) -> Step<Result<Vec<Verified>, Refused>> {
        let mut all = Vec::with_capacity(welcome.lists.len());
        for pinned in &welcome.lists {
            let Some(lists) = verify_lists(pinned.account, None, &pinned.lists) else {
                return Ok(Err(Refused::Alarm(AlarmKind::InboxItemRefused)));
            };
            let newest = lists.last().map(|(_, list)| list.pin());
            if let (Some(known), Some(newest)) = (self.db.newest_list(pinned.account)?, newest) {
                let known = known.pin();
                if known != newest && !newest.follows(&known) {
                    return Ok(Err(Refused::Alarm(AlarmKind::ContactListConflict)));
                }
                let shared =
                    lists.iter().map(|(_, list)| list.pin()).find(|pin| pin.place() == known.place());
                if shared != Some(known) {
                    return Ok(Err(Refused::Alarm(AlarmKind::ContactListConflict)));
                }
            }
            all.push((pinned.account, lists));
        }
        Ok(Ok(all))
    }

    fn enter(&mut self, welcome: &Welcome, joined: Joined) -> Step<()> {
        let known = self.db.find_conversation(&Target::Account(joined.peer))?;
        let blocked = known.as_ref().is_some_and(|known| known.standing == Standing::Blocked);
        for (account, lists) in &joined.lists {
            self.db.add_lists(*account, lists)?;
        }
        self.db.write_mls(joined.changes)?;
        let (key, is_new) = match known {
            Some(known) => (known.key, self.reopen(&known)?),
            None => {
                let id = joined.group.conversation;
                (self.db.add_conversation(id, joined.peer, Standing::Request, self.now)?, true)
            }
        };
        let mut leg = self.joined_leg(welcome, key);
        if blocked {
            // Kept, so that unblocking finds the leg the peer writes on; not followed, not shown.
            leg.state = LegState::Blocked;
        }
        self.db.put_leg(&leg)?;
        self.close_oldest_legs(key)?;
        self.db.add_chain(leg.topic, leg.cursor, leg.chain, CHAINS_KEPT)?;
        if blocked {
            return Ok(());
        }
        for over in &welcome.given_up {
            self.peer_gave_up(key, over.topic, over.read_to)?;
        }
        self.give_up_unknown(&leg)?;
        self.db.set_claimed_handle(key, welcome.sender_handle.as_ref())?;
        self.net.handles_asked.remove(&key);
        if is_new {
            let conversation = query::view(self.db, &self.db.conversation(key)?)?;
            self.event(Event::Request { conversation });
        } else {
            self.drop_needless_leg(key)?;
        }
        self.follow_one(leg.topic)
    }

    /// A peer who opens a leg with a number that is not above one of ours did not know ours. Where our invitation is so old
    /// that it expired unread, they never will.
    fn give_up_unknown(&mut self, theirs: &Leg) -> Step<()> {
        for own in self.db.legs_of(theirs.conversation)? {
            let invited = own.invited_at.0;
            let expired = invited > 0 && self.now.0.saturating_sub(invited) >= WELCOME_WAITS_MS;
            if own.leg_no >= theirs.leg_no && expired {
                self.peer_gave_up(own.conversation, own.topic, Seq(0))?;
            }
        }
        Ok(())
    }

    /// Nobody makes this device read legs without end.
    fn close_oldest_legs(&mut self, key: ConversationKey) -> Step<()> {
        let legs = self.db.legs_of(key)?;
        let open = legs.into_iter().filter(|leg| leg.state != LegState::Closed);
        for leg in open.skip(LEGS_READ_MAX) {
            self.retire_leg(leg.topic)?;
        }
        Ok(())
    }

    /// A declined conversation that is opened again is a new request.
    fn reopen(&mut self, known: &Conversation) -> Step<bool> {
        if known.standing == Standing::Declined {
            self.db.set_standing(known.key, Standing::Request)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn joined_leg(&mut self, welcome: &Welcome, conversation: ConversationKey) -> Leg {
        Leg {
            topic: welcome.topic,
            conversation,
            leg_no: welcome.leg_no,
            state: LegState::Active,
            slot: welcome.slot,
            slot_secret: welcome.slot_secret.clone(),
            next_slot_secret: Some(SlotSecret::random(self.entropy)),
            capability: welcome.capability.clone(),
            generation: welcome.generation,
            control_secret: welcome
                .control_secret
                .as_ref()
                .map_or_else(Zeroizing::default, |secret| Zeroizing::new(*secret.expose())),
            cursor: welcome.start,
            chain: welcome.chain,
            head: welcome.start,
            acked: Seq(0),
            heard: Minute(0),
            minute: Minute(0),
            sorted_to: Millis(0),
            update_due: None,
            signed: None,
            discard_to: Seq(0),
            invited_at: Millis(0),
        }
    }

    /// The peer's leg came first: one of ours that was only intended is not needed any more.
    fn drop_needless_leg(&mut self, key: ConversationKey) -> Step<()> {
        for item in self.db.commits_of(key)? {
            let asked_for = self.net.start_overs.iter().any(|(_, other)| *other == item.key);
            if item.kind == OutboxKind::OpenLeg && item.state == OutboxState::Queued && !asked_for {
                self.finish_item(&item)?;
            }
        }
        Ok(())
    }
}
