//! Which device lists are believed: a good chain whatever happened to the account, and nothing an attacker plants.

use crate::account::{
    AIK, RK, account, device, genesis, genesis_body, genesis_keys, manager, next, public, sign, sign_bytes,
};
use prost::Message;
use sotto_identity::{
    ChainError, Device, DeviceList, Genesis, ListBody, ListError, ListEvent, Pin, PinError, Signer, Step,
};
use sotto_wire::ids::{AccountId, ListHash};
use sotto_wire::limits::DEVICES_MAX;
use sotto_wire::{Bytes, Reason, proto};

#[test]
fn a_first_list_is_believed_because_of_the_account_id() {
    let list = genesis();
    assert_eq!(list.account(), account());
    assert_eq!(list.pin().place(), (0, 0));
    assert_eq!(list.devices(), [manager(1)]);
}

#[test]
fn somebody_elses_first_list_is_refused() {
    let theirs = sign(&genesis_body(), AIK);
    let other = AccountId::new([1; 32]);
    assert_eq!(DeviceList::genesis(other, &theirs), Err(ListError::OtherAccount));
}

#[test]
fn an_account_id_does_not_stand_for_other_keys() {
    let mut body = genesis_body();
    body.event = ListEvent::Genesis(Genesis { aik: public(66), ..genesis_keys() });
    let planted = sign(&body, 66);
    assert_eq!(DeviceList::genesis(account(), &planted), Err(ListError::AccountId));
}

#[test]
fn a_first_list_is_signed_by_the_first_key_alone() {
    for other in [RK, 1, 66] {
        let planted = sign(&genesis_body(), other);
        let refused = DeviceList::genesis(account(), &planted);
        assert_eq!(refused, Err(ListError::Signature(Signer::Aik)));
    }
}

#[test]
fn a_first_list_has_the_first_place() {
    for (era, version) in [(0, 1), (1, 0)] {
        let planted = sign(&ListBody { era, version, ..genesis_body() }, AIK);
        let refused = DeviceList::genesis(account(), &planted);
        assert_eq!(refused, Err(ListError::Place { expected: (0, 0), found: (era, version) }));
    }
}

#[test]
fn one_key_is_never_both_keys() {
    let body = ListBody { next_rk: public(AIK), ..genesis_body() };
    assert_eq!(DeviceList::genesis(account(), &sign(&body, AIK)), Err(ListError::OneKey));
    let rotate = next(&genesis(), Step::Rotate { next_aik: public(RK) }, vec![manager(1)], AIK);
    assert_eq!(genesis().successor(&rotate), Err(ListError::OneKey));
}

#[test]
fn an_account_does_not_begin_with_one_key_for_both() {
    let genesis = Genesis { rk: public(AIK), ..genesis_keys() };
    let body = ListBody::genesis(genesis, vec![manager(1)], public(AIK), public(RK));
    assert_eq!(DeviceList::genesis(body.account, &sign(&body, AIK)), Err(ListError::OneKey));
}

#[test]
fn a_list_is_either_the_first_or_a_later_one() {
    let refused = |body: &ListBody, change: fn(&mut proto::DeviceList)| {
        let mut list = proto::DeviceList::decode(body.encode()).unwrap();
        change(&mut list);
        ListBody::parse(&list.encode_to_vec().into()).unwrap_err()
    };
    let first = genesis_body();
    let later = genesis().draft(Step::Add, vec![manager(1), device(2)]);
    let after = refused(&first, |list| list.prev_hash = vec![1; 32].into());
    assert_eq!(after, Reason::NotAllowed { what: "a list before the first" });
    assert_eq!(refused(&first, |list| list.genesis = None), Reason::Missing { what: "genesis" });
    let begins = refused(&later, |list| list.genesis = Some(proto::Genesis::default()));
    assert_eq!(begins, Reason::NotAllowed { what: "genesis in a later list" });
    assert!(matches!(refused(&later, |list| list.prev_hash = Bytes::new()), Reason::Length(_)));
    assert_eq!(refused(&later, |list| list.event = 0), Reason::Missing { what: "list event" });
    assert_eq!(refused(&later, |list| list.event = 9), Reason::Unknown { what: "list event" });
    assert_eq!(refused(&later, |list| list.devices[0].kind = 0), Reason::Missing { what: "device kind" });
}

