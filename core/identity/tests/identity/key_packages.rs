//! Which key packages are used: the listed device's own, current ones.

use crate::account::{
    AIK, account, device, device_id, genesis, key_package_body, manager, next, public, sign_key_package,
};
use proptest::prelude::*;
use sotto_identity::{DeviceList, KeyPackageError, Pin, SignedKeyPackage, Step, VerifiedKeyPackage};
use sotto_wire::ids::{LengthError, ListHash, Millis, Minute, Signature};
use sotto_wire::limits::SEAL_KEY_BYTES;
use sotto_wire::signature::BadSignature;
use sotto_wire::{Bytes, Reason};

const NOT_AFTER: Minute = Minute(30_000_000);
const NOW: Millis = Millis(29_000_000 * 60_000);

/// Devices 1 and 2.
fn list() -> DeviceList {
    let first = genesis();
    first.successor(&next(&first, Step::Add, vec![manager(1), device(2)], AIK)).unwrap()
}

fn verify(signed: &SignedKeyPackage) -> Result<VerifiedKeyPackage, KeyPackageError> {
    VerifiedKeyPackage::verify(signed, &list(), device_id(2), NOW)
}

#[test]
fn a_listed_devices_package_is_used() {
    let package = verify(&sign_key_package(&key_package_body(2, list().pin(), NOT_AFTER), 2)).unwrap();
    assert_eq!((package.account, package.device), (account(), device_id(2)));
    assert_eq!(package.device_key, public(2));
    assert_eq!(package.mls_key_package, Bytes::from_static(b"an MLS key package"));
    assert_eq!(package.seal_key.len(), SEAL_KEY_BYTES);
}

#[test]
fn a_package_made_under_an_older_list_is_still_used() {
    let package = sign_key_package(&key_package_body(2, genesis().pin(), NOT_AFTER), 2);
    assert!(verify(&package).is_ok());
}

#[test]
fn a_package_swapped_by_the_server_is_refused() {
    // Another device of the account, a device that is not listed, and a key nobody knows.
    for signer in [1, 3, 66] {
        let planted = sign_key_package(&key_package_body(2, list().pin(), NOT_AFTER), signer);
        assert_eq!(verify(&planted), Err(KeyPackageError::Signature(BadSignature)));
    }
}

#[test]
fn a_package_of_another_device_is_refused_even_under_a_good_signature() {
    let planted = sign_key_package(&key_package_body(1, list().pin(), NOT_AFTER), 2);
    assert_eq!(verify(&planted), Err(KeyPackageError::OtherDevice));
    let mut body = key_package_body(2, list().pin(), NOT_AFTER);
    body.account_id = vec![1; 32].into();
    assert_eq!(verify(&sign_key_package(&body, 2)), Err(KeyPackageError::OtherDevice));
}

#[test]
fn a_device_that_is_not_listed_has_no_packages() {
    let package = sign_key_package(&key_package_body(3, list().pin(), NOT_AFTER), 3);
    let refused = VerifiedKeyPackage::verify(&package, &list(), device_id(3), NOW);
    assert_eq!(refused, Err(KeyPackageError::DeviceNotListed));
}

#[test]
fn a_package_that_names_an_unknown_list_says_so() {
    let newest = list().pin();
    let newer = Pin { version: newest.version + 1, ..newest };
    let forked = Pin { hash: ListHash::new([1; 32]), ..newest };
    for named in [newer, forked] {
        let package = sign_key_package(&key_package_body(2, named, NOT_AFTER), 2);
        assert_eq!(verify(&package), Err(KeyPackageError::Pin { named, newest }));
    }
}

#[test]
fn an_expired_package_tells_both_times_so_that_a_wrong_clock_can_be_explained() {
    let package = sign_key_package(&key_package_body(2, list().pin(), NOT_AFTER), 2);
    let at =
        |minute: u64| VerifiedKeyPackage::verify(&package, &list(), device_id(2), Millis(minute * 60_000));
    assert!(at(NOT_AFTER.0).is_ok(), "the last minute is included");
    let now = Minute(NOT_AFTER.0 + 1);
    assert_eq!(at(now.0), Err(KeyPackageError::Expired { not_after: NOT_AFTER, now }));
}

#[test]
fn a_seal_key_of_another_length_is_refused() {
    for found in [0, SEAL_KEY_BYTES - 1, SEAL_KEY_BYTES + 1] {
        let mut body = key_package_body(2, list().pin(), NOT_AFTER);
        body.seal_key = vec![9; found].into();
        let wrong = LengthError { what: "seal key", expected: SEAL_KEY_BYTES, found };
        let refused = verify(&sign_key_package(&body, 2));
        assert_eq!(refused, Err(KeyPackageError::Malformed(Reason::Length(wrong))));
    }
}

#[test]
fn a_package_without_an_mls_key_package_or_a_pin_is_refused() {
    let mut body = key_package_body(2, list().pin(), NOT_AFTER);
    body.mls_key_package = Bytes::new();
    let refused = verify(&sign_key_package(&body, 2));
    assert_eq!(refused, Err(KeyPackageError::Malformed(Reason::Missing { what: "key package" })));
    let mut body = key_package_body(2, list().pin(), NOT_AFTER);
    body.pin = None;
    let refused = verify(&sign_key_package(&body, 2));
    assert_eq!(refused, Err(KeyPackageError::Malformed(Reason::Missing { what: "list pin" })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_changed_bit_makes_a_package_worthless(place: prop::sample::Index, bit in 0u8..8) {
        let good = sign_key_package(&key_package_body(2, list().pin(), NOT_AFTER), 2);
        let (mut body, mut signature) = (good.body.to_vec(), *good.signature.as_bytes());
        let place = place.index(body.len() + 64);
        match body.get_mut(place) {
            Some(byte) => *byte ^= 1 << bit,
            None => signature[place - body.len()] ^= 1 << bit,
        }
        let changed = SignedKeyPackage { body: body.into(), signature: Signature::new(signature) };
        prop_assert_eq!(verify(&changed), Err(KeyPackageError::Signature(BadSignature)));
    }
}
