//! The membership invariant: leaves are the devices of the pinned lists, minus the pending ones (protocol §5).

use std::collections::BTreeMap;

use sotto_wire::ids::{AccountId, DeviceId, ListHash, PublicKey};
use sotto_wire::proto::{GroupState, MemberPin};

use crate::member::Member;
use crate::state;

/// A verified device list, as much of it as the invariant needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedList {
    /// Whose list.
    pub account: AccountId,
    /// Its era.
    pub era: u32,
    /// Its version in the era.
    pub version: u32,
    /// Its hash, as pins quote it.
    pub hash: ListHash,
    /// The devices it names and their keys.
    pub devices: Vec<(DeviceId, PublicKey)>,
}

/// How a group's leaves differ from what its pinned lists say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// A pinned account's list was not given.
    #[error("no list for a pinned account")]
    ListMissing,
    /// The list given is not the pinned one.
    #[error("a list that is not the pinned one")]
    ListOther,
    /// A leaf is no listed device of a pinned account: a ghost.
    #[error("a leaf that is on no list")]
    Ghost(Member),
    /// A leaf signs with a key that is not its device's listed one.
    #[error("a leaf with another key than the listed one")]
    Key(Member),
    /// A leaf's device is marked pending.
    #[error("a leaf that is still pending")]
    Pending(Member),
    /// A listed device is neither a leaf nor pending, or is a leaf twice.
    #[error("a listed device that is not a leaf exactly once")]
    Missing(AccountId, DeviceId),
    /// A pending device is on no list.
    #[error("a pending device that is on no list")]
    PendingUnlisted(AccountId),
}

/// Checks the invariant: every leaf is a listed device with its listed key, every listed device that is not pending is
/// a leaf, and every pin names the list that was given for it.
///
/// # Errors
/// The first difference found.
pub fn check_membership(
    state: &GroupState,
    lists: &[PinnedList],
    members: &[Member],
) -> Result<(), MembershipError> {
    let mut expected = BTreeMap::new();
    for pin in &state.members {
        let list = pinned(pin, lists)?;
        check_pending(pin, list)?;
        expected.extend(list.devices.iter().map(|(device, key)| ((list.account, *device), *key)));
    }
    for member in members {
        let key = expected.get(&(member.account, member.device)).ok_or(MembershipError::Ghost(*member))?;
        if *key != member.key {
            return Err(MembershipError::Key(*member));
        }
    }
    expected.keys().try_for_each(|(account, device)| check_device(state, *account, *device, members))
}

fn check_device(
    state: &GroupState,
    account: AccountId,
    device: DeviceId,
    members: &[Member],
) -> Result<(), MembershipError> {
    let pending = state::member(state, account).is_some_and(|pin| state::is_pending(pin, device));
    let mut leaves = members.iter().filter(|member| member.account == account && member.device == device);
    match (leaves.next(), leaves.next(), pending) {
        (Some(_), None, false) | (None, _, true) => Ok(()),
        (Some(leaf), _, true) => Err(MembershipError::Pending(*leaf)),
        _ => Err(MembershipError::Missing(account, device)),
    }
}

/// The list given for a pin: exactly the pinned one.
fn pinned<'l>(pin: &MemberPin, lists: &'l [PinnedList]) -> Result<&'l PinnedList, MembershipError> {
    let of_account = |list: &&PinnedList| list.account.as_bytes() == pin.account_id.as_ref();
    let list = lists.iter().find(of_account).ok_or(MembershipError::ListMissing)?;
    let same = pin.pin.as_ref().is_some_and(|pin| {
        (pin.era, pin.version) == (list.era, list.version) && pin.hash.as_ref() == list.hash.as_bytes()
    });
    if same { Ok(list) } else { Err(MembershipError::ListOther) }
}

fn check_pending(pin: &MemberPin, list: &PinnedList) -> Result<(), MembershipError> {
    let listed = |pending: &[u8]| list.devices.iter().any(|(device, _)| device.as_bytes() == pending);
    match pin.pending_devices.iter().all(|pending| listed(pending)) {
        true => Ok(()),
        false => Err(MembershipError::PendingUnlisted(list.account)),
    }
}
