//! One MLS group and the state its members agree on.

use sotto_wire::ids::{AccountId, Capability, DeviceId, Generation, PublicKey, TopicId};
use sotto_wire::proto::{self, AuthenticatedData};

use crate::device_keys::DeviceKeys;
use crate::envelope::EnvelopeKey;
use crate::error::{JoinError, MergeError, ReceiveError, SecrecyError};
use crate::key_package::VerifiedKeyPackage;
use crate::workspace::Workspace;

/// A group as this device sees it. A value: what is not in the workspace's changes did not happen.
pub struct Group {
    state: proto::GroupState,
}

/// A leaf: one device and the key it signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// Its account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Its signature key.
    pub key: PublicKey,
}

/// A commit of our own that waits for its place in the log.
#[derive(Clone, PartialEq, Eq)]
pub struct StagedCommit {
    /// What goes into the envelope.
    pub mls_message: Vec<u8>,
    /// What [`Group::merge_own`] needs once it is accepted. Secret.
    pub staged: Vec<u8>,
    /// The epoch it was made in: it is lost when the group leaves that epoch another way.
    pub base_epoch: u64,
    /// MLS Welcome, when it adds members.
    pub welcome: Option<Vec<u8>>,
    /// The ratchet tree after the commit; empty when nobody is added.
    pub ratchet_tree: Vec<u8>,
}

/// An application message.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub sender: Member,
    /// What it authenticates beside the payload.
    pub auth: AuthenticatedData,
    /// The plaintext.
    pub payload: Vec<u8>,
}

/// A commit that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// Who committed.
    pub sender: Member,
    /// What the commit authenticates.
    pub auth: AuthenticatedData,
    /// What it changed.
    pub change: Change,
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
    /// Group state moved, leaves did not.
    State,
}

impl Group {
    /// A new group whose only leaf is this device.
    ///
    /// # Errors
    /// When the rows fail or a group of this topic exists.
    pub fn create(
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        topic: TopicId,
        state: proto::GroupState,
    ) -> Result<Self, SecrecyError> {
        let _ = (ws, keys, topic, state);
        Err(SecrecyError::Library("create"))
    }

    /// The group of this topic, if there is one.
    ///
    /// # Errors
    /// When the rows fail or do not decode.
    pub fn load(ws: &Workspace<'_>, topic: TopicId) -> Result<Option<Self>, SecrecyError> {
        let _ = (ws, topic);
        Err(SecrecyError::Library("load"))
    }

    /// Deletes every row of the group.
    ///
    /// # Errors
    /// When the rows fail.
    pub fn delete(self, ws: &Workspace<'_>) -> Result<(), SecrecyError> {
        let _ = ws;
        Err(SecrecyError::Library("delete"))
    }

    /// The current epoch.
    pub fn epoch(&self) -> u64 {
        0
    }

    /// What all members agree on beside the keys.
    pub fn state(&self) -> &proto::GroupState {
        &self.state
    }

    /// The leaves, in tree order.
    pub fn members(&self) -> Vec<Member> {
        Vec::new()
    }

    /// The envelope secret of the current epoch.
    ///
    /// # Errors
    /// When this device was removed.
    pub fn envelope_key(&self, ws: &Workspace<'_>) -> Result<EnvelopeKey, SecrecyError> {
        let _ = ws;
        Err(SecrecyError::Library("envelope_key"))
    }

    /// The capability that a rotation in the current epoch installs as `generation` (> 0).
    ///
    /// # Errors
    /// When this device was removed.
    pub fn capability(&self, ws: &Workspace<'_>, generation: Generation) -> Result<Capability, SecrecyError> {
        let _ = (ws, generation);
        Err(SecrecyError::Library("capability"))
    }

    /// Makes a commit that adds devices. Drop the workspace afterwards and keep only what is returned.
    ///
    /// # Errors
    /// When a package does not fit this group or the rows fail.
    pub fn stage_add(
        &mut self,
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        adds: &[VerifiedKeyPackage],
        auth: &AuthenticatedData,
    ) -> Result<StagedCommit, SecrecyError> {
        let _ = (ws, keys, adds, auth);
        Err(SecrecyError::Library("stage_add"))
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
        let _ = (ws, keys, auth);
        Err(SecrecyError::Library("stage_update"))
    }

    /// Merges a commit of our own that was accepted.
    ///
    /// # Errors
    /// When the group is no longer in the epoch it was staged in: the same commit never merges twice.
    pub fn merge_own(
        &mut self,
        ws: &Workspace<'_>,
        staged: &[u8],
        base_epoch: u64,
    ) -> Result<(), MergeError> {
        let _ = (ws, staged, base_epoch);
        Err(MergeError::Damaged)
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
        let _ = (ws, keys, payload, auth);
        Err(SecrecyError::Library("encrypt"))
    }

    /// Opens an application message.
    ///
    /// # Errors
    /// Sorted by what the caller does next, see [`ReceiveError`].
    pub fn receive_application(
        &mut self,
        ws: &Workspace<'_>,
        mls_message: &[u8],
    ) -> Result<Received, ReceiveError> {
        let _ = (ws, mls_message);
        Err(ReceiveError::Own)
    }

    /// Checks a commit of another member and merges it.
    ///
    /// # Errors
    /// Sorted by what the caller does next, see [`ReceiveError`].
    pub fn receive_handshake(
        &mut self,
        ws: &Workspace<'_>,
        mls_message: &[u8],
    ) -> Result<Applied, ReceiveError> {
        let _ = (ws, mls_message);
        Err(ReceiveError::Own)
    }

    /// Enters a group by a Welcome; also returns who added us. The caller checks the membership invariant.
    ///
    /// # Errors
    /// Sorted by what the caller does next, see [`JoinError`].
    pub fn join(
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        welcome: &[u8],
        ratchet_tree: &[u8],
    ) -> Result<(Self, Member), JoinError> {
        let _ = (ws, keys, welcome, ratchet_tree);
        Err(JoinError::NoKeyPackage)
    }
}
