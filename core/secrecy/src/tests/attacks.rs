//! Planted attackers: members who build commits our own code would never build. Everyone refuses them alike.

use openmls::group::{GroupContext, MlsGroup};
use openmls::prelude::tls_codec::{DeserializeBytes as _, Serialize as _};
use openmls::prelude::*;
use openmls::treesync::LeafNodeParameters as Parameters;
use openmls_rust_crypto::MemoryStorage;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::{Member, state, suite};

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
pub(super) fn commit_state(device: &mut Device, next: &GroupState) -> Vec<u8> {
    let extensions = state::write(next).unwrap();
    accepted(device, |draft| draft.propose_group_context_extensions(extensions).unwrap())
}

/// A commit that removes one member and maybe moves the group state, merged by its committer.
pub(super) fn commit_removal(device: &mut Device, gone: &Member, next: Option<&GroupState>) -> Vec<u8> {
    let index = index_of(device, gone);
    let extensions = next.map(|next| state::write(next).unwrap());
    accepted(device, |draft| {
        let draft = draft.propose_removals([index]);
        match extensions {
            Some(extensions) => draft.propose_group_context_extensions(extensions).unwrap(),
            None => draft,
        }
    })
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
    let extensions = state::write(next).unwrap();
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

#[test]
fn rule_1_only_one_whole_commit_in_a_public_message() {
    let (mut alice, mut bob) = pair();
    let good = commit(&mut alice, |draft| draft.force_self_update(true));
    let message = alice.send(b"hello");

    for len in (0..good.len()).step_by(61) {
        refused(&mut [&mut bob], &good[..len], Invalid::Malformed);
    }
    refused(&mut [&mut bob], &[good.as_slice(), &[0]].concat(), Invalid::Malformed);
    refused(&mut [&mut bob], &message, Invalid::Malformed);
    assert_eq!(bob.receive(&good), Err(Invalid::Malformed.into()));

    let private = alice.dry(|ws, keys| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        let config =
            MlsGroupJoinConfig::builder().wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY).build();
        group.mls.set_configuration(ws.mls().storage(), &config).unwrap();
        let update = group.mls.self_update(ws.mls(), keys, Parameters::default()).unwrap();
        update.into_commit().to_bytes().unwrap()
    });
    refused(&mut [&mut bob], &private, Invalid::Malformed);

    let proposal = alice.dry(|ws, keys| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        let (proposal, _) = group.mls.propose_self_update(ws.mls(), keys, Parameters::default()).unwrap();
        proposal.to_bytes().unwrap()
    });
    refused(&mut [&mut bob], &proposal, Invalid::Malformed);
    assert!(bob.apply(&good).is_ok(), "the honest one of the same kind passes");
}

#[test]
fn rule_2_only_this_group_and_epoch() {
    let (mut alice, mut bob) = pair();
    let first = commit(&mut alice, |draft| draft.force_self_update(true));
    let second = accepted(&mut alice, |draft| draft.force_self_update(true));
    bob.apply(&second).unwrap();
    refused(&mut [&mut bob], &first, Invalid::Epoch);
    refused(&mut [&mut bob], &second, Invalid::Epoch);

    let early = {
        alice.apply(&second).unwrap_err();
        accepted(&mut alice, |draft| draft.force_self_update(true));
        commit(&mut alice, |draft| draft.force_self_update(true))
    };
    refused(&mut [&mut bob], &early, Invalid::Epoch);
}

