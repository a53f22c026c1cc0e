//! What this device sends: commits that are staged, kept outside and merged once accepted, and messages.
//!
//! A commit is staged in a workspace that is then dropped (protocol §6): the group stands still until the log has
//! decided. The private keys of its path travel inside the staged bytes, because a member cannot decrypt its own path.

use openmls::group::StagedCommit as MlsStagedCommit;
use openmls::prelude::{KeyPackage, LeafNodeIndex, LeafNodeParameters};
use openmls_traits::OpenMlsProvider as _;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use sotto_identity::VerifiedKeyPackage;
use sotto_wire::content::GroupState;
use sotto_wire::ids::{AccountId, DeviceId};
use sotto_wire::proto::{self, AuthenticatedData};

use super::{Group, StagedCommit};
use crate::codec;
use crate::device_keys::DeviceKeys;
use crate::error::{MergeError, SecrecyError};
use crate::key_package;
use crate::member::Member;
use crate::state;
use crate::validity;
use crate::workspace::Workspace;

/// What a commit is to change. As the default says it: nothing but the keys of this leaf.
#[derive(Clone, Copy, Default)]
pub struct Intent<'a> {
    /// Become leaves; those of them that were pending stop being so.
    pub add: &'a [VerifiedKeyPackage],
    /// Stop being leaves; may come back under new keys in the same commit. This device cannot be among them: MLS lets
    /// nobody commit their own removal.
    pub remove: &'a [(AccountId, DeviceId)],
    /// Members, roles and pins afterwards; as they are when there is none.
    pub state: Option<&'a proto::GroupState>,
}

/// What is in [`StagedCommit::staged`].
#[derive(Serialize, Deserialize)]
struct Stored<C> {
    /// Epoch authenticator the commit builds on: the same epoch of another branch is not it.
    base: Vec<u8>,
    commit: C,
}

/// What a commit proposes, as MLS takes it.
struct Proposals {
    adds: Vec<KeyPackage>,
    removes: Vec<LeafNodeIndex>,
    state: Option<GroupState>,
}

impl Group {
    /// Makes a commit. Drop the workspace afterwards and keep only what is returned.
    ///
    /// # Errors
    /// When a package does not fit this group, a device to remove is no leaf, the others would refuse the commit, or the
    /// rows fail.
    pub fn stage_change(
        &mut self,
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        intent: Intent<'_>,
        auth: &AuthenticatedData,
    ) -> Result<StagedCommit, SecrecyError> {
        let proposals = Proposals {
            adds: intent.add.iter().map(|add| checked(ws, add)).collect::<Result<_, _>>()?,
            removes: intent.remove.iter().map(|device| self.leaf_of(*device)).collect::<Result<_, _>>()?,
            state: self.state_after(intent)?,
        };
        self.stage(ws, keys, proposals, auth)
    }

    /// Makes a commit that adds devices. Drop the workspace afterwards and keep only what is returned.
    ///
    /// # Errors
    /// When there is nobody to add, and as [`stage_change`](Self::stage_change).
    pub fn stage_add(
        &mut self,
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        adds: &[VerifiedKeyPackage],
        auth: &AuthenticatedData,
    ) -> Result<StagedCommit, SecrecyError> {
        if adds.is_empty() {
            return Err(SecrecyError::Refused("nobody to add"));
        }
        self.stage_change(ws, keys, Intent { add: adds, ..Intent::default() }, auth)
    }

    /// Makes a commit with fresh keys for this leaf. Drop the workspace afterwards and keep only what is returned.
    ///
    /// # Errors
    /// When the rows fail.
    pub fn stage_update(
        &mut self,
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        auth: &AuthenticatedData,
    ) -> Result<StagedCommit, SecrecyError> {
        self.stage_change(ws, keys, Intent::default(), auth)
    }

    /// Where a device to remove is in the tree.
    fn leaf_of(&self, (account, device): (AccountId, DeviceId)) -> Result<LeafNodeIndex, SecrecyError> {
        let is_it = |leaf: &&(LeafNodeIndex, Member)| (leaf.1.account, leaf.1.device) == (account, device);
        match self.leaves.iter().find(is_it) {
            None => Err(SecrecyError::Refused("a device that is no leaf")),
            Some((index, _)) if *index == self.mls.own_leaf_index() => {
                Err(SecrecyError::Refused("the removal of this device by itself"))
            }
            Some((index, _)) => Ok(*index),
        }
    }

