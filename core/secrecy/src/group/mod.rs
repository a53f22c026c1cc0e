//! One MLS group and the state its members agree on.

mod join;
mod receive;
mod stage;

use std::fmt;

use openmls::group::{GroupId, MlsGroup};
use openmls::prelude::LeafNodeIndex;
use openmls_traits::OpenMlsProvider as _;
use sotto_wire::content::GroupState;
use sotto_wire::ids::{Capability, Generation, TopicId};
use sotto_wire::proto::{self, AuthenticatedData};
use zeroize::Zeroizing;

use crate::device_keys::DeviceKeys;
use crate::envelope::{self, EnvelopeKey};
use crate::error::SecrecyError;
use crate::member::Member;
use crate::validity::{Change, Invalid};
use crate::workspace::Workspace;
use crate::{roster, state, suite};

pub use join::welcome_for;
pub use stage::Intent;

/// MLS exporter label of capabilities.
const CAPABILITY_LABEL: &str = "sotto cap";

/// A group as this device sees it. A value: what is not in the workspace's changes did not happen. After an error, drop
/// both and load again.
pub struct Group {
    pub(crate) mls: MlsGroup,
    topic: TopicId,
    /// Checked; `message` is the same as the caller reads it.
    pub(crate) state: GroupState,
    message: proto::GroupState,
    pub(crate) leaves: Vec<(LeafNodeIndex, Member)>,
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
    /// RFC 9420 Welcome for all added devices, when there are any; [`welcome_for`] cuts it for one.
    pub welcome: Option<Vec<u8>>,
    /// The ratchet tree after the commit; empty when nobody is added.
    pub ratchet_tree: Vec<u8>,
}

/// An application message.
#[derive(Clone, PartialEq)]
pub struct Received {
    /// Who sent it.
    pub sender: Member,
    /// What it authenticates beside the payload.
    pub auth: AuthenticatedData,
    /// The plaintext.
    pub payload: Vec<u8>,
}

/// A commit of another member that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// Who committed.
    pub sender: Member,
    /// What the commit authenticates.
    pub auth: AuthenticatedData,
    /// What it changed.
    pub change: Change,
}

