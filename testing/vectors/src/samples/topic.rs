//! The topic plane.

use sotto_wire::Bytes;
use sotto_wire::digest::{body_hash, chain_start, control_to_sign};
use sotto_wire::frames::{Refusal, Registration};
use sotto_wire::ids::{
    AppendId, Capability, Chain, DropCapability, Generation, Seq, Signature, SlotId, SlotSecret, Token,
    TopicId,
};
use sotto_wire::proto::{ErrorCode, SignedItem};
use sotto_wire::receipt::{AppendReceipt, BatchReceipt, Item, ServerItem, SlotReceipt};
use sotto_wire::topic::{
    Append, ClaimKeyPackage, Control, ControlAction, ControlChange, ControlKeys, CreateTopic, DropInInbox,
    Entries, Entry, EntryContent, EntryKind, Follow, FollowOutcome, NewSlot, OpenSlot, Rotate, SendEphemeral,
    SlotAuth, TopicCall, TopicFrame, TopicRequest, TopicResponse, TtlDays,
};

use super::account::{handle, numbered};
use super::identity::{account, device_id, key_package, lists, newest_pin, other_account};
use super::{MINUTE, bytes, hello, long_bytes, parsed, public, receipt, receipts, sign};

/// The topic.
pub fn topic() -> TopicId {
    TopicId::new(bytes("topic"))
}

fn capability() -> Capability {
    Capability::new(bytes("capability 0"))
}

fn slot() -> SlotId {
    SlotId::new(bytes("slot"))
}

fn auth() -> SlotAuth {
    SlotAuth { topic: topic(), slot: slot(), secret: SlotSecret::new(bytes("slot secret")) }
}

fn new_slot() -> NewSlot {
    NewSlot { slot: slot(), secret: SlotSecret::new(bytes("slot secret")).hash() }
}

fn control_keys() -> ControlKeys {
    parsed(ControlKeys::new(vec![public("control 1"), public("control 2")]))
}

fn token() -> Option<Token> {
    parsed(Token::parse(&Bytes::from_static(b"token")))
}

/// A handshake that removes somebody and opens a slot for somebody else.
fn handshake() -> Append {
    let mut append = Append {
        topic: topic(),
        capability: capability(),
        kind: EntryKind::Handshake,
        version: 1,
        expect_head: Seq(0),
        append_id: AppendId::new(bytes("append 1")),
        body: long_bytes("handshake", 200),
        rotate: None,
        open_slots: vec![new_slot()],
    };
    let rotate = Rotate {
        generation: Generation(1),
        capability: Capability::new(bytes("capability 1")).hash(),
        control_keys: control_keys(),
        control_key: public("control 1"),
        control_signature: Signature::new([0; 64]),
    };
    let control_signature = sign("control 1", &append.rotate_to_sign(&rotate));
    append.rotate = Some(Rotate { control_signature, ..rotate });
    append
}

fn application() -> Append {
    Append {
        kind: EntryKind::Application,
        expect_head: Seq(1),
        append_id: AppendId::new(bytes("append 2")),
        body: long_bytes("application", 128),
        rotate: None,
        open_slots: vec![],
        ..handshake()
    }
}

/// Every control action, with a name.
pub fn control_actions() -> Vec<(&'static str, ControlAction)> {
    let rotate = ControlChange::Rotate {
        generation: Generation(2),
        capability: Capability::new(bytes("capability 2")).hash(),
        control_keys: control_keys(),
    };
    [
        ("rotate", rotate),
        ("control keys", ControlChange::Keys(control_keys())),
        ("time-to-live", ControlChange::Ttl(TtlDays::new(7))),
        ("the server's time-to-live", ControlChange::Ttl(None)),
        ("close", ControlChange::Close),
    ]
    .into_iter()
    .map(|(name, change)| (name, ControlAction { after: Seq(3), change }))
    .collect()
}

fn control(action: ControlAction) -> TopicRequest {
    let signed = action.encode();
    let signature = sign("control 1", &control_to_sign(topic(), &signed));
    TopicRequest::Control(Control {
        topic: topic(),
        action,
        signed,
        control_key: public("control 1"),
        signature,
    })
}

