//! Members, roles and devices that change, by commits our own code builds.

use super::*;

fn id(device: &Device) -> (sotto_wire::ids::AccountId, DeviceId) {
    (device.keys.account, device.keys.device)
}

/// The state without this account.
fn without(state: &GroupState, gone: &Device) -> GroupState {
    let mut next = state.clone();
    next.members.retain(|member| member.account_id != gone.keys.account.as_bytes().as_slice());
    next
}

/// Commits by `device`; the others apply it and hear of the same change.
#[track_caller]
fn change(device: &mut Device, intent: Intent<'_>, others: &mut [&mut Device]) -> (StagedCommit, Change) {
    let commit = device.stage_change(intent).unwrap();
    device.merge(&commit).unwrap();
    let heard: Vec<_> = others.iter_mut().map(|other| other.apply(&commit.mls_message).unwrap()).collect();
    assert!(
        heard.iter().all(|applied| applied.sender == device.member() && applied.change == heard[0].change)
    );
    let change = heard[0].change.clone();
    (commit, change)
}

#[test]
fn a_removed_member_reads_nothing_later_whatever_they_kept() {
    let [mut owner, mut admin, mut member] = trio();
    let mut kept = member.store.clone();
    let next = without(admin.group().state(), &member);
    let gone = [id(&member)];
    let intent = Intent { remove: &gone, state: Some(&next), ..Intent::default() };
    let before = owner.secret();
    let (commit, heard) = change(&mut admin, intent, &mut [&mut owner, &mut member]);
    assert_eq!(heard, Change::Removed(vec![member.member()]));
    assert_eq!(owner.group().members(), [owner.member(), admin.member()]);
    assert_eq!(owner.group().state().members.len(), 2);
    assert_eq!(owner.secret(), admin.secret());
    assert_ne!(owner.secret(), before);

    let later = owner.send(b"without them");
    let update = admin.stage_update();
    assert_eq!(admin.receive(&later).unwrap().payload, b"without them");
    assert!(!member.group().is_member());
    assert_eq!(member.receive(&later), Err(CannotDecrypt::Removed.into()));
    assert_eq!(member.apply(&update.mls_message), Err(CannotDecrypt::Removed.into()));

    // With everything they had before, and every later byte.
    std::mem::swap(&mut member.store, &mut kept);
    assert_eq!(member.receive(&later), Err(Invalid::Epoch.into()));
    assert_eq!(member.apply(&update.mls_message), Err(Invalid::Epoch.into()));
    member.apply(&commit.mls_message).unwrap();
    assert_eq!(member.receive(&later), Err(CannotDecrypt::Removed.into()));
    let group = member.group();
    let key = member.dry(|ws, _| group.envelope_key(ws));
    assert!(matches!(key, Err(SecrecyError::Refused(_))), "no envelope opens either");
    let sent = member.on_group(|group, ws, keys| group.encrypt(ws, keys, b"x", &auth(1)));
    assert!(matches!(sent, Err(SecrecyError::Refused(_))));
}

#[test]
fn a_device_that_lost_its_keys_is_taken_out_and_in_again_by_one_commit() {
    let [mut owner, mut admin, mut member] = trio();
    let mut again = Device { rng: ChaCha20Rng::from_seed([0x33; 32]), ..Device::new(3, 31) };
    let (package, _) = again.key_package(false);
    let (gone, adds) = ([id(&member)], [package]);
    let intent = Intent { add: &adds, remove: &gone, state: None };
    let (commit, heard) = change(&mut admin, intent, &mut [&mut owner, &mut member]);
    let same = vec![member.member()];
    assert_eq!(heard, Change::Replaced { removed: same.clone(), added: same });
    again.join(commit.welcome.as_ref().unwrap(), &commit.ratchet_tree).unwrap();
    let hello = again.send(b"back again");
    assert_eq!(owner.receive(&hello).unwrap().payload, b"back again");
    assert!(!member.group().is_member());
}

