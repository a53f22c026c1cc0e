//! What every directory does.

use bytes::Bytes;
use sotto_wire::account::LastResort;
use sotto_wire::ids::InboxKey;
use sotto_wire::limits::{DROP_CAPABILITY_DAYS, INBOX_ITEMS_MAX, KEY_PACKAGES_STORED_MAX};

use super::samples::*;
use crate::directory::*;
use crate::limits::{INBOX_ITEM_DAYS, UPLOAD_DAYS};

/// Statement of the suite.
pub fn an_account_is_found_by_name_and_by_id(store: &mut impl Directory) {
    assert_eq!(register(store, registration(1, "alice")), Ok(Registered::New));
    let (pin, newest) = list(1, 0);
    assert_eq!(store.account_named(&handle("alice")).unwrap(), Some(account(1)));
    let found = store.account(account(1)).unwrap().unwrap();
    assert!(found == Account { handle: handle("alice"), pin, newest });
    assert_eq!(store.account_named(&handle("bob")).unwrap(), None);
    assert!(store.account(account(2)).unwrap().is_none());
    assert!(store.lists(account(2), None, 10).unwrap().is_none());
}

/// Statement of the suite.
pub fn a_name_belongs_to_one_account(store: &mut impl Directory) {
    register(store, registration(1, "alice")).unwrap();
    assert_eq!(register(store, registration(2, "alice")), Err(RegisterRefused::HandleTaken));
    assert!(store.account(account(2)).unwrap().is_none());
    assert_eq!(store.account_named(&handle("alice")).unwrap(), Some(account(1)));
}

/// Statement of the suite.
pub fn the_same_registration_again_is_harmless(store: &mut impl Directory) {
    register(store, registration(1, "alice")).unwrap();
    direct(store, DirectoryOp::PutList(put_list(1, 1, &[1])));
    assert_eq!(register(store, registration(1, "alice")), Ok(Registered::Already));
    assert_eq!(store.account(account(1)).unwrap().unwrap().pin, list(1, 1).0, "its lists stay");
}

/// Statement of the suite.
pub fn an_account_has_one_name(store: &mut impl Directory) {
    register(store, registration(1, "alice")).unwrap();
    assert_eq!(register(store, registration(1, "malice")), Err(RegisterRefused::AccountExists));
    assert_eq!(store.account_named(&handle("malice")).unwrap(), None);
}

/// Statement of the suite.
pub fn an_invitation_admits_as_often_as_it_says(store: &mut impl Directory) {
    let admission = Admission::Invitation(invite(store, 7, 2, day(7)));
    let with = |n, name| Register { admission, ..registration(n, name) };
    assert_eq!(register(store, with(1, "one")), Ok(Registered::New));
    assert_eq!(store.invitations().unwrap().len(), 1);
    assert_eq!(register(store, with(2, "two")), Ok(Registered::New));
    assert_eq!(register(store, with(3, "three")), Err(RegisterRefused::InvitationInvalid));
    assert!(store.invitations().unwrap().is_empty(), "what is used up is forgotten");
}

/// Statement of the suite.
pub fn an_expired_or_withdrawn_invitation_admits_nobody(store: &mut impl Directory) {
    let (old, withdrawn) = (invite(store, 7, 5, day(7)), invite(store, 8, 5, day(7)));
    assert_eq!(direct(store, DirectoryOp::RevokeInvite(withdrawn)), DirectoryOutcome::RevokeInvite(true));
    assert_eq!(direct(store, DirectoryOp::RevokeInvite(withdrawn)), DirectoryOutcome::RevokeInvite(false));
    let with = |hash| Admission::Invitation(hash);
    let late = Register { admission: with(old), today: day(8), ..registration(1, "late") };
    assert_eq!(register(store, late), Err(RegisterRefused::InvitationInvalid));
    let in_time = Register { admission: with(old), today: day(7), ..registration(1, "late") };
    assert_eq!(register(store, in_time), Ok(Registered::New));
    let refused = Register { admission: with(withdrawn), ..registration(2, "other") };
    assert_eq!(register(store, refused), Err(RegisterRefused::InvitationInvalid));
}

/// Statement of the suite.
pub fn a_repeated_registration_spends_no_invitation(store: &mut impl Directory) {
    let admission = Admission::Invitation(invite(store, 7, 2, day(7)));
    let with = |n, name| Register { admission, ..registration(n, name) };
    register(store, with(1, "alice")).unwrap();
    assert_eq!(register(store, with(1, "alice")), Ok(Registered::Already));
    assert_eq!(register(store, with(2, "alice")), Err(RegisterRefused::HandleTaken));
    assert_eq!(store.invitations().unwrap().first().map(|invitation| invitation.uses_left), Some(1));
}

