//! Entering a group by a Welcome, and cutting a Welcome for one recipient.

use openmls::group::{MlsGroup, StagedWelcome, WelcomeError};
use openmls::prelude::{RatchetTreeIn, Welcome};
use openmls::treesync::LeafNodeSource;
use tls_codec::VLBytes;

use super::Group;
use crate::device_keys::DeviceKeys;
use crate::error::JoinError;
use crate::member::Member;
use crate::overlay::Fault;
use crate::validity::{self, Invalid};
use crate::workspace::Workspace;
use crate::{codec, roster, suite};

impl Group {
    /// Enters a group by a Welcome; also returns who added us.
    ///
    /// Checks what the tree itself can show: suite, extensions, group state, every leaf's form, credentials, lifetimes,
    /// that this device is the one welcomed. Before the changes are written the caller checks the membership invariant
    /// with the lists the Welcome carries. A one-time key package is used up by this: the same Welcome does not open
    /// twice. With a last-resort package it would, so the caller remembers Welcomes it has seen.
    ///
    /// # Errors
    /// Sorted by what the caller does next, see [`JoinError`].
    pub fn join(
        ws: &Workspace<'_>,
        keys: &DeviceKeys,
        welcome: &[u8],
        ratchet_tree: &[u8],
    ) -> Result<(Self, Member), JoinError> {
        let welcome: Welcome = codec::read(welcome).ok_or(Invalid::Malformed)?;
        let tree: RatchetTreeIn = codec::read(ratchet_tree).ok_or(Invalid::Malformed)?;
        if welcome.ciphersuite() != suite::SUITE {
            return Err(Invalid::NewLeaf.into());
        }
        let staged = stage(ws, welcome, tree)?;
        let adder = staged.welcome_sender().ok().and_then(validity::member_of).ok_or(Invalid::Sender)?;
        let joined = staged.into_group(ws.mls());
        let mls = ws.mls().settle(joined)?.map_err(sorted)?;
        check_tree(&mls)?;

        let group = Self::read(mls)?;
        roster::check_leaves(&group.state, group.members().into_iter())?;
        let own = group.member_at(group.mls.own_leaf_index());
        if own != Some(keys.member()) || adder == keys.member() {
            return Err(Invalid::Roster.into());
        }
        Ok((group, adder))
    }
}

/// Opens the Welcome and checks the tree against it. Lifetimes are looked at by [`check_tree`], without a clock.
fn stage(ws: &Workspace<'_>, welcome: Welcome, tree: RatchetTreeIn) -> Result<StagedWelcome, JoinError> {
    let config = suite::joined();
    let builder = StagedWelcome::build_from_welcome(ws.mls(), &config, welcome);
    let builder = ws.mls().settle(builder)?.map_err(sorted)?;
    if !builder.processed_welcome().psks().is_empty() {
        return Err(Invalid::Kind.into());
    }
    let staged = builder.with_ratchet_tree(tree).skip_lifetime_validation().build();
    ws.mls().settle(staged)?.map_err(sorted)
}

/// Rule 8 for every leaf of a tree: a leaf that has committed since carries no lifetime any more.
fn check_tree(group: &MlsGroup) -> Result<(), Invalid> {
    let ours = group.treesync().full_leaves().all(|(_, leaf)| {
        let always = match leaf.leaf_node_source() {
            LeafNodeSource::KeyPackage(lifetime) => *lifetime == suite::lifetime(),
            LeafNodeSource::Update | LeafNodeSource::Commit(_) => true,
        };
        always && *leaf.capabilities() == suite::capabilities() && leaf.extensions().iter().next().is_none()
    });
    if ours { Ok(()) } else { Err(Invalid::NewLeaf) }
}

fn sorted(error: WelcomeError<Fault>) -> JoinError {
    match error {
        WelcomeError::StorageError(fault) => fault.into(),
        WelcomeError::NoMatchingKeyPackage | WelcomeError::PrivateInitKeyNotFound => JoinError::NoKeyPackage,
        WelcomeError::NoMatchingEncryptionKey => JoinError::NoKeyPackage,
        WelcomeError::GroupAlreadyExists => JoinError::AlreadyJoined,
        _ => Invalid::Mls.into(),
    }
}

/// The Welcome with only the secrets for the key package `reference`: the others' are nobody else's business. None when
/// the Welcome is malformed or has no secrets for it.
pub fn welcome_for(welcome: &[u8], reference: &[u8]) -> Option<Vec<u8>> {
    let all: Welcome = codec::read(welcome)?;
    let secrets = all.secrets().iter().find(|secrets| secrets.new_member().as_slice() == reference)?;
    // RFC 9420 §12.4.3.1: cipher_suite, secrets<V>, encrypted_group_info<V>.
    let (suite, rest) = codec::read_front::<u16>(welcome)?;
    let (_, group_info) = codec::read_front::<VLBytes>(rest)?;
    let mut one = suite.to_be_bytes().to_vec();
    one.extend(codec::write(&VLBytes::new(codec::write(secrets)?))?);
    one.extend_from_slice(group_info);
    Some(one)
}
