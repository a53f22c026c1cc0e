//! The membership invariant: every way in which leaves and lists can differ.

use super::*;

#[test]
fn leaves_and_lists_agree_or_the_difference_is_named() {
    let [phone, tablet, bob] = [Device::new(1, 11), Device::new(1, 12), Device::new(2, 21)];
    let [alices, bobs] = [list_of(&[&phone, &tablet]), list_of(&[&bob])];
    let state = direct(&alices, &bobs);
    let lists = [alices.clone(), bobs.clone()];
    let members = [phone.member(), tablet.member(), bob.member()];
    let account = alices.account();
    assert_eq!(check_membership(&state, &lists, &members), Ok(()));

    let ghost = Device::new(2, 22).member();
    let with_ghost = [&members[..], &[ghost]].concat();
    assert_eq!(check_membership(&state, &lists, &with_ghost), Err(MembershipError::Ghost(ghost)));
    let stranger = Device::new(3, 31).member();
    let with_stranger = [&members[..], &[stranger]].concat();
    assert_eq!(check_membership(&state, &lists, &with_stranger), Err(MembershipError::Ghost(stranger)));

    let swapped = Member { key: stranger.key, ..members[1] };
    let with_swapped = [members[0], swapped, members[2]];
    assert_eq!(check_membership(&state, &lists, &with_swapped), Err(MembershipError::Key(swapped)));

    let missing = MembershipError::Missing(account, tablet.keys.device);
    assert_eq!(check_membership(&state, &lists, &[members[0], members[2]]), Err(missing));
    let twice = MembershipError::Twice(account, phone.keys.device);
    assert_eq!(
        check_membership(&state, &lists, &[&members[..], &[swapped, members[0]]].concat()),
        Err(twice)
    );

    assert_eq!(
        check_membership(&state, &lists[..1], &members),
        Err(MembershipError::ListMissing(bobs.account()))
    );
    let newer = [extended(&alices, &[&Device::new(1, 13)]), bobs];
    assert_eq!(check_membership(&state, &newer, &members), Err(MembershipError::ListOther(account)));
    assert_eq!(check_membership(&GroupState::default(), &lists, &members), Err(MembershipError::State));
}

#[test]
fn a_pending_device_is_listed_and_not_a_leaf() {
    let [phone, tablet, bob] = [Device::new(1, 11), Device::new(1, 12), Device::new(2, 21)];
    let lists = [list_of(&[&phone, &tablet]), list_of(&[&bob])];
    let mut state = direct(&lists[0], &lists[1]);
    state.members[0].pending_devices.push(tablet.keys.device.into());

    assert_eq!(check_membership(&state, &lists, &[phone.member(), bob.member()]), Ok(()));
    let early = [phone.member(), tablet.member(), bob.member()];
    assert_eq!(check_membership(&state, &lists, &early), Err(MembershipError::Pending(tablet.member())));

    let unlisted = DeviceId::new([9; 16]);
    state.members[0].pending_devices.push(unlisted.into());
    assert_eq!(
        check_membership(&state, &lists, &[phone.member(), bob.member()]),
        Err(MembershipError::PendingUnlisted(lists[0].account(), unlisted))
    );
}