#[test]
fn rule_3_nobody_enters_from_outside() {
    let (mut alice, mut bob) = pair();
    let mut ghost = Device::new(9, 91);
    let info = alice.dry(|ws, keys| {
        let group = Group::load(ws, TOPIC).unwrap().unwrap();
        group.mls.export_group_info(ws.mls().crypto(), keys, true).unwrap().to_bytes().unwrap()
    });
    let info = MlsMessageIn::tls_deserialize_exact_bytes(&info).unwrap();
    let MlsMessageBodyIn::GroupInfo(info) = info.extract() else { panic!("a group info") };

    let external = ghost.dry(|ws, keys| {
        let (_, bundle) = MlsGroup::external_commit_builder()
            .with_config(suite::joined())
            .with_aad(auth(1).encode_to_vec())
            .skip_lifetime_validation()
            .build_group(ws.mls(), info, keys.credential())
            .unwrap()
            .leaf_node_parameters(Parameters::builder().with_capabilities(suite::capabilities()).build())
            .load_psks(ws.mls().storage())
            .unwrap()
            .build(ws.mls().rand(), ws.mls().crypto(), keys, |_| true)
            .unwrap()
            .finalize(ws.mls())
            .unwrap();
        bundle.into_commit().to_bytes().unwrap()
    });
    // OpenMLS alone lets it in: without rule 3 the ghost would be a member.
    bob.dry(|ws, _| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        let message = MlsMessageIn::tls_deserialize_exact_bytes(&external).unwrap();
        group.mls.process_message(ws.mls(), message.try_into_protocol_message().unwrap()).unwrap();
    });
    refused(&mut [&mut alice, &mut bob], &external, Invalid::Sender);

    let package = honest_package(&mut ghost);
    let proposal = JoinProposal::new::<MemoryStorage>(
        package,
        GroupId::from_slice(TOPIC.as_bytes()),
        GroupEpoch::from(1),
        &ghost.keys,
    );
    let proposal = proposal.unwrap().to_bytes().unwrap();
    refused(&mut [&mut alice, &mut bob], &proposal, Invalid::Malformed);
}

#[test]
fn rule_4_a_changed_byte_is_never_applied() {
    let (mut alice, mut bob) = pair();
    let good = commit(&mut alice, |draft| draft.force_self_update(true));
    for place in (0..good.len()).step_by(37).chain([good.len() - 1, good.len() - 40]) {
        let mut bad = good.clone();
        bad[place] ^= 1;
        let before = bob.store.rows.clone();
        let Err(ReceiveError::Invalid(_)) = bob.apply(&bad) else { panic!("byte {place}") };
        assert_eq!(bob.store.rows, before);
    }
    assert!(bob.apply(&good).is_ok());
}

#[test]
fn rule_5_proposals_only_by_value() {
    let [mut owner, mut admin, mut member] = trio();
    let (proposal, by_reference) = admin.dry(|ws, keys| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        let gone = group.leaves[2].0;
        let (proposal, _) = group.mls.propose_remove_member(ws.mls(), keys, gone).unwrap();
        group.mls.set_aad(auth(1).encode_to_vec());
        let (commit, ..) = group.mls.commit_to_pending_proposals(ws.mls(), keys).unwrap();
        (proposal.to_bytes().unwrap(), commit.to_bytes().unwrap())
    });
    refused(&mut [&mut owner, &mut member], &proposal, Invalid::Malformed);
    // Nobody queued it, so MLS itself misses it.
    refused(&mut [&mut owner, &mut member], &by_reference, Invalid::Mls);
    // And where it had been queued, the rule refuses it.
    owner.dry(|ws, _| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        let message = MlsMessageIn::tls_deserialize_exact_bytes(&proposal).unwrap();
        let processed =
            group.mls.process_message(ws.mls(), message.try_into_protocol_message().unwrap()).unwrap();
        let ProcessedMessageContent::ProposalMessage(queued) = processed.into_content() else { panic!() };
        group.mls.store_pending_proposal(ws.mls().storage(), *queued).unwrap();
        assert_eq!(group.receive_handshake(ws, &by_reference), Err(Invalid::ByReference.into()));
    });
}

#[test]
fn rule_6_only_add_remove_and_extensions() {
    let (mut alice, mut bob) = pair();
    let psk = alice.dry(|ws, keys| {
        use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
        let provider = ws.mls();
        let id = PreSharedKeyId::new(suite::SUITE, provider.rand(), Psk::External(ExternalPsk::new(vec![1])));
        let id = id.unwrap();
        id.store(provider, &[7; 32]).unwrap();
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        group.mls.set_aad(auth(1).encode_to_vec());
        let commit = group
            .mls
            .commit_builder()
            .force_self_update(true)
            .add_proposal(Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(id))))
            .load_psks(provider.storage())
            .unwrap()
            .build(provider.rand(), provider.crypto(), keys, |_| true)
            .unwrap();
        commit.stage_commit(provider).unwrap().into_commit().to_bytes().unwrap()
    });
    refused(&mut [&mut bob], &psk, Invalid::Kind);
}

