//! The topic plane refuses what breaks its limits; entries are believed only under the server's signature.

use ed25519_dalek::{Signer, SigningKey};
use prost::Message;
use sotto_wire::ids::{
    AppendId, BodyHash, Capability, Chain, Generation, Minute, PublicKey, Seq, SlotId, TopicId,
};
use sotto_wire::limits::{
    APPLICATION_BYTES_MAX, CONTROL_KEYS_MAX, ENTRIES_MAX, EPHEMERAL_BYTES_MAX, FOLLOWS_PER_REQUEST_MAX,
    HANDSHAKE_BYTES_MAX, LISTS_PER_REPLY_MAX, OPEN_SLOTS_MAX, SEQ_MAX, TTL_DAYS_MAX,
};
use sotto_wire::proto::{self, SignedItem, topic_frame, topic_request::Request, topic_response::Response};
use sotto_wire::receipt::{self, BatchReceipt, Item, ReceiptBatch, ServerItem, SlotReceipt};
use sotto_wire::topic::{
    Append, ControlAction, ControlChange, DeliveryError, Entries, Entry, EntryContent, EntryKind, TopicCall,
    TopicFrame, TopicRequest, TopicResponse, TtlDays,
};
use sotto_wire::{Bytes, ParseError, Reason, digest};

fn bytes(length: usize) -> Bytes {
    vec![7; length].into()
}

fn numbered(number: usize, length: usize) -> Bytes {
    let mut id = vec![0; length];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    id.into()
}

fn parse(request: Request) -> Result<TopicRequest, Reason> {
    let frame = proto::TopicRequest { id: 5, request: Some(request) }.encode_to_vec().into();
    match TopicCall::parse(&frame) {
        Ok(call) => Ok(call.request),
        Err(ParseError { request, reason }) => {
            assert_eq!(request, Some(5), "the answer names the request");
            Err(reason)
        }
    }
}

fn answer(response: Response) -> Result<TopicResponse, Reason> {
    let response = proto::TopicResponse { id: 5, response: Some(response) };
    let frame = proto::TopicFrame { frame: Some(topic_frame::Frame::Response(response)) };
    match TopicFrame::parse(&frame.encode_to_vec().into()) {
        Ok(TopicFrame::Response { id: 5, outcome: Ok(response) }) => Ok(response),
        Ok(other) => unreachable!("{other:?}"),
        Err(error) => Err(error.reason),
    }
}

fn append(change: impl FnOnce(&mut proto::Append)) -> Result<TopicRequest, Reason> {
    let mut append = proto::Append {
        topic: bytes(32),
        capability: bytes(32),
        kind: proto::EntryKind::Handshake.into(),
        expect_head: 3,
        append_id: bytes(16),
        body: bytes(100),
        rotate: None,
        open_slots: vec![],
        version: 1,
    };
    change(&mut append);
    parse(Request::Append(append))
}

fn rotate() -> proto::Rotate {
    proto::Rotate {
        generation: 1,
        capability_hash: bytes(32),
        control_keys: vec![numbered(1, 32), numbered(2, 32)],
        control_key: numbered(1, 32),
        control_signature: bytes(64),
    }
}

fn slots(count: usize) -> Vec<proto::NewSlot> {
    (0..count).map(|n| proto::NewSlot { slot: numbered(n, 16), secret_hash: bytes(32) }).collect()
}

const APPLICATION: i32 = proto::EntryKind::Application as i32;

#[test]
fn bodies_have_a_limit_of_their_kind() {
    let sized = |kind, length| {
        append(|append| {
            append.kind = kind;
            append.body = bytes(length);
        })
    };
    let handshake = proto::EntryKind::Handshake as i32;
    assert!(sized(handshake, HANDSHAKE_BYTES_MAX).is_ok());
    assert!(matches!(sized(handshake, HANDSHAKE_BYTES_MAX + 1), Err(Reason::TooLarge { .. })));
    assert!(sized(APPLICATION, APPLICATION_BYTES_MAX).is_ok());
    assert!(matches!(sized(APPLICATION, APPLICATION_BYTES_MAX + 1), Err(Reason::TooLarge { .. })));
    assert_eq!(sized(APPLICATION, 0), Err(Reason::Missing { what: "body" }));
    assert_eq!(sized(0, 1), Err(Reason::Missing { what: "entry kind" }));
    assert_eq!(sized(3, 1), Err(Reason::Unknown { what: "entry kind" }));
}

