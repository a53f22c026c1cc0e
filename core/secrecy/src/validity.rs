//! Whether a commit is valid: a pure function of the group and the commit's bytes (protocol §5). No clock, no
//! network, nothing only some members know, so every member answers alike.
//!
//! | rule | a commit is invalid when |
//! |---|---|
//! | 1 | it is not exactly one MLS PublicMessage with a commit |
//! | 2 | it is for another group or epoch |
//! | 3 | its sender is not a leaf: external commits and proposals, new members |
//! | 4 | MLS itself refuses it: signature, membership and confirmation tag, tree, parent hashes, key uniqueness, a missing path |
//! | 5 | it names a proposal by reference (SelfRemove comes with group conversations; none is ever queued before) |
//! | 6 | it proposes anything but Add, Remove, GroupContextExtensions |
//! | 7 | its path changes the committer's credential, signature key, capabilities or leaf extensions |
//! | 8 | an added leaf has another suite, a lifetime other than `(0, u64::MAX)`, other capabilities, any leaf extension |
//! | 9 | the group's extensions would be anything but our required capabilities and one group state |
//! | 10 | the group state is malformed, or changes what never changes |
//! | 11 | a pin goes back, or names another list at its place |
//! | 12 | in a direct conversation: it proposes anything, except the creator's Adds in epoch 0, which nobody receives |
//! | 13 | the committer's role does not cover it |
//! | 14 | afterwards a leaf's account is not pinned, its device is pending, or two leaves are one device |
//! | 15 | its authenticated data does not decode |
//!
//! Rules 1-4 and 15 hold for application messages too, as PrivateMessages, and two more: 16, a message key opens once
//! and is at most 1000 ahead; 17, the message opens under it.
//!
//! What needs the lists themselves (each leaf's key is the listed one, nobody is missing) is [`crate::membership`].
//! The rules are checked on the public part, before anything is decrypted: a commit that breaks one is invalid for
//! everyone, also for a member whose path secret in it is garbage. One check has to come after: the confirmation tag
//! needs the path. An insider can therefore make a commit that all skip for its tag but one parks for its path; that one
//! sees later entries open under the epoch it never left.

use openmls::group::{GroupContext, StagedCommit};
use openmls::prelude::{
    Extensions, KeyPackage, LeafNode, LeafNodeIndex, ProcessedMessage, ProcessedMessageContent, Proposal,
    ProposalOrRefType, PublicGroup, Sender,
};
use sotto_wire::content::{AuthenticatedData, GroupKind, GroupState};
use sotto_wire::proto;

use crate::member::Member;
use crate::roster::Step;
use crate::{state, suite};

/// Why every member refuses a message alike. The number is its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Invalid {
    /// Not exactly one MLS message of the form this kind of entry carries.
    #[error("rule 1: malformed")]
    Malformed,
    /// For another group or epoch.
    #[error("rule 2: another group or epoch")]
    Epoch,
    /// Not sent by a leaf.
    #[error("rule 3: not sent by a member")]
    Sender,
    /// MLS refuses it.
    #[error("rule 4: not valid MLS")]
    Mls,
    /// A proposal by reference.
    #[error("rule 5: a proposal by reference")]
    ByReference,
    /// A kind of proposal that is never used.
    #[error("rule 6: a proposal of a kind that is not used")]
    Kind,
    /// The committer's leaf becomes another.
    #[error("rule 7: the committer's leaf changes more than its encryption key")]
    Leaf,
    /// An added leaf is not of our form.
    #[error("rule 8: an added leaf of another form")]
    NewLeaf,
    /// The GroupContext extensions are not ours.
    #[error("rule 9: other group extensions")]
    Extensions,
    /// The group state is malformed or changes what is fixed.
    #[error("rule 10: the group state")]
    State,
    /// A pin goes back.
    #[error("rule 11: a pin goes back")]
    Pin,
    /// A direct conversation's roster is closed.
    #[error("rule 12: a direct conversation does not change")]
    Direct,
    /// The committer may not do this.
    #[error("rule 13: the role does not cover it")]
    Role,
    /// A leaf that the group state does not name.
    #[error("rule 14: a leaf the group state does not name")]
    Roster,
    /// The authenticated data is malformed.
    #[error("rule 15: the authenticated data")]
    AuthenticatedData,
    /// A message key that is used up or too far ahead: a repeated message, or a sender who skipped too many.
    #[error("rule 16: a message key that is used up or too far ahead")]
    Generation,
    /// The message does not open under its sender's key.
    #[error("rule 17: the message does not open")]
    Ciphertext,
}

/// What a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Fresh keys for the committer, nothing else.
    SelfUpdate,
    /// New leaves.
    Added(Vec<Member>),
    /// Leaves gone; this device's own may be among them.
    Removed(Vec<Member>),
    /// Leaves gone and new ones in one step.
    Replaced {
        /// Gone.
        removed: Vec<Member>,
        /// New.
        added: Vec<Member>,
    },
    /// The group state moved, the leaves did not.
    State,
}

/// A commit that passed: who, with what beside it, changing what.
pub(crate) struct Valid {
    pub(crate) committer: LeafNodeIndex,
    pub(crate) sender: Member,
    pub(crate) auth: proto::AuthenticatedData,
    pub(crate) change: Change,
}

