//! Welcomes into groups that are not what they should be.

use super::*;

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
    let ours = || state::write(&state.encode_to_vec()).unwrap();
    let mut stateless = ours();
    stateless.remove(ExtensionType::Unknown(suite::STATE_EXTENSION)).unwrap();
    let mut misnamed = state.clone();
    misnamed.conversation = vec![3; 32].into();
    let misnamed = state::write(&misnamed.encode_to_vec()).unwrap();

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
    let (welcome, tree) =
        welcomed(&mut alice, state::write(&state.encode_to_vec()).unwrap(), suite::lifetime(), packages);
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
