//! The same protocol on another implementation of its primitives: one side RustCrypto, the other libcrux.

use openmls::group::{MlsGroup, StagedWelcome};
use openmls::prelude::tls_codec::{DeserializeBytes as _, Serialize as _};
use openmls::prelude::*;
use openmls_libcrux_crypto::Provider;

use super::*;
use crate::{state, suite};

fn received(group: &mut MlsGroup, provider: &Provider, bytes: &[u8]) -> ProcessedMessageContent {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap();
    let message = message.try_into_protocol_message().unwrap();
    group.process_message(provider, message).unwrap().into_content()
}

/// Messages and self-updates both ways between our device and a bare OpenMLS group on libcrux.
fn talk(ours: &mut Device, theirs: &mut MlsGroup, provider: &Provider, their_keys: &DeviceKeys) {
    let hello = ours.send(b"from RustCrypto");
    let ProcessedMessageContent::ApplicationMessage(text) = received(theirs, provider, &hello) else {
        panic!("a message")
    };
    assert_eq!(text.into_bytes(), b"from RustCrypto");

    theirs.set_aad(auth(3).encode_to_vec());
    let answer = theirs.create_message(provider, their_keys, b"from libcrux").unwrap();
    assert_eq!(ours.receive(&answer.to_bytes().unwrap()).unwrap().payload, b"from libcrux");

    let update = ours.stage_update();
    ours.merge(&update).unwrap();
    let ProcessedMessageContent::StagedCommitMessage(staged) =
        received(theirs, provider, &update.mls_message)
    else {
        panic!("a commit")
    };
    theirs.merge_staged_commit(provider, *staged).unwrap();

    theirs.set_aad(auth(4).encode_to_vec());
    let update = theirs.self_update(provider, their_keys, LeafNodeParameters::default()).unwrap();
    theirs.merge_pending_commit(provider).unwrap();
    let applied = ours.apply(&update.into_commit().to_bytes().unwrap()).unwrap();
    assert_eq!((applied.sender, applied.change), (their_keys.member(), Change::SelfUpdate));

    let secret = theirs.export_secret(provider.crypto(), "sotto envelope", &[], 32).unwrap();
    assert_eq!(secret, ours.secret());
}

#[test]
fn a_group_made_on_rust_crypto_is_joined_on_libcrux() {
    let (mut alice, bob) = (Device::new(1, 11), Device::new(2, 21));
    let provider = Provider::new().unwrap();
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));

    let package = KeyPackage::builder()
        .key_package_lifetime(suite::lifetime())
        .leaf_node_capabilities(suite::capabilities())
        .build(suite::SUITE, &provider, &bob.keys, bob.keys.credential())
        .unwrap();
    let package = VerifiedKeyPackage {
        account: bob.keys.account,
        device: bob.keys.device,
        device_key: bob.keys.public(),
        mls_key_package: package.key_package().tls_serialize_detached().unwrap().into(),
        seal_key: Vec::new().into(),
        pin: list_of(&[&bob]).pin(),
        not_after: Minute(1),
        last_resort: false,
    };
    let commit = alice.stage_add(&[package]).unwrap();
    alice.merge(&commit).unwrap();

    let welcome = Welcome::tls_deserialize_exact_bytes(commit.welcome.as_ref().unwrap()).unwrap();
    let tree = RatchetTreeIn::tls_deserialize_exact_bytes(&commit.ratchet_tree).unwrap();
    let staged = StagedWelcome::new_from_welcome(&provider, &suite::joined(), welcome, Some(tree)).unwrap();
    let mut theirs = staged.into_group(&provider).unwrap();
    talk(&mut alice, &mut theirs, &provider, &bob.keys);
}

#[test]
fn a_group_made_on_libcrux_is_joined_on_rust_crypto() {
    let (mut alice, bob) = (Device::new(1, 11), Device::new(2, 21));
    let provider = Provider::new().unwrap();
    let state = direct(&list_of(&[&alice]), &list_of(&[&bob]));
    let config =
        suite::created().with_group_context_extensions(state::write(&state.encode_to_vec()).unwrap()).build();
    let id = GroupId::from_slice(TOPIC.as_bytes());
    let mut theirs =
        MlsGroup::new_with_group_id(&provider, &bob.keys, &config, id, bob.keys.credential()).unwrap();

    let (package, _) = alice.key_package(false);
    let package = KeyPackageIn::tls_deserialize_exact_bytes(&package.mls_key_package).unwrap();
    let package = package.validate(provider.crypto(), ProtocolVersion::Mls10).unwrap();
    let (_, welcome, _) = theirs.add_members(&provider, &bob.keys, &[package]).unwrap();
    theirs.merge_pending_commit(&provider).unwrap();
    let MlsMessageBodyOut::Welcome(welcome) = welcome.body() else { panic!("a welcome") };
    let welcome = welcome.tls_serialize_detached().unwrap();
    let tree = theirs.export_ratchet_tree().tls_serialize_detached().unwrap();

    assert_eq!(alice.join(&welcome, &tree), Ok(bob.member()));
    talk(&mut alice, &mut theirs, &provider, &bob.keys);
}

#[test]
fn a_sealed_item_opens_on_the_other_implementation() {
    use openmls_traits::types::HpkeCiphertext;

    let mut alice = Device::new(1, 11);
    let provider = Provider::new().unwrap();
    let pair = provider.crypto().derive_hpke_keypair(suite::SUITE.hpke_config(), &[7; 32]).unwrap();
    let sealed = alice.dry(|ws, _| seal(ws, &pair.public, b"welcome")).unwrap();
    let input = HpkeCiphertext {
        kem_output: sealed[..1120].to_vec().into(),
        ciphertext: sealed[1120..].to_vec().into(),
    };
    let opened = provider
        .crypto()
        .hpke_open(suite::SUITE.hpke_config(), &input, &pair.private, b"sotto inbox v1", &[])
        .unwrap();
    assert_eq!(crate::padding::unpad(&opened), Some(b"welcome".as_slice()));
}
