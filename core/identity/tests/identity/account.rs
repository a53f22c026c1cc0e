//! An account with its secrets, for tests: it signs whatever it is told to.

use ed25519_dalek::{Signer, SigningKey};
use sotto_identity::{Device, DeviceKind, DeviceList, Genesis, ListBody, SignedKeyPackage, SignedList, Step};
use sotto_wire::digest::{device_list_to_sign, key_package_to_sign};
use sotto_wire::ids::{AccountId, Day, DeviceId, Minute, PublicKey};
use sotto_wire::limits::SEAL_KEY_BYTES;
use sotto_wire::signed::Pin;
use sotto_wire::{Bytes, proto};

use prost::Message;

/// The key with this number.
pub(crate) fn key(number: u16) -> SigningKey {
    let mut seed = [7; 32];
    seed[..2].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_bytes(&seed)
}

pub(crate) fn public(number: u16) -> PublicKey {
    key(number).verifying_key().into()
}

/// Device `number`; its key has the same number.
pub(crate) fn device(number: u16) -> Device {
    Device {
        id: device_id(number),
        key: public(number),
        kind: DeviceKind::Native,
        manages_devices: false,
        added: Day(20_000),
    }
}

pub(crate) fn manager(number: u16) -> Device {
    Device { manages_devices: true, ..device(number) }
}

pub(crate) fn device_id(number: u16) -> DeviceId {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    DeviceId::new(id)
}

pub(crate) fn sign(body: &ListBody, with: u16) -> SignedList {
    sign_bytes(body.encode(), with)
}

pub(crate) fn sign_bytes(list: Bytes, with: u16) -> SignedList {
    let signature = key(with).sign(&device_list_to_sign(&list)).into();
    SignedList { list, signature }
}

/// Numbers of the first keys.
pub(crate) const AIK: u16 = 1000;
pub(crate) const RK: u16 = 2000;

pub(crate) fn genesis_keys() -> Genesis {
    Genesis { aik: public(AIK), rk: public(RK), nonce: [5; 32] }
}

pub(crate) fn account() -> AccountId {
    genesis_keys().account()
}

/// The first list: one device that manages devices, keys `AIK` and `RK` stay.
pub(crate) fn genesis_body() -> ListBody {
    ListBody::genesis(genesis_keys(), vec![manager(1)], public(AIK), public(RK))
}

pub(crate) fn genesis() -> DeviceList {
    DeviceList::genesis(account(), &sign(&genesis_body(), AIK)).expect("a good first list")
}

/// The list after `list`, signed with key `with`.
pub(crate) fn next(list: &DeviceList, step: Step, devices: Vec<Device>, with: u16) -> SignedList {
    sign(&list.draft(step, devices), with)
}

/// A key package of device `device` of the account, good until `not_after`.
pub(crate) fn key_package_body(device: u16, pin: Pin, not_after: Minute) -> proto::KeyPackageBody {
    proto::KeyPackageBody {
        account_id: account().into(),
        device_id: device_id(device).into(),
        mls_key_package: Bytes::from_static(b"an MLS key package"),
        seal_key: vec![9; SEAL_KEY_BYTES].into(),
        pin: Some(pin.into()),
        not_after_minute: not_after.0,
        last_resort: false,
    }
}

pub(crate) fn sign_key_package(body: &proto::KeyPackageBody, with: u16) -> SignedKeyPackage {
    let body = Bytes::from(body.encode_to_vec());
    let signature = key(with).sign(&key_package_to_sign(&body)).into();
    SignedKeyPackage { body, signature }
}
