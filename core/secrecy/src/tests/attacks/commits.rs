//! Rules 1-7 and 15: what a commit is, and what it may carry.

use super::*;

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
fn rule_7_a_self_update_keeps_key_credential_and_capabilities() {
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
fn rule_15_authenticated_data_decodes() {
    let (mut alice, mut bob) = pair();
    let no_chain = AuthenticatedData { chain: Default::default(), ..auth(1) }.encode_to_vec();
    for aad in [vec![0xff; 9], Vec::new(), no_chain] {
        let update = commit_with(&mut alice, aad.clone(), |draft| draft.force_self_update(true));
        refused(&mut [&mut bob], &update, Invalid::AuthenticatedData);
        let message = alice.dry(|ws, keys| {
            let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
            group.mls.set_aad(aad);
            group.mls.create_message(ws.mls(), keys, b"without a view").unwrap().to_bytes().unwrap()
        });
        assert_eq!(bob.receive(&message), Err(Invalid::AuthenticatedData.into()));
    }
    // This device does not send any either.
    let bad = AuthenticatedData { chain: Default::default(), ..auth(1) };
    let sent = alice.on_group(|group, ws, keys| group.encrypt(ws, keys, b"x", &bad));
    assert!(matches!(sent, Err(SecrecyError::Refused(_))));
}

#[test]
fn a_bad_commit_is_invalid_also_for_one_who_cannot_open_it() {
    let (mut alice, mut bob) = pair();
    let keys: Vec<_> = bob.store.rows.keys().filter(|key| key[1] == 15).cloned().collect();
    bob.store.rows.remove(&keys[0]);
    let package = honest_package(&mut Device::new(9, 91));
    let add = commit(&mut alice, |draft| draft.force_self_update(true).propose_adds([package]));
    refused(&mut [&mut bob], &add, Invalid::Direct);
}
