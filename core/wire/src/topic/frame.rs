//! Server to client on the topic plane.

use std::fmt;

use prost::Message;
use prost::bytes::Bytes;

use super::Entries;
use crate::error::{ParseError, Reason};
use crate::fields::{self, at_most_items, filled, fixed, no_duplicate, present, seq};
use crate::frames::{Hello, Incompatible, Refusal};
use crate::ids::{AccountId, DropCapability, Generation, Seq, SlotId, TopicId};
use crate::limits::{EPHEMERAL_BYTES_MAX, FOLLOWS_PER_REQUEST_MAX, LISTS_PER_REPLY_MAX};
use crate::proto::{self, SignedItem, topic_frame::Frame, topic_response::Response};
use crate::signed::{SignedKeyPackage, SignedList};

/// One frame from the server.
#[derive(Debug, Clone, PartialEq)]
pub enum TopicFrame {
    /// The first one.
    Hello(Hello),
    /// The first one, of a server this client cannot talk to.
    Incompatible(Incompatible),
    /// The answer to one request.
    Response {
        /// Which request.
        id: u32,
        /// The answer, or a refusal.
        outcome: Result<TopicResponse, Refusal>,
    },
    /// Entries of a followed topic.
    Entries(Entries),
    /// Something a member said that is not stored.
    Ephemeral {
        /// Where.
        topic: TopicId,
        /// The envelope.
        body: Bytes,
    },
    /// A slot is no longer streamed to.
    FollowEnded {
        /// Which.
        slot: SlotId,
        /// Why.
        refusal: Refusal,
    },
    /// The last one: why the server closes.
    Closing(Refusal),
}

/// What the server answers on the topic plane. A `SignedItem` in it is unverified until
/// [`receipt::verify`](crate::receipt::verify) has seen it.
#[derive(Clone, PartialEq)]
pub enum TopicResponse {
    /// Whose name it is: a claim until the list chain proves it.
    HandleFound(AccountId),
    /// Device lists, oldest first.
    Lists(Vec<SignedList>),
    /// A key package, and the right to drop one item at its device.
    ClaimedKeyPackage {
        /// Unverified.
        key_package: SignedKeyPackage,
        /// Whether the server says that it hands this one out repeatedly.
        last_resort: bool,
        /// Good for one item.
        capability: DropCapability,
    },
    /// The item is in the inbox.
    DroppedInInbox,
    /// The topic exists; a `BatchReceipt` that is empty.
    TopicCreated(SignedItem),
    /// The entry is in the log; an `AppendReceipt`.
    Appended(SignedItem),
    /// Somebody else's handshake came first.
    Conflict {
        /// Seq of the newest handshake.
        head: Seq,
    },
    /// The slot exists; a `SlotReceipt`.
    SlotOpened(SignedItem),
    /// Only the new secret opens the slot.
    SlotSecretReplaced,
    /// The slot's read right moved on; a `SlotReceipt`.
    SlotProved(SignedItem),
    /// One outcome for each slot that was asked for.
    Followed(Vec<FollowOutcome>),
    /// The slots are not streamed to.
    Unfollowed,
    /// The ack is stored; a `SlotReceipt`.
    SlotAcked(SignedItem),
    /// The slot is gone.
    SlotClosed,
    /// Connected followers were told.
    EphemeralSent,
    /// The topic changed.
    Controlled,
    /// Where the topic is.
    TopicState {
        /// Seq of the newest handshake.
        head: Seq,
        /// Seq the next entry will get.
        next_seq: Seq,
        /// Newest generation of the capability.
        generation: Generation,
    },
}

/// What became of one slot of a follow request.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowOutcome {
    /// Which slot.
    pub slot: SlotId,
    /// A `SlotReceipt`, or why not.
    pub outcome: Result<SignedItem, Refusal>,
}

