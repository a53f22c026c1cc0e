//! What only members read.

use sotto_wire::content::{
    ApplicationPayload, AuthenticatedData, Body, Content, Franking, GivenUpLeg, GroupKind, GroupState,
    InboxContent, Member, PinnedLists, Role, StatementSeen, Welcome,
};
use sotto_wire::digest::frank_to_sign;
use sotto_wire::ids::{
    Capability, Chain, ControlSecret, ConversationId, ConversationPseudonym, DisplayName, FrankingCommitment,
    FrankingKey, Generation, MessageId, Millis, Seq, SlotId, SlotSecret, StatementHash, TopicId,
};

use super::account::handle;
use super::identity::{account, device_id, lists, other_account, pin};
use super::topic::{chain, topic};
use super::{LOG_KEY, MINUTE, bytes, host, long_bytes, parsed, public, sign};

/// Every kind of content, with a name.
pub fn contents() -> Vec<(&'static str, Content)> {
    let content = |name: Option<&str>, body| Content {
        message_id: MessageId::new(bytes("message id")),
        sent_at: Millis(MINUTE.0 * 60_000 + 1_234),
        sender_name: name.map(|name| parsed(DisplayName::parse(name))),
        body,
    };
    vec![
        ("text", content(None, Body::Text("Hello, Bob!".into()))),
        (
            "text in many scripts",
            content(Some("Ada"), Body::Text("Grüße · 世界 · مرحبا · 👩🏽‍🚀\n2nd line".into())),
        ),
        ("new display name", content(Some("Ada Lovelace"), Body::ProfileChanged)),
    ]
}

/// A payload for each content. The commitment is a fixed value here: computing it is the work of `sotto-secrecy`.
pub fn payloads() -> Vec<(&'static str, ApplicationPayload)> {
    let conversation = ConversationPseudonym::new(bytes("conversation pseudonym"));
    let commitment = FrankingCommitment::new(bytes("franking commitment"));
    let franking = Franking {
        key: FrankingKey::new(bytes("franking key")),
        conversation,
        minute: MINUTE,
        signature: sign("phone", &frank_to_sign(commitment, conversation, MINUTE)),
    };
    contents()
        .into_iter()
        .map(|(name, content)| {
            (name, ApplicationPayload { content: content.encode(), franking: franking.clone() })
        })
        .collect()
}

/// With and without a statement, with a name.
pub fn authenticated_data() -> Vec<(&'static str, AuthenticatedData)> {
    let data = |statement| AuthenticatedData { seq: Seq(3), chain: chain(), own_pin: pin(), statement };
    let seen = StatementSeen { index: 12, hash: StatementHash::new(bytes("statement")) };
    vec![("no statement seen", data(None)), ("a statement seen", data(Some(seen)))]
}

/// A group and a 1:1 conversation, with a name.
pub fn group_states() -> Vec<(&'static str, GroupState)> {
    let member = |account, role| Member { account, pin: pin(), role, pending_devices: vec![] };
    let owner = Member { pending_devices: vec![device_id("web")], ..member(account(), Role::Owner) };
    let third = sotto_wire::ids::AccountId::new(bytes("third account"));
    let group = vec![owner.clone(), member(other_account(), Role::Admin), member(third, Role::Member)];
    let direct = ConversationId::direct(account(), other_account());
    let both = vec![owner.clone(), member(other_account(), Role::Owner)];
    let state =
        |conversation, kind, leg_no, members| parsed(GroupState::new(1, conversation, kind, leg_no, members));
    vec![
        ("group", state(ConversationId::new(bytes("conversation")), GroupKind::Group, 0, group)),
        ("direct conversation", state(direct, GroupKind::Direct, 2, both)),
        ("direct conversation that begins", state(direct, GroupKind::Direct, 0, vec![owner])),
    ]
}

/// Welcomes into a 1:1 conversation and into a group, with a name.
pub fn inbox_contents() -> Vec<(&'static str, InboxContent)> {
    let direct = Welcome {
        topic: topic(),
        host: host(),
        mls_welcome: long_bytes("mls welcome", 200),
        ratchet_tree: long_bytes("ratchet tree", 250),
        lists: vec![PinnedLists { account: account(), lists: lists(2) }],
        capability: Capability::new(bytes("capability 0")),
        generation: Generation(0),
        slot: SlotId::new(bytes("slot")),
        slot_secret: SlotSecret::new(bytes("slot secret")),
        start: Seq(1),
        chain: Chain::new(bytes("chain at start")),
        leg_no: 1,
        control_secret: Some(ControlSecret::new(bytes("control 2"))),
        sender_handle: Some(handle()),
        log_key: public(LOG_KEY),
        given_up: vec![],
    };
    let after_an_absence = Welcome {
        leg_no: 2,
        given_up: vec![
            GivenUpLeg { topic: TopicId::new(bytes("an earlier leg")), read_to: Seq(17) },
            GivenUpLeg { topic: TopicId::new(bytes("the first leg")), read_to: Seq(0) },
        ],
        ..direct.clone()
    };
    let group = Welcome {
        control_secret: None,
        sender_handle: None,
        generation: Generation(3),
        leg_no: 0,
        ..direct.clone()
    };
    vec![
        ("welcome to a direct conversation", InboxContent::Welcome(Box::new(direct))),
        ("welcome after an absence", InboxContent::Welcome(Box::new(after_an_absence))),
        ("welcome to a group", InboxContent::Welcome(Box::new(group))),
    ]
}
