//! What may be done to a log, and what comes of it.

use std::fmt;

use bytes::Bytes;
use sotto_wire::ids::{
    AppendId, BodyHash, CapabilityHash, Chain, Day, Generation, Minute, PublicKey, Seq, SlotId,
    SlotSecretHash, TopicId,
};
use sotto_wire::topic::{ControlAction, ControlKeys, Entry, EntryKind, NewSlot, TtlDays};

/// One atomic step on a log. Reads are steps too, where they must see what stands before them in the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogOp {
    /// Makes a topic.
    Create(Create),
    /// Adds one entry.
    Append(Append),
    /// Makes a reader's place.
    OpenSlot(OpenSlot),
    /// Gives a slot another secret.
    ReplaceSecret(ReplaceSecret),
    /// Moves a slot's read right on.
    Prove(Prove),
    /// Everything up to a seq is stored by the reader.
    Ack(Ack),
    /// Gives a slot up.
    CloseSlot(SlotKey),
    /// Changes the topic itself.
    Control(Control),
    /// Looks at a slot.
    ReadSlot(SlotKey),
    /// Looks at a topic.
    ReadTopic(ReadTopic),
    /// Trims and empties what is due.
    Sweep(Sweep),
}

/// What came of one [`LogOp`]; the variants correspond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogOutcome {
    /// Of [`LogOp::Create`].
    Create(Result<Created, CreateRefused>),
    /// Of [`LogOp::Append`].
    Append(Result<Appended, AppendRefused>),
    /// Of [`LogOp::OpenSlot`].
    OpenSlot(Result<SlotView, OpenSlotRefused>),
    /// Of [`LogOp::ReplaceSecret`].
    ReplaceSecret(Result<(), SlotRefused>),
    /// Of [`LogOp::Prove`].
    Prove(Result<SlotView, ProveRefused>),
    /// Of [`LogOp::Ack`].
    Ack(Result<SlotView, AckRefused>),
    /// Of [`LogOp::CloseSlot`].
    CloseSlot(Result<(), SlotRefused>),
    /// Of [`LogOp::Control`].
    Control(Result<Controlled, ControlRefused>),
    /// Of [`LogOp::ReadSlot`].
    ReadSlot(Result<SlotView, SlotRefused>),
    /// Of [`LogOp::ReadTopic`].
    ReadTopic(Result<TopicView, TopicRefused>),
    /// Of [`LogOp::Sweep`].
    Sweep(Swept),
}

/// Whether an idempotent request did something now or had done it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It took effect now.
    First,
    /// A repeat: nothing changed.
    Again,
}

/// Makes a topic, unless it was made with the very same arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// Random.
    pub topic: TopicId,
    /// Of generation 0.
    pub capability: CapabilityHash,
    /// Who may change the topic itself.
    pub control_keys: ControlKeys,
    /// Days application bodies are kept.
    pub ttl: TtlDays,
}

/// The topic is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// Whether it was made now.
    pub asked: Asked,
    /// The first entry that is still there, or will be.
    pub first: Seq,
}

/// Why the topic was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateRefused {
    /// It exists and was made with other arguments.
    Exists,
}

/// Adds one entry, opens the joiners' slots and rotates the capability, all or nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub topic: TopicId,
    /// Of the capability shown.
    pub capability: CapabilityHash,
    /// Handshake or application.
    pub kind: EntryKind,
    /// Format of the entry.
    pub version: u32,
    /// Newest handshake as the appender knows it.
    pub expect_head: Seq,
    /// Makes the append idempotent.
    pub append_id: AppendId,
    /// The envelope.
    pub body: Bytes,
    /// SHA-256 of the body.
    pub body_hash: BodyHash,
    /// The server's clock.
    pub minute: Minute,
    /// On handshakes only.
    pub rotate: Option<Rotation>,
    /// On handshakes only; none twice.
    pub open_slots: Vec<NewSlot>,
}

/// A new generation. The caller has checked that `signed_by` signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The one after the current one.
    pub generation: Generation,
    /// Hash of its capability.
    pub capability: CapabilityHash,
    /// Who may change the topic from here on.
    pub control_keys: ControlKeys,
    /// Must be a control key of the topic.
    pub signed_by: PublicKey,
}

/// The entry is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// As stored; in a repeat its body may have become its hash.
    pub entry: Entry,
    /// SHA-256 of its body.
    pub body_hash: BodyHash,
    /// The chain value before it.
    pub previous: Chain,
    /// The chain value after it.
    pub chain: Chain,
    /// The first entry that is still there.
    pub first: Seq,
    /// Whether it was added now.
    pub asked: Asked,
}

/// Why the entry was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendRefused {
    /// No such topic.
    TopicUnknown,
    /// The capability is not the topic's current one.
    Capability,
    /// Somebody else's handshake came first.
    Conflict {
        /// The newest handshake that the capability shown may know of.
        head: Seq,
    },
    /// The append id stands for another entry.
    AppendIdReused,
    /// The topic takes no more entries.
    Closed,
    /// The rotation is not by a control key or not to the next generation.
    Control,
    /// One of the slots exists with another secret.
    SlotTaken,
    /// The topic would have too many slots.
    TooManySlots,
}

