//! Client to server on the topic plane: frames to requests and back.

use prost::Message;
use prost::bytes::Bytes;

use super::{
    Append, ClaimKeyPackage, Control, ControlAction, ControlKeys, CreateTopic, DropInInbox, EntryKind,
    Follow, NewSlot, OpenSlot, Rotate, SendEphemeral, SlotAuth, TopicRequest, TtlDays,
};
use crate::error::{ParseError, Reason};
use crate::fields::{
    at_most_items, call, distinct, filled, fixed, handle, later_generation, no_duplicate, present, seq,
};
use crate::ids::Token;
use crate::limits::{EPHEMERAL_BYTES_MAX, FOLLOWS_PER_REQUEST_MAX, INBOX_ITEM_BYTES_MAX, OPEN_SLOTS_MAX};
use crate::proto::{self, topic_request::Request};
use crate::signed::Pin;

/// One request, with the id its response will echo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCall {
    /// Unique among the requests under way on this connection.
    pub id: u32,
    /// What is asked.
    pub request: TopicRequest,
}

impl TopicCall {
    /// Reads one frame. Bodies are slices of it, not copies.
    ///
    /// # Errors
    /// When the bytes are no such frame or a field breaks its limits.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        let message: proto::TopicRequest = call(frame)?;
        let id = message.id;
        let request = message.request.ok_or(Reason::Unknown { what: "request" });
        let request = request.and_then(read).map_err(|reason| reason.of(id))?;
        Ok(Self { id, request })
    }

    /// The frame that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Bytes {
        let request = Some(write(&self.request));
        proto::TopicRequest { id: self.id, request }.encode_to_vec().into()
    }
}

fn read(request: Request) -> Result<TopicRequest, Reason> {
    Ok(match request {
        Request::LookUpHandle(m) => {
            TopicRequest::LookUpHandle { handle: handle(&m.handle)?, token: Token::parse(&m.token)? }
        }
        Request::FetchLists(m) => TopicRequest::FetchLists {
            account: fixed(&m.account_id)?,
            after: m.after.as_ref().map(Pin::try_from).transpose()?,
        },
        Request::ClaimKeyPackage(m) => TopicRequest::ClaimKeyPackage(ClaimKeyPackage {
            account: fixed(&m.account_id)?,
            device: fixed(&m.device_id)?,
            token: Token::parse(&m.token)?,
        }),
        Request::DropInInbox(m) => TopicRequest::DropInInbox(DropInInbox {
            account: fixed(&m.account_id)?,
            device: fixed(&m.device_id)?,
            capability: fixed(&m.drop_capability)?,
            sealed: filled("inbox item", m.sealed, INBOX_ITEM_BYTES_MAX)?,
        }),
        Request::CreateTopic(m) => TopicRequest::CreateTopic(CreateTopic {
            token: Token::parse(&m.token)?,
            topic: fixed(&m.topic)?,
            capability: fixed(&m.capability_hash)?,
            control_keys: ControlKeys::parse(&m.control_keys)?,
            ttl: TtlDays::parse(m.ttl_days)?,
        }),
        Request::Append(m) => TopicRequest::Append(read_append(m)?),
        Request::OpenSlot(m) => TopicRequest::OpenSlot(OpenSlot {
            topic: fixed(&m.topic)?,
            capability: fixed(&m.capability)?,
            slot: NewSlot::parse(&present("slot", m.slot)?)?,
        }),
        Request::ReplaceSlotSecret(m) => TopicRequest::ReplaceSlotSecret {
            auth: SlotAuth::parse(m.auth.as_ref())?,
            new_secret: fixed(&m.new_secret_hash)?,
        },
        Request::ProveSlot(m) => TopicRequest::ProveSlot {
            auth: SlotAuth::parse(m.auth.as_ref())?,
            capability: fixed(&m.capability)?,
        },
        Request::Follow(m) => TopicRequest::Follow(read_follows(&m.follows)?),
        Request::Unfollow(m) => TopicRequest::Unfollow(distinct("slots", &m.slots, FOLLOWS_PER_REQUEST_MAX)?),
        Request::AckSlot(m) => {
            TopicRequest::AckSlot { auth: SlotAuth::parse(m.auth.as_ref())?, seq: seq("seq", m.seq)? }
        }
        Request::CloseSlot(m) => TopicRequest::CloseSlot(SlotAuth::parse(m.auth.as_ref())?),
        Request::SendEphemeral(m) => TopicRequest::SendEphemeral(SendEphemeral {
            topic: fixed(&m.topic)?,
            capability: fixed(&m.capability)?,
            body: filled("ephemeral", m.body, EPHEMERAL_BYTES_MAX)?,
        }),
        Request::Control(m) => TopicRequest::Control(Control {
            topic: fixed(&m.topic)?,
            action: ControlAction::parse(&m.action)?,
            signed: m.action,
            control_key: fixed(&m.control_key)?,
            signature: fixed(&m.signature)?,
        }),
        Request::TopicState(m) => {
            TopicRequest::TopicState { topic: fixed(&m.topic)?, capability: fixed(&m.capability)? }
        }
    })
}