#[test]
fn rule_8_a_self_update_keeps_key_credential_and_capabilities() {
    let (mut alice, mut bob) = pair();
    let other = DeviceKeys::new(alice.keys.account, alice.keys.device, &[0x77; 32]);
    let new_key = alice.dry(|ws, keys| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        group.mls.set_aad(auth(1).encode_to_vec());
        let bundle = NewSignerBundle { signer: &other, credential_with_key: other.credential() };
        let update =
            group.mls.self_update_with_new_signer(ws.mls(), keys, bundle, Parameters::default()).unwrap();
        update.into_commit().to_bytes().unwrap()
    });
    refused(&mut [&mut bob], &new_key, Invalid::Leaf);

    let mut credential = bob.keys.credential();
    credential.signature_key = alice.keys.public().to_vec().into();
    let id = Extension::ApplicationId(ApplicationIdExtension::new(b"tracking"));
    for parameters in [
        Parameters::builder().with_credential_with_key(credential).build(),
        Parameters::builder().with_capabilities(wide()).build(),
        Parameters::builder().with_extensions(Extensions::single(id).unwrap()).build(),
    ] {
        let update = commit(&mut alice, |draft| draft.leaf_node_parameters(parameters));
        refused(&mut [&mut bob], &update, Invalid::Leaf);
    }
}

#[test]
fn rule_9_added_leaves_have_our_form_and_live_for_ever() {
    let [mut owner, mut admin, mut member] = trio();
    let mut new = Device::new(4, 41);
    let next = with_account(admin.group().state(), &new);

    let now = 1_800_000_000;
    for bad in [
        package(&mut new, Lifetime::default(), suite::capabilities()),
        package(&mut new, Lifetime::init(0, u64::MAX - 1), suite::capabilities()),
        package(&mut new, Lifetime::init(1, u64::MAX), suite::capabilities()),
        package(&mut new, Lifetime::init(0, now * 4), suite::capabilities()),
        package(&mut new, suite::lifetime(), wide()),
    ] {
        let add = extensions(&mut admin, &next, |draft, extensions| {
            gce(draft, extensions).propose_adds([bad.clone()])
        });
        refused(&mut [&mut owner, &mut member], &add, Invalid::NewLeaf);
    }
    let good = honest_package(&mut new);
    let add = extensions(&mut admin, &next, |draft, extensions| {
        gce(draft, extensions).propose_adds([good.clone()])
    });
    assert_eq!(owner.apply(&add).unwrap().change, Change::Added(vec![new.member()]));
}

#[test]
fn rule_10_required_capabilities_stay_and_nothing_else_comes() {
    let [mut owner, mut admin, mut member] = trio();
    let state = admin.group().state().clone();
    let ours = || state::write(&state).unwrap();
    let mut weaker = ours();
    let state_type = ExtensionType::Unknown(suite::STATE_EXTENSION);
    let required = RequiredCapabilitiesExtension::new(&[state_type], &[], &[]);
    weaker.add_or_replace(Extension::RequiredCapabilities(required)).unwrap();
    let mut with_external = ours();
    let outsider = Device::new(9, 91).keys.credential();
    let senders = vec![ExternalSender::new(outsider.signature_key, outsider.credential)];
    with_external.add(Extension::ExternalSenders(senders)).unwrap();
    let mut stateless = ours();
    stateless.remove(state_type).unwrap();

    for bad in [weaker, with_external, stateless, Extensions::empty()] {
        let change = commit(&mut admin, |draft| gce(draft, bad));
        refused(&mut [&mut owner, &mut member], &change, Invalid::Extensions);
    }
}

#[test]
fn rule_11_what_a_conversation_is_never_changes() {
    let [mut owner, mut admin, mut member] = trio();
    let state = owner.group().state().clone();
    let edits: [fn(&mut GroupState); 8] = [
        |state| state.conversation = vec![1; 32].into(),
        |state| state.conversation = vec![1; 31].into(),
        |state| state.suite = 1,
        |state| state.direct = true,
        |state| state.leg_no = 7,
        |state| state.protocol = 0,
        |state| state.members.reverse(),
        |state| state.members[0].role = Role::Unspecified.into(),
    ];
    for edit in edits {
        let mut next = state.clone();
        edit(&mut next);
        let change = extensions(&mut owner, &next, gce);
        refused(&mut [&mut admin, &mut member], &change, Invalid::State);
    }
    let mut newer = state;
    newer.protocol = 2;
    let change = extensions(&mut owner, &newer, gce);
    assert_eq!(member.apply(&change).unwrap().change, Change::State, "a raised version floor is merged");
}

