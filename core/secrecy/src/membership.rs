//! The membership invariant: leaves are the devices of the pinned lists, minus the pending ones (protocol §5).

use sotto_identity::DeviceList;
use sotto_wire::content::{GroupState, Member as Pinned};
use sotto_wire::ids::{AccountId, DeviceId};
use sotto_wire::proto;

use crate::member::Member;

/// How a group's leaves differ from what its pinned lists say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// The group state is malformed.
    #[error("a malformed group state")]
    State,
    /// A pinned account's list was not given.
    #[error("no list for a pinned account")]
    ListMissing(AccountId),
    /// The list given is not the pinned one.
    #[error("a list that is not the pinned one")]
    ListOther(AccountId),
    /// A leaf is no listed device of a pinned account: a ghost.
    #[error("a leaf that is on no list")]
    Ghost(Member),
    /// A leaf signs with a key that is not its device's listed one.
    #[error("a leaf with another key than the listed one")]
    Key(Member),
    /// A leaf's device is marked pending.
    #[error("a leaf that is still pending")]
    Pending(Member),
    /// A listed device that is not pending is no leaf.
    #[error("a listed device that is no leaf")]
    Missing(AccountId, DeviceId),
    /// A listed device is more than one leaf.
    #[error("a listed device that is two leaves")]
    Twice(AccountId, DeviceId),
    /// A pending device is on no list.
    #[error("a pending device that is on no list")]
    PendingUnlisted(AccountId, DeviceId),
}

/// Checks the invariant: every leaf is a listed device with its listed key, every listed device that is not pending is
/// a leaf exactly once, and every pin names the list that was given for it.
///
/// # Errors
/// The first difference found.
pub fn check_membership(
    state: &proto::GroupState,
    lists: &[DeviceList],
    members: &[Member],
) -> Result<(), MembershipError> {
    let state = GroupState::try_from(state).map_err(|_| MembershipError::State)?;
    for pinned in state.members() {
        let list = list_of(pinned, lists)?;
        check_list(pinned, list)?;
        for device in list.devices() {
            check_device(pinned, device.id, members)?;
        }
    }
    members.iter().try_for_each(|member| check_leaf(&state, lists, member))
}

/// The list given for a pinned account.
fn list_of<'l>(pinned: &Pinned, lists: &'l [DeviceList]) -> Result<&'l DeviceList, MembershipError> {
    lists
        .iter()
        .find(|list| list.account() == pinned.account)
        .ok_or(MembershipError::ListMissing(pinned.account))
}

/// It is the pinned one, and every pending device is on it.
fn check_list(pinned: &Pinned, list: &DeviceList) -> Result<(), MembershipError> {
    if list.pin() != pinned.pin {
        return Err(MembershipError::ListOther(pinned.account));
    }
    match pinned.pending_devices.iter().find(|device| list.device(**device).is_none()) {
        Some(device) => Err(MembershipError::PendingUnlisted(pinned.account, *device)),
        None => Ok(()),
    }
}

/// A listed device is pending or exactly one leaf.
fn check_device(pinned: &Pinned, device: DeviceId, members: &[Member]) -> Result<(), MembershipError> {
    let leaves =
        members.iter().filter(|leaf| leaf.account == pinned.account && leaf.device == device).count();
    match leaves {
        0 if pinned.pending_devices.contains(&device) => Ok(()),
        0 => Err(MembershipError::Missing(pinned.account, device)),
        1 => Ok(()),
        _ => Err(MembershipError::Twice(pinned.account, device)),
    }
}

/// A leaf is a listed device with its listed key, and not pending.
fn check_leaf(state: &GroupState, lists: &[DeviceList], leaf: &Member) -> Result<(), MembershipError> {
    let pinned = state.member(leaf.account).ok_or(MembershipError::Ghost(*leaf))?;
    let listed = list_of(pinned, lists)?.device(leaf.device).ok_or(MembershipError::Ghost(*leaf))?;
    if listed.key != leaf.key {
        return Err(MembershipError::Key(*leaf));
    }
    match pinned.pending_devices.contains(&leaf.device) {
        true => Err(MembershipError::Pending(*leaf)),
        false => Ok(()),
    }
}