#[test]
fn a_whole_life_of_an_account_is_one_chain() {
    let first = genesis();
    let added = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    let rotate = Step::Rotate { next_aik: public(1001) };
    let rotated = added.successor(&next(&added, rotate, vec![manager(1), manager(2)], AIK)).unwrap();
    let revoke = Step::Revoke { next_aik: public(1002) };
    let revoked = rotated.successor(&next(&rotated, revoke, vec![manager(2)], 1001)).unwrap();
    let recovery = Step::Recovery { next_aik: public(1003), next_rk: public(2001) };
    let recovered = revoked.successor(&next(&revoked, recovery, vec![manager(3)], RK)).unwrap();
    let last = recovered.successor(&next(&recovered, Step::Add, vec![manager(3), device(4)], 1003)).unwrap();

    let all = [first, added, rotated, revoked, recovered, last.clone()].map(|list| list.signed().clone());
    let chain = DeviceList::chain(account(), &all).unwrap();
    assert_eq!(chain, last);
    assert_eq!(chain.pin().place(), (1, 1));
    assert_eq!(
        chain.pins().iter().map(Pin::place).collect::<Vec<_>>(),
        [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]
    );
}

#[test]
fn a_chain_has_no_gap_no_repeat_and_no_other_order() {
    let first = genesis();
    let second = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    let devices = vec![manager(1), device(2), device(3)];
    let third = second.successor(&next(&second, Step::Add, devices, AIK)).unwrap();
    let [a, b, c] = [first, second, third].map(|list| list.signed().clone());

    let refused_at = |lists: &[_]| match DeviceList::chain(account(), lists) {
        Err(ChainError::List { number, .. }) => Some(number),
        _ => None,
    };
    assert_eq!(DeviceList::chain(account(), &[]), Err(ChainError::Empty));
    assert_eq!(refused_at(&[a.clone(), c.clone()]), Some(1), "a gap");
    assert_eq!(refused_at(&[a.clone(), b.clone(), b.clone()]), Some(2), "a repeat");
    assert_eq!(refused_at(&[a.clone(), c.clone(), b.clone()]), Some(1), "another order");
    assert_eq!(refused_at(&[b.clone(), c.clone()]), Some(0), "no beginning");
    assert_eq!(refused_at(&[a.clone(), b, c, a]), Some(3), "a first list at the end");
}

#[test]
fn a_ghost_device_signed_by_a_device_or_the_recovery_key_is_refused() {
    let list = genesis();
    for signer in [1, RK, 66] {
        let ghost = next(&list, Step::Add, vec![manager(1), device(99)], signer);
        assert_eq!(list.successor(&ghost), Err(ListError::Signature(Signer::Aik)));
    }
}

#[test]
fn a_ghost_device_with_a_good_signature_on_another_chain_is_refused() {
    let first = genesis();
    let honest = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    // The AIK was stolen: a list for the place after `honest`, but on a fork with a ghost in it.
    let ghost = first.successor(&next(&first, Step::Add, vec![manager(1), device(99)], AIK)).unwrap();
    let after = next(&ghost, Step::Add, vec![manager(1), device(99), device(3)], AIK);
    assert_eq!(honest.successor(&after), Err(ListError::Predecessor));
    assert_eq!(honest.successor(ghost.signed()), Err(ListError::Place { expected: (0, 2), found: (0, 1) }));
}

#[test]
fn two_lists_at_one_place_are_evidence() {
    let first = genesis();
    let one = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    let other = first.successor(&next(&first, Step::Add, vec![manager(1), device(99)], AIK)).unwrap();
    assert!(one.pin().conflicts(&other.pin()));
    assert!(!one.pin().conflicts(&one.pin()));
    assert!(!one.pin().conflicts(&first.pin()));
    let forked = PinError::Forked { remembered: one.pin(), found: other.pin() };
    assert_eq!(other.check_pin(one.pin()), Err(forked));
}

