//! What only members can read, protocol §§5, 9: messages, what MLS authenticates beside them, group state, Welcomes.
//! The server never parses any of it; the sender may be a hostile member, so everything is checked all the same.

mod group;
mod inbox;
mod message;

pub use group::{GroupKind, GroupState, Member, Role};
pub use inbox::{GivenUpLeg, InboxContent, PinnedLists, Welcome};
pub use message::{
    ApplicationPayload, AuthenticatedData, Body, Content, Franking, StatementSeen, UnknownBody,
};