#[test]
fn rule_12_pins_only_grow() {
    let [mut owner, mut admin, mut member] = trio();
    let state = owner.group().state().clone();
    let edits: [fn(&mut ListPin); 2] = [|pin| pin.version = 0, |pin| pin.hash = vec![9; 32].into()];
    for edit in edits {
        let mut next = state.clone();
        edit(next.members[2].pin.as_mut().unwrap());
        let change = extensions(&mut owner, &next, gce);
        refused(&mut [&mut admin, &mut member], &change, Invalid::Pin);
    }
    let mut recovered = state;
    *recovered.members[2].pin.as_mut().unwrap() = ListPin { era: 1, version: 0, hash: vec![9; 32].into() };
    let change = extensions(&mut owner, &recovered, gce);
    assert_eq!(admin.apply(&change).unwrap().change, Change::State, "a new era is higher than any version");
}

#[test]
fn rule_13_a_direct_conversation_stays_as_it_was_made() {
    let (mut alice, mut bob) = pair();
    let mut ghost = Device::new(1, 12);
    let add = honest_package(&mut ghost);
    let bobs = index_of(&mut alice, &bob.member());
    let state = alice.group().state().clone();
    let mut next = state.clone();
    next.members[0].pin.as_mut().unwrap().version = 9;

    let added = commit(&mut alice, |draft| draft.propose_adds([add]));
    refused(&mut [&mut bob], &added, Invalid::Direct);
    let removed = commit(&mut alice, |draft| draft.propose_removals([bobs]));
    refused(&mut [&mut bob], &removed, Invalid::Direct);
    let moved = extensions(&mut alice, &next, gce);
    refused(&mut [&mut bob], &moved, Invalid::Direct);

    // This device does not build one either.
    let (package, _) = ghost.key_package(false);
    assert!(matches!(alice.stage_add(&[package]), Err(SecrecyError::Refused(_))));
}

#[test]
fn rule_13_even_the_first_commit_adds_pinned_accounts_only() {
    let (mut alice, bob, mut ghost) = (Device::new(1, 11), Device::new(2, 21), Device::new(9, 91));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, _) = ghost.key_package(false);
    assert!(matches!(alice.stage_add(&[package]), Err(SecrecyError::Refused(_))));
}

#[test]
fn rule_14_roles_are_kept() {
    let [mut owner, mut admin, mut member] = trio();
    let state = owner.group().state().clone();
    let mut new = Device::new(4, 41);
    let package = honest_package(&mut new);
    let with_new = with_account(&state, &new);

    let add = extensions(&mut member, &with_new, |draft, extensions| {
        gce(draft, extensions).propose_adds([package.clone()])
    });
    refused(&mut [&mut owner, &mut admin], &add, Invalid::Role);
    let owners = index_of(&mut member, &owner.member());
    let coup = commit(&mut member, |draft| draft.propose_removals([owners]));
    refused(&mut [&mut owner, &mut admin], &coup, Invalid::Role);

    for (by, who) in [(1, 1), (1, 2), (2, 2)] {
        let mut promoted = state.clone();
        promoted.members[who].role = Role::Owner.into();
        let devices = [&mut owner, &mut admin, &mut member];
        let change = extensions(devices[by], &promoted, gce);
        let mut others: Vec<_> =
            devices.into_iter().enumerate().filter(|(at, _)| *at != by).map(|(_, device)| device).collect();
        refused(&mut others, &change, Invalid::Role);
    }
}

#[test]
fn rule_15_no_leaf_without_a_pin_or_twice() {
    let [mut owner, mut admin, mut member] = trio();
    let state = owner.group().state().clone();
    let unpinned = honest_package(&mut Device::new(9, 91));
    let add = commit(&mut owner, |draft| draft.propose_adds([unpinned]));
    refused(&mut [&mut admin, &mut member], &add, Invalid::Roster);

    // A second leaf for a device that is here, under a key of the attacker's.
    let mut twin = Device::new(3, 31);
    twin.rng = ChaCha20Rng::from_seed([0x66; 32]);
    twin.keys = DeviceKeys::new(twin.keys.account, twin.keys.device, &[0x66; 32]);
    let twins = honest_package(&mut twin);
    let add = commit(&mut owner, |draft| draft.propose_adds([twins]));
    refused(&mut [&mut admin, &mut member], &add, Invalid::Roster);

    let mut tablet = Device::new(3, 32);
    let tablets = honest_package(&mut tablet);
    let mut pending = state.clone();
    pending.members[2].pending_devices.push(tablet.keys.device.into());
    let add = extensions(&mut owner, &pending, |draft, extensions| {
        gce(draft, extensions).propose_adds([tablets.clone()])
    });
    refused(&mut [&mut admin, &mut member], &add, Invalid::Roster);

    let mut without = state;
    without.members.remove(2);
    let change = extensions(&mut owner, &without, gce);
    refused(&mut [&mut admin, &mut member], &change, Invalid::Roster);
}

