//! A small world for tests: devices with rows in memory, and conversations between them.

mod attacks;
mod changes;
mod crosscheck;
mod exchange;
mod lists;
mod rows;
mod sealing;
mod sizes;
mod staging;

use std::cell::Cell;
use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message as _;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_identity::{
    Device as Listed, DeviceKind, DeviceList, Genesis, ListBody, Pin, SignedList, Step, VerifiedKeyPackage,
};
use sotto_wire::content;
use sotto_wire::digest::device_list_to_sign;
use sotto_wire::ids::{
    Chain, ConversationId, Day, DeviceId, ListHash, Millis, Minute, PublicKey, Seq, Signature, TopicId,
};
use sotto_wire::proto::{AuthenticatedData, GroupState, MemberPin, Role};

use crate::*;

pub(crate) const TOPIC: TopicId = TopicId::new([0x70; 32]);

/// Rows in memory; can be told to fail.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Reads that still succeed.
    pub(crate) reads_left: Cell<Option<usize>>,
}

impl Rows for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        match self.reads_left.get() {
            Some(0) => return Err(RowsError),
            Some(left) => self.reads_left.set(Some(left - 1)),
            None => {}
        }
        Ok(self.rows.get(key).cloned())
    }
}

impl Memory {
    fn write(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
    }
}

/// One device with its database.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) keys: DeviceKeys,
    pub(crate) store: Memory,
    rng: ChaCha20Rng,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows", self.rows.len())
    }
}

impl Device {
    pub(crate) fn new(account: u8, device: u8) -> Self {
        Self {
            keys: DeviceKeys::new(
                genesis(account).account(),
                DeviceId::new([device; 16]),
                &[account ^ device.rotate_left(3) ^ 0x5a; 32],
            ),
            store: Memory::default(),
            rng: ChaCha20Rng::from_seed([account ^ device; 32]),
        }
    }

    pub(crate) fn member(&self) -> Member {
        self.keys.member()
    }

    /// Runs an operation; writes its changes when it succeeds, drops them when it fails.
    pub(crate) fn run<T, E>(
        &mut self,
        operation: impl FnOnce(&Workspace<'_>, &DeviceKeys) -> Result<T, E>,
    ) -> Result<T, E> {
        let ws = Workspace::new(&self.store, &mut self.rng);
        let result = operation(&ws, &self.keys);
        let changes = ws.into_changes();
        if result.is_ok() {
            self.store.write(changes);
        }
        result
    }

    /// Runs an operation and drops what it would write.
    pub(crate) fn dry<T>(&mut self, operation: impl FnOnce(&Workspace<'_>, &DeviceKeys) -> T) -> T {
        let ws = Workspace::new(&self.store, &mut self.rng);
        operation(&ws, &self.keys)
    }

    /// The same on the group of [`TOPIC`], loaded from the rows.
    pub(crate) fn on_group<T, E: From<SecrecyError>>(
        &mut self,
        operation: impl FnOnce(&mut Group, &Workspace<'_>, &DeviceKeys) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(|ws, keys| {
            let mut group = Group::load(ws, TOPIC)?.ok_or(SecrecyError::Refused("no group"))?;
            operation(&mut group, ws, keys)
        })
    }

    pub(crate) fn group(&mut self) -> Group {
        self.dry(|ws, _| Group::load(ws, TOPIC).unwrap().expect("a group"))
    }

    pub(crate) fn key_package(&mut self, last_resort: bool) -> (VerifiedKeyPackage, NewKeyPackage) {
        self.key_package_on(&list_of(&[self]), last_resort)
    }

    /// The same, for an account of which this device is one of several.
    pub(crate) fn key_package_on(
        &mut self,
        list: &DeviceList,
        last_resort: bool,
    ) -> (VerifiedKeyPackage, NewKeyPackage) {
        let pin = list.pin().into();
        let new = self.run(|ws, keys| new_key_package(ws, keys, &pin, Minute(1), last_resort)).unwrap();
        let signed = new.signed.clone().try_into().unwrap();
        let verified = VerifiedKeyPackage::verify(&signed, list, self.keys.device, Millis(0)).unwrap();
        (verified, new)
    }

    pub(crate) fn create(&mut self, state: GroupState) {
        self.run(|ws, keys| Group::create(ws, keys, TOPIC, state)).unwrap();
    }

    pub(crate) fn stage_update(&mut self) -> StagedCommit {
        self.dry(|ws, keys| {
            let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
            group.stage_update(ws, keys, &auth(1)).unwrap()
        })
    }

    pub(crate) fn stage_change(&mut self, intent: Intent<'_>) -> Result<StagedCommit, SecrecyError> {
        self.dry(|ws, keys| {
            let mut group = Group::load(ws, TOPIC)?.ok_or(SecrecyError::Refused("no group"))?;
            group.stage_change(ws, keys, intent, &auth(1))
        })
    }

    pub(crate) fn stage_add(&mut self, adds: &[VerifiedKeyPackage]) -> Result<StagedCommit, SecrecyError> {
        self.dry(|ws, keys| {
            let mut group = Group::load(ws, TOPIC)?.ok_or(SecrecyError::Refused("no group"))?;
            group.stage_add(ws, keys, adds, &auth(1))
        })
    }

    pub(crate) fn merge(&mut self, commit: &StagedCommit) -> Result<(), MergeError> {
        self.run(|ws, _| {
            let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
            group.merge_own(ws, &commit.staged, commit.base_epoch)
        })
    }

    pub(crate) fn send(&mut self, payload: &[u8]) -> Vec<u8> {
        self.on_group(|group, ws, keys| group.encrypt(ws, keys, payload, &auth(2))).unwrap()
    }

    pub(crate) fn receive(&mut self, message: &[u8]) -> Result<Received, ReceiveError> {
        self.run(|ws, _| Group::load(ws, TOPIC).unwrap().unwrap().receive_application(ws, message))
    }

    pub(crate) fn apply(&mut self, message: &[u8]) -> Result<Applied, ReceiveError> {
        self.run(|ws, _| Group::load(ws, TOPIC).unwrap().unwrap().receive_handshake(ws, message))
    }

    pub(crate) fn join(&mut self, welcome: &[u8], tree: &[u8]) -> Result<Member, JoinError> {
        self.run(|ws, keys| Group::join(ws, keys, welcome, tree).map(|(_, adder)| adder))
    }

    /// The envelope secret of the current epoch: equal exactly when two devices agree on the epoch's keys.
    pub(crate) fn secret(&mut self) -> [u8; 32] {
        let group = self.group();
        self.dry(|ws, _| *group.envelope_key(ws).unwrap().expose())
    }
}

fn aik(account: u8) -> SigningKey {
    SigningKey::from_bytes(&[account; 32])
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::new(key.verifying_key().to_bytes())
}

/// The keys of an account whose id starts with this number, so that accounts sort as they are numbered.
fn genesis(account: u8) -> Genesis {
    let (aik, rk) = (public(&aik(account)), public(&SigningKey::from_bytes(&[!account; 32])));
    (0u32..)
        .map(|nonce| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&nonce.to_be_bytes());
            Genesis { aik, rk, nonce: bytes }
        })
        .find(|genesis| genesis.account().as_bytes()[0] == account)
        .unwrap()
}

