//! The membership invariant: leaves are the devices of the pinned lists, minus the pending ones (protocol §5).

use sotto_wire::ids::{AccountId, DeviceId, ListHash, PublicKey};
use sotto_wire::proto;

use crate::group::Member;

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
    /// A pinned account's list was not given, or its pin is another.
    #[error("no list for a pin")]
    ListMissing,
}

/// Checks the invariant.
///
/// # Errors
/// The first difference found.
pub fn check_membership(
    state: &proto::GroupState,
    lists: &[PinnedList],
    members: &[Member],
) -> Result<(), MembershipError> {
    let _ = (state, lists, members);
    Err(MembershipError::ListMissing)
}
