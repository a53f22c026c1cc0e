//! What members send each other is checked as strictly as what the server sends: a member may be hostile.

use prost::Message;
use sotto_wire::content::{
    ApplicationPayload, AuthenticatedData, Body, Content, Franking, GivenUpLeg, GroupKind, GroupState,
    InboxContent, Member, PinnedLists, Role, StatementSeen, Welcome,
};
use sotto_wire::ids::{
    AccountId, Capability, Chain, ControlSecret, ConversationId, ConversationPseudonym, DeviceId,
    DisplayName, FrankingKey, Generation, Handle, Host, ListHash, MessageId, Millis, Minute, PublicKey, Seq,
    Signature, SlotId, SlotSecret, StatementHash, TopicId,
};
use sotto_wire::limits::{DEVICES_MAX, GIVEN_UP_LEGS_MAX, MEMBERS_MAX, SUITE, TEXT_BYTES_MAX};
use sotto_wire::signed::{Pin, SignedList};
use sotto_wire::{Bytes, Reason, proto};

fn content(body: Body) -> Content {
    let sender_name = Some(DisplayName::parse("Ada").unwrap());
    Content { message_id: MessageId::new([1; 16]), sent_at: Millis(1_700_000_000_000), sender_name, body }
}

fn pin() -> Pin {
    Pin { era: 0, version: 2, hash: ListHash::new([3; 32]) }
}

#[test]
fn a_message_reads_back_as_it_was_written() {
    for body in [Body::Text("Grüße, 世界 👋".into()), Body::ProfileChanged] {
        let written = content(body);
        assert_eq!(Content::parse(&written.encode()), Ok(written));
    }
}

#[test]
fn a_text_is_neither_empty_nor_endless() {
    let text = |length| Content::parse(&content(Body::Text("a".repeat(length))).encode());
    assert_eq!(text(0), Err(Reason::Missing { what: "text" }));
    assert!(text(TEXT_BYTES_MAX).is_ok());
    let (max, found) = (TEXT_BYTES_MAX, TEXT_BYTES_MAX + 1);
    assert_eq!(text(TEXT_BYTES_MAX + 1), Err(Reason::TooLarge { what: "text", max, found }));
}

#[test]
fn a_message_of_a_kind_from_the_future_is_kept_whole() {
    let mut message = proto::Content::decode(content(Body::ProfileChanged).encode()).unwrap();
    message.body = None;
    let mut future = message.encode_to_vec();
    // Field 99 with three bytes.
    future.extend_from_slice(&[0x9a, 0x06, 3, 1, 2, 3]);
    let future = Bytes::from(future);
    let read = Content::parse(&future).unwrap();
    let Body::Unknown(unknown) = &read.body else { unreachable!() };
    assert_eq!(unknown.content(), &future);
    assert_eq!(read.message_id, MessageId::new([1; 16]));
    assert_eq!(read.encode(), future);
}

#[test]
fn a_message_of_a_later_version_is_kept_whole() {
    let mut message = proto::Content::decode(content(Body::Text("hello".into())).encode()).unwrap();
    message.version = 2;
    let read = Content::parse(&message.encode_to_vec().into()).unwrap();
    assert!(matches!(read.body, Body::Unknown(_)), "version 2 may mean something else by a text");
}

#[test]
fn every_field_of_a_message_is_checked() {
    let changed = |change: fn(&mut proto::Content)| {
        let mut message = proto::Content::decode(content(Body::ProfileChanged).encode()).unwrap();
        change(&mut message);
        Content::parse(&message.encode_to_vec().into()).unwrap_err()
    };
    assert_eq!(changed(|m| m.version = 0), Reason::Version { what: "content", found: 0 });
    assert!(matches!(changed(|m| m.message_id = Bytes::new()), Reason::Length(_)));
    assert!(matches!(changed(|m| m.sender_name = "a\u{202e}b".into()), Reason::DisplayName(_)));
    assert_eq!(changed(|m| m.sent_at_ms = u64::MAX), Reason::OutOfRange { what: "time" });
}

fn payload() -> ApplicationPayload {
    ApplicationPayload {
        content: content(Body::ProfileChanged).encode(),
        franking: Franking {
            key: FrankingKey::new([4; 32]),
            conversation: ConversationPseudonym::new([5; 32]),
            minute: Minute(28_000_000),
            signature: Signature::new([6; 64]),
        },
    }
}

#[test]
fn a_payload_without_its_franking_is_refused() {
    assert_eq!(ApplicationPayload::parse(&payload().encode()), Ok(payload()));
    let mut message = proto::ApplicationPayload::decode(payload().encode()).unwrap();
    message.franking = None;
    let refused = ApplicationPayload::parse(&message.encode_to_vec().into());
    assert_eq!(refused, Err(Reason::Missing { what: "franking" }));
}