    /// The group state after the commit; None when it stays as it is.
    fn state_after(&self, intent: Intent<'_>) -> Result<Option<GroupState>, SecrecyError> {
        let named = intent.state.map(state::parse).transpose();
        let named = named.map_err(|_| SecrecyError::Refused("a malformed group state"))?;
        let next = without_pending(named.unwrap_or_else(|| self.state.clone()), intent.add)?;
        Ok((next != self.state).then_some(next))
    }

    fn stage(
        &mut self,
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        proposals: Proposals,
        auth: &AuthenticatedData,
    ) -> Result<StagedCommit, SecrecyError> {
        let provider = ws.mls();
        let auth = self.authenticated(auth)?;
        self.mls.set_aad(auth);
        let bundle = build(&mut self.mls, ws, keys, proposals);
        let bundle = provider.settle(bundle)??;

        let pending = self.mls.pending_commit().ok_or(SecrecyError::Library("keep a pending commit"))?;
        validity::check_staged(self.mls.public_group(), &self.state, self.mls.own_leaf_index(), pending)
            .map_err(|_| SecrecyError::Refused("a commit the others would refuse"))?;
        let welcome = bundle.welcome().map(encode).transpose()?;
        let staged = StagedCommit {
            mls_message: encode(bundle.commit())?,
            staged: self.store(pending)?,
            base_epoch: self.epoch(),
            ratchet_tree: if welcome.is_some() { self.tree_after(ws, pending)? } else { Vec::new() },
            welcome,
        };
        // The group goes on as if nothing had been made: only the log decides.
        let cleared = self.mls.clear_pending_commit(provider.storage());
        provider.settle(cleared)??;
        Ok(staged)
    }

    fn store(&self, commit: &MlsStagedCommit) -> Result<Vec<u8>, SecrecyError> {
        let base = self.authenticator();
        rmp_serde::to_vec_named(&Stored { base, commit })
            .map_err(|_| SecrecyError::Library("encode a staged commit"))
    }

    fn tree_after(&self, ws: &Workspace<'_>, commit: &MlsStagedCommit) -> Result<Vec<u8>, SecrecyError> {
        let failed = SecrecyError::Library("export a ratchet tree");
        let tree = commit
            .export_ratchet_tree(ws.mls().crypto(), self.mls.export_ratchet_tree())
            .map_err(|_| failed)?
            .ok_or(failed)?;
        encode(&tree)
    }

    /// Merges a commit of our own that was accepted, into the group as loaded from the rows.
    ///
    /// # Errors
    /// When the group is no longer in the epoch it was staged in: the same commit never merges twice, and a commit
    /// that lost its epoch never merges.
    pub fn merge_own(
        &mut self,
        ws: &Workspace<'_>,
        staged: &[u8],
        base_epoch: u64,
    ) -> Result<(), MergeError> {
        let current = self.epoch();
        if base_epoch != current {
            return Err(MergeError::Epoch { staged: base_epoch, current });
        }
        let Stored { base, commit }: Stored<MlsStagedCommit> =
            rmp_serde::from_slice(staged).map_err(|_| MergeError::Damaged)?;
        let follows = commit.epoch().as_u64() == current + 1
            && commit.group_context().group_id() == self.mls.group_id()
            && base == self.authenticator();
        if !follows || !self.is_member() {
            return Err(MergeError::Damaged);
        }
        let merged = self.mls.merge_staged_commit(ws.mls(), commit);
        ws.mls().settle(merged)?.map_err(|_| MergeError::Library("merge an own commit"))?;
        self.refresh().map_err(|_| MergeError::Library("read a merged group"))
    }