/// Statement of the suite.
pub fn a_list_must_follow_the_newest_one(store: &mut impl Directory) {
    register(store, registration(1, "alice")).unwrap();
    let put = |store: &mut _, op| match direct(store, DirectoryOp::PutList(op)) {
        DirectoryOutcome::PutList(outcome) => outcome,
        other => panic!("{other:?}"),
    };
    assert_eq!(put(store, put_list(1, 2, &[1])), Err(ListRefused::NotNewest));
    assert_eq!(put(store, put_list(1, 1, &[1])), Ok(()));
    assert_eq!(put(store, put_list(1, 1, &[1])), Ok(()), "a repeat is harmless");
    let mut fork = put_list(1, 1, &[1]);
    fork.pin.hash = list(1, 9).0.hash;
    assert_eq!(put(store, fork), Err(ListRefused::NotNewest), "one list per place");
    assert_eq!(put(store, put_list(2, 1, &[1])), Err(ListRefused::AccountUnknown));
    assert_eq!(store.lists(account(1), None, 10).unwrap().unwrap().len(), 2);
}

/// Statement of the suite.
pub fn lists_come_in_order_after_the_one_that_is_known(store: &mut impl Directory) {
    register(store, registration(1, "alice")).unwrap();
    let mut recovery = put_list(1, 3, &[1]);
    recovery.pin.era = 1;
    recovery.pin.version = 0;
    for op in [put_list(1, 1, &[1]), put_list(1, 2, &[1]), recovery.clone()] {
        assert_eq!(direct(store, DirectoryOp::PutList(op)), DirectoryOutcome::PutList(Ok(())));
    }
    let lists = |after, at_most| store.lists(account(1), after, at_most).unwrap().unwrap();
    let all = [list(1, 0).1, list(1, 1).1, list(1, 2).1, recovery.list];
    assert!(lists(None, 10) == all);
    assert!(lists(None, 3) == all[..3]);
    assert!(lists(Some((0, 1)), 10) == all[2..], "an era comes after every version before it");
    assert!(lists(Some((1, 0)), 10).is_empty());
}

/// Statement of the suite.
pub fn a_revoked_device_leaves_nothing_behind(store: &mut impl Directory) {
    register(store, registration(1, "alice")).unwrap();
    publish(store, publication(1, &[1, 2], Some(3))).unwrap();
    publish(store, Publish { device: device(2), ..publication(1, &[4], None) }).unwrap();
    claim(store, 1, TODAY).unwrap();
    claim(store, 2, TODAY).unwrap();
    drop_item(store, item(1, 1)).unwrap();
    direct(store, DirectoryOp::PutList(put_list(1, 1, &[2])));
    let left = store.key_packages(account(1), device(1)).unwrap();
    assert_eq!((left.one_time_left, left.last_resort), (0, LastResort::Absent));
    assert_eq!(claim(store, 3, TODAY), Err(NoKeyPackage));
    assert!(store.inbox(account(1), device(1)).unwrap().is_empty());
    assert_eq!(drop_item(store, item(2, 2)), Err(DropRefused::Capability));
    assert_eq!(
        store.key_packages(account(1), device(2)).unwrap().one_time_left,
        1,
        "the other device keeps its own"
    );
}

/// Statement of the suite.
pub fn key_packages_are_added_and_never_replaced(store: &mut impl Directory) {
    assert_eq!(publish(store, publication(1, &[1, 2], None)), Ok(2));
    assert_eq!(publish(store, publication(2, &[2, 3], Some(9))), Ok(3), "the same package is one package");
    let count = store.key_packages(account(1), device(1)).unwrap();
    assert_eq!((count.one_time_left, count.last_resort), (3, LastResort::Unused));
    assert_eq!(publish(store, publication(3, &[], Some(8))), Ok(3));
    for drop in 1..=3 {
        claim(store, drop, TODAY).unwrap();
    }
    assert_eq!(
        claim(store, 4, TODAY).unwrap().package,
        package(8).package,
        "only the last resort is replaced"
    );
}

/// Statement of the suite.
pub fn a_repeated_upload_adds_nothing(store: &mut impl Directory) {
    publish(store, publication(1, &[1], None)).unwrap();
    claim(store, 1, TODAY).unwrap();
    assert_eq!(publish(store, publication(1, &[1], Some(9))), Ok(0), "a claimed package does not come back");
    assert_eq!(store.key_packages(account(1), device(1)).unwrap().last_resort, LastResort::Absent);
}

/// Statement of the suite.
pub fn a_device_keeps_a_bounded_number_of_key_packages(store: &mut impl Directory) {
    let all: Vec<u8> = (0..KEY_PACKAGES_STORED_MAX as u8).collect();
    assert_eq!(publish(store, publication(1, &all, None)), Ok(KEY_PACKAGES_STORED_MAX as u32));
    assert_eq!(publish(store, publication(2, &[200], None)), Err(PublishRefused::TooMany));
    claim(store, 1, TODAY).unwrap();
    assert_eq!(publish(store, publication(2, &[200], None)), Ok(KEY_PACKAGES_STORED_MAX as u32));
}