/// Every request, with a name.
pub fn calls() -> Vec<(&'static str, TopicCall)> {
    let (account, device) = (account(), device_id("phone"));
    let drop_in_inbox = TopicRequest::DropInInbox(DropInInbox {
        account,
        device,
        capability: DropCapability::new(bytes("drop capability")),
        sealed: long_bytes("sealed", 96),
    });
    let create = |ttl| {
        TopicRequest::CreateTopic(CreateTopic {
            token: token(),
            topic: topic(),
            capability: capability().hash(),
            control_keys: control_keys(),
            ttl,
        })
    };
    let ephemeral =
        SendEphemeral { topic: topic(), capability: capability(), body: long_bytes("typing", 48) };
    let requests = numbered([
        ("look up a handle", TopicRequest::LookUpHandle { handle: handle(), token: token() }),
        ("fetch all lists", TopicRequest::FetchLists { account, after: None }),
        ("fetch later lists", TopicRequest::FetchLists { account, after: Some(newest_pin()) }),
        (
            "claim a key package",
            TopicRequest::ClaimKeyPackage(ClaimKeyPackage { account, device, token: token() }),
        ),
        ("drop in an inbox", drop_in_inbox),
        ("create a topic", create(None)),
        ("create a topic with a time-to-live", create(TtlDays::new(7))),
        ("append a handshake that rotates", TopicRequest::Append(handshake())),
        ("append a message", TopicRequest::Append(application())),
        (
            "open a slot",
            TopicRequest::OpenSlot(OpenSlot { topic: topic(), capability: capability(), slot: new_slot() }),
        ),
        (
            "replace a slot's secret",
            TopicRequest::ReplaceSlotSecret {
                auth: auth(),
                new_secret: SlotSecret::new(bytes("new slot secret")).hash(),
            },
        ),
        ("prove a slot", TopicRequest::ProveSlot { auth: auth(), capability: capability() }),
        ("follow", TopicRequest::Follow(vec![Follow { auth: auth(), from: Seq(1) }])),
        ("unfollow", TopicRequest::Unfollow(vec![slot()])),
        ("acknowledge", TopicRequest::AckSlot { auth: auth(), seq: Seq(3) }),
        ("close a slot", TopicRequest::CloseSlot(auth())),
        ("send an ephemeral", TopicRequest::SendEphemeral(ephemeral)),
        ("ask for the topic's state", TopicRequest::TopicState { topic: topic(), capability: capability() }),
    ])
    .map(|(name, id, request)| (name, TopicCall { id, request }));
    let controls = control_actions().into_iter().zip(100..);
    requests
        .chain(controls.map(|((name, action), id)| {
            let name = match name {
                "rotate" => "control: rotate",
                "control keys" => "control: set control keys",
                "time-to-live" => "control: set the time-to-live",
                "close" => "control: close",
                _ => "control: use the server's time-to-live",
            };
            (name, TopicCall { id, request: control(action) })
        }))
        .collect()
}

/// Three entries: a handshake, an expired message, a message.
pub fn entries() -> Vec<Entry> {
    let entry = |seq, append: Append, content| Entry {
        seq: Seq(seq),
        kind: append.kind,
        version: append.version,
        head: append.expect_head,
        append_id: append.append_id,
        minute: MINUTE,
        content,
    };
    let (first, last) = (handshake(), application());
    let expired = Append { append_id: AppendId::new(bytes("append 3")), ..application() };
    vec![
        entry(1, first.clone(), EntryContent::Body(first.body)),
        entry(2, expired, EntryContent::Expired(body_hash(b"gone"))),
        entry(3, last.clone(), EntryContent::Body(last.body)),
    ]
}

/// The chain value after all of [`entries`].
pub fn chain() -> Chain {
    entries().iter().fold(chain_start(topic()), |chain, entry| entry.chain_after(chain))
}

