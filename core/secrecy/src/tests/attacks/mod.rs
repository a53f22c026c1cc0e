//! Planted attackers: members who build commits our own code would never build. Everyone refuses them alike.

use openmls::group::{GroupContext, MlsGroup};
use openmls::prelude::tls_codec::{DeserializeBytes as _, Serialize as _};
use openmls::prelude::*;
use openmls::treesync::LeafNodeParameters as Parameters;
use openmls_rust_crypto::MemoryStorage;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

mod commits;
mod messages;
mod roster;
mod welcomes;

use super::*;
use crate::{Member, state, suite};
use sotto_wire::proto::ListPin;

type Draft<'a> = CommitBuilder<'a, Initial, &'a mut MlsGroup>;

/// A commit by `device`, built with OpenMLS directly and not merged.
fn commit_with(
    device: &mut Device,
    aad: Vec<u8>,
    edit: impl for<'a> FnOnce(Draft<'a>) -> Draft<'a>,
) -> Vec<u8> {
    device.dry(|ws, keys| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        group.mls.set_aad(aad);
        let provider = ws.mls();
        let draft = edit(group.mls.commit_builder().consume_proposal_store(false));
        let complete = draft
            .load_psks(provider.storage())
            .unwrap()
            .build(provider.rand(), provider.crypto(), keys, |_| true)
            .unwrap();
        complete.stage_commit(provider).unwrap().into_commit().to_bytes().unwrap()
    })
}

fn commit(device: &mut Device, edit: impl for<'a> FnOnce(Draft<'a>) -> Draft<'a>) -> Vec<u8> {
    commit_with(device, auth(1).encode_to_vec(), edit)
}

/// The same, and the committer goes on with it, as one whose commit was accepted.
fn accepted(device: &mut Device, edit: impl for<'a> FnOnce(Draft<'a>) -> Draft<'a>) -> Vec<u8> {
    device
        .run(|ws, keys| {
            let mut group = Group::load(ws, TOPIC)?.unwrap();
            group.mls.set_aad(auth(1).encode_to_vec());
            let provider = ws.mls();
            let commit = edit(group.mls.commit_builder())
                .load_psks(provider.storage())
                .unwrap()
                .build(provider.rand(), provider.crypto(), keys, |_| true)
                .unwrap()
                .stage_commit(provider)
                .unwrap()
                .into_commit();
            group.mls.merge_pending_commit(provider).unwrap();
            Ok::<_, SecrecyError>(commit.to_bytes().unwrap())
        })
        .unwrap()
}

/// A commit that moves the group state, merged by its committer.
fn commit_state(device: &mut Device, next: &GroupState) -> Vec<u8> {
    let extensions = state::write(&next.encode_to_vec()).unwrap();
    accepted(device, |draft| draft.propose_group_context_extensions(extensions).unwrap())
}

fn index_of(device: &mut Device, member: &Member) -> LeafNodeIndex {
    let group = device.group();
    let key = member.key;
    group.mls.members().find(|leaf| leaf.signature_key == key.as_bytes()).unwrap().index
}

fn extensions(
    device: &mut Device,
    next: &GroupState,
    attacker: impl for<'a> Fn(Draft<'a>, Extensions<GroupContext>) -> Draft<'a>,
) -> Vec<u8> {
    let extensions = state::write(&next.encode_to_vec()).unwrap();
    commit(device, |draft| attacker(draft, extensions))
}

fn gce(draft: Draft<'_>, extensions: Extensions<GroupContext>) -> Draft<'_> {
    draft.propose_group_context_extensions(extensions).unwrap()
}

/// Refused for this reason by each of them, and nothing about their group has changed.
#[track_caller]
fn refused(by: &mut [&mut Device], message: &[u8], why: Invalid) {
    for device in by {
        let before = device.store.rows.clone();
        assert_eq!(device.apply(message), Err(why.into()));
        assert_eq!(device.store.rows, before);
    }
}

/// A key package of `device`, built with OpenMLS directly.
fn package(device: &mut Device, lifetime: Lifetime, capabilities: Capabilities) -> KeyPackage {
    device
        .run(|ws, keys| {
            KeyPackage::builder().key_package_lifetime(lifetime).leaf_node_capabilities(capabilities).build(
                suite::SUITE,
                ws.mls(),
                keys,
                keys.credential(),
            )
        })
        .unwrap()
        .into_key_package()
}

fn honest_package(device: &mut Device) -> KeyPackage {
    package(device, suite::lifetime(), suite::capabilities())
}

/// Capabilities with one more than ours.
fn wide() -> Capabilities {
    Capabilities::builder()
        .versions(vec![ProtocolVersion::Mls10])
        .ciphersuites(vec![suite::SUITE])
        .extensions(vec![
            ExtensionType::Unknown(suite::STATE_EXTENSION),
            ExtensionType::LastResort,
            ExtensionType::Unknown(0xf051),
        ])
        .credentials(vec![CredentialType::Basic])
        .build()
}

/// Group state of `trio` with one more account pinned.
fn with_account(state: &GroupState, device: &Device) -> GroupState {
    let mut next = state.clone();
    next.members.push(pin(&list_of(&[device]), Role::Member));
    next.members.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    next
}
