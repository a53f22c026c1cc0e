//! Accounts with their keys, and what they do on the account plane.

use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use prost::Message;
use rand_core::RngCore;
use sotto_identity::{Device, DeviceKind, DeviceList, Genesis, ListBody, SignedKeyPackage, SignedList, Step};
use sotto_ports::directory::Invitation;
use sotto_ports::{Directory, DirectoryOp};
use sotto_service::{ConnectionId, invite_hash};
use sotto_wire::account::{AccountRequest, AccountResponse, Authenticate, PublishKeyPackages, Register};
use sotto_wire::digest::{authenticate_to_sign, key_package_to_sign, register_to_sign, work};
use sotto_wire::frames::Hello;
use sotto_wire::ids::{AccountId, Day, DeviceId, Handle, Invite, Signature, UploadId};
use sotto_wire::limits::SEAL_KEY_BYTES;
use sotto_wire::proto::{self, ErrorCode};

use crate::world::{Store, World};

/// Somebody with an account, or about to have one.
#[derive(Clone)]
pub struct Person {
    /// The name they want.
    pub handle: Handle,
    /// Signs device lists.
    pub aik: SigningKey,
    /// Signs a recovery.
    pub rk: SigningKey,
    /// Keys of their devices, by the device's number.
    pub devices: Vec<SigningKey>,
    /// Their newest list.
    pub list: DeviceList,
}

/// Opens an invitation in a world's store.
pub fn invite<S: Store>(world: &mut World<S>, code: &str, uses_left: u32, not_after: Day) {
    let invitation = Invitation { hash: invite_hash(code), uses_left, not_after };
    world.store.apply_to_directory(vec![DirectoryOp::Invite(invitation)]).unwrap();
}

impl Person {
    /// Somebody new, with one device.
    pub fn new<S: Store>(world: &mut World<S>, handle: &str) -> Self {
        let [aik, rk, device] = [(); 3].map(|()| SigningKey::generate(&mut world.rng));
        let mut nonce = [0; 32];
        world.rng.fill_bytes(&mut nonce);
        let genesis = Genesis { aik: aik.verifying_key().into(), rk: rk.verifying_key().into(), nonce };
        let body = ListBody::genesis(
            genesis,
            vec![listed(&device, world.today())],
            aik.verifying_key().into(),
            rk.verifying_key().into(),
        );
        let list = DeviceList::genesis(genesis.account(), &sign(&body, &aik)).unwrap();
        Self { handle: Handle::parse(handle).unwrap(), aik, rk, devices: vec![device], list }
    }

    /// Somebody with an account, on an authenticated connection.
    pub fn registered<S: Store>(world: &mut World<S>, handle: &str) -> (Self, ConnectionId) {
        let person = Self::new(world, handle);
        let (id, hello) = world.account_plane();
        assert_eq!(world.ask_account(id, person.register(&hello)), Ok(AccountResponse::Registered));
        (person, id)
    }

    /// Their account.
    pub fn account(&self) -> AccountId {
        self.list.account()
    }

    /// One of their devices.
    pub fn device(&self, number: usize) -> DeviceId {
        device_id(&self.devices[number])
    }

    /// `Register`, signed for this `Hello`, with as much work as it asks for.
    pub fn register(&self, hello: &Hello) -> AccountRequest {
        AccountRequest::Register(self.registration(hello))
    }

    /// The same, to be changed.
    pub fn registration(&self, hello: &Hello) -> Register {
        let device = self.device(0);
        let signed = register_to_sign(hello.nonce, hello.host.as_str(), self.account(), device, &self.handle);
        Register {
            handle: self.handle.clone(),
            genesis_list: self.genesis(),
            invite: None,
            work_answer: answer(hello),
            signature: self.devices[0].sign(&signed).into(),
        }
    }

    /// The same with an invitation.
    pub fn register_with(&self, hello: &Hello, code: &str) -> AccountRequest {
        let invite = Some(Invite::parse(code).unwrap());
        AccountRequest::Register(Register { invite, ..self.registration(hello) })
    }

    fn genesis(&self) -> SignedList {
        assert_eq!(self.list.pins().len(), 1, "the list of a new account");
        self.list.signed().clone()
    }

    /// `Authenticate` as one of their devices.
    pub fn authenticate(&self, hello: &Hello, number: usize) -> AccountRequest {
        let device = self.device(number);
        let signed = authenticate_to_sign(hello.nonce, hello.host.as_str(), self.account(), device);
        let signature = self.devices[number].sign(&signed).into();
        AccountRequest::Authenticate(Authenticate { account: self.account(), device, signature })
    }

    /// An authenticated connection of one of their devices.
    pub fn connected<S: Store>(&self, world: &mut World<S>, number: usize) -> ConnectionId {
        let (id, hello) = world.account_plane();
        let answer = world.ask_account(id, self.authenticate(&hello, number)).unwrap();
        assert!(matches!(answer, AccountResponse::Authenticated { .. }));
        id
    }