#[test]
fn authenticated_data_has_a_statement_or_none() {
    let data =
        |statement| AuthenticatedData { seq: Seq(4), chain: Chain::new([1; 32]), own_pin: pin(), statement };
    let seen = StatementSeen { index: 3, hash: StatementHash::new([2; 32]) };
    for data in [data(None), data(Some(seen))] {
        assert_eq!(AuthenticatedData::parse(&data.encode()), Ok(data));
    }
    let mut half = proto::AuthenticatedData::from(&data(Some(seen)));
    half.statement_index = 0;
    assert!(matches!(AuthenticatedData::try_from(&half), Err(Reason::NotAllowed { .. })));
    let mut half = proto::AuthenticatedData::from(&data(Some(seen)));
    half.statement_hash = Bytes::new();
    assert!(matches!(AuthenticatedData::try_from(&half), Err(Reason::Length(_))));
}

// Group state.

fn account(number: u16) -> AccountId {
    let mut id = [0; 32];
    id[..2].copy_from_slice(&number.to_be_bytes());
    AccountId::new(id)
}

fn member(number: u16, role: Role) -> Member {
    Member { account: account(number), pin: pin(), role, pending_devices: vec![] }
}

fn group(members: Vec<Member>) -> Result<GroupState, Reason> {
    GroupState::new(1, ConversationId::new([8; 32]), GroupKind::Group, 0, members)
}

fn direct(conversation: ConversationId, members: Vec<Member>) -> Result<GroupState, Reason> {
    GroupState::new(1, conversation, GroupKind::Direct, 0, members)
}

#[test]
fn members_are_sorted_however_they_come() {
    let state = group(vec![member(2, Role::Member), member(1, Role::Owner)]).unwrap();
    assert_eq!(state.members().iter().map(|m| m.account).collect::<Vec<_>>(), [account(1), account(2)]);
    assert_eq!(state.member(account(2)).map(|m| m.role), Some(Role::Member));
    assert_eq!(state.member(account(3)), None);
    assert_eq!(GroupState::parse(&state.encode()), Ok(state));
}

#[test]
fn no_account_is_a_member_twice() {
    let twice = group(vec![member(1, Role::Owner), member(1, Role::Member)]);
    assert_eq!(twice, Err(Reason::Duplicate { what: "member" }));
}

#[test]
fn a_group_has_an_owner() {
    assert_eq!(group(vec![member(1, Role::Admin)]), Err(Reason::Missing { what: "owner" }));
    assert_eq!(group(vec![]), Err(Reason::Missing { what: "members" }));
}

#[test]
fn a_direct_conversation_is_that_of_its_two_accounts() {
    let both = || vec![member(1, Role::Owner), member(2, Role::Owner)];
    let id = ConversationId::direct(account(1), account(2));
    assert!(direct(id, both()).is_ok());
    assert!(direct(id, vec![member(1, Role::Owner)]).is_ok(), "while the other is being added");
    assert!(matches!(direct(ConversationId::new([8; 32]), both()), Err(Reason::NotAllowed { .. })));
    let three = [both(), vec![member(3, Role::Member)]].concat();
    assert_eq!(direct(id, three), Err(Reason::TooMany { what: "members", max: 2, found: 3 }));
}

#[test]
fn the_largest_group_fits_its_limits() {
    let pending: Vec<_> = (0..DEVICES_MAX as u8).map(|number| DeviceId::new([number; 16])).collect();
    let large = |count: usize| {
        let members = (0..count as u16)
            .map(|number| Member { pending_devices: pending.clone(), ..member(number, Role::Owner) });
        group(members.collect())
    };
    let largest = large(MEMBERS_MAX).unwrap();
    assert_eq!(GroupState::parse(&largest.encode()), Ok(largest));
    assert!(matches!(large(MEMBERS_MAX + 1), Err(Reason::TooMany { .. })));
}