#[test]
fn rule_16_authenticated_data_decodes() {
    let (mut alice, mut bob) = pair();
    let update = commit_with(&mut alice, vec![0xff; 9], |draft| draft.force_self_update(true));
    refused(&mut [&mut bob], &update, Invalid::AuthenticatedData);
}

#[test]
fn rules_17_and_18_a_message_opens_once_and_whole() {
    let (mut alice, mut bob) = pair();
    let message = alice.send(b"hello");
    for place in 0..message.len() {
        let mut bad = message.clone();
        bad[place] ^= 1;
        match bob.receive(&bad) {
            Err(ReceiveError::Invalid(_)) => {}
            other => panic!("byte {place}: {:?}", other.map(|received| received.payload)),
        }
    }
    for len in 0..message.len() {
        assert_eq!(bob.receive(&message[..len]).err(), Some(Invalid::Malformed.into()));
    }
    assert_eq!(bob.receive(&message).unwrap().payload, b"hello");
    assert_eq!(bob.receive(&message).err(), Some(Invalid::Generation.into()));
}

#[test]
fn messages_may_overtake_each_other_a_little() {
    let (mut alice, mut bob) = pair();
    let messages: Vec<_> = (0..5u8).map(|number| alice.send(&[number])).collect();
    for number in [4, 0, 3, 1, 2] {
        assert_eq!(bob.receive(&messages[number]).unwrap().payload, [number as u8]);
    }
}

#[test]
fn a_message_of_a_past_epoch_is_refused_like_by_someone_who_just_joined() {
    let (mut alice, mut bob) = pair();
    let late = alice.send(b"late");
    let update = accepted(&mut alice, |draft| draft.force_self_update(true));
    bob.apply(&update).unwrap();
    assert_eq!(bob.receive(&late).err(), Some(Invalid::Epoch.into()));
}

#[test]
fn own_entries_are_told_apart() {
    let (mut alice, _) = pair();
    let message = alice.send(b"mine");
    assert_eq!(alice.receive(&message).err(), Some(ReceiveError::Own));
    let update = alice.stage_update();
    assert_eq!(alice.apply(&update.mls_message), Err(ReceiveError::Own));
}

// The order matters: a commit that breaks a rule is invalid also for a member who could not open its path. If that
// member parked instead, an insider could stop chosen members with commits everyone else skips.
#[test]
fn a_bad_commit_is_invalid_also_for_one_who_cannot_open_it() {
    let (mut alice, mut bob) = pair();
    let keys: Vec<_> = bob.store.rows.keys().filter(|key| key[1] == 15).cloned().collect();
    bob.store.rows.remove(&keys[0]);
    let package = honest_package(&mut Device::new(9, 91));
    let add = commit(&mut alice, |draft| draft.force_self_update(true).propose_adds([package]));
    refused(&mut [&mut bob], &add, Invalid::Direct);
}

/// A group made with OpenMLS directly, into which a ghost or a wrong leaf is welcomed.
fn welcomed(
    creator: &mut Device,
    extensions: Extensions<GroupContext>,
    lifetime: Lifetime,
    packages: Vec<KeyPackage>,
) -> (Vec<u8>, Vec<u8>) {
    creator.dry(|ws, keys| {
        let config = suite::created().lifetime(lifetime).with_group_context_extensions(extensions).build();
        let id = GroupId::from_slice(TOPIC.as_bytes());
        let mut group = MlsGroup::new_with_group_id(ws.mls(), keys, &config, id, keys.credential()).unwrap();
        // Without a path, so that the creator's leaf keeps the lifetime it was made with.
        let (_, welcome, _) = group.add_members_without_update(ws.mls(), keys, &packages).unwrap();
        group.merge_pending_commit(ws.mls()).unwrap();
        let MlsMessageBodyOut::Welcome(welcome) = welcome.body() else { panic!("a welcome") };
        let tree = group.export_ratchet_tree();
        (welcome.tls_serialize_detached().unwrap(), tree.tls_serialize_detached().unwrap())
    })
}

