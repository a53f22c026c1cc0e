//! Rules 13 and 14: who may change the leaves, and which leaves the group state allows.
//!
//! A pure function over members and states, without MLS.

use std::collections::BTreeSet;

use sotto_wire::content::{self, GroupKind, GroupState, Role};

use crate::member::Member;
use crate::validity::Invalid;

/// One step of a roster: what a commit does to it.
pub(crate) struct Step<'a> {
    pub(crate) old: &'a GroupState,
    pub(crate) new: &'a GroupState,
    pub(crate) committer: Member,
    pub(crate) removed: &'a [Member],
    pub(crate) added: &'a [Member],
}

impl Step<'_> {
    /// Checks the step on a group with these leaves.
    pub(crate) fn check(&self, leaves: impl Iterator<Item = Member>) -> Result<(), Invalid> {
        self.may_be_taken()?;
        let after = leaves.filter(|leaf| !self.removed.contains(leaf)).chain(self.added.iter().copied());
        check_leaves(self.new, after)
    }

    /// Rule 13. Anyone refreshes pins, takes out leaves of an account whose pin moves, though not to pending (that the list
    /// dropped them is then the membership invariant's), and moves devices of their own account; whose accounts are here is for owners and
    /// admins; roles are for owners. A direct conversation has no roles: rule 12 closes it.
    fn may_be_taken(&self) -> Result<(), Invalid> {
        let role = self.old.member(self.committer.account).ok_or(Invalid::Role)?.role;
        if self.old.kind == GroupKind::Direct || role == Role::Owner {
            return Ok(());
        }
        let may = match role {
            Role::Owner | Role::Admin => !self.moves_roles(),
            Role::Member => !self.moves_roles() && self.own_or_refreshed_only() && self.same_accounts(),
        };
        if may { Ok(()) } else { Err(Invalid::Role) }
    }

    /// Whether a member gets another role, a new one arrives as more than a member, or an owner goes.
    fn moves_roles(&self) -> bool {
        let before = |account| self.old.member(account).map_or(Role::Member, |member| member.role);
        let raised = self.new.members().iter().any(|after| after.role != before(after.account));
        let mut owners = self.old.members().iter().filter(|member| member.role == Role::Owner);
        raised || owners.any(|owner| self.new.member(owner.account).is_none())
    }

    fn own_or_refreshed_only(&self) -> bool {
        let pin = |state: &GroupState, account| state.member(account).map(|member| member.pin);
        let own = |leaf: &Member| leaf.account == self.committer.account;
        // One who stays listed would be pending now; one who is not pending must have left the list.
        let delisted = |leaf: &Member| {
            let pending = |after: &content::Member| after.pending_devices.contains(&leaf.device);
            self.new.member(leaf.account).is_some_and(|after| !pending(after))
        };
        let refreshed =
            |leaf: &Member| pin(self.old, leaf.account) != pin(self.new, leaf.account) && delisted(leaf);
        self.added.iter().all(own) && self.removed.iter().all(|leaf| own(leaf) || refreshed(leaf))
    }

    fn same_accounts(&self) -> bool {
        let accounts =
            |state: &GroupState| state.members().iter().map(|member| member.account).collect::<Vec<_>>();
        accounts(self.old) == accounts(self.new)
    }
}

/// Rule 14: every leaf's account is pinned, its device is not pending, and no device is there twice.
pub(crate) fn check_leaves(state: &GroupState, leaves: impl Iterator<Item = Member>) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for leaf in leaves {
        let pinned = state.member(leaf.account).ok_or(Invalid::Roster)?;
        if pinned.pending_devices.contains(&leaf.device) || !seen.insert((leaf.account, leaf.device)) {
            return Err(Invalid::Roster);
        }
    }
    Ok(())
}
