//! What is sealed to one device's inbox: a Welcome with everything the device needs to join (protocol §5).

use std::fmt;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::Reason;
use crate::fields::{at_most_items, decode, filled, fixed, handle, no_duplicate, present, seq};
use crate::ids::{
    AccountId, Capability, Chain, ControlSecret, Generation, Handle, Host, PublicKey, Seq, SlotId,
    SlotSecret, TopicId,
};
use crate::limits::{GIVEN_UP_LEGS_MAX, INBOX_ITEM_BYTES_MAX, LISTS_PER_REPLY_MAX, MEMBERS_MAX};
use crate::proto::{self, inbox_content};
use crate::signed::SignedList;

/// Plaintext of an inbox item.
#[derive(Clone, PartialEq, Eq)]
pub enum InboxContent {
    /// Somebody adds this device to a group.
    Welcome(Box<Welcome>),
}

/// An invitation into a group. All of it is the sender's word until MLS and the lists prove it.
#[derive(Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The group's topic.
    pub topic: TopicId,
    /// The server that holds it.
    pub host: Host,
    /// RFC 9420 Welcome for this device alone.
    pub mls_welcome: Bytes,
    /// RFC 9420 ratchet tree.
    pub ratchet_tree: Bytes,
    /// The chain of lists of every pinned account; no account twice.
    pub lists: Vec<PinnedLists>,
    /// Opens the topic.
    pub capability: Capability,
    /// Of this generation.
    pub generation: Generation,
    /// The joiner's slot.
    pub slot: SlotId,
    /// Opens it until the joiner replaces it, on first use.
    pub slot_secret: SlotSecret,
    /// The entry that added this device.
    pub start: Seq,
    /// Chain value there.
    pub chain: Chain,
    /// Which leg of a 1:1 conversation.
    pub leg_no: u32,
    /// 1:1: the joiner's own control key, registered at creation.
    pub control_secret: Option<ControlSecret>,
    /// Who the sender says they are: shown as unverified until the directory proves it.
    pub sender_handle: Option<Handle>,
    /// The server's log key, as the sender knows it.
    pub log_key: PublicKey,
    /// 1:1: earlier legs that the sender reads no more; none twice.
    pub given_up: Vec<GivenUpLeg>,
}

/// A leg that somebody reads no more: what stands there after `read_to` never reached them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUpLeg {
    /// The leg.
    pub topic: TopicId,
    /// The last entry that they read there; 0: none.
    pub read_to: Seq,
}

/// One account's device lists, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedLists {
    /// Whose.
    pub account: AccountId,
    /// At least one.
    pub lists: Vec<SignedList>,
}

impl InboxContent {
    /// Reads what was sealed.
    ///
    /// # Errors
    /// When it is no inbox content or a field breaks its limits; [`Reason::Unknown`] for a kind that only newer
    /// clients know.
    pub fn parse(plaintext: &Bytes) -> Result<Self, Reason> {
        let message: proto::InboxContent = decode("inbox content", plaintext, INBOX_ITEM_BYTES_MAX)?;
        match message.content.ok_or(Reason::Unknown { what: "inbox content" })? {
            inbox_content::Content::Welcome(m) => Ok(Self::Welcome(Box::new(Welcome::try_from(m)?))),
        }
    }

    /// The plaintext that [`parse`](Self::parse) reads, not yet padded.
    pub fn encode(&self) -> Bytes {
        let content = match self {
            Self::Welcome(welcome) => inbox_content::Content::Welcome(welcome.as_ref().into()),
        };
        proto::InboxContent { content: Some(content) }.encode_to_vec().into()
    }
}

impl TryFrom<proto::Welcome> for Welcome {
    type Error = Reason;

