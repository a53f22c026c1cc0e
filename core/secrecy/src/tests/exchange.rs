//! Whole conversations: create, add, join, messages and self-updates both ways, interleaved.

use proptest::prelude::*;

use super::*;

#[test]
fn two_people_talk_across_self_updates_of_both() {
    let (mut alice, mut bob) = pair();
    assert_eq!(alice.group().members(), bob.group().members());
    assert_eq!(alice.group().state(), bob.group().state());
    assert_eq!((alice.group().epoch(), bob.group().epoch()), (1, 1));

    let hello = alice.send(b"hello");
    let received = bob.receive(&hello).unwrap();
    assert_eq!((received.sender, received.payload.as_slice()), (alice.member(), b"hello".as_slice()));
    assert_eq!(received.auth, auth(2));
    let answer = bob.send(b"hello to you");
    assert_eq!(alice.receive(&answer).unwrap().payload, b"hello to you");

    let update = bob.stage_update();
    bob.merge(&update).unwrap();
    let applied = alice.apply(&update.mls_message).unwrap();
    assert_eq!((applied.sender, applied.change), (bob.member(), Change::SelfUpdate));
    assert_eq!(applied.auth, auth(1));
    let again = alice.send(b"in epoch two");
    assert_eq!(bob.receive(&again).unwrap().payload, b"in epoch two");

    let update = alice.stage_update();
    alice.merge(&update).unwrap();
    bob.apply(&update.mls_message).unwrap();
    assert_eq!(alice.secret(), bob.secret());
    assert_eq!(bob.group().epoch(), 3);
}

#[test]
fn every_epoch_has_its_own_envelope_and_capability() {
    let (mut alice, mut bob) = pair();
    let first = alice.secret();
    let update = alice.stage_update();
    alice.merge(&update).unwrap();
    bob.apply(&update.mls_message).unwrap();
    assert_ne!(alice.secret(), first);

    let capability = |device: &mut Device, generation| {
        let group = device.group();
        device.dry(|ws, _| group.capability(ws, sotto_wire::ids::Generation(generation)))
    };
    assert_eq!(capability(&mut alice, 1), capability(&mut bob, 1));
    assert_ne!(capability(&mut alice, 1), capability(&mut alice, 2));
    assert!(matches!(capability(&mut alice, 0), Err(SecrecyError::Refused(_))));
}

#[test]
fn all_devices_of_both_sides_are_leaves_from_the_first_commit() {
    let [mut phone, mut laptop, mut bob] = [Device::new(1, 11), Device::new(1, 12), Device::new(2, 21)];
    let lists = [list_of(&[&phone, &laptop]), list_of(&[&bob])];
    phone.create(direct(&lists[0], &lists[1]));
    add_all(&mut phone, &mut [&mut laptop, &mut bob]);

    let group = laptop.group();
    assert_eq!(check_membership(group.state(), &lists, &group.members()), Ok(()));
    let message = laptop.send(b"from the laptop");
    assert_eq!(phone.receive(&message).unwrap().sender, laptop.member());
    assert_eq!(bob.receive(&message).unwrap().sender, laptop.member());
}

#[test]
fn a_welcome_cut_for_one_recipient_opens_for_that_one_only() {
    let [mut alice, mut bob, mut carol] = [Device::new(1, 11), Device::new(2, 21), Device::new(3, 31)];
    alice.create(conversation(&[
        (&list_of(&[&alice]), Role::Owner),
        (&list_of(&[&bob]), Role::Member),
        (&list_of(&[&carol]), Role::Member),
    ]));
    let (for_bob, bobs) = bob.key_package(false);
    let (for_carol, carols) = carol.key_package(false);
    let commit = alice.stage_add(&[for_bob.clone(), for_carol]).unwrap();
    alice.merge(&commit).unwrap();

    let whole = commit.welcome.unwrap();
    let cut = welcome_for(&whole, &bobs.reference).unwrap();
    assert!(cut.len() < whole.len());
    assert_eq!(alice.dry(|ws, _| key_package_reference(ws, &for_bob.mls_key_package)), Ok(bobs.reference));
    assert_eq!(carol.join(&cut, &commit.ratchet_tree), Err(JoinError::NoKeyPackage));
    bob.join(&cut, &commit.ratchet_tree).unwrap();
    carol.join(&welcome_for(&whole, &carols.reference).unwrap(), &commit.ratchet_tree).unwrap();
    assert_eq!(bob.secret(), carol.secret());
    assert_eq!(welcome_for(&whole, &[9; 32]), None);
    assert_eq!(welcome_for(&whole[..whole.len() - 1], &carols.reference), None);
}