#[test]
fn owners_move_roles_and_nobody_builds_what_their_role_does_not_cover() {
    let [mut owner, mut admin, mut member] = trio();
    let mut next = owner.group().state().clone();
    next.members[2].role = Role::Admin.into();
    let raise = Intent { state: Some(&next), ..Intent::default() };
    let refused = Err(SecrecyError::Refused("a commit the others would refuse"));
    assert_eq!(admin.stage_change(raise), refused);
    assert_eq!(member.stage_change(raise), refused);
    let (_, heard) = change(&mut owner, raise, &mut [&mut admin, &mut member]);
    assert_eq!(heard, Change::State);

    // Who has become an admin may now do what an admin may.
    let fewer = without(member.group().state(), &admin);
    let gone = [id(&admin)];
    let removal = Intent { remove: &gone, state: Some(&fewer), ..Intent::default() };
    let (_, heard) = change(&mut member, removal, &mut [&mut owner, &mut admin]);
    assert_eq!(heard, Change::Removed(vec![admin.member()]));
    // But nobody takes out the last owner.
    let none = without(member.group().state(), &owner);
    let gone = [id(&owner)];
    let coup = Intent { remove: &gone, state: Some(&none), ..Intent::default() };
    assert_eq!(member.stage_change(coup), Err(SecrecyError::Refused("a malformed group state")));
}

#[test]
fn nobody_commits_their_own_removal_nor_that_of_a_stranger() {
    let [mut owner, ..] = trio();
    for gone in [[id(&owner)], [id(&Device::new(9, 91))], [id(&Device::new(2, 99))]] {
        let intent = Intent { remove: &gone, ..Intent::default() };
        assert!(matches!(owner.stage_change(intent), Err(SecrecyError::Refused(_))));
    }
}

/// A revoked device must be out before anybody writes on (protocol §5), whoever is there to do it.
#[test]
fn whoever_learns_of_a_new_list_takes_a_revoked_device_out() {
    let [mut owner, mut admin, mut member] = trio();
    let mut tablet = Device::new(2, 22);
    let both = extended(&list_of(&[&admin]), &[&tablet]);
    let mut next = owner.group().state().clone();
    next.members[1] = pin(&both, Role::Admin);
    let (package, _) = tablet.key_package_on(&both, false);
    let adds = [package];
    let (commit, _) = change(
        &mut owner,
        Intent { add: &adds, remove: &[], state: Some(&next) },
        &mut [&mut admin, &mut member],
    );
    tablet.join(commit.welcome.as_ref().unwrap(), &commit.ratchet_tree).unwrap();

    // Without the list that says so, a member takes out nobody.
    let gone = [id(&tablet)];
    let alone = Intent { remove: &gone, ..Intent::default() };
    assert!(matches!(member.stage_change(alone), Err(SecrecyError::Refused(_))));

    // Nor under cover of a new list that still has the device: it would be pending, as one that was never here.
    let mut covered = owner.group().state().clone();
    let phone = Device::new(2, 23);
    covered.members[1] = pin(&extended(&both, &[&phone]), Role::Admin);
    covered.members[1].pending_devices = vec![tablet.keys.device.into(), phone.keys.device.into()];
    let cover = Intent { remove: &gone, state: Some(&covered), ..Intent::default() };
    assert_eq!(member.stage_change(cover), Err(SecrecyError::Refused("a commit the others would refuse")));

    let revoked = revoking(&both, &tablet);
    let mut next = owner.group().state().clone();
    next.members[1] = pin(&revoked, Role::Admin);
    let refresh = Intent { remove: &gone, state: Some(&next), ..Intent::default() };
    let (_, heard) = change(&mut member, refresh, &mut [&mut owner, &mut admin, &mut tablet]);
    assert_eq!(heard, Change::Removed(vec![tablet.member()]));
    let lists = [list_of(&[&owner]), revoked, list_of(&[&member])];
    let group = admin.group();
    check_membership(group.state(), &lists, &group.members()).unwrap();
}