fn read_append(m: proto::Append) -> Result<Append, Reason> {
    let kind = EntryKind::parse(m.kind)?;
    let rotate = m.rotate.as_ref().map(Rotate::parse).transpose()?;
    at_most_items("open slots", m.open_slots.len(), OPEN_SLOTS_MAX)?;
    let open_slots = m.open_slots.iter().map(NewSlot::parse).collect::<Result<Vec<_>, _>>()?;
    no_duplicate("slot", open_slots.iter().map(|new| new.slot))?;
    if kind == EntryKind::Application {
        not_allowed("rotation on an application entry", rotate.is_some())?;
        not_allowed("slots on an application entry", !open_slots.is_empty())?;
    }
    if m.version == 0 {
        return Err(Reason::Version { what: "entry", found: 0 });
    }
    Ok(Append {
        topic: fixed(&m.topic)?,
        capability: fixed(&m.capability)?,
        kind,
        version: m.version,
        expect_head: seq("head", m.expect_head)?,
        append_id: fixed(&m.append_id)?,
        body: filled("body", m.body, kind.bytes_max())?,
        rotate,
        open_slots,
    })
}

const fn not_allowed(what: &'static str, there: bool) -> Result<(), Reason> {
    if there { Err(Reason::NotAllowed { what }) } else { Ok(()) }
}

fn read_follows(follows: &[proto::FollowOne]) -> Result<Vec<Follow>, Reason> {
    at_most_items("follows", follows.len(), FOLLOWS_PER_REQUEST_MAX)?;
    let follows = follows.iter().map(Follow::parse).collect::<Result<Vec<_>, _>>()?;
    no_duplicate("slot", follows.iter().map(|follow| follow.auth.slot))?;
    Ok(follows)
}

impl Follow {
    fn parse(m: &proto::FollowOne) -> Result<Self, Reason> {
        Ok(Self { auth: SlotAuth::parse(m.auth.as_ref())?, from: seq("seq", m.from_seq)? })
    }
}

impl SlotAuth {
    fn parse(m: Option<&proto::SlotAuth>) -> Result<Self, Reason> {
        let m = present("slot", m)?;
        Ok(Self { topic: fixed(&m.topic)?, slot: fixed(&m.slot)?, secret: fixed(&m.secret)? })
    }
}

impl NewSlot {
    fn parse(m: &proto::NewSlot) -> Result<Self, Reason> {
        Ok(Self { slot: fixed(&m.slot)?, secret: fixed(&m.secret_hash)? })
    }
}

impl Rotate {
    fn parse(m: &proto::Rotate) -> Result<Self, Reason> {
        Ok(Self {
            generation: later_generation(m.generation)?,
            capability: fixed(&m.capability_hash)?,
            control_keys: ControlKeys::parse(&m.control_keys)?,
            control_key: fixed(&m.control_key)?,
            control_signature: fixed(&m.control_signature)?,
        })
    }
}