#[test]
fn a_group_state_that_breaks_a_rule_is_refused() {
    let good = group(vec![member(1, Role::Owner), member(2, Role::Member)]).unwrap();
    let changed = |change: fn(&mut proto::GroupState)| {
        let mut state = proto::GroupState::from(&good);
        change(&mut state);
        GroupState::try_from(&state).unwrap_err()
    };
    assert_eq!(changed(|s| s.suite = 1), Reason::Version { what: "suite", found: 1 });
    assert_eq!(changed(|s| s.protocol = 0), Reason::Version { what: "group state", found: 0 });
    assert_eq!(changed(|s| s.members.reverse()), Reason::OutOfOrder { what: "members" });
    assert_eq!(changed(|s| s.members[1].role = 0), Reason::Missing { what: "role" });
    assert_eq!(changed(|s| s.members[1].role = 9), Reason::Unknown { what: "role" });
    assert_eq!(changed(|s| s.members[1].pin = None), Reason::Missing { what: "list pin" });
    let twice = changed(|s| s.members[1].pending_devices = vec![vec![1; 16].into(); 2]);
    assert_eq!(twice, Reason::Duplicate { what: "pending devices" });
    assert_eq!(proto::GroupState::from(&good).suite, u32::from(SUITE));
}

// Welcomes.

fn welcome() -> Welcome {
    Welcome {
        topic: TopicId::new([1; 32]),
        host: Host::parse("chat.example.org").unwrap(),
        mls_welcome: Bytes::from_static(b"welcome"),
        ratchet_tree: Bytes::from_static(b"tree"),
        lists: vec![PinnedLists {
            account: account(1),
            lists: vec![SignedList { list: Bytes::from_static(b"list"), signature: Signature::new([1; 64]) }],
        }],
        capability: Capability::new([2; 32]),
        generation: Generation(0),
        slot: SlotId::new([3; 16]),
        slot_secret: SlotSecret::new([4; 32]),
        start: Seq(1),
        chain: Chain::new([5; 32]),
        leg_no: 0,
        control_secret: Some(ControlSecret::new([6; 32])),
        sender_handle: Some(Handle::parse("alice").unwrap()),
        log_key: PublicKey::new([7; 32]),
        given_up: vec![GivenUpLeg { topic: TopicId::new([8; 32]), read_to: Seq(9) }],
    }
}

#[test]
fn a_welcome_reads_back_as_it_was_written() {
    let bare = Welcome { control_secret: None, sender_handle: None, given_up: vec![], ..welcome() };
    for welcome in [welcome(), bare] {
        let content = InboxContent::Welcome(Box::new(welcome));
        assert_eq!(InboxContent::parse(&content.encode()), Ok(content));
    }
}

#[test]
fn a_welcome_is_checked_field_by_field() {
    let changed = |change: fn(&mut proto::Welcome)| {
        let mut message = proto::Welcome::from(&welcome());
        change(&mut message);
        Welcome::try_from(message).unwrap_err()
    };
    assert_eq!(changed(|w| w.start_seq = 0), Reason::OutOfRange { what: "start" });
    assert_eq!(changed(|w| w.lists.clear()), Reason::Missing { what: "pinned accounts" });
    assert_eq!(changed(|w| w.lists[0].lists.clear()), Reason::Missing { what: "device lists" });
    let twice = changed(|w| w.lists = vec![w.lists[0].clone(), w.lists[0].clone()]);
    assert_eq!(twice, Reason::Duplicate { what: "pinned account" });
    assert_eq!(changed(|w| w.mls_welcome = Bytes::new()), Reason::Missing { what: "MLS welcome" });
    assert_eq!(changed(|w| w.ratchet_tree = Bytes::new()), Reason::Missing { what: "ratchet tree" });
    assert_eq!(changed(|w| w.sender_handle = "@alice".into()), Reason::Text { what: "handle" });
    let twice = changed(|w| w.given_up = vec![w.given_up[0].clone(), w.given_up[0].clone()]);
    assert_eq!(twice, Reason::Duplicate { what: "given up leg" });
    let many = changed(|w| w.given_up = vec![w.given_up[0].clone(); GIVEN_UP_LEGS_MAX + 1]);
    assert!(matches!(many, Reason::TooMany { what: "given up legs", .. }), "{many:?}");
    assert!(matches!(changed(|w| w.given_up[0].topic = Bytes::new()), Reason::Length(_)));
    assert!(matches!(changed(|w| w.host = "no host/".into()), Reason::Host(_)));
    assert!(matches!(changed(|w| w.control_secret = Bytes::from_static(&[1; 31])), Reason::Length(_)));
    assert!(matches!(changed(|w| w.slot_secret = Bytes::new()), Reason::Length(_)));
}

#[test]
fn inbox_content_from_the_future_says_so() {
    let future = Bytes::from_static(&[0x9a, 0x06, 0]);
    assert_eq!(InboxContent::parse(&future), Err(Reason::Unknown { what: "inbox content" }));
}

#[test]
fn what_people_write_does_not_print() {
    let text = content(Body::Text("a secret".into()));
    let printed = format!("{text:?} {:?} {:?} {:?}", text.body, payload(), welcome());
    assert_eq!(printed, "Content Body ApplicationPayload Welcome");
}