impl TopicFrame {
    /// Reads one frame. Bodies are slices of it, not copies.
    ///
    /// # Errors
    /// When the bytes are no such frame or a field breaks its limits.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        let message: proto::TopicFrame = fields::frame(frame)?;
        Ok(match message.frame.ok_or(Reason::Unknown { what: "frame" })? {
            Frame::Hello(hello) => Hello::parse(&hello)?.map_or_else(Self::Incompatible, Self::Hello),
            Frame::Response(message) => {
                let id = message.id;
                let response = message.response.ok_or(Reason::Unknown { what: "response" });
                let outcome = response.and_then(read).map_err(|reason| reason.of(id))?;
                Self::Response { id, outcome }
            }
            Frame::Entries(message) => Self::Entries(Entries::from_proto(message)?),
            Frame::Ephemeral(m) => Self::Ephemeral {
                topic: fixed(&m.topic)?,
                body: filled("ephemeral", m.body, EPHEMERAL_BYTES_MAX)?,
            },
            Frame::Closing(error) => Self::Closing(Refusal::parse(&error)),
            Frame::FollowEnded(m) => Self::FollowEnded {
                slot: fixed(&m.slot)?,
                refusal: Refusal::parse(&present("error", m.error)?),
            },
        })
    }

    /// The frame that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Bytes {
        let frame = match self {
            Self::Hello(hello) => Some(Frame::Hello(hello.to_proto())),
            // Only ever received.
            Self::Incompatible(_) => None,
            Self::Response { id, outcome } => {
                let response = Some(match outcome {
                    Ok(response) => response.to_proto(),
                    Err(refusal) => Response::Error(refusal.to_proto()),
                });
                Some(Frame::Response(proto::TopicResponse { id: *id, response }))
            }
            Self::Entries(entries) => Some(Frame::Entries(entries.to_proto())),
            Self::Ephemeral { topic, body } => Some(Frame::Ephemeral(proto::EphemeralReceived {
                topic: (*topic).into(),
                body: body.clone(),
            })),
            Self::FollowEnded { slot, refusal } => Some(Frame::FollowEnded(proto::FollowEnded {
                slot: (*slot).into(),
                error: Some(refusal.to_proto()),
            })),
            Self::Closing(refusal) => Some(Frame::Closing(refusal.to_proto())),
        };
        proto::TopicFrame { frame }.encode_to_vec().into()
    }

    /// The answer to request `id`.
    pub const fn response(id: u32, response: TopicResponse) -> Self {
        Self::Response { id, outcome: Ok(response) }
    }

    /// The refusal of request `id`.
    pub const fn refused(id: u32, refusal: Refusal) -> Self {
        Self::Response { id, outcome: Err(refusal) }
    }
}

fn read(response: Response) -> Result<Result<TopicResponse, Refusal>, Reason> {
    Ok(Ok(match response {
        Response::Error(error) => return Ok(Err(Refusal::parse(&error))),
        Response::HandleFound(m) => TopicResponse::HandleFound(fixed(&m.account_id)?),
        Response::Lists(m) => {
            at_most_items("device lists", m.lists.len(), LISTS_PER_REPLY_MAX)?;
            TopicResponse::Lists(m.lists.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?)
        }
        Response::ClaimedKeyPackage(m) => TopicResponse::ClaimedKeyPackage {
            key_package: present("key package", m.key_package)?.try_into()?,
            last_resort: m.last_resort,
            capability: fixed(&m.drop_capability)?,
        },
        Response::DroppedInInbox(_) => TopicResponse::DroppedInInbox,
        Response::TopicCreated(m) => TopicResponse::TopicCreated(receipt(m.receipt)?),
        Response::Appended(m) => TopicResponse::Appended(receipt(m.receipt)?),
        Response::Conflict(m) => TopicResponse::Conflict { head: seq("head", m.head)? },
        Response::SlotOpened(m) => TopicResponse::SlotOpened(receipt(m.receipt)?),
        Response::SlotSecretReplaced(_) => TopicResponse::SlotSecretReplaced,
        Response::SlotProved(m) => TopicResponse::SlotProved(receipt(m.receipt)?),
        Response::Followed(m) => TopicResponse::Followed(outcomes(m.outcomes)?),
        Response::Unfollowed(_) => TopicResponse::Unfollowed,
        Response::SlotAcked(m) => TopicResponse::SlotAcked(receipt(m.receipt)?),
        Response::SlotClosed(_) => TopicResponse::SlotClosed,
        Response::EphemeralSent(_) => TopicResponse::EphemeralSent,
        Response::Controlled(_) => TopicResponse::Controlled,
        Response::TopicState(m) => state(&m)?,
    }))
}

fn receipt(item: Option<SignedItem>) -> Result<SignedItem, Reason> {
    present("receipt", item)
}

fn state(m: &proto::TopicStateReply) -> Result<TopicResponse, Reason> {
    let (head, next_seq) = (seq("head", m.head)?, seq("next seq", m.next_seq)?);
    if head >= next_seq {
        return Err(Reason::OutOfOrder { what: "head and next seq" });
    }
    Ok(TopicResponse::TopicState { head, next_seq, generation: Generation(m.generation) })
}

