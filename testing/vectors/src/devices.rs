//! Devices with MLS groups in memory: the world of the targets that look into what is encrypted.
//!
//! Keys come from labels, so it is always the same group; OpenMLS draws some bytes of its own.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_identity::{Device as Listed, DeviceKind, DeviceList, Genesis, ListBody, VerifiedKeyPackage};
use sotto_secrecy::{
    Changes, DeviceKeys, Group, JoinError, NewKeyPackage, Rows, RowsError, StagedCommit, Workspace,
    new_key_package,
};
use sotto_wire::content;
use sotto_wire::ids::{Chain, DeviceId, Millis, Seq, TopicId};
use sotto_wire::proto::{AuthenticatedData, GroupState, MemberPin, Role};

use crate::samples::identity::sign_list;
use crate::samples::{MINUTE, bytes, key, parsed, public};

/// The topic of every group here.
pub fn topic() -> TopicId {
    TopicId::new(bytes("group topic"))
}

/// A device's rows.
#[derive(Clone, Default)]
pub struct Memory {
    /// By key.
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Rows for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        Ok(self.rows.get(key).cloned())
    }
}

impl Memory {
    /// Writes what an operation wants written.
    pub fn write(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => drop(self.rows.insert(key, value)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }
}

/// One device.
#[derive(Clone)]
pub struct Device {
    /// Whose and which: all its keys follow from it.
    pub label: &'static str,
    /// Its database.
    pub store: Memory,
    rng: ChaCha20Rng,
}

impl Device {
    fn new(label: &'static str) -> Self {
        Self { label, store: Memory::default(), rng: ChaCha20Rng::from_seed(bytes(label)) }
    }

    /// Its keys.
    pub fn keys(&self) -> DeviceKeys {
        DeviceKeys::new(list(self.label).account(), device_id(self.label), &key(self.label).to_bytes())
    }