#[test]
fn only_handshakes_rotate_and_open_slots() {
    assert!(append(|append| append.rotate = Some(rotate())).is_ok());
    assert!(append(|append| append.open_slots = slots(OPEN_SLOTS_MAX)).is_ok());
    let rotates = append(|append| (append.kind, append.rotate) = (APPLICATION, Some(rotate())));
    assert_eq!(rotates, Err(Reason::NotAllowed { what: "rotation on an application entry" }));
    let opens = append(|append| (append.kind, append.open_slots) = (APPLICATION, slots(1)));
    assert_eq!(opens, Err(Reason::NotAllowed { what: "slots on an application entry" }));
}

#[test]
fn slots_and_keys_are_counted_and_appear_once() {
    let too_many = append(|append| append.open_slots = slots(OPEN_SLOTS_MAX + 1));
    assert!(matches!(too_many, Err(Reason::TooMany { .. })));
    let twice = append(|append| append.open_slots = [slots(1), slots(1)].concat());
    assert_eq!(twice, Err(Reason::Duplicate { what: "slot" }));
    let keys = |count: usize| (0..count).map(|number| numbered(number, 32)).collect::<Vec<_>>();
    let with =
        |control_keys| append(|append| append.rotate = Some(proto::Rotate { control_keys, ..rotate() }));
    assert!(with(keys(CONTROL_KEYS_MAX)).is_ok());
    assert!(matches!(with(keys(CONTROL_KEYS_MAX + 1)), Err(Reason::TooMany { .. })));
    assert_eq!(with([keys(1), keys(1)].concat()), Err(Reason::Duplicate { what: "control keys" }));
}

#[test]
fn the_first_generation_does_not_begin_by_rotation() {
    let zero = append(|append| append.rotate = Some(proto::Rotate { generation: 0, ..rotate() }));
    assert_eq!(zero, Err(Reason::OutOfRange { what: "generation" }));
}

#[test]
fn numbers_fit_a_signed_column() {
    assert!(append(|append| append.expect_head = SEQ_MAX).is_ok());
    let beyond = append(|append| append.expect_head = SEQ_MAX + 1);
    assert_eq!(beyond, Err(Reason::OutOfRange { what: "head" }));
}

#[test]
fn an_entry_names_its_format_and_any_later_one_is_carried() {
    assert!(append(|append| append.version = 9).is_ok());
    assert_eq!(append(|append| append.version = 0), Err(Reason::Version { what: "entry", found: 0 }));
}

#[test]
fn a_body_is_a_slice_of_its_frame() {
    let frame: Bytes = proto::TopicRequest {
        id: 1,
        request: Some(Request::Append(proto::Append {
            topic: bytes(32),
            capability: bytes(32),
            kind: APPLICATION,
            append_id: bytes(16),
            body: bytes(50_000),
            version: 1,
            ..proto::Append::default()
        })),
    }
    .encode_to_vec()
    .into();
    let TopicRequest::Append(Append { body, .. }) = TopicCall::parse(&frame).unwrap().request else {
        unreachable!()
    };
    let (frame, body) = (frame.as_ptr_range(), body.as_ptr_range());
    assert!(frame.start <= body.start && body.end <= frame.end);
}

#[test]
fn a_follow_names_each_slot_once() {
    let auth = |slot| proto::SlotAuth { topic: bytes(32), slot: numbered(slot, 16), secret: bytes(32) };
    let follow = |slots: std::ops::Range<usize>| {
        let one = |slot| proto::FollowOne { auth: Some(auth(slot)), from_seq: 0 };
        parse(Request::Follow(proto::Follow { follows: slots.map(one).collect() }))
    };
    assert!(follow(0..FOLLOWS_PER_REQUEST_MAX).is_ok());
    assert!(matches!(follow(0..FOLLOWS_PER_REQUEST_MAX + 1), Err(Reason::TooMany { .. })));
    let one = || proto::FollowOne { auth: Some(auth(1)), from_seq: 0 };
    let twice = parse(Request::Follow(proto::Follow { follows: vec![one(), one()] }));
    assert_eq!(twice, Err(Reason::Duplicate { what: "slot" }));
    let anonymous = proto::FollowOne { auth: None, from_seq: 0 };
    let refused = parse(Request::Follow(proto::Follow { follows: vec![anonymous] }));
    assert_eq!(refused, Err(Reason::Missing { what: "slot" }));
}