// None of these prints what was said or what is secret.
impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("topic", &self.topic)
            .field("epoch", &self.epoch())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StagedCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagedCommit").field("base_epoch", &self.base_epoch).finish_non_exhaustive()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl Group {
    /// A new group whose only leaf is this device.
    ///
    /// # Errors
    /// When the rows fail, a group of this topic exists, or the state does not name this device's account.
    pub fn create(
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        topic: TopicId,
        state: proto::GroupState,
    ) -> Result<Self, SecrecyError> {
        let state = state::parse(&state).map_err(|_| SecrecyError::Refused("a malformed group state"))?;
        roster::check_leaves(&state, [keys.member()].into_iter())
            .map_err(|_| SecrecyError::Refused("a group state without this device"))?;
        let extensions = state::write(&state.encode()).ok_or(SecrecyError::Library("group extensions"))?;
        if Self::load(ws, topic)?.is_some() {
            return Err(SecrecyError::Refused("a group of this topic exists"));
        }
        let config = suite::created().with_group_context_extensions(extensions).build();
        let id = group_id(topic);
        let created = MlsGroup::new_with_group_id(ws.mls(), keys, &config, id, keys.credential());
        let mls = ws.mls().settle(created)?.map_err(|_| SecrecyError::Library("create a group"))?;
        Self::read(mls).map_err(|_| SecrecyError::Library("read a new group"))
    }

    /// The group of this topic, if there is one.
    ///
    /// # Errors
    /// When the rows fail or do not decode.
    pub fn load(ws: &Workspace<'_>, topic: TopicId) -> Result<Option<Self>, SecrecyError> {
        let id = group_id(topic);
        let loaded = MlsGroup::load(ws.mls().storage(), &id);
        match ws.mls().settle(loaded)?? {
            Some(mls) => Self::read(mls).map(Some).map_err(|_| SecrecyError::Corrupt),
            // OpenMLS also answers None when only some of the group's rows are there.
            None if ws.mls().storage().has_rows_of(&id)? => Err(SecrecyError::Corrupt),
            None => Ok(None),
        }
    }

    /// Deletes every row of the group.
    ///
    /// # Errors
    /// When the rows fail.
    pub fn delete(mut self, ws: &Workspace<'_>) -> Result<(), SecrecyError> {
        let deleted = self.mls.delete(ws.mls().storage());
        Ok(ws.mls().settle(deleted)??)
    }

    /// The topic it lives on.
    pub fn topic(&self) -> TopicId {
        self.topic
    }

    /// The current epoch.
    pub fn epoch(&self) -> u64 {
        self.mls.epoch().as_u64()
    }

    /// What all members agree on beside the keys.
    pub fn state(&self) -> &proto::GroupState {
        &self.message
    }

    /// The leaves, in tree order.
    pub fn members(&self) -> Vec<Member> {
        self.leaves.iter().map(|(_, member)| *member).collect()
    }

    /// Whether this device is still a leaf.
    pub fn is_member(&self) -> bool {
        self.mls.is_active()
    }

    /// The envelope secret of the current epoch.
    ///
    /// # Errors
    /// When this device was removed.
    pub fn envelope_key(&self, ws: &Workspace<'_>) -> Result<EnvelopeKey, SecrecyError> {
        Ok(EnvelopeKey::from_bytes(*self.export(ws, envelope::EXPORTER_LABEL, &[])?))
    }

    /// The capability that a rotation in the current epoch installs as `generation` (> 0: generation 0 is random).
    ///
    /// # Errors
    /// When this device was removed, or for generation 0.
    pub fn capability(&self, ws: &Workspace<'_>, generation: Generation) -> Result<Capability, SecrecyError> {
        if generation.0 == 0 {
            return Err(SecrecyError::Refused("generation 0 is not exported"));
        }
        let context = [self.topic.as_bytes().as_slice(), &generation.0.to_be_bytes()].concat();
        Ok(Capability::new(*self.export(ws, CAPABILITY_LABEL, &context)?))
    }

    fn export(
        &self,
        ws: &Workspace<'_>,
        label: &str,
        context: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, SecrecyError> {
        let secret = self
            .mls
            .export_secret(ws.mls().crypto(), label, context, 32)
            .map(Zeroizing::new)
            .map_err(|_| SecrecyError::Refused("no longer a member"))?;
        let secret = secret.as_slice().try_into().map_err(|_| SecrecyError::Library("export a secret"))?;
        Ok(Zeroizing::new(secret))
    }

    /// Wraps an MLS group after checking that it is one of ours: topic, extensions, every leaf's credential.
    fn read(mls: MlsGroup) -> Result<Self, Invalid> {
        let topic = TopicId::try_from(mls.group_id().as_slice()).map_err(|_| Invalid::Epoch)?;
        let (state, leaves) = agreed(&mls)?;
        Ok(Self { mls, topic, message: (&state).into(), state, leaves })
    }

    /// Reads state and leaves again after a commit.
    fn refresh(&mut self) -> Result<(), Invalid> {
        (self.state, self.leaves) = agreed(&self.mls)?;
        self.message = (&self.state).into();
        Ok(())
    }

    fn member_at(&self, index: LeafNodeIndex) -> Option<Member> {
        self.leaves.iter().find(|(at, _)| *at == index).map(|(_, member)| *member)
    }
}

/// What the members of a group agree on: its state and who they are.
fn agreed(mls: &MlsGroup) -> Result<(GroupState, Vec<(LeafNodeIndex, Member)>), Invalid> {
    let state = state::read(mls.extensions())?;
    let leaf = |leaf: openmls::prelude::Member| {
        Member::read(&leaf.credential, &leaf.signature_key).map(|member| (leaf.index, member))
    };
    let leaves = mls.members().map(leaf).collect::<Option<_>>().ok_or(Invalid::Roster)?;
    Ok((state, leaves))
}

fn group_id(topic: TopicId) -> GroupId {
    GroupId::from_slice(topic.as_bytes())
}
