//! The requests of the topic plane, each field already what it says it is.

use std::fmt;

use prost::bytes::Bytes;

use super::{ControlAction, ControlKeys, EntryKind, TtlDays};
use crate::digest::{body_hash, rotate_to_sign};
use crate::ids::{
    AccountId, AppendId, Capability, CapabilityHash, DeviceId, DropCapability, Generation, Handle, PublicKey,
    Seq, Signature, SlotId, SlotSecret, SlotSecretHash, Token, TopicId,
};
use crate::signed::Pin;

/// What may be asked on the topic plane.
#[derive(Clone, PartialEq, Eq)]
pub enum TopicRequest {
    /// Whose name is this?
    LookUpHandle {
        /// The name.
        handle: Handle,
        /// Pays for the look-up.
        token: Option<Token>,
    },
    /// The account's chain of device lists, oldest first.
    FetchLists {
        /// Whose.
        account: AccountId,
        /// Only those after this one; all of them when absent.
        after: Option<Pin>,
    },
    /// Take one key package of a device.
    ClaimKeyPackage(ClaimKeyPackage),
    /// Leave a sealed item for a device.
    DropInInbox(DropInInbox),
    /// Make a topic.
    CreateTopic(CreateTopic),
    /// Add one entry.
    Append(Append),
    /// Make a reader's place.
    OpenSlot(OpenSlot),
    /// Give a slot another secret.
    ReplaceSlotSecret {
        /// The slot, with its secret so far.
        auth: SlotAuth,
        /// Hash of the new one.
        new_secret: SlotSecretHash,
    },
    /// Move a slot's read right on to a later generation.
    ProveSlot {
        /// The slot.
        auth: SlotAuth,
        /// A capability of that generation.
        capability: Capability,
    },
    /// Stream entries to these slots.
    Follow(Vec<Follow>),
    /// Stop streaming to these slots.
    Unfollow(Vec<SlotId>),
    /// Everything up to here is stored by the reader.
    AckSlot {
        /// The slot.
        auth: SlotAuth,
        /// Last entry that is stored.
        seq: Seq,
    },
    /// Give the slot up.
    CloseSlot(SlotAuth),
    /// Tell connected followers something that is never stored.
    SendEphemeral(SendEphemeral),
    /// Change the topic itself.
    Control(Control),
    /// Where is the topic now?
    TopicState {
        /// The topic.
        topic: TopicId,
        /// Opens it.
        capability: Capability,
    },
}

/// Take one key package of a device.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimKeyPackage {
    /// Whose device.
    pub account: AccountId,
    /// Which device.
    pub device: DeviceId,
    /// Pays for the claim.
    pub token: Option<Token>,
}

/// Leave a sealed item for a device. Idempotent: the same capability with the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct DropInInbox {
    /// Whose device.
    pub account: AccountId,
    /// Which device.
    pub device: DeviceId,
    /// The right to do it once.
    pub capability: DropCapability,
    /// HPKE ciphertext for the device's seal key.
    pub sealed: Bytes,
}

/// Make a topic. Idempotent on its arguments.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateTopic {
    /// Pays for the topic.
    pub token: Option<Token>,
    /// Random.
    pub topic: TopicId,
    /// Of generation 0.
    pub capability: CapabilityHash,
    /// Who may change the topic itself.
    pub control_keys: ControlKeys,
    /// How long application bodies are kept; the server's default when absent.
    pub ttl: Option<TtlDays>,
}

/// Add one entry, protocol §4.
#[derive(Clone, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub topic: TopicId,
    /// Opens the topic.
    pub capability: Capability,
    /// Handshake or application.
    pub kind: EntryKind,
    /// Format of the entry; the server does not look inside and carries any.
    pub version: u32,
    /// Newest handshake as the appender knows it.
    pub expect_head: Seq,
    /// Fresh for each ciphertext: makes the append idempotent.
    pub append_id: AppendId,
    /// The envelope.
    pub body: Bytes,
    /// On a handshake that removes somebody.
    pub rotate: Option<Rotate>,
    /// On a handshake that adds somebody; none twice.
    pub open_slots: Vec<NewSlot>,
}

impl Append {
    /// What the control key signs when this append rotates the capability.
    pub fn rotate_to_sign(&self, rotate: &Rotate) -> Vec<u8> {
        rotate_to_sign(
            self.topic,
            self.expect_head,
            self.append_id,
            body_hash(&self.body),
            rotate.generation,
            rotate.capability,
            rotate.control_keys.as_slice(),
        )
    }
}

/// A new capability and set of control keys, protocol §4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotate {
    /// The one that begins; at least 1.
    pub generation: Generation,
    /// Hash of its capability.
    pub capability: CapabilityHash,
    /// Who may change the topic from here on.
    pub control_keys: ControlKeys,
    /// Which key signs.
    pub control_key: PublicKey,
    /// Over [`Append::rotate_to_sign`].
    pub control_signature: Signature,
}

/// A slot to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSlot {
    /// Random.
    pub slot: SlotId,
    /// Hash of what will open it.
    pub secret: SlotSecretHash,
}

/// Make a reader's place.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenSlot {
    /// Where.
    pub topic: TopicId,
    /// Of any retained generation.
    pub capability: Capability,
    /// The slot.
    pub slot: NewSlot,
}

/// A slot and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotAuth {
    /// Of this topic.
    pub topic: TopicId,
    /// The slot.
    pub slot: SlotId,
    /// Opens it.
    pub secret: SlotSecret,
}

/// One slot to stream to.
#[derive(Clone, PartialEq, Eq)]
pub struct Follow {
    /// The slot.
    pub auth: SlotAuth,
    /// Entries after this one.
    pub from: Seq,
}

/// Tell connected followers something that is never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SendEphemeral {
    /// Where.
    pub topic: TopicId,
    /// Opens the topic.
    pub capability: Capability,
    /// The envelope.
    pub body: Bytes,
}

/// Change the topic itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Control {
    /// Which topic.
    pub topic: TopicId,
    /// What `signed` says.
    pub action: ControlAction,
    /// `ControlAction`, the bytes that were signed.
    pub signed: Bytes,
    /// Which key signs.
    pub control_key: PublicKey,
    /// Over [`control_to_sign`](crate::digest::control_to_sign).
    pub signature: Signature,
}

impl TopicRequest {
    /// Its name: all that a log or a metric says about a request.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::LookUpHandle { .. } => "look_up_handle",
            Self::FetchLists { .. } => "fetch_lists",
            Self::ClaimKeyPackage(_) => "claim_key_package",
            Self::DropInInbox(_) => "drop_in_inbox",
            Self::CreateTopic(_) => "create_topic",
            Self::Append(_) => "append",
            Self::OpenSlot(_) => "open_slot",
            Self::ReplaceSlotSecret { .. } => "replace_slot_secret",
            Self::ProveSlot { .. } => "prove_slot",
            Self::Follow(_) => "follow",
            Self::Unfollow(_) => "unfollow",
            Self::AckSlot { .. } => "ack_slot",
            Self::CloseSlot(_) => "close_slot",
            Self::SendEphemeral(_) => "send_ephemeral",
            Self::Control(_) => "control",
            Self::TopicState { .. } => "topic_state",
        }
    }
}

// Requests carry secrets, names and what people wrote: only the kind of request prints.
impl fmt::Debug for TopicRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Append({:?}, {} bytes)", self.kind, self.body.len())
    }
}

impl fmt::Debug for SlotAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlotAuth")
    }
}