/// Makes a reader's place. A repeat with the same secret is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSlot {
    /// Where.
    pub topic: TopicId,
    /// Of any retained generation.
    pub capability: CapabilityHash,
    /// The slot.
    pub slot: NewSlot,
    /// Counts as its last ack.
    pub today: Day,
}

/// Why the slot was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSlotRefused {
    /// No such topic.
    TopicUnknown,
    /// No retained generation has this capability.
    Capability,
    /// The slot exists with another secret.
    SlotTaken,
    /// The topic has too many slots.
    TooManySlots,
}

/// A slot, and the hash of the secret that was shown for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotKey {
    /// Of this topic.
    pub topic: TopicId,
    /// The slot.
    pub slot: SlotId,
    /// Of the secret shown.
    pub secret: SlotSecretHash,
}

/// Why a slot does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotRefused {
    /// No such topic.
    TopicUnknown,
    /// No such slot, or another secret.
    SlotUnknown,
}

/// Gives a slot another secret. A repeat, when the new one stands already, is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceSecret {
    /// The slot with its secret so far.
    pub key: SlotKey,
    /// Of the new secret.
    pub new: SlotSecretHash,
}

/// Moves a slot's read right on to the generation of a capability; never back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prove {
    /// The slot.
    pub key: SlotKey,
    /// Of a retained generation.
    pub capability: CapabilityHash,
    /// Counts as an ack.
    pub today: Day,
}

/// Why the read right stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProveRefused {
    /// No such topic.
    TopicUnknown,
    /// No such slot, or another secret.
    SlotUnknown,
    /// No retained generation has this capability.
    Capability,
}

/// Everything up to `seq` is stored by the reader. An ack below the slot's own changes nothing but its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The slot.
    pub key: SlotKey,
    /// Last entry that is stored.
    pub seq: Seq,
    /// The slot holds the trim for 30 days from here.
    pub today: Day,
}

/// Why the ack was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckRefused {
    /// No such topic.
    TopicUnknown,
    /// No such slot, or another secret.
    SlotUnknown,
    /// Beyond the newest entry that the slot may read.
    Beyond,
}

/// Changes the topic itself. The caller has checked that `signed_by` signed the action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Which topic.
    pub topic: TopicId,
    /// What changes.
    pub action: ControlAction,
    /// Of the bytes that were signed.
    pub stamp: ControlStamp,
    /// Must be a control key of the topic.
    pub signed_by: PublicKey,
    /// What an absent time-to-live stands for.
    pub ttl_default: TtlDays,
    /// For a closed topic's expiry.
    pub today: Day,
}

/// First half of SHA-256 over a signed control action: tells a repeat from another action at the same seq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ControlStamp(pub [u8; 16]);

/// The action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controlled {
    /// Whether it took effect now.
    pub asked: Asked,
    /// The newest entry: where a generation ends that this action ended.
    pub newest: Seq,
}

/// Why the topic did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlRefused {
    /// No such topic.
    TopicUnknown,
    /// The topic takes no more changes.
    Closed,
    /// Not a control key, signed for another state of the topic, or not the next generation.
    Control,
    /// Too many actions at one seq.
    TooMany,
}

/// Looks at a topic with a capability of any retained generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTopic {
    /// Which.
    pub topic: TopicId,
    /// Of the capability shown.
    pub capability: CapabilityHash,
}

/// Why a topic does not show itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicRefused {
    /// No such topic.
    TopicUnknown,
    /// No retained generation has this capability.
    Capability,
}

/// Trims, empties and forgets what is due on a topic, protocol §4; at most
/// [`SWEEP_ROWS_MAX`](crate::limits::SWEEP_ROWS_MAX) entries of each kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Which topic.
    pub topic: TopicId,
    /// Today.
    pub today: Day,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Application bodies replaced by their hash.
    pub emptied: u32,
    /// Entries removed.
    pub trimmed: u32,
    /// Slots removed.
    pub slots: u32,
    /// Whether there was more to do than one sweep may; then the topic stays due.
    pub more: bool,
}

/// A slot as its reader may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotView {
    /// The slot.
    pub slot: SlotId,
    /// Everything up to here is stored by the reader.
    pub ack: Seq,
    /// The newest generation it has proved.
    pub proved: Generation,
    /// The end of its read right, if a later generation has begun.
    pub readable_to: Option<Seq>,
    /// The newest entry it may read.
    pub newest: Seq,
    /// The first entry that is still there.
    pub first: Seq,
    /// Whether the topic takes no more entries.
    pub closed: bool,
}

/// A topic as the holder of a capability may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicView {
    /// Whether the capability is the current one.
    pub standing: Standing,
    /// Newest handshake; for a retired capability, at the end of its generation.
    pub head: Seq,
    /// Newest entry; for a retired capability, the last one of its generation.
    pub newest: Seq,
    /// Current generation; for a retired capability, the one that followed its own.
    pub generation: Generation,
    /// Whether the topic takes no more entries.
    pub closed: bool,
}

/// What a capability is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Opens append.
    Current,
    /// Opens slots that read up to the end of its generation.
    Retired,
}

impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Append({:?}, {} bytes)", self.kind, self.body.len())
    }
}