#[test]
fn what_a_peer_remembers_only_grows() {
    let first = genesis();
    let second = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    assert_eq!(second.check_pin(first.pin()), Ok(()));
    assert_eq!(second.check_pin(second.pin()), Ok(()));
    let rolled_back = PinError::RolledBack { remembered: second.pin(), found: first.pin() };
    assert_eq!(first.check_pin(second.pin()), Err(rolled_back));
    assert!(second.pin().follows(&first.pin()) && second.pin().follows(&second.pin()));
    assert!(!first.pin().follows(&second.pin()));
}

#[test]
fn a_recovery_that_skips_a_remembered_list_is_a_fork() {
    let first = genesis();
    let second = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    let recovery = Step::Recovery { next_aik: public(1001), next_rk: public(2001) };
    let skipping = first.successor(&next(&first, recovery, vec![manager(3)], RK)).unwrap();
    let forked = PinError::Forked { remembered: second.pin(), found: skipping.pin() };
    assert_eq!(skipping.check_pin(second.pin()), Err(forked));
}

#[test]
fn a_key_that_was_rotated_out_signs_nothing_more() {
    let first = genesis();
    let rotate = Step::Rotate { next_aik: public(1001) };
    let rotated = first.successor(&next(&first, rotate, vec![manager(1)], AIK)).unwrap();
    let old = next(&rotated, Step::Add, vec![manager(1), device(2)], AIK);
    assert_eq!(rotated.successor(&old), Err(ListError::Signature(Signer::Aik)));

    let recovery = Step::Recovery { next_aik: public(1002), next_rk: public(2001) };
    let recovered = rotated.successor(&next(&rotated, recovery, vec![manager(1)], RK)).unwrap();
    let again = Step::Recovery { next_aik: public(1003), next_rk: public(2002) };
    let old = next(&recovered, again, vec![manager(1)], RK);
    assert_eq!(recovered.successor(&old), Err(ListError::Signature(Signer::Rk)));
}

#[test]
fn only_the_recovery_key_raises_the_era() {
    let list = genesis();
    let recovery = Step::Recovery { next_aik: public(1001), next_rk: public(2001) };
    let stolen = next(&list, recovery, vec![device(99)], AIK);
    assert_eq!(list.successor(&stolen), Err(ListError::Signature(Signer::Rk)));

    let add = list.draft(Step::Add, vec![manager(1), device(2)]);
    let jump = sign(&ListBody { era: 1, version: 0, ..add }, AIK);
    assert_eq!(list.successor(&jump), Err(ListError::Place { expected: (0, 1), found: (1, 0) }));
}

#[test]
fn a_recovery_changes_both_keys() {
    let list = genesis();
    let keeps_aik = Step::Recovery { next_aik: public(AIK), next_rk: public(2001) };
    let keeps_rk = Step::Recovery { next_aik: public(1001), next_rk: public(RK) };
    let after = |step| list.successor(&next(&list, step, vec![manager(1)], RK));
    assert_eq!(after(keeps_aik), Err(ListError::AikKept));
    assert_eq!(after(keeps_rk), Err(ListError::RkKept));
}

#[test]
fn a_stolen_identity_key_cannot_lock_the_owner_out() {
    let list = genesis();
    let add = list.draft(Step::Add, vec![manager(1), device(99)]);
    let takeover = sign(&ListBody { next_rk: public(66), ..add }, AIK);
    assert_eq!(list.successor(&takeover), Err(ListError::RkChanged));
}

#[test]
fn revoking_a_device_that_held_the_identity_key_rotates_it() {
    let first = genesis();
    let two = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    let revoke = |next_aik, devices| {
        two.successor(&next(&two, Step::Revoke { next_aik: public(next_aik) }, devices, AIK))
    };
    assert_eq!(revoke(AIK, vec![device(2)]), Err(ListError::AikKept));
    assert!(revoke(1001, vec![device(2)]).is_ok());
    assert!(revoke(AIK, vec![manager(1)]).is_ok(), "the other device never held it");
}