    /// Runs an operation; its changes are written when it succeeds.
    pub fn run<T, E>(
        &mut self,
        operation: impl FnOnce(&Workspace<'_>, &DeviceKeys) -> Result<T, E>,
    ) -> Result<T, E> {
        let (result, changes) = self.try_out(operation);
        if result.is_ok() {
            self.store.write(changes);
        }
        result
    }

    /// Runs an operation and says what it would write.
    pub fn try_out<T>(&mut self, operation: impl FnOnce(&Workspace<'_>, &DeviceKeys) -> T) -> (T, Changes) {
        let keys = self.keys();
        let ws = Workspace::new(&self.store, &mut self.rng);
        let result = operation(&ws, &keys);
        (result, ws.into_changes())
    }

    /// A key package of its own.
    pub fn key_package(&mut self, last_resort: bool) -> (VerifiedKeyPackage, NewKeyPackage) {
        let list = list(self.label);
        let (pin, not_after) = (list.pin().into(), crate::samples::identity::NOT_AFTER);
        let new = parsed(self.run(|ws, keys| new_key_package(ws, keys, &pin, not_after, last_resort)));
        let signed = parsed(new.signed.clone().try_into());
        let now = Millis(MINUTE.0 * 60_000);
        (parsed(VerifiedKeyPackage::verify(&signed, &list, device_id(self.label), now)), new)
    }

    /// Enters the group.
    pub fn join(&mut self, welcome: &[u8], tree: &[u8]) -> Result<(), JoinError> {
        self.run(|ws, keys| Group::join(ws, keys, welcome, tree).map(|_| ()))
    }

    /// Makes a commit and leaves the group as it was.
    pub fn stage(&mut self, adds: &[VerifiedKeyPackage]) -> StagedCommit {
        let (staged, _) = self.try_out(|ws, keys| {
            let mut group = parsed(Group::load(ws, topic())).unwrap_or_else(|| parsed(Err("no group")));
            let auth = auth(1);
            if adds.is_empty() {
                group.stage_update(ws, keys, &auth)
            } else {
                group.stage_add(ws, keys, adds, &auth)
            }
        });
        parsed(staged)
    }
}

/// The id of a label's device.
pub fn device_id(label: &str) -> DeviceId {
    DeviceId::new(bytes(&format!("{label} id")))
}

/// The first device list of a label's account.
pub fn list(label: &'static str) -> DeviceList {
    static LISTS: LazyLock<BTreeMap<&'static str, DeviceList>> =
        LazyLock::new(|| LABELS.iter().map(|label| (*label, first_list(label))).collect());
    LISTS.get(label).cloned().unwrap_or_else(|| first_list(label))
}

fn first_list(label: &str) -> DeviceList {
    let (aik, rk) = (format!("{label} aik"), format!("{label} rk"));
    let genesis =
        Genesis { aik: public(&aik), rk: public(&rk), nonce: bytes(&format!("{label} genesis nonce")) };
    let device = Listed {
        id: device_id(label),
        key: public(label),
        kind: DeviceKind::Native,
        manages_devices: true,
        added: MINUTE.day(),
    };
    let body = ListBody::genesis(genesis, vec![device], genesis.aik, genesis.rk);
    parsed(DeviceList::genesis(genesis.account(), &sign_list(body.encode(), &aik)))
}

/// What a message authenticates beside its payload.
pub fn auth(seq: u64) -> AuthenticatedData {
    let own_pin = list(LABELS[0]).pin();
    let chain = Chain::new(bytes("group chain"));
    (&content::AuthenticatedData { seq: Seq(seq), chain, own_pin, statement: None }).into()
}

/// Everybody here: owner, admin, member, and the one who is late.
pub const LABELS: [&str; 4] = ["owner's device", "admin's device", "member's device", "late device"];

/// A group of three, and a fourth who is pinned and not a leaf yet.
#[derive(Clone)]
pub struct Quartet {
    /// Owner, admin, member; the fourth is yet to join.
    pub devices: [Device; 4],
    /// How the fourth is added.
    pub late: VerifiedKeyPackage,
    /// Its name in a Welcome.
    pub late_reference: Vec<u8>,
    /// The commit that added admin and member, with its Welcome: opened already.
    pub opened: StagedCommit,
}

/// The group, made once.
pub fn quartet() -> &'static Quartet {
    static QUARTET: LazyLock<Quartet> = LazyLock::new(Quartet::new);
    &QUARTET
}

impl Quartet {
    fn new() -> Self {
        let mut devices = LABELS.map(Device::new);
        let state = state();
        parsed(devices[0].run(|ws, keys| Group::create(ws, keys, topic(), state).map(|_| ())));
        let (admin, _) = devices[1].key_package(false);
        let (member, _) = devices[2].key_package(false);
        let opened = devices[0].stage(&[admin, member]);
        parsed(devices[0].run(|ws, _| match Group::load(ws, topic()) {
            Ok(Some(mut group)) => group.merge_own(ws, &opened.staged, opened.base_epoch),
            _ => parsed(Err("no group")),
        }));
        let welcome = opened.welcome.clone().unwrap_or_default();
        for device in &mut devices[1..3] {
            parsed(device.join(&welcome, &opened.ratchet_tree));
        }
        let (late, new) = devices[3].key_package(false);
        Self { devices, late, late_reference: new.reference, opened }
    }
}

fn state() -> GroupState {
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Member];
    let pin = |(label, role): (&'static str, Role)| MemberPin {
        account_id: list(label).account().into(),
        pin: Some(list(label).pin().into()),
        role: role.into(),
        pending_devices: Vec::new(),
    };
    let mut members: Vec<_> = LABELS.into_iter().zip(roles).map(pin).collect();
    // The fourth is listed and waits for its key package to be used.
    let late: sotto_wire::Bytes = list(LABELS[3]).account().into();
    for member in members.iter_mut().filter(|member| member.account_id == late) {
        member.pending_devices.push(device_id(LABELS[3]).into());
    }
    members.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    GroupState {
        protocol: 1,
        conversation: bytes::<32>("group conversation").to_vec().into(),
        suite: 0x4f,
        members,
        leg_no: 0,
        direct: false,
    }
}