fn listed(device: &Device) -> Listed {
    Listed {
        id: device.keys.device,
        key: device.keys.public(),
        kind: DeviceKind::Native,
        manages_devices: false,
        added: Day(0),
    }
}

fn signed(body: &ListBody) -> SignedList {
    let list = body.encode();
    let signature = aik(body.account.as_bytes()[0]).sign(&device_list_to_sign(&list));
    SignedList { list, signature: Signature::new(signature.to_bytes()) }
}

/// The first list of an account, with these devices.
pub(crate) fn list_of(devices: &[&Device]) -> DeviceList {
    let account = devices[0].keys.account;
    let genesis = genesis(account.as_bytes()[0]);
    let body = ListBody::genesis(
        genesis,
        devices.iter().map(|device| listed(device)).collect(),
        genesis.aik,
        genesis.rk,
    );
    DeviceList::genesis(account, &signed(&body)).unwrap()
}

/// The list after, with these devices more.
pub(crate) fn extended(list: &DeviceList, more: &[&Device]) -> DeviceList {
    let devices = list.devices().iter().copied().chain(more.iter().map(|device| listed(device))).collect();
    list.successor(&signed(&list.draft(Step::Add, devices))).unwrap()
}

/// The list after, without this device, which did not hold the AIK.
pub(crate) fn revoking(list: &DeviceList, gone: &Device) -> DeviceList {
    let left = list.devices().iter().copied().filter(|device| device.id != gone.keys.device).collect();
    let next_aik = public(&aik(list.account().as_bytes()[0]));
    list.successor(&signed(&list.draft(Step::Revoke { next_aik }, left))).unwrap()
}

pub(crate) fn auth(seq: u64) -> AuthenticatedData {
    let own_pin = Pin { era: 0, version: 0, hash: ListHash::new([8; 32]) };
    (&content::AuthenticatedData { seq: Seq(seq), chain: Chain::new([7; 32]), own_pin, statement: None })
        .into()
}

pub(crate) fn pin(list: &DeviceList, role: Role) -> MemberPin {
    MemberPin {
        account_id: list.account().into(),
        pin: Some(list.pin().into()),
        role: role.into(),
        pending_devices: Vec::new(),
    }
}

/// The state of a 1:1 between two accounts.
pub(crate) fn direct(one: &DeviceList, other: &DeviceList) -> GroupState {
    let mut state = conversation(&[(one, Role::Owner), (other, Role::Owner)]);
    state.conversation = ConversationId::direct(one.account(), other.account()).into();
    state.direct = true;
    state
}

/// The state of a group conversation.
pub(crate) fn conversation(members: &[(&DeviceList, Role)]) -> GroupState {
    let mut members: Vec<_> = members.iter().map(|(list, role)| pin(list, *role)).collect();
    members.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    GroupState {
        protocol: 1,
        conversation: vec![0xc0; 32].into(),
        suite: 0x4f,
        members,
        leg_no: 0,
        direct: false,
    }
}

/// Adds `others` by one commit of `creator` and lets them join.
pub(crate) fn add_all(creator: &mut Device, others: &mut [&mut Device]) {
    let packages: Vec<_> = others.iter_mut().map(|device| device.key_package(false).0).collect();
    let commit = creator.stage_add(&packages).unwrap();
    creator.merge(&commit).unwrap();
    for device in others {
        let adder = device.join(commit.welcome.as_ref().unwrap(), &commit.ratchet_tree).unwrap();
        assert_eq!(adder, creator.member());
    }
}

/// Two people, one device each, in a 1:1.
pub(crate) fn pair() -> (Device, Device) {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    add_all(&mut alice, &mut [&mut bob]);
    (alice, bob)
}

/// An owner, an admin and a member in a group conversation.
pub(crate) fn trio() -> [Device; 3] {
    let [mut owner, mut admin, mut member] = [Device::new(1, 11), Device::new(2, 21), Device::new(3, 31)];
    owner.create(conversation(&[
        (&list_of(&[&owner]), Role::Owner),
        (&list_of(&[&admin]), Role::Admin),
        (&list_of(&[&member]), Role::Member),
    ]));
    add_all(&mut owner, &mut [&mut admin, &mut member]);
    [owner, admin, member]
}