    fn try_from(m: proto::Welcome) -> Result<Self, Reason> {
        let control_secret = if m.control_secret.is_empty() { None } else { Some(fixed(&m.control_secret)?) };
        let start = seq("start", m.start_seq)?;
        if start == Seq(0) {
            return Err(Reason::OutOfRange { what: "start" });
        }
        Ok(Self {
            topic: fixed(&m.topic)?,
            host: Host::parse(&m.host)?,
            mls_welcome: filled("MLS welcome", m.mls_welcome, INBOX_ITEM_BYTES_MAX)?,
            ratchet_tree: filled("ratchet tree", m.ratchet_tree, INBOX_ITEM_BYTES_MAX)?,
            lists: pinned(m.lists)?,
            capability: fixed(&m.capability)?,
            generation: Generation(m.generation),
            slot: fixed(&m.slot)?,
            slot_secret: fixed(&m.slot_secret)?,
            start,
            chain: fixed(&m.chain)?,
            leg_no: m.leg_no,
            control_secret,
            sender_handle: if m.sender_handle.is_empty() { None } else { Some(handle(&m.sender_handle)?) },
            log_key: fixed(&m.log_key)?,
            given_up: given_up(m.given_up)?,
        })
    }
}

fn given_up(legs: Vec<proto::GivenUpLeg>) -> Result<Vec<GivenUpLeg>, Reason> {
    at_most_items("given up legs", legs.len(), GIVEN_UP_LEGS_MAX)?;
    let legs = legs.into_iter().map(GivenUpLeg::try_from).collect::<Result<Vec<_>, _>>()?;
    no_duplicate("given up leg", legs.iter().map(|leg| leg.topic))?;
    Ok(legs)
}

impl TryFrom<proto::GivenUpLeg> for GivenUpLeg {
    type Error = Reason;

    fn try_from(m: proto::GivenUpLeg) -> Result<Self, Reason> {
        Ok(Self { topic: fixed(&m.topic)?, read_to: seq("read to", m.read_to)? })
    }
}

impl From<&GivenUpLeg> for proto::GivenUpLeg {
    fn from(leg: &GivenUpLeg) -> Self {
        Self { topic: leg.topic.into(), read_to: leg.read_to.0 }
    }
}

fn pinned(lists: Vec<proto::PinnedLists>) -> Result<Vec<PinnedLists>, Reason> {
    at_most_items("pinned accounts", lists.len(), MEMBERS_MAX)?;
    present("pinned accounts", lists.first())?;
    let lists = lists.into_iter().map(PinnedLists::try_from).collect::<Result<Vec<_>, _>>()?;
    no_duplicate("pinned account", lists.iter().map(|one| one.account))?;
    Ok(lists)
}

impl From<&Welcome> for proto::Welcome {
    fn from(welcome: &Welcome) -> Self {
        Self {
            topic: welcome.topic.into(),
            host: welcome.host.as_str().to_owned(),
            mls_welcome: welcome.mls_welcome.clone(),
            ratchet_tree: welcome.ratchet_tree.clone(),
            lists: welcome.lists.iter().map(Into::into).collect(),
            capability: (&welcome.capability).into(),
            generation: welcome.generation.0,
            slot: welcome.slot.into(),
            slot_secret: (&welcome.slot_secret).into(),
            start_seq: welcome.start.0,
            chain: welcome.chain.into(),
            leg_no: welcome.leg_no,
            control_secret: welcome.control_secret.as_ref().map(Into::into).unwrap_or_default(),
            sender_handle: welcome.sender_handle.as_ref().map(|h| h.as_str().to_owned()).unwrap_or_default(),
            log_key: welcome.log_key.into(),
            given_up: welcome.given_up.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<proto::PinnedLists> for PinnedLists {
    type Error = Reason;

    fn try_from(m: proto::PinnedLists) -> Result<Self, Reason> {
        at_most_items("device lists", m.lists.len(), LISTS_PER_REPLY_MAX)?;
        present("device lists", m.lists.first())?;
        let lists = m.lists.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { account: fixed(&m.account_id)?, lists })
    }
}

impl From<&PinnedLists> for proto::PinnedLists {
    fn from(pinned: &PinnedLists) -> Self {
        Self { account_id: pinned.account.into(), lists: pinned.lists.iter().map(Into::into).collect() }
    }
}

// A Welcome names people and carries secrets.
impl fmt::Debug for InboxContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Welcome(welcome) => welcome.fmt(f),
        }
    }
}

impl fmt::Debug for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Welcome")
    }
}