    /// A planted bug, for the simulator alone: merges without asking whether that was done before.
    ///
    /// # Errors
    /// When the bytes are no staged commit or the rows fail.
    #[cfg(feature = "planted")]
    pub fn merge_own_again(&mut self, ws: &Workspace<'_>, staged: &[u8]) -> Result<(), MergeError> {
        let Stored { commit, .. }: Stored<MlsStagedCommit> =
            rmp_serde::from_slice(staged).map_err(|_| MergeError::Damaged)?;
        let merged = self.mls.merge_staged_commit(ws.mls(), commit);
        ws.mls().settle(merged)?.map_err(|_| MergeError::Library("merge an own commit again"))?;
        self.refresh().map_err(|_| MergeError::Library("read a merged group"))
    }

    /// Encrypts an application message.
    ///
    /// # Errors
    /// When this device was removed or the rows fail.
    pub fn encrypt(
        &mut self,
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        payload: &[u8],
        auth: &AuthenticatedData,
    ) -> Result<Vec<u8>, SecrecyError> {
        let auth = self.authenticated(auth)?;
        self.mls.set_aad(auth);
        let message = self.mls.create_message(ws.mls(), keys, payload);
        encode(&ws.mls().settle(message)?.map_err(|_| SecrecyError::Library("encrypt a message"))?)
    }

    /// What a message of ours authenticates, as the others will read it.
    fn authenticated(&self, auth: &AuthenticatedData) -> Result<Vec<u8>, SecrecyError> {
        if !self.is_member() {
            return Err(SecrecyError::Refused("no longer a member"));
        }
        let bytes = auth.encode_to_vec();
        match validity::authenticated(&bytes) {
            Ok(_) => Ok(bytes),
            Err(_) => Err(SecrecyError::Refused("authenticated data the others would refuse")),
        }
    }

    /// Agrees between two members exactly when they are in the same epoch of the same group; no secret of the group
    /// can be computed from it.
    pub fn authenticator(&self) -> Vec<u8> {
        self.mls.epoch_authenticator().as_slice().to_vec()
    }
}

/// Runs the commit builder; every commit carries a path, so it also heals the committer's leaf.
fn build(
    group: &mut openmls::group::MlsGroup,
    ws: &Workspace<'_>,
    keys: &DeviceKeys,
    proposals: Proposals,
) -> Result<openmls::group::CommitMessageBundle, SecrecyError> {
    let refused = SecrecyError::Refused("a commit MLS does not allow");
    let provider = ws.mls();
    let mut builder = group
        .commit_builder()
        .consume_proposal_store(false)
        .force_self_update(true)
        .leaf_node_parameters(LeafNodeParameters::default())
        .propose_removals(proposals.removes)
        .propose_adds(proposals.adds);
    if let Some(state) = proposals.state {
        let extensions = state::write(&state.encode()).ok_or(SecrecyError::Library("group extensions"))?;
        builder = builder.propose_group_context_extensions(extensions).map_err(|_| refused)?;
    }
    builder
        .load_psks(provider.storage())
        .map_err(|_| SecrecyError::Library("load no keys"))?
        .build(provider.rand(), provider.crypto(), keys, |_| true)
        .map_err(|_| refused)?
        .stage_commit(provider)
        .map_err(|_| SecrecyError::Library("stage a commit"))
}

/// A key package that is for the device it was verified for.
fn checked(ws: &Workspace<'_>, add: &VerifiedKeyPackage) -> Result<KeyPackage, SecrecyError> {
    let package = key_package::read(ws, &add.mls_key_package)?;
    let member = validity::member_of(package.leaf_node());
    let named = member.is_some_and(|member| {
        (member.account, member.device, member.key) == (add.account, add.device, add.device_key)
    });
    if named { Ok(package) } else { Err(SecrecyError::Refused("a key package of another device")) }
}

/// The group state once these devices are leaves.
fn without_pending(state: GroupState, adds: &[VerifiedKeyPackage]) -> Result<GroupState, SecrecyError> {
    let mut members = state.members().to_vec();
    for member in &mut members {
        let added = |device| adds.iter().any(|add| add.account == member.account && add.device == device);
        member.pending_devices.retain(|device| !added(*device));
    }
    state.with_members(members).map_err(|_| SecrecyError::Library("move a group state"))
}

fn encode(value: &impl tls_codec::Serialize) -> Result<Vec<u8>, SecrecyError> {
    codec::write(value).ok_or(SecrecyError::Library("encode a message"))
}
