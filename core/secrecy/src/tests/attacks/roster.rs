//! Rules 8-14: who may be in a group, and who decides it.

use super::*;

#[test]
fn rule_8_added_leaves_have_our_form_and_live_for_ever() {
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
fn rule_9_required_capabilities_stay_and_nothing_else_comes() {
    let [mut owner, mut admin, mut member] = trio();
    let state = admin.group().state().clone();
    let ours = || state::write(&state.encode_to_vec()).unwrap();
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
fn rule_10_what_a_conversation_is_never_changes() {
    let [mut owner, mut admin, mut member] = trio();
    let state = owner.group().state().clone();
    let edits: [fn(&mut GroupState); 9] = [
        |state| state.conversation = vec![1; 32].into(),
        |state| state.conversation = vec![1; 31].into(),
        |state| state.suite = 1,
        |state| state.direct = true,
        |state| state.leg_no = 7,
        |state| state.protocol = 0,
        |state| state.members.reverse(),
        |state| state.members[0].role = Role::Unspecified.into(),
        |state| state.members[0].role = Role::Member.into(),
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
fn rule_11_pins_only_grow() {
    let [mut owner, mut admin, mut member] = trio();
    let mut state = owner.group().state().clone();
    let list_pin = |state: &mut GroupState, era, version, hash: u8| {
        let hash = vec![hash; 32].into();
        state.members[2].pin = Some(ListPin { era, version, hash });
    };
    // A list refresh may come from anybody.
    list_pin(&mut state, 0, 5, 5);
    let refresh = commit_state(&mut member, &state);
    for device in [&mut owner, &mut admin] {
        assert_eq!(device.apply(&refresh).unwrap().change, Change::State);
    }
    for (era, version, hash) in [(0, 4, 4), (0, 5, 9), (0, 0, 5)] {
        let mut next = state.clone();
        list_pin(&mut next, era, version, hash);
        let change = extensions(&mut owner, &next, gce);
        refused(&mut [&mut admin, &mut member], &change, Invalid::Pin);
    }
    list_pin(&mut state, 1, 0, 9);
    let change = extensions(&mut owner, &state, gce);
    assert_eq!(admin.apply(&change).unwrap().change, Change::State, "a new era is above any version");
}

#[test]
fn rule_12_a_direct_conversation_stays_as_it_was_made() {
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
fn rule_12_even_the_first_commit_adds_pinned_accounts_only() {
    let (mut alice, bob, mut ghost) = (Device::new(1, 11), Device::new(2, 21), Device::new(9, 91));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, _) = ghost.key_package(false);
    assert!(matches!(alice.stage_add(&[package]), Err(SecrecyError::Refused(_))));
}

#[test]
fn rule_13_roles_are_kept() {
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
fn rule_14_no_leaf_without_a_pin_or_twice() {
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
