//! The group state: pins, roles and policy in GroupContext extension 0xF050 (protocol §5), and how it may move.

use std::collections::BTreeMap;

use openmls::group::GroupContext;
use openmls::prelude::{Extension, Extensions, UnknownExtension};
use prost::Message as _;
use sotto_wire::ids::{AccountId, ConversationId, DeviceId, ListHash};
use sotto_wire::limits::{DEVICES_MAX, PROTOCOL_MIN};
use sotto_wire::proto::{GroupState, ListPin, MemberPin, Role};

use crate::suite::{STATE_EXTENSION, SUITE_ID, required};
use crate::validity::Invalid;

/// The GroupContext extensions of a group in this state: what is required of leaves, and the state.
pub(crate) fn write(state: &GroupState) -> Option<Extensions<GroupContext>> {
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(required()),
        Extension::Unknown(STATE_EXTENSION, UnknownExtension(state.encode_to_vec())),
    ])
    .ok()
}

/// Reads what [`write`] wrote: exactly those two extensions, so no external sender slips in (rules 10, 11).
pub(crate) fn read(extensions: &Extensions<GroupContext>) -> Result<GroupState, Invalid> {
    if extensions.iter().count() != 2 || extensions.required_capabilities() != Some(&required()) {
        return Err(Invalid::Extensions);
    }
    let bytes = extensions.unknown(STATE_EXTENSION).ok_or(Invalid::Extensions)?;
    let state = GroupState::decode(bytes.0.as_slice()).map_err(|_| Invalid::State)?;
    well_formed(&state)?;
    Ok(state)
}

/// Rule 11, for one state: fields in range, members and pending devices sorted and unique, a direct conversation
/// between exactly the two accounts it is named after.
pub(crate) fn well_formed(state: &GroupState) -> Result<(), Invalid> {
    let sorted = state.members.windows(2).all(|pair| pair[0].account_id < pair[1].account_id);
    let conversation = ConversationId::try_from(state.conversation.as_ref()).map_err(|_| Invalid::State)?;
    let in_range = state.protocol >= PROTOCOL_MIN && state.suite == SUITE_ID && !state.members.is_empty();
    if !sorted || !in_range || !state.members.iter().all(pin_well_formed) {
        return Err(Invalid::State);
    }
    match (state.direct, accounts(state).as_slice()) {
        (false, _) => Ok(()),
        (true, [one, other]) if ConversationId::direct(*one, *other) == conversation => Ok(()),
        (true, _) => Err(Invalid::State),
    }
}

fn pin_well_formed(member: &MemberPin) -> bool {
    let listed = member.pin.as_ref().is_some_and(|pin| ListHash::try_from(pin.hash.as_ref()).is_ok());
    let pending = &member.pending_devices;
    AccountId::try_from(member.account_id.as_ref()).is_ok()
        && listed
        && member.role() != Role::Unspecified
        && pending.len() <= DEVICES_MAX
        && pending.iter().all(|device| device.len() == DeviceId::LEN)
        && pending.windows(2).all(|pair| pair[0] < pair[1])
}

/// Rules 11 and 12, from one state to the next: what a conversation is never changes, its protocol never falls, and a
/// pin never goes back.
pub(crate) fn may_follow(old: &GroupState, new: &GroupState) -> Result<(), Invalid> {
    let fixed = |state: &GroupState| (state.conversation.clone(), state.suite, state.direct, state.leg_no);
    if fixed(old) != fixed(new) || new.protocol < old.protocol {
        return Err(Invalid::State);
    }
    let before: BTreeMap<_, _> = old.members.iter().map(|member| (&member.account_id, &member.pin)).collect();
    let grows = |member: &MemberPin| match (before.get(&member.account_id), &member.pin) {
        (Some(Some(old)), Some(new)) => pin_grows(old, new),
        _ => true,
    };
    if new.members.iter().all(grows) { Ok(()) } else { Err(Invalid::Pin) }
}

/// Two different lists at one `(era, version)` are evidence, not progress.
fn pin_grows(old: &ListPin, new: &ListPin) -> bool {
    let place = |pin: &ListPin| (pin.era, pin.version);
    place(new) > place(old) || (place(new) == place(old) && new.hash == old.hash)
}

/// The accounts of the conversation, in order.
pub(crate) fn accounts(state: &GroupState) -> Vec<AccountId> {
    state.members.iter().filter_map(|member| member.account_id.as_ref().try_into().ok()).collect()
}

/// The pin of an account.
pub(crate) fn member(state: &GroupState, account: AccountId) -> Option<&MemberPin> {
    state.members.iter().find(|member| member.account_id.as_ref() == account.as_bytes())
}

/// Whether a listed device is not a leaf yet.
pub(crate) fn is_pending(pin: &MemberPin, device: DeviceId) -> bool {
    pin.pending_devices.iter().any(|pending| pending.as_ref() == device.as_bytes())
}