fn outcomes(outcomes: Vec<proto::FollowOutcome>) -> Result<Vec<FollowOutcome>, Reason> {
    at_most_items("follow outcomes", outcomes.len(), FOLLOWS_PER_REQUEST_MAX)?;
    let outcomes = outcomes.into_iter().map(FollowOutcome::from_proto).collect::<Result<Vec<_>, _>>()?;
    no_duplicate("slot", outcomes.iter().map(|outcome| outcome.slot))?;
    Ok(outcomes)
}

impl FollowOutcome {
    fn from_proto(m: proto::FollowOutcome) -> Result<Self, Reason> {
        let outcome = match (m.error, m.receipt) {
            (Some(_), Some(_)) => return Err(Reason::NotAllowed { what: "receipt beside an error" }),
            (Some(error), None) => Err(Refusal::parse(&error)),
            (None, item) => Ok(receipt(item)?),
        };
        Ok(Self { slot: fixed(&m.slot)?, outcome })
    }
}

impl From<&FollowOutcome> for proto::FollowOutcome {
    fn from(outcome: &FollowOutcome) -> Self {
        Self {
            slot: outcome.slot.into(),
            error: outcome.outcome.as_ref().err().map(|refusal| refusal.to_proto()),
            receipt: outcome.outcome.as_ref().ok().cloned(),
        }
    }
}

impl TopicResponse {
    /// Its name: all that a log says about it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::HandleFound(_) => "handle_found",
            Self::Lists(_) => "lists",
            Self::ClaimedKeyPackage { .. } => "claimed_key_package",
            Self::DroppedInInbox => "dropped_in_inbox",
            Self::TopicCreated(_) => "topic_created",
            Self::Appended(_) => "appended",
            Self::Conflict { .. } => "conflict",
            Self::SlotOpened(_) => "slot_opened",
            Self::SlotSecretReplaced => "slot_secret_replaced",
            Self::SlotProved(_) => "slot_proved",
            Self::Followed(_) => "followed",
            Self::Unfollowed => "unfollowed",
            Self::SlotAcked(_) => "slot_acked",
            Self::SlotClosed => "slot_closed",
            Self::EphemeralSent => "ephemeral_sent",
            Self::Controlled => "controlled",
            Self::TopicState { .. } => "topic_state",
        }
    }

    fn to_proto(&self) -> Response {
        match self {
            Self::HandleFound(account) => {
                Response::HandleFound(proto::HandleFound { account_id: (*account).into() })
            }
            Self::Lists(lists) => {
                Response::Lists(proto::Lists { lists: lists.iter().map(Into::into).collect() })
            }
            Self::ClaimedKeyPackage { key_package, last_resort, capability } => {
                Response::ClaimedKeyPackage(proto::ClaimedKeyPackage {
                    key_package: Some(key_package.into()),
                    last_resort: *last_resort,
                    drop_capability: capability.into(),
                })
            }
            Self::DroppedInInbox => Response::DroppedInInbox(proto::DroppedInInbox {}),
            Self::TopicCreated(item) => {
                Response::TopicCreated(proto::TopicCreated { receipt: Some(item.clone()) })
            }
            Self::Appended(item) => Response::Appended(proto::Appended { receipt: Some(item.clone()) }),
            Self::Conflict { head } => Response::Conflict(proto::Conflict { head: head.0 }),
            Self::SlotOpened(item) => Response::SlotOpened(proto::SlotOpened { receipt: Some(item.clone()) }),
            Self::SlotSecretReplaced => Response::SlotSecretReplaced(proto::SlotSecretReplaced {}),
            Self::SlotProved(item) => Response::SlotProved(proto::SlotProved { receipt: Some(item.clone()) }),
            Self::Followed(outcomes) => {
                Response::Followed(proto::Followed { outcomes: outcomes.iter().map(Into::into).collect() })
            }
            Self::Unfollowed => Response::Unfollowed(proto::Unfollowed {}),
            Self::SlotAcked(item) => Response::SlotAcked(proto::SlotAcked { receipt: Some(item.clone()) }),
            Self::SlotClosed => Response::SlotClosed(proto::SlotClosed {}),
            Self::EphemeralSent => Response::EphemeralSent(proto::EphemeralSent {}),
            Self::Controlled => Response::Controlled(proto::Controlled {}),
            Self::TopicState { head, next_seq, generation } => Response::TopicState(proto::TopicStateReply {
                head: head.0,
                next_seq: next_seq.0,
                generation: generation.0,
            }),
        }
    }
}

impl fmt::Debug for TopicResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
