//! The group state in GroupContext extension 0xF050 (protocol §5): how it is carried and how it may move.
//!
//! Its form is the wire's ([`GroupState`]); here is what only a group can say about it.

use openmls::group::GroupContext;
use openmls::prelude::{Extension, Extensions, UnknownExtension};
use sotto_wire::content::{GroupKind, GroupState};
use sotto_wire::proto;

use crate::suite::{STATE_EXTENSION, required};
use crate::validity::Invalid;

/// The GroupContext extensions of a group in this (encoded) state: what is required of leaves, and the state.
pub(crate) fn write(state: &[u8]) -> Option<Extensions<GroupContext>> {
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(required()),
        Extension::Unknown(STATE_EXTENSION, UnknownExtension(state.to_vec())),
    ])
    .ok()
}

/// Reads what [`write()`] wrote: exactly those two extensions, so no external sender slips in (rules 9, 10).
pub(crate) fn read(extensions: &Extensions<GroupContext>) -> Result<GroupState, Invalid> {
    if extensions.iter().count() != 2 || extensions.required_capabilities() != Some(&required()) {
        return Err(Invalid::Extensions);
    }
    let bytes = extensions.unknown(STATE_EXTENSION).ok_or(Invalid::Extensions)?;
    let state = GroupState::parse(&bytes.0.clone().into()).map_err(|_| Invalid::State)?;
    check(state)
}

/// The same from its message.
pub(crate) fn parse(state: &proto::GroupState) -> Result<GroupState, Invalid> {
    check(GroupState::try_from(state).map_err(|_| Invalid::State)?)
}

/// Rule 10, for one state: a direct conversation has both its accounts from the start, since nobody can come later.
fn check(state: GroupState) -> Result<GroupState, Invalid> {
    let whole = state.kind != GroupKind::Direct || state.members().len() == 2;
    if whole { Ok(state) } else { Err(Invalid::State) }
}

/// Rules 10 and 11, from one state to the next: what a conversation is never changes, its protocol never falls, and a
/// pin never goes back.
pub(crate) fn may_follow(old: &GroupState, new: &GroupState) -> Result<(), Invalid> {
    let fixed = |state: &GroupState| (state.conversation, state.kind, state.leg_no);
    if fixed(old) != fixed(new) || new.protocol < old.protocol {
        return Err(Invalid::State);
    }
    let grows = new
        .members()
        .iter()
        .all(|after| old.member(after.account).is_none_or(|before| after.pin.follows(&before.pin)));
    if grows { Ok(()) } else { Err(Invalid::Pin) }
}