/// Checks rules 3 and 5-15 on a commit that MLS's public checks let through.
pub(crate) fn check_commit(
    group: &PublicGroup,
    state: &GroupState,
    commit: &ProcessedMessage,
) -> Result<Valid, Invalid> {
    let Sender::Member(committer) = commit.sender() else { return Err(Invalid::Sender) };
    let ProcessedMessageContent::StagedCommitMessage(staged) = commit.content() else {
        return Err(Invalid::Malformed);
    };
    let auth = authenticated(commit.aad())?;
    let (sender, change) = check_staged(group, state, *committer, staged)?;
    Ok(Valid { committer: *committer, sender, auth, change })
}

/// The same for a staged commit, also one of our own: this device never sends what it would refuse.
pub(crate) fn check_staged(
    group: &PublicGroup,
    state: &GroupState,
    committer: LeafNodeIndex,
    commit: &StagedCommit,
) -> Result<(Member, Change), Invalid> {
    let proposals = Proposals::read(group, commit)?;
    let leaf = group.leaf(committer).ok_or(Invalid::Sender)?;
    let sender = member_of(leaf).ok_or(Invalid::Sender)?;

    // Where a path is needed, MLS asks for it.
    if let Some(path) = commit.update_path_leaf_node() {
        same_leaf(leaf, path)?;
    }
    let founding = group.group_context().epoch().as_u64() == 0 && proposals.only_adds();
    if state.kind == GroupKind::Direct && !proposals.is_empty() && !founding {
        return Err(Invalid::Direct);
    }

    let next = proposals.state(state)?;
    let leaves = group.members().filter_map(|leaf| Member::read(&leaf.credential, &leaf.signature_key));
    Step { old: state, new: &next, committer: sender, removed: &proposals.removed, added: &proposals.added }
        .check(leaves)?;
    Ok((sender, proposals.into_change()))
}

/// Rule 7: a path refreshes the encryption key and nothing else. Signature keys change by the device list alone.
fn same_leaf(before: &LeafNode, after: &LeafNode) -> Result<(), Invalid> {
    let same = before.credential() == after.credential()
        && before.signature_key() == after.signature_key()
        && before.capabilities() == after.capabilities()
        && before.extensions() == after.extensions();
    if same { Ok(()) } else { Err(Invalid::Leaf) }
}

/// Rule 8.
pub(crate) fn new_leaf(package: &KeyPackage) -> Result<Member, Invalid> {
    let leaf = package.leaf_node();
    let ours = package.ciphersuite() == suite::SUITE
        && *package.life_time() == suite::lifetime()
        && *leaf.capabilities() == suite::capabilities()
        && leaf.extensions().iter().next().is_none();
    if ours { member_of(leaf).ok_or(Invalid::NewLeaf) } else { Err(Invalid::NewLeaf) }
}

/// Rule 15: what a message authenticates is read by every member, or by none.
pub(crate) fn authenticated(aad: &[u8]) -> Result<proto::AuthenticatedData, Invalid> {
    AuthenticatedData::parse(&aad.to_vec().into())
        .map(|data| (&data).into())
        .map_err(|_| Invalid::AuthenticatedData)
}

/// Who a leaf says it is.
pub(crate) fn member_of(leaf: &LeafNode) -> Option<Member> {
    Member::read(leaf.credential(), leaf.signature_key().as_slice())
}

/// What a commit proposes, read as far as its own bytes go.
struct Proposals<'a> {
    added: Vec<Member>,
    removed: Vec<Member>,
    extensions: Option<&'a Extensions<GroupContext>>,
}

impl<'a> Proposals<'a> {
    fn read(group: &PublicGroup, commit: &'a StagedCommit) -> Result<Self, Invalid> {
        let mut all = Self { added: Vec::new(), removed: Vec::new(), extensions: None };
        for queued in commit.queued_proposals() {
            if queued.proposal_or_ref_type() != ProposalOrRefType::Proposal {
                return Err(Invalid::ByReference);
            }
            match queued.proposal() {
                Proposal::Add(add) => all.added.push(new_leaf(add.key_package())?),
                Proposal::Remove(remove) => {
                    let leaf = group.leaf(remove.removed()).and_then(member_of);
                    all.removed.push(leaf.ok_or(Invalid::Roster)?);
                }
                Proposal::GroupContextExtensions(new) => all.extensions = Some(new.extensions()),
                _ => return Err(Invalid::Kind),
            }
        }
        Ok(all)
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.extensions.is_none()
    }

    fn only_adds(&self) -> bool {
        self.removed.is_empty() && self.extensions.is_none()
    }

    /// Rules 9-11: the group state after the commit.
    fn state(&self, current: &GroupState) -> Result<GroupState, Invalid> {
        let Some(extensions) = self.extensions else { return Ok(current.clone()) };
        let next = state::read(extensions)?;
        state::may_follow(current, &next)?;
        Ok(next)
    }

    fn into_change(self) -> Change {
        match (self.added.is_empty(), self.removed.is_empty(), self.extensions) {
            (false, true, _) => Change::Added(self.added),
            (true, false, _) => Change::Removed(self.removed),
            (false, false, _) => Change::Replaced { removed: self.removed, added: self.added },
            (true, true, Some(_)) => Change::State,
            (true, true, None) => Change::SelfUpdate,
        }
    }
}