/// Statement of the suite.
pub fn a_key_package_is_claimed_once(store: &mut impl Directory) {
    publish(store, publication(1, &[1, 2], None)).unwrap();
    let one = claim(store, 1, TODAY).unwrap();
    let two = claim(store, 2, TODAY).unwrap();
    assert_ne!(one.package, two.package);
    assert!(!one.last_resort && !two.last_resort);
    assert_eq!(claim(store, 3, TODAY), Err(NoKeyPackage));
}

/// Statement of the suite.
pub fn the_last_resort_is_claimed_when_no_other_is_left(store: &mut impl Directory) {
    publish(store, publication(1, &[1], Some(9))).unwrap();
    assert!(!claim(store, 1, TODAY).unwrap().last_resort);
    assert_eq!(store.key_packages(account(1), device(1)).unwrap().last_resort, LastResort::Unused);
    let claims = [claim(store, 2, TODAY).unwrap(), claim(store, 3, TODAY).unwrap()];
    let expected = Claimed { package: package(9).package, last_resort: true };
    assert_eq!(claims, [expected.clone(), expected]);
    assert_eq!(store.key_packages(account(1), device(1)).unwrap().last_resort, LastResort::Used);
    publish(store, publication(2, &[], Some(8))).unwrap();
    assert_eq!(store.key_packages(account(1), device(1)).unwrap().last_resort, LastResort::Unused);
}

/// Statement of the suite.
pub fn an_expired_key_package_is_not_handed_out(store: &mut impl Directory) {
    publish(store, publication(1, &[1], Some(9))).unwrap();
    assert_eq!(claim(store, 1, day(91)), Err(NoKeyPackage));
    assert_eq!(claim(store, 1, day(90)).unwrap().package, package(1).package);
    assert_eq!(claim(store, 2, day(91)), Err(NoKeyPackage));
}

/// Statement of the suite.
pub fn a_drop_capability_is_good_for_one_item(store: &mut impl Directory) {
    publish(store, publication(1, &[1], None)).unwrap();
    claim(store, 1, TODAY).unwrap();
    assert_eq!(drop_item(store, item(1, 1)), Ok(Dropped::New));
    let repeat = DropItem { key: InboxKey::new([9; 16]), ..item(1, 1) };
    assert_eq!(drop_item(store, repeat.clone()), Ok(Dropped::Already), "the same bytes are the same item");
    assert_eq!(drop_item(store, item(1, 2)), Err(DropRefused::Capability));
    assert_eq!(drop_item(store, item(2, 1)), Err(DropRefused::Capability), "nobody got that one");
    assert_eq!(store.inbox(account(1), device(1)).unwrap(), [InboxKey::new([1; 16])]);
    let ack = AckInbox { account: account(1), device: device(1), keys: vec![InboxKey::new([1; 16])] };
    direct(store, DirectoryOp::AckInbox(ack));
    assert_eq!(drop_item(store, repeat), Ok(Dropped::Already), "an acked item does not come back");
    assert!(store.inbox(account(1), device(1)).unwrap().is_empty());
}

/// Statement of the suite.
pub fn a_drop_capability_opens_no_other_inbox(store: &mut impl Directory) {
    publish(store, publication(1, &[1], None)).unwrap();
    claim(store, 1, TODAY).unwrap();
    let elsewhere = DropItem { device: device(2), ..item(1, 1) };
    assert_eq!(drop_item(store, elsewhere), Err(DropRefused::Capability));
    assert_eq!(drop_item(store, item(1, 1)), Ok(Dropped::New), "and is not spent by the attempt");
}

/// Statement of the suite.
pub fn a_drop_capability_expires(store: &mut impl Directory) {
    publish(store, publication(1, &[1, 2], None)).unwrap();
    claim(store, 1, TODAY).unwrap();
    claim(store, 2, TODAY).unwrap();
    let on = |n, days| DropItem { today: day(days), ..item(n, n) };
    assert_eq!(drop_item(store, on(1, DROP_CAPABILITY_DAYS + 1)), Err(DropRefused::Capability));
    assert_eq!(drop_item(store, on(2, DROP_CAPABILITY_DAYS)), Ok(Dropped::New));
}