#[test]
fn a_topics_time_to_live_has_an_end() {
    let create = |ttl_days| {
        parse(Request::CreateTopic(proto::CreateTopic {
            token: Bytes::new(),
            topic: bytes(32),
            capability_hash: bytes(32),
            control_keys: vec![],
            ttl_days,
        }))
    };
    let ttl = |days| match create(days) {
        Ok(TopicRequest::CreateTopic(create)) => Ok(create.ttl),
        Ok(other) => unreachable!("{other:?}"),
        Err(reason) => Err(reason),
    };
    assert_eq!(ttl(0), Ok(None));
    assert_eq!(ttl(TTL_DAYS_MAX), Ok(TtlDays::new(TTL_DAYS_MAX)));
    assert_eq!(ttl(TTL_DAYS_MAX + 1), Err(Reason::OutOfRange { what: "time-to-live" }));
}

#[test]
fn an_ephemeral_is_small() {
    let send = |length| {
        let (topic, capability) = (bytes(32), bytes(32));
        parse(Request::SendEphemeral(proto::SendEphemeral { topic, capability, body: bytes(length) }))
    };
    assert!(send(EPHEMERAL_BYTES_MAX).is_ok());
    assert!(matches!(send(EPHEMERAL_BYTES_MAX + 1), Err(Reason::TooLarge { .. })));
}

#[test]
fn a_control_action_is_read_from_the_bytes_that_were_signed() {
    let action = ControlAction { after: Seq(9), change: ControlChange::Ttl(TtlDays::new(7)) };
    let control = |action: Bytes| {
        parse(Request::Control(proto::Control {
            topic: bytes(32),
            action,
            control_key: bytes(32),
            signature: bytes(64),
        }))
    };
    let Ok(TopicRequest::Control(read)) = control(action.encode()) else { unreachable!() };
    assert_eq!((read.action, read.signed), (action.clone(), action.encode()));
    assert_eq!(control(Bytes::new()), Err(Reason::Unknown { what: "control action" }));
    assert!(matches!(control(bytes(3000)), Err(Reason::TooLarge { .. })));
    let first = proto::ControlRotate { generation: 0, capability_hash: bytes(32), control_keys: vec![] };
    let action =
        proto::ControlAction { after_seq: 1, action: Some(proto::control_action::Action::Rotate(first)) };
    let refused = control(action.encode_to_vec().into());
    assert_eq!(refused, Err(Reason::OutOfRange { what: "generation" }));
}

#[test]
fn a_reply_with_lists_has_limits() {
    let lists = |count| {
        let list = proto::SignedDeviceList { list: bytes(10), signature: bytes(64) };
        answer(Response::Lists(proto::Lists { lists: vec![list; count] }))
    };
    assert!(lists(LISTS_PER_REPLY_MAX).is_ok());
    assert!(matches!(lists(LISTS_PER_REPLY_MAX + 1), Err(Reason::TooMany { .. })));
}

#[test]
fn a_topics_head_lies_before_its_end() {
    let state = |head, next_seq| {
        answer(Response::TopicState(proto::TopicStateReply { head, next_seq, generation: 0 }))
    };
    assert!(state(0, 1).is_ok() && state(4, 5).is_ok());
    assert_eq!(state(5, 5), Err(Reason::OutOfOrder { what: "head and next seq" }));
}

#[test]
fn a_follow_outcome_is_a_receipt_or_an_error() {
    let outcome = |error: bool, receipt: bool| {
        let outcome = proto::FollowOutcome {
            slot: bytes(16),
            error: error.then(proto::Error::default),
            receipt: receipt.then(SignedItem::default),
        };
        answer(Response::Followed(proto::Followed { outcomes: vec![outcome] }))
    };
    assert!(outcome(true, false).is_ok() && outcome(false, true).is_ok());
    assert_eq!(outcome(true, true), Err(Reason::NotAllowed { what: "receipt beside an error" }));
    assert_eq!(outcome(false, false), Err(Reason::Missing { what: "receipt" }));
    let one =
        || proto::FollowOutcome { slot: bytes(16), error: Some(proto::Error::default()), receipt: None };
    let twice = answer(Response::Followed(proto::Followed { outcomes: vec![one(), one()] }));
    assert_eq!(twice, Err(Reason::Duplicate { what: "slot" }));
}