#[test]
fn devices_change_only_as_the_event_says() {
    let first = genesis();
    let two = first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap();
    let refused = |step: Step, devices: Vec<Device>| {
        let signer = if matches!(step, Step::Recovery { .. }) { RK } else { AIK };
        assert_eq!(
            two.successor(&next(&two, step, devices.clone(), signer)),
            Err(ListError::Devices),
            "{step:?} {devices:?}"
        );
    };
    let (revoke, rotate) = (Step::Revoke { next_aik: public(1001) }, Step::Rotate { next_aik: public(1001) });
    let recovery = Step::Recovery { next_aik: public(1001), next_rk: public(2001) };
    let swapped = Device { key: public(66), ..device(2) };

    refused(Step::Add, vec![manager(1), device(2)]);
    refused(Step::Add, vec![manager(1), device(3)]);
    refused(Step::Add, vec![manager(1), swapped, device(3)]);
    refused(Step::Add, vec![manager(1), manager(2), device(3)]);
    refused(revoke, vec![manager(1), device(2)]);
    refused(revoke, vec![device(3)]);
    refused(revoke, vec![swapped]);
    refused(rotate, vec![manager(1)]);
    refused(rotate, vec![manager(1), device(3)]);
    refused(rotate, vec![manager(1), device(2), device(3)]);
    refused(rotate, vec![manager(1), swapped]);
    refused(recovery, vec![manager(3), swapped]);
}

#[test]
fn the_same_device_or_key_is_not_listed_twice() {
    let list = genesis();
    let same_key = Device { key: public(1), ..device(2) };
    let same_id = Device { id: manager(1).id, ..device(2) };
    for twin in [same_key, same_id] {
        let planted = next(&list, Step::Add, vec![manager(1), twin], AIK);
        let refused = list.successor(&planted);
        assert_eq!(refused, Err(ListError::Malformed(Reason::Duplicate { what: "device" })));
    }
}

#[test]
fn there_is_a_largest_number_of_devices() {
    let list = genesis();
    let with = |others: usize| {
        let devices = std::iter::once(manager(1)).chain((2..).take(others).map(device)).collect();
        list.successor(&next(&list, Step::Add, devices, AIK))
    };
    assert!(with(DEVICES_MAX - 1).is_ok());
    let (max, found) = (DEVICES_MAX, DEVICES_MAX + 1);
    assert_eq!(with(DEVICES_MAX), Err(ListError::Malformed(Reason::TooMany { what: "devices", max, found })));
}

#[test]
fn an_account_keeps_at_least_one_device() {
    let revoke = next(&genesis(), Step::Revoke { next_aik: public(1001) }, vec![], AIK);
    let refused = genesis().successor(&revoke);
    assert_eq!(refused, Err(ListError::Malformed(Reason::Missing { what: "devices" })));
}

#[test]
fn a_list_of_another_account_does_not_follow() {
    let list = genesis();
    let add = list.draft(Step::Add, vec![manager(1), device(2)]);
    let foreign = sign(&ListBody { account: AccountId::new([1; 32]), ..add }, AIK);
    assert_eq!(list.successor(&foreign), Err(ListError::OtherAccount));
}

#[test]
fn a_first_list_follows_nothing() {
    let list = genesis();
    assert_eq!(list.successor(list.signed()), Err(ListError::Event));
    let mut add = list.draft(Step::Add, vec![manager(1), device(2)]);
    add.event = ListEvent::Add { prev: ListHash::new([1; 32]) };
    assert_eq!(list.successor(&sign(&add, AIK)), Err(ListError::Predecessor));
    let later = next(&list, Step::Add, vec![manager(1), device(2)], AIK);
    assert_eq!(DeviceList::genesis(account(), &later), Err(ListError::Event));
}

#[test]
fn bytes_after_a_list_break_its_signature() {
    let mut longer = genesis_body().encode().to_vec();
    // A field that no version knows: the message still decodes.
    longer.extend_from_slice(&[0xf8, 0x07, 1]);
    let mut planted = sign_bytes(longer.into(), AIK);
    assert!(DeviceList::genesis(account(), &planted).is_ok(), "signed by the account, it is the account's");
    planted.signature = genesis().signed().signature;
    assert_eq!(DeviceList::genesis(account(), &planted), Err(ListError::Signature(Signer::Aik)));
}