    /// The list that adds a new device.
    pub fn add_device<S: Store>(&mut self, world: &mut World<S>) -> SignedList {
        self.devices.push(SigningKey::generate(&mut world.rng));
        let today = world.today();
        let devices =
            self.devices.iter().zip(0..).map(|(key, number)| match self.list.devices().get(number) {
                Some(standing) => *standing,
                None => listed(key, today),
            });
        let body = self.list.draft(Step::Add, devices.collect());
        self.grow(&body, &self.aik.clone())
    }

    /// The list that revokes one of their devices, under a new AIK.
    pub fn revoke_device<S: Store>(&mut self, world: &mut World<S>, number: usize) -> SignedList {
        let gone = self.device(number);
        let old = std::mem::replace(&mut self.aik, SigningKey::generate(&mut world.rng));
        let devices = self.list.devices().iter().filter(|device| device.id != gone).copied().collect();
        let body = self.list.draft(Step::Revoke { next_aik: self.aik.verifying_key().into() }, devices);
        self.devices.remove(number);
        self.grow(&body, &old)
    }

    /// The list by which they take their account back with a new device only.
    pub fn recover<S: Store>(&mut self, world: &mut World<S>) -> SignedList {
        let [aik, rk, device] = [(); 3].map(|()| SigningKey::generate(&mut world.rng));
        let step =
            Step::Recovery { next_aik: aik.verifying_key().into(), next_rk: rk.verifying_key().into() };
        let body = self.list.draft(step, vec![listed(&device, world.today())]);
        let old = std::mem::replace(&mut self.rk, rk);
        self.aik = aik;
        self.devices = vec![device];
        self.grow(&body, &old)
    }

    fn grow(&mut self, body: &ListBody, signer: &SigningKey) -> SignedList {
        let signed = sign(body, signer);
        self.list = self.list.successor(&signed).unwrap();
        signed
    }

    /// A key package of one of their devices; `label` tells it from others.
    pub fn key_package(
        &self,
        number: usize,
        label: u8,
        last_resort: bool,
        not_after: Day,
    ) -> SignedKeyPackage {
        let body = proto::KeyPackageBody {
            account_id: self.account().into(),
            device_id: self.device(number).into(),
            mls_key_package: Bytes::from(vec![label; 200]),
            seal_key: Bytes::from(vec![label; SEAL_KEY_BYTES]),
            pin: Some(self.list.pin().into()),
            not_after_minute: u64::from(not_after.0) * 24 * 60,
            last_resort,
        };
        let body = Bytes::from(body.encode_to_vec());
        let signature = self.devices[number].sign(&key_package_to_sign(&body)).into();
        SignedKeyPackage { body, signature }
    }

    /// Key packages for 90 days: one-time ones with these labels, and perhaps a last-resort one.
    pub fn publish<S: Store>(
        &self,
        world: &World<S>,
        upload: u8,
        one_time: &[u8],
        last_resort: Option<u8>,
    ) -> AccountRequest {
        let not_after = Day(world.today().0 + 90);
        let one_time = one_time.iter().map(|label| self.key_package(0, *label, false, not_after));
        AccountRequest::PublishKeyPackages(PublishKeyPackages {
            upload_id: UploadId::new([upload; 16]),
            one_time: one_time.collect(),
            last_resort: last_resort.map(|label| self.key_package(0, label, true, not_after)),
        })
    }
}

/// Publishing must succeed; how many are left.
impl<S: Store> World<S> {
    /// Publishes one-time packages with these labels, and perhaps a last-resort one.
    pub fn publish(
        &mut self,
        id: ConnectionId,
        person: &Person,
        upload: u8,
        one_time: &[u8],
        last_resort: Option<u8>,
    ) -> Result<u32, ErrorCode> {
        let request = person.publish(self, upload, one_time, last_resort);
        match self.ask_account(id, request)? {
            AccountResponse::KeyPackagesStored { one_time_left } => Ok(one_time_left),
            other => panic!("{other:?}"),
        }
    }
}

fn answer(hello: &Hello) -> u64 {
    let bits = match hello.registration {
        sotto_wire::frames::Registration::Open { work_bits } => work_bits,
        _ => 0,
    };
    let done = |answer: &u64| sotto_wire::digest::leading_zero_bits(&work(hello.nonce, *answer)) >= bits;
    (0..).find(done).unwrap()
}

fn listed(key: &SigningKey, added: Day) -> Device {
    let kind = DeviceKind::Native;
    Device { id: device_id(key), key: key.verifying_key().into(), kind, manages_devices: true, added }
}

fn device_id(key: &SigningKey) -> DeviceId {
    DeviceId::try_from(&key.verifying_key().as_bytes()[..16]).unwrap()
}

fn sign(body: &ListBody, signer: &SigningKey) -> SignedList {
    let list = body.encode();
    let signature: Signature = signer.sign(&sotto_wire::digest::device_list_to_sign(&list)).into();
    SignedList { list, signature }
}