#[test]
fn a_welcome_opens_once() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, _) = bob.key_package(false);
    let commit = alice.stage_add(&[package]).unwrap();
    let welcome = commit.welcome.as_ref().unwrap();

    bob.join(welcome, &commit.ratchet_tree).unwrap();
    assert_eq!(bob.join(welcome, &commit.ratchet_tree), Err(JoinError::NoKeyPackage));
    bob.run(|ws, _| Group::load(ws, TOPIC)?.unwrap().delete(ws)).unwrap();
    assert_eq!(bob.join(welcome, &commit.ratchet_tree), Err(JoinError::NoKeyPackage));
}

// What a caller must remember itself: a last-resort package stays, so its Welcome opens again once the group is gone.
#[test]
fn a_last_resort_welcome_is_refused_only_while_the_group_is_here() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, new) = bob.key_package(true);
    let commit = alice.stage_add(&[package]).unwrap();
    let welcome = commit.welcome.as_ref().unwrap();

    bob.join(welcome, &commit.ratchet_tree).unwrap();
    assert_eq!(bob.join(welcome, &commit.ratchet_tree), Err(JoinError::AlreadyJoined));
    bob.run(|ws, _| Group::load(ws, TOPIC)?.unwrap().delete(ws)).unwrap();
    bob.join(welcome, &commit.ratchet_tree).unwrap();

    bob.run(|ws, _| Group::load(ws, TOPIC)?.unwrap().delete(ws)).unwrap();
    bob.run(|ws, _| forget_key_package(ws, &new.reference)).unwrap();
    assert_eq!(bob.join(welcome, &commit.ratchet_tree), Err(JoinError::NoKeyPackage));
}

#[test]
fn a_group_conversation_grows_and_pending_devices_become_leaves() {
    let [mut owner, mut admin, mut member] = trio();
    let mut tablet = Device::new(3, 32);
    let lists = [list_of(&[&owner]), list_of(&[&admin]), list_of(&[&member])];

    // A device is added to the list first and to the tree later: it is pending in between.
    let now = [lists[0].clone(), lists[1].clone(), extended(&lists[2], &[&tablet])];
    let mut pending =
        conversation(&[(&now[0], Role::Owner), (&now[1], Role::Admin), (&now[2], Role::Member)]);
    pending.members[2].pending_devices.push(tablet.keys.device.into());
    let refresh = member.stage_change(Intent { state: Some(&pending), ..Intent::default() }).unwrap();
    member.merge(&refresh).unwrap();
    for device in [&mut owner, &mut admin] {
        assert_eq!(device.apply(&refresh.mls_message).unwrap().change, Change::State);
        let group = device.group();
        assert_eq!(group.state(), &pending);
        assert_eq!(check_membership(group.state(), &now, &group.members()), Ok(()));
    }

    // Now the linking device brings the key package.
    let (package, _) = tablet.key_package(false);
    let commit = member.stage_add(&[package]).unwrap();
    member.merge(&commit).unwrap();
    for device in [&mut owner, &mut admin] {
        let applied = device.apply(&commit.mls_message).unwrap();
        assert_eq!(applied.change, Change::Added(vec![tablet.member()]));
        assert!(device.group().state().members[2].pending_devices.is_empty());
    }
    tablet.join(commit.welcome.as_ref().unwrap(), &commit.ratchet_tree).unwrap();
    assert_eq!(tablet.secret(), owner.secret());
    let group = tablet.group();
    assert_eq!(check_membership(group.state(), &now, &group.members()), Ok(()));
}

/// One step of a random conversation.
#[derive(Debug, Clone, Copy)]
enum Step {
    Send(bool),
    Update(bool),
    /// Both stage a commit; the first one's wins.
    Race(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(Step::Send),
        1 => any::<bool>().prop_map(Step::Update),
        1 => any::<bool>().prop_map(Step::Race),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_interleaving_keeps_both_in_step(steps in prop::collection::vec(step(), 1..24)) {
        let (mut alice, mut bob) = pair();
        for (number, step) in steps.into_iter().enumerate() {
            let (Step::Send(first) | Step::Update(first) | Step::Race(first)) = step;
            let (one, other) = if first { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
            match step {
                Step::Send(_) => {
                    let text = format!("message {number}");
                    let message = one.send(text.as_bytes());
                    let received = other.receive(&message).unwrap();
                    prop_assert_eq!(received.payload, text.into_bytes());
                    prop_assert_eq!(received.sender, one.member());
                }
                Step::Update(_) => {
                    let commit = one.stage_update();
                    one.merge(&commit).unwrap();
                    other.apply(&commit.mls_message).unwrap();
                }
                Step::Race(_) => {
                    let (winner, loser) = (one.stage_update(), other.stage_update());
                    one.merge(&winner).unwrap();
                    other.apply(&winner.mls_message).unwrap();
                    let lost = other.merge(&loser);
                    let refused = matches!(lost, Err(MergeError::Epoch { .. }));
                    prop_assert!(refused);
                    prop_assert_eq!(one.apply(&loser.mls_message), Err(Invalid::Epoch.into()));
                }
            }
            prop_assert_eq!(alice.secret(), bob.secret());
        }
    }
}