fn write(request: &TopicRequest) -> Request {
    match request {
        TopicRequest::LookUpHandle { handle, token } => Request::LookUpHandle(proto::LookUpHandle {
            handle: handle.as_str().to_owned(),
            token: Token::to_proto(token.as_ref()),
        }),
        TopicRequest::FetchLists { account, after } => Request::FetchLists(proto::FetchLists {
            account_id: (*account).into(),
            after: after.map(Into::into),
        }),
        TopicRequest::ClaimKeyPackage(r) => Request::ClaimKeyPackage(proto::ClaimKeyPackage {
            account_id: r.account.into(),
            device_id: r.device.into(),
            token: Token::to_proto(r.token.as_ref()),
        }),
        TopicRequest::DropInInbox(r) => Request::DropInInbox(proto::DropInInbox {
            account_id: r.account.into(),
            device_id: r.device.into(),
            drop_capability: (&r.capability).into(),
            sealed: r.sealed.clone(),
        }),
        TopicRequest::CreateTopic(r) => Request::CreateTopic(proto::CreateTopic {
            token: Token::to_proto(r.token.as_ref()),
            topic: r.topic.into(),
            capability_hash: r.capability.into(),
            control_keys: r.control_keys.to_proto(),
            ttl_days: TtlDays::to_proto(r.ttl),
        }),
        TopicRequest::Append(r) => Request::Append(write_append(r)),
        TopicRequest::OpenSlot(r) => Request::OpenSlot(proto::OpenSlot {
            topic: r.topic.into(),
            capability: (&r.capability).into(),
            slot: Some((&r.slot).into()),
        }),
        TopicRequest::ReplaceSlotSecret { auth, new_secret } => {
            Request::ReplaceSlotSecret(proto::ReplaceSlotSecret {
                auth: Some(auth.into()),
                new_secret_hash: (*new_secret).into(),
            })
        }
        TopicRequest::ProveSlot { auth, capability } => {
            Request::ProveSlot(proto::ProveSlot { auth: Some(auth.into()), capability: capability.into() })
        }
        TopicRequest::Follow(follows) => {
            Request::Follow(proto::Follow { follows: follows.iter().map(Into::into).collect() })
        }
        TopicRequest::Unfollow(slots) => {
            Request::Unfollow(proto::Unfollow { slots: slots.iter().map(|slot| (*slot).into()).collect() })
        }
        TopicRequest::AckSlot { auth, seq } => {
            Request::AckSlot(proto::AckSlot { auth: Some(auth.into()), seq: seq.0 })
        }
        TopicRequest::CloseSlot(auth) => Request::CloseSlot(proto::CloseSlot { auth: Some(auth.into()) }),
        TopicRequest::SendEphemeral(r) => Request::SendEphemeral(proto::SendEphemeral {
            topic: r.topic.into(),
            capability: (&r.capability).into(),
            body: r.body.clone(),
        }),
        TopicRequest::Control(r) => Request::Control(proto::Control {
            topic: r.topic.into(),
            action: r.signed.clone(),
            control_key: r.control_key.into(),
            signature: r.signature.into(),
        }),
        TopicRequest::TopicState { topic, capability } => {
            Request::TopicState(proto::TopicState { topic: (*topic).into(), capability: capability.into() })
        }
    }
}

fn write_append(r: &Append) -> proto::Append {
    proto::Append {
        topic: r.topic.into(),
        capability: (&r.capability).into(),
        kind: r.kind.to_proto(),
        expect_head: r.expect_head.0,
        append_id: r.append_id.into(),
        body: r.body.clone(),
        rotate: r.rotate.as_ref().map(Into::into),
        open_slots: r.open_slots.iter().map(Into::into).collect(),
        version: r.version,
    }
}

impl From<&Rotate> for proto::Rotate {
    fn from(r: &Rotate) -> Self {
        Self {
            generation: r.generation.0,
            capability_hash: r.capability.into(),
            control_keys: r.control_keys.to_proto(),
            control_key: r.control_key.into(),
            control_signature: r.control_signature.into(),
        }
    }
}

impl From<&NewSlot> for proto::NewSlot {
    fn from(new: &NewSlot) -> Self {
        Self { slot: new.slot.into(), secret_hash: new.secret.into() }
    }
}

impl From<&SlotAuth> for proto::SlotAuth {
    fn from(auth: &SlotAuth) -> Self {
        Self { topic: auth.topic.into(), slot: auth.slot.into(), secret: (&auth.secret).into() }
    }
}

impl From<&Follow> for proto::FollowOne {
    fn from(follow: &Follow) -> Self {
        Self { auth: Some((&follow.auth).into()), from_seq: follow.from.0 }
    }
}
