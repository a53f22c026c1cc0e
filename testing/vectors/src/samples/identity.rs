//! An account's life: first list, a second device, a rotation, a revocation, a recovery; and a key package.

use std::sync::LazyLock;

use prost::Message;
use sotto_identity::{Device, DeviceKind, DeviceList, Genesis, ListBody, SignedKeyPackage, SignedList, Step};
use sotto_wire::digest::{device_list_to_sign, key_package_to_sign};
use sotto_wire::ids::{AccountId, DeviceId, Minute};
use sotto_wire::limits::SEAL_KEY_BYTES;
use sotto_wire::signed::Pin;
use sotto_wire::{Bytes, proto};

use super::{MINUTE, bytes, long_bytes, parsed, public, sign};

/// The account's first keys.
pub fn genesis() -> Genesis {
    Genesis { aik: public("aik 0"), rk: public("rk 0"), nonce: bytes("genesis nonce") }
}

/// The account.
pub fn account() -> AccountId {
    genesis().account()
}

/// Another one, of which nothing is known.
pub fn other_account() -> AccountId {
    AccountId::new(bytes("other account"))
}

/// The id of a sample device.
pub fn device_id(label: &str) -> DeviceId {
    DeviceId::new(bytes(&format!("{label} id")))
}

/// A sample device; its key has its label.
pub fn device(label: &str) -> Device {
    let (id, key) = (device_id(label), public(label));
    Device { id, key, kind: DeviceKind::Native, manages_devices: false, added: MINUTE.day() }
}

fn manager(label: &str) -> Device {
    Device { manages_devices: true, ..device(label) }
}

/// One link of the chain: what it is called, what it says, whose key signs it.
pub struct Link {
    /// What happens.
    pub name: &'static str,
    /// What the list says.
    pub body: ListBody,
    /// Label of the key that signs it.
    pub signer: &'static str,
}

impl Link {
    /// The list as it travels.
    pub fn signed(&self) -> SignedList {
        sign_list(self.body.encode(), self.signer)
    }
}

/// Signs the bytes of a list, whatever they say.
pub fn sign_list(list: Bytes, signer: &str) -> SignedList {
    let signature = sign(signer, &device_list_to_sign(&list));
    SignedList { list, signature }
}

/// The whole chain, oldest first.
pub fn links() -> &'static [Link] {
    static LINKS: LazyLock<Vec<Link>> = LazyLock::new(lived);
    &LINKS
}

fn lived() -> Vec<Link> {
    let web = Device { kind: DeviceKind::Web, ..device("web") };
    let (laptop, phone) = (manager("laptop"), device("phone"));
    let rotate = Step::Rotate { next_aik: public("aik 1") };
    let revoke = Step::Revoke { next_aik: public("aik 2") };
    let recovery = Step::Recovery { next_aik: public("aik 3"), next_rk: public("rk 1") };
    let first = ListBody::genesis(genesis(), vec![laptop], public("aik 0"), public("rk 0"));
    let mut links = vec![Link { name: "genesis", body: first, signer: "aik 0" }];
    let steps = [
        ("add", Step::Add, vec![laptop, phone, web], "aik 0"),
        ("rotate", rotate, vec![laptop, manager("phone"), web], "aik 0"),
        ("revoke", revoke, vec![manager("phone"), web], "aik 1"),
        ("recovery", recovery, vec![manager("tablet")], "rk 0"),
    ];
    for (name, step, devices, signer) in steps {
        let lists: Vec<_> = links.iter().map(Link::signed).collect();
        let body = parsed(DeviceList::chain(account(), &lists)).draft(step, devices);
        links.push(Link { name, body, signer });
    }
    links
}

/// The first `count` lists of the chain, as they travel.
pub fn lists(count: usize) -> Vec<SignedList> {
    links().iter().take(count).map(Link::signed).collect()
}

/// The account with its devices laptop, phone and web.
pub fn list() -> DeviceList {
    static LIST: LazyLock<DeviceList> = LazyLock::new(|| parsed(DeviceList::chain(account(), &lists(2))));
    LIST.clone()
}

/// When the sample key package expires.
pub const NOT_AFTER: Minute = Minute(MINUTE.0 + 90 * 24 * 60);

/// What the phone's key package says.
pub fn key_package_body(last_resort: bool) -> proto::KeyPackageBody {
    proto::KeyPackageBody {
        account_id: account().into(),
        device_id: device_id("phone").into(),
        mls_key_package: long_bytes("mls key package", 300),
        seal_key: long_bytes("seal key", SEAL_KEY_BYTES),
        pin: Some(pin().into()),
        not_after_minute: NOT_AFTER.0,
        last_resort,
    }
}

/// The phone's key package as it travels.
pub fn key_package(last_resort: bool) -> SignedKeyPackage {
    sign_key_package(key_package_body(last_resort).encode_to_vec().into())
}

/// Signs the bytes of a key package with the phone's key, whatever they say.
pub fn sign_key_package(body: Bytes) -> SignedKeyPackage {
    let signature = sign("phone", &key_package_to_sign(&body));
    SignedKeyPackage { body, signature }
}

/// What peers remember of the account with these devices.
pub fn pin() -> Pin {
    list().pin()
}

/// What peers remember at the end of the chain.
pub fn newest_pin() -> Pin {
    parsed(DeviceList::chain(account(), &lists(usize::MAX))).pin()
}
