//! Inbox items: sealed to one key package, padded, opened by its device alone.

use super::*;

#[test]
fn a_sealed_item_opens_for_its_key_package_only() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    let (package, new) = bob.key_package(false);
    let (_, other) = bob.key_package(false);
    let sealed = alice.dry(|ws, _| seal(ws, &package.seal_key, b"welcome")).unwrap();

    let stored = SealSecret::from_bytes(new.seal_secret.expose().to_vec());
    assert_eq!(bob.dry(|ws, _| open_sealed(ws, &stored, &sealed)).unwrap(), b"welcome");
    assert_eq!(bob.dry(|ws, _| open_sealed(ws, &other.seal_secret, &sealed)), Err(OpenError::Sealed));
    let short = SealSecret::from_bytes(vec![1; 5]);
    assert_eq!(bob.dry(|ws, _| open_sealed(ws, &short, &sealed)), Err(OpenError::Sealed));
}

#[test]
fn changed_or_cut_items_do_not_open() {
    let mut bob = Device::new(2, 21);
    let (package, new) = bob.key_package(false);
    let sealed = bob.dry(|ws, _| seal(ws, &package.seal_key, &[7; 100])).unwrap();
    for place in (0..sealed.len()).step_by(53).chain([sealed.len() - 1]) {
        let mut bad = sealed.clone();
        bad[place] ^= 1;
        assert!(bob.dry(|ws, _| open_sealed(ws, &new.seal_secret, &bad)).is_err(), "byte {place}");
    }
    for len in (0..sealed.len()).step_by(53) {
        assert!(bob.dry(|ws, _| open_sealed(ws, &new.seal_secret, &sealed[..len])).is_err(), "{len} bytes");
    }
}

#[test]
fn sealed_lengths_tell_little() {
    let mut bob = Device::new(2, 21);
    let (package, _) = bob.key_package(false);
    let mut sealed = |len| bob.dry(|ws, _| seal(ws, &package.seal_key, &vec![0; len])).unwrap().len();
    assert_eq!(sealed(5_900), sealed(6_100));
}

#[test]
fn a_seal_key_of_another_form_is_refused() {
    let mut bob = Device::new(2, 21);
    for key in [Vec::new(), vec![1; 32], vec![1; 1_215]] {
        assert!(matches!(bob.dry(|ws, _| seal(ws, &key, b"x")), Err(SecrecyError::Refused(_))));
    }
}

#[test]
fn key_packages_of_other_devices_are_not_added() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, _) = bob.key_package(false);
    let carols = Device::new(2, 22);
    for swapped in [
        VerifiedKeyPackage { device: carols.keys.device, ..package.clone() },
        VerifiedKeyPackage { device_key: carols.keys.public(), ..package.clone() },
        VerifiedKeyPackage { account: alice.keys.account, ..package.clone() },
        VerifiedKeyPackage { mls_key_package: package.seal_key.clone(), ..package.clone() },
        VerifiedKeyPackage { mls_key_package: package.mls_key_package.slice(1..), ..package.clone() },
    ] {
        assert!(matches!(alice.stage_add(&[swapped]), Err(SecrecyError::Refused(_))));
    }
    assert!(matches!(alice.stage_add(&[]), Err(SecrecyError::Refused(_))));
    alice.stage_add(&[package]).unwrap();
}