// Entries.

const TOPIC: TopicId = TopicId::new([1; 32]);

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn log_key() -> PublicKey {
    key().verifying_key().into()
}

fn sign(topic: TopicId, item: Item) -> SignedItem {
    let mut batch = ReceiptBatch::new();
    let number = batch.add(&ServerItem { topic, item });
    batch.sign(log_key(), |message| key().sign(message).into()).get(number).unwrap()
}

fn entry(seq: u64) -> Entry {
    Entry {
        seq: Seq(seq),
        kind: EntryKind::Application,
        version: 1,
        head: Seq(1),
        append_id: AppendId::new([seq as u8; 16]),
        minute: Minute(28_000_000),
        content: EntryContent::Body(Bytes::from_static(b"ciphertext")),
    }
}

/// Entries 5, 6 and 7, the middle one expired, as an honest server delivers them.
fn delivered() -> Entries {
    let mut entries = vec![entry(5), entry(6), entry(7)];
    entries[1].content = EntryContent::Expired(BodyHash::new([6; 32]));
    signed(entries)
}

fn signed(entries: Vec<Entry>) -> Entries {
    let prev_chain = Chain::new([9; 32]);
    let chain = entries.iter().fold(prev_chain, |chain, entry| entry.chain_after(chain));
    let (from, to) = (Seq(entries[0].seq.0 - 1), entries[entries.len() - 1].seq);
    let minute = Minute(28_000_001);
    let receipt = sign(TOPIC, Item::Batch(BatchReceipt { from, to, chain, first_available: Seq(1), minute }));
    Entries { topic: TOPIC, entries, receipt, prev_chain }
}

#[test]
fn what_an_honest_server_delivers_verifies_and_travels() {
    let entries = delivered();
    let frame = TopicFrame::Entries(entries.clone()).encode();
    assert_eq!(TopicFrame::parse(&frame), Ok(TopicFrame::Entries(entries.clone())));
    let delivery = entries.clone().verify(log_key()).unwrap();
    assert_eq!(delivery.entries, entries.entries);
    assert_eq!((delivery.receipt.from, delivery.receipt.to), (Seq(4), Seq(7)));
}

#[test]
fn a_server_that_changes_drops_or_reorders_entries_is_found_out() {
    type Lie = fn(&mut Entries);
    let lies: [(&str, Lie); 11] = [
        ("other body", |e| e.entries[0].content = EntryContent::Body(Bytes::from_static(b"other"))),
        ("body said to be expired", |e| e.entries[0].content = EntryContent::Expired(BodyHash::new([0; 32]))),
        ("other expired hash", |e| e.entries[1].content = EntryContent::Expired(BodyHash::new([0; 32]))),
        ("other kind", |e| e.entries[2].kind = EntryKind::Handshake),
        ("other version", |e| e.entries[2].version = 2),
        ("other head", |e| e.entries[2].head = Seq(2)),
        ("other append id", |e| e.entries[2].append_id = AppendId::new([0; 16])),
        ("first left out", |e| drop(e.entries.remove(0))),
        ("last left out", |e| drop(e.entries.pop())),
        ("bodies swapped", |e| {
            let content = e.entries[0].content.clone();
            e.entries[0].content = std::mem::replace(&mut e.entries[2].content, content);
            e.entries[0].append_id = AppendId::new([7; 16]);
            e.entries[2].append_id = AppendId::new([5; 16]);
        }),
        ("other start", |e| e.prev_chain = Chain::new([0; 32])),
    ];
    for (lie, change) in lies {
        let mut entries = delivered();
        change(&mut entries);
        assert!(entries.verify(log_key()).is_err(), "{lie}");
    }
}

#[test]
fn a_receipt_for_another_range_does_not_cover_entries() {
    let honest = delivered();
    let Item::Batch(batch) = receipt::verify(&honest.receipt, log_key()).unwrap().item else {
        unreachable!()
    };
    for (from, to) in [(3, 7), (5, 7), (4, 6), (4, 8), (7, 7)] {
        let (from, to) = (Seq(from), Seq(to));
        let receipt = sign(TOPIC, Item::Batch(BatchReceipt { from, to, ..batch }));
        let range = DeliveryError::Range { from, to, first: Seq(5), last: Seq(7) };
        assert_eq!(Entries { receipt, ..honest.clone() }.verify(log_key()), Err(range));
    }
}

