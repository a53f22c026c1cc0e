//! Rules 14 and 15: who may change the leaves, and which leaves the group state allows.
//!
//! A pure function over members and states, without MLS.

use std::collections::BTreeSet;

use sotto_wire::proto::{GroupState, Role};

use crate::member::Member;
use crate::state;
use crate::validity::Invalid;

/// Checks one step from `old` to `new` by `committer`, who removes and adds these leaves.
pub(crate) fn check_step(
    old: &GroupState,
    new: &GroupState,
    committer: &Member,
    leaves: impl Iterator<Item = Member>,
    removed: &[Member],
    added: &[Member],
) -> Result<(), Invalid> {
    may_change(old, new, committer, removed, added)?;
    let after = leaves.filter(|leaf| !removed.contains(leaf)).chain(added.iter().copied());
    check_leaves(new, after)
}

/// Rule 15: every leaf's account is pinned, its device is not pending, and no device is there twice.
pub(crate) fn check_leaves(state: &GroupState, leaves: impl Iterator<Item = Member>) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for leaf in leaves {
        let pin = state::member(state, leaf.account).ok_or(Invalid::Roster)?;
        if state::is_pending(pin, leaf.device) || !seen.insert((leaf.account, leaf.device)) {
            return Err(Invalid::Roster);
        }
    }
    Ok(())
}

/// Rule 14. Anyone refreshes pins and moves devices of their own account; whose accounts are here is for owners and
/// admins; roles are for owners. A direct conversation has no roles: rule 13 closes it.
fn may_change(
    old: &GroupState,
    new: &GroupState,
    committer: &Member,
    removed: &[Member],
    added: &[Member],
) -> Result<(), Invalid> {
    let role = state::member(old, committer.account).map(|pin| pin.role()).ok_or(Invalid::Role)?;
    if old.direct || role == Role::Owner {
        return Ok(());
    }
    if roles_change(old, new) {
        return Err(Invalid::Role);
    }
    let own_devices = removed.iter().chain(added).all(|leaf| leaf.account == committer.account);
    let same_accounts = state::accounts(old) == state::accounts(new);
    if role == Role::Admin || (own_devices && same_accounts) { Ok(()) } else { Err(Invalid::Role) }
}

/// Whether a member gets another role, or a new one arrives as more than a member, or an owner goes.
fn roles_change(old: &GroupState, new: &GroupState) -> bool {
    let raised = new.members.iter().any(|after| {
        let before = old.members.iter().find(|before| before.account_id == after.account_id);
        after.role() != before.map_or(Role::Member, |before| before.role())
    });
    let owner_gone = old.members.iter().any(|before| {
        before.role() == Role::Owner && !new.members.iter().any(|after| after.account_id == before.account_id)
    });
    raised || owner_gone
}
