//! The topic plane, protocol §§3.2, 4: what somebody without a name asks and what the server answers.

mod call;
mod control;
mod delivery;
mod frame;
mod request;

pub use call::TopicCall;
pub use control::{ControlAction, ControlChange, ControlKeys, TtlDays};
pub use delivery::{Delivery, DeliveryError, Entries, Entry, EntryContent};
pub use frame::{FollowOutcome, TopicFrame, TopicResponse};
pub use request::{
    Append, ClaimKeyPackage, Control, CreateTopic, DropInInbox, Follow, NewSlot, OpenSlot, Rotate,
    SendEphemeral, SlotAuth, TopicRequest,
};

pub use crate::digest::EntryKind;