#[test]
fn an_honest_body_given_back_after_its_expiry_is_the_same_entry() {
    let body = Bytes::from_static(b"ciphertext");
    let mut entries = signed(vec![entry(5)]);
    entries.entries[0].content = EntryContent::Expired(digest::body_hash(&body));
    assert!(entries.verify(log_key()).is_ok());
}

#[test]
fn a_receipt_about_something_else_does_not_cover_entries() {
    let mut other_topic = delivered();
    other_topic.topic = TopicId::new([2; 32]);
    assert_eq!(other_topic.verify(log_key()), Err(DeliveryError::OtherReceipt));

    let mut other_item = delivered();
    other_item.receipt = sign(
        TOPIC,
        Item::Slot(SlotReceipt {
            slot: SlotId::new([1; 16]),
            ack: Seq(0),
            proved: Generation(0),
            readable_to: None,
            minute: Minute(1),
            newest: Seq(7),
            first_available: Seq(1),
        }),
    );
    assert_eq!(other_item.verify(log_key()), Err(DeliveryError::OtherReceipt));

    let other_key = SigningKey::from_bytes(&[8; 32]).verifying_key().into();
    assert!(matches!(delivered().verify(other_key), Err(DeliveryError::Receipt(_))));
}

fn entries(change: impl FnOnce(&mut proto::Entries)) -> Result<TopicFrame, Reason> {
    let mut frame = proto::TopicFrame::decode(TopicFrame::Entries(delivered()).encode()).unwrap();
    let Some(topic_frame::Frame::Entries(entries)) = &mut frame.frame else { unreachable!() };
    change(entries);
    TopicFrame::parse(&frame.encode_to_vec().into()).map_err(|error| error.reason)
}

#[test]
fn entries_stand_in_a_row() {
    let gap = entries(|e| drop(e.entries.remove(1)));
    assert_eq!(gap, Err(Reason::OutOfOrder { what: "entries" }));
    assert_eq!(entries(|e| e.entries.reverse()), Err(Reason::OutOfOrder { what: "entries" }));
    assert_eq!(entries(|e| e.entries.clear()), Err(Reason::Missing { what: "entries" }));
    let many = |count: usize| {
        entries(|e| {
            let one = e.entries[0].clone();
            e.entries = (0..count as u64).map(|n| proto::Entry { seq: 5 + n, ..one.clone() }).collect();
        })
    };
    assert!(many(ENTRIES_MAX).is_ok());
    assert!(matches!(many(ENTRIES_MAX + 1), Err(Reason::TooMany { .. })));
}

#[test]
fn an_entry_is_checked_field_by_field() {
    let one = |change: fn(&mut proto::Entry)| entries(|e| change(&mut e.entries[0])).unwrap_err();
    assert_eq!(one(|e| e.head = 5), Reason::OutOfOrder { what: "head and seq" });
    assert_eq!(one(|e| e.version = 0), Reason::Version { what: "entry", found: 0 });
    assert_eq!(one(|e| e.content = None), Reason::Missing { what: "body" });
    assert_eq!(one(|e| e.kind = 0), Reason::Missing { what: "entry kind" });
    assert_eq!(one(|e| e.minute = u64::MAX), Reason::OutOfRange { what: "minute" });
    assert_eq!(one(|e| e.seq = u64::MAX), Reason::OutOfRange { what: "seq" });
    assert!(matches!(one(|e| e.append_id = Bytes::new()), Reason::Length(_)));
    let expired = one(|e| {
        e.kind = proto::EntryKind::Handshake.into();
        e.content = Some(proto::entry::Content::ExpiredBodyHash(vec![0; 32].into()));
    });
    assert_eq!(expired, Reason::NotAllowed { what: "a handshake without its body" });
}

#[test]
fn requests_and_entries_print_no_body_and_no_secret() {
    let capability = Capability::new([0xaa; 32]);
    let request = TopicRequest::TopicState { topic: TOPIC, capability };
    let call = TopicCall { id: 5, request };
    assert_eq!(format!("{call:?}"), "TopicCall { id: 5, request: topic_state }");
    assert_eq!(format!("{:?}", entry(5)), "Entry(5, Application)");
    assert_eq!(format!("{:?}", delivered()), "Entries(3)");
}