/// One server item of every kind, with a name.
pub fn items() -> Vec<(&'static str, ServerItem)> {
    let last = &entries()[2];
    let append = AppendReceipt {
        seq: last.seq,
        kind: last.kind,
        head: last.head,
        append_id: last.append_id,
        body: last.content.hash(),
        chain: chain(),
        minute: MINUTE,
    };
    let batch = |from, to, chain| BatchReceipt { from, to, chain, first_available: Seq(1), minute: MINUTE };
    let slot = |readable_to| SlotReceipt {
        slot: slot(),
        ack: Seq(1),
        proved: Generation(1),
        readable_to,
        minute: MINUTE,
        newest: Seq(3),
        first_available: Seq(1),
    };
    [
        ("an entry was appended", Item::Append(append)),
        ("a topic was created", Item::Batch(batch(Seq(0), Seq(0), chain_start(topic())))),
        ("entries were delivered", Item::Batch(batch(Seq(0), Seq(3), chain()))),
        ("the last entry was delivered", Item::Batch(batch(Seq(2), Seq(3), chain()))),
        ("a slot that reads on", Item::Slot(slot(None))),
        ("a slot whose read right ends", Item::Slot(slot(Some(Seq(3))))),
    ]
    .into_iter()
    .map(|(name, item)| (name, ServerItem { topic: topic(), item }))
    .collect()
}

/// All of [`items`] under one signature, with their names.
pub fn signed_items() -> Vec<(&'static str, SignedItem)> {
    let (names, items): (Vec<_>, Vec<_>) = items().into_iter().unzip();
    names.into_iter().zip(receipts(&items)).collect()
}

/// The item of that number, signed alone.
fn signed_item(number: usize) -> SignedItem {
    receipt(items()[number].1)
}

/// A delivery of all entries.
pub fn delivery() -> Entries {
    let prev_chain = chain_start(topic());
    Entries { topic: topic(), entries: entries(), receipt: signed_item(2), prev_chain }
}

/// Every frame of the server, with a name.
pub fn frames() -> Vec<(&'static str, TopicFrame)> {
    let claimed = |last_resort| TopicResponse::ClaimedKeyPackage {
        key_package: key_package(last_resort),
        last_resort,
        capability: DropCapability::new(bytes("drop capability")),
    };
    let outcomes = vec![
        FollowOutcome { slot: slot(), outcome: Ok(signed_item(4)) },
        FollowOutcome {
            slot: SlotId::new(bytes("other slot")),
            outcome: Err(Refusal::new(ErrorCode::SlotUnknown)),
        },
    ];
    let state = TopicResponse::TopicState { head: Seq(1), next_seq: Seq(4), generation: Generation(1) };
    let responses = numbered([
        ("handle found", TopicResponse::HandleFound(other_account())),
        ("no lists", TopicResponse::Lists(vec![])),
        ("lists", TopicResponse::Lists(lists(2))),
        ("a key package", claimed(false)),
        ("the last-resort key package", claimed(true)),
        ("dropped in the inbox", TopicResponse::DroppedInInbox),
        ("topic created", TopicResponse::TopicCreated(signed_item(1))),
        ("appended", TopicResponse::Appended(signed_items()[0].1.clone())),
        ("conflict", TopicResponse::Conflict { head: Seq(1) }),
        ("slot opened", TopicResponse::SlotOpened(signed_item(4))),
        ("slot secret replaced", TopicResponse::SlotSecretReplaced),
        ("slot proved", TopicResponse::SlotProved(signed_item(5))),
        ("followed", TopicResponse::Followed(outcomes)),
        ("unfollowed", TopicResponse::Unfollowed),
        ("acknowledged", TopicResponse::SlotAcked(signed_item(4))),
        ("slot closed", TopicResponse::SlotClosed),
        ("ephemeral sent", TopicResponse::EphemeralSent),
        ("controlled", TopicResponse::Controlled),
        ("topic state", state),
    ])
    .map(|(name, id, response)| (name, TopicFrame::response(id, response)));
    let others = [
        ("hello", TopicFrame::Hello(hello(Registration::Closed))),
        ("refused", TopicFrame::refused(300, Refusal::new(ErrorCode::TopicUnknown))),
        ("entries", TopicFrame::Entries(delivery())),
        ("ephemeral", TopicFrame::Ephemeral { topic: topic(), body: long_bytes("typing", 48) }),
        (
            "follow ended",
            TopicFrame::FollowEnded { slot: slot(), refusal: Refusal::new(ErrorCode::TopicClosed) },
        ),
        ("closing", TopicFrame::Closing(Refusal::new(ErrorCode::TooSlow))),
    ];
    others.into_iter().chain(responses).collect()
}