#[test]
fn a_welcome_into_a_group_of_another_form_is_refused() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    let state = direct(&list_of(&[&alice]), &list_of(&[&bob]));
    let ours = || state::write(&state).unwrap();
    let mut stateless = ours();
    stateless.remove(ExtensionType::Unknown(suite::STATE_EXTENSION)).unwrap();
    let mut misnamed = state.clone();
    misnamed.conversation = vec![3; 32].into();
    let misnamed = state::write(&misnamed).unwrap();

    let mut join = |extensions, lifetime, ghost: Option<KeyPackage>| {
        let mut packages = vec![honest_package(&mut bob)];
        packages.extend(ghost);
        let (welcome, tree) = welcomed(&mut alice, extensions, lifetime, packages);
        bob.join(&welcome, &tree)
    };
    assert_eq!(join(stateless, suite::lifetime(), None), Err(Invalid::Extensions.into()));
    assert_eq!(join(misnamed, suite::lifetime(), None), Err(Invalid::State.into()));
    assert_eq!(join(ours(), Lifetime::default(), None), Err(Invalid::NewLeaf.into()));
    let stranger = honest_package(&mut Device::new(9, 91));
    assert_eq!(join(ours(), suite::lifetime(), Some(stranger)), Err(Invalid::Roster.into()));
    let mut finite = Device::new(2, 22);
    let finite = package(&mut finite, Lifetime::default(), suite::capabilities());
    assert_eq!(join(ours(), suite::lifetime(), Some(finite)), Err(Invalid::NewLeaf.into()));
    assert_eq!(join(ours(), suite::lifetime(), None), Ok(Device::new(1, 11).member()));
}

#[test]
fn a_ghost_device_passes_the_tree_but_not_the_lists() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    let lists = [list_of(&[&alice]), list_of(&[&bob])];
    let state = direct(&lists[0], &lists[1]);
    let mut ghost = Device::new(2, 22);
    let packages = vec![honest_package(&mut bob), honest_package(&mut ghost)];
    let (welcome, tree) = welcomed(&mut alice, state::write(&state).unwrap(), suite::lifetime(), packages);
    bob.join(&welcome, &tree).unwrap();
    let members = bob.group().members();
    assert_eq!(check_membership(&state, &lists, &members), Err(MembershipError::Ghost(ghost.member())));
}

#[test]
fn welcomes_with_changed_bytes_never_join() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, _) = bob.key_package(false);
    let commit = alice.stage_add(&[package]).unwrap();
    let (welcome, tree) = (commit.welcome.unwrap(), commit.ratchet_tree);
    let flip = |bytes: &[u8], place: usize| {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 1;
        bytes
    };
    for place in (0..welcome.len()).step_by(43) {
        assert!(bob.join(&flip(&welcome, place), &tree).is_err(), "welcome byte {place}");
    }
    for place in (0..tree.len()).step_by(67) {
        assert!(bob.join(&welcome, &flip(&tree, place)).is_err(), "tree byte {place}");
    }
    for len in (0..welcome.len()).step_by(101) {
        assert_eq!(bob.join(&welcome[..len], &tree), Err(Invalid::Malformed.into()));
    }
    bob.join(&welcome, &tree).unwrap();
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..300), form in 0u16..6) {
        let mut bob = PAIR.with(|device| device.take());
        let before = bob.store.rows.clone();
        let message = [&[0, 1][..], &form.to_be_bytes(), &bytes].concat();
        prop_assert!(matches!(bob.apply(&message), Err(ReceiveError::Invalid(_))));
        prop_assert!(matches!(bob.receive(&message), Err(ReceiveError::Invalid(_))));
        prop_assert!(bob.join(&bytes, &bytes).is_err());
        prop_assert_eq!(&bob.store.rows, &before);
        PAIR.with(|device| device.set(bob));
    }
}

thread_local! {
    static PAIR: Shared = Shared(Cell::new(None));
}

/// One conversation for many cases.
struct Shared(Cell<Option<Device>>);

impl Shared {
    fn take(&self) -> Device {
        self.0.take().unwrap_or_else(|| pair().1)
    }

    fn set(&self, device: Device) {
        self.0.set(Some(device));
    }
}