/// Statement of the suite.
pub fn a_full_inbox_spends_no_capability(store: &mut impl Directory) {
    publish(store, publication(1, &[], Some(9))).unwrap();
    let key = |n: u16| {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        bytes
    };
    let capability = |n: u16| {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        sotto_wire::ids::DropCapabilityHash::new(bytes)
    };
    let full = INBOX_ITEMS_MAX as u16;
    let claims = (0..=full).map(|n| {
        let claim = Claim { account: account(1), device: device(1), drop: capability(n), today: TODAY };
        DirectoryOp::Claim(claim)
    });
    store.apply_to_directory(claims.collect()).unwrap();
    let new = |n: u16| DropItem { capability: capability(n), key: InboxKey::new(key(n)), ..item(0, 1) };
    let drops = (0..full).map(|n| DirectoryOp::Drop(new(n))).collect();
    let outcomes = store.apply_to_directory(drops).unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == DirectoryOutcome::Drop(Ok(Dropped::New))));
    assert_eq!(drop_item(store, new(full)), Err(DropRefused::Full));
    let ack = AckInbox { account: account(1), device: device(1), keys: vec![InboxKey::new(key(3))] };
    assert_eq!(direct(store, DirectoryOp::AckInbox(ack)), DirectoryOutcome::AckInbox(1));
    assert_eq!(drop_item(store, new(full)), Ok(Dropped::New));
}

/// Statement of the suite.
pub fn an_acked_item_is_gone(store: &mut impl Directory) {
    publish(store, publication(1, &[1, 2], None)).unwrap();
    for n in [1, 2] {
        claim(store, n, TODAY).unwrap();
        drop_item(store, item(n, n)).unwrap();
    }
    let (one, two) = (InboxKey::new([1; 16]), InboxKey::new([2; 16]));
    let sealed = store.inbox_item(account(1), device(1), one).unwrap();
    assert_eq!(sealed, Some(Bytes::from(vec![1; 100])));
    assert_eq!(store.inbox_item(account(1), device(2), one).unwrap(), None, "another device's inbox");
    let elsewhere = AckInbox { account: account(1), device: device(2), keys: vec![one] };
    assert_eq!(direct(store, DirectoryOp::AckInbox(elsewhere)), DirectoryOutcome::AckInbox(0));
    let ack =
        AckInbox { account: account(1), device: device(1), keys: vec![one, one, InboxKey::new([9; 16])] };
    assert_eq!(direct(store, DirectoryOp::AckInbox(ack)), DirectoryOutcome::AckInbox(1));
    assert_eq!(store.inbox_item(account(1), device(1), one).unwrap(), None);
    assert_eq!(store.inbox(account(1), device(1)).unwrap(), [two]);
}

/// Statement of the suite.
pub fn what_has_expired_is_forgotten(store: &mut impl Directory) {
    publish(store, publication(1, &[1, 2], Some(9))).unwrap();
    claim(store, 1, TODAY).unwrap();
    drop_item(store, item(1, 1)).unwrap();
    invite(store, 7, 5, day(7));
    let mut expire =
        |days, at_most| match direct(store, DirectoryOp::Expire(Expire { today: day(days), at_most })) {
            DirectoryOutcome::Expire(expired) => expired.rows,
            other => panic!("{other:?}"),
        };
    assert_eq!(expire(7, 10), 0, "everything is good until its last day");
    assert_eq!(expire(UPLOAD_DAYS + 1, 10), 2, "the upload id and the invitation");
    assert_eq!(expire(INBOX_ITEM_DAYS + 1, 10), 2, "the drop capability and the item");
    assert_eq!(expire(91, 1), 2, "both key packages");
    assert!(store.inbox(account(1), device(1)).unwrap().is_empty());
    assert_eq!(store.key_packages(account(1), device(1)).unwrap().last_resort, LastResort::Absent);
    assert!(store.invitations().unwrap().is_empty());
}

/// Statement of the suite.
pub fn a_refused_operation_disturbs_no_other(store: &mut impl Directory) {
    let batch = vec![
        DirectoryOp::Register(registration(1, "alice")),
        DirectoryOp::Register(registration(2, "alice")),
        DirectoryOp::Register(registration(3, "carol")),
        DirectoryOp::PutList(put_list(1, 1, &[1])),
        DirectoryOp::PutList(put_list(1, 1, &[2])),
        DirectoryOp::PutList(put_list(1, 2, &[1])),
    ];
    let outcomes = store.apply_to_directory(batch).unwrap();
    assert_eq!(
        outcomes,
        [
            DirectoryOutcome::Register(Ok(Registered::New)),
            DirectoryOutcome::Register(Err(RegisterRefused::HandleTaken)),
            DirectoryOutcome::Register(Ok(Registered::New)),
            DirectoryOutcome::PutList(Ok(())),
            DirectoryOutcome::PutList(Ok(())),
            DirectoryOutcome::PutList(Ok(())),
        ]
    );
    assert_eq!(store.account(account(1)).unwrap().unwrap().pin, list(1, 2).0);
    assert!(store.account(account(2)).unwrap().is_none());
}
