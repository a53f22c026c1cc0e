//! Stores in directories of their own, and operations on them with recognisable values.
#![allow(dead_code, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::ops::{Deref, DerefMut};
use std::path::Path;

use bytes::Bytes;
use sotto_ports::directory::{
    Admission, Claim, DirectoryOp, DirectoryOutcome, DropItem, Invitation, InviteHash, ItemHash, PackageKey,
    Publish, Register, StoredPackage,
};
use sotto_ports::logs::{Append, Create, LogOp, LogOutcome, OpenSlot, ReadLimit, Stretch};
use sotto_ports::{Directory, Logs, Store};
use sotto_sqlite::{OpenOptions, SqliteStore};
use sotto_wire::digest::body_hash;
use sotto_wire::ids::{
    AccountId, AppendId, CapabilityHash, Day, DeviceId, DropCapabilityHash, Handle, InboxKey, ListHash,
    Minute, PublicKey, Seq, Signature, SlotId, SlotSecretHash, TopicId, UploadId,
};
use sotto_wire::signed::{Pin, SignedKeyPackage, SignedList};
use sotto_wire::topic::{ControlKeys, EntryKind, NewSlot, TtlDays};
use tempfile::TempDir;

pub(crate) const TODAY: Day = Day(20_000);

/// A store in a directory of its own.
pub(crate) struct Temporary {
    pub(crate) store: SqliteStore,
    pub(crate) dir: TempDir,
}

impl Temporary {
    pub(crate) fn new() -> Self {
        Self::with(&OpenOptions::default())
    }

    pub(crate) fn with(options: &OpenOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: SqliteStore::open_with(dir.path(), options).unwrap(), dir }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Deref for Temporary {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

impl DerefMut for Temporary {
    fn deref_mut(&mut self) -> &mut SqliteStore {
        &mut self.store
    }
}

/// Bytes that say what they are and occur nowhere else.
pub(crate) fn marked<const N: usize>(what: u8, n: u32) -> [u8; N] {
    let mut bytes = [what; N];
    bytes[1..5].copy_from_slice(&n.to_be_bytes());
    // Differs in the middle too: no id is the beginning of another.
    bytes[N - 4..].copy_from_slice(&n.wrapping_mul(0x9e37_79b9).to_be_bytes());
    bytes
}

pub(crate) fn account(n: u32) -> AccountId {
    AccountId::new(marked(0xa1, n))
}

pub(crate) fn device(n: u32) -> DeviceId {
    DeviceId::new(marked(0xd1, n))
}

pub(crate) fn handle(n: u32) -> Handle {
    Handle::parse(&format!("person_{n}")).unwrap()
}

pub(crate) fn topic(n: u32) -> TopicId {
    TopicId::new(marked(0x71, n))
}

pub(crate) fn capability(n: u32) -> CapabilityHash {
    CapabilityHash::new(marked(0xc1, n))
}

pub(crate) fn register(n: u32) -> DirectoryOp {
    let list = Bytes::from(format!("the devices of person {n}"));
    DirectoryOp::Register(Register {
        account: account(n),
        handle: handle(n),
        pin: Pin { era: 0, version: 0, hash: ListHash::new(marked(0x11, n)) },
        genesis: SignedList { list, signature: Signature::new(marked(0x12, n)) },
        admission: Admission::Granted,
        today: TODAY,
    })
}

pub(crate) fn package(n: u32, bytes: usize) -> StoredPackage {
    let body = Bytes::from(vec![n as u8; bytes]);
    StoredPackage {
        key: PackageKey(marked(0x21, n)),
        package: SignedKeyPackage { body, signature: Signature::new(marked(0x22, n)) },
        not_after: Day(TODAY.0 + 90),
    }
}

pub(crate) fn publish(n: u32, upload: u32, bytes: usize) -> DirectoryOp {
    DirectoryOp::Publish(Publish {
        account: account(n),
        device: device(n),
        upload: UploadId::new(marked(0x31, upload)),
        one_time: vec![package(upload * 2, bytes), package(upload * 2 + 1, bytes)],
        last_resort: Some(package(1_000_000 + upload, bytes)),
        today: TODAY,
    })
}

pub(crate) fn claim(n: u32, drop: u32) -> DirectoryOp {
    let drop = DropCapabilityHash::new(marked(0x41, drop));
    DirectoryOp::Claim(Claim { account: account(n), device: device(n), drop, today: TODAY })
}

pub(crate) fn drop_item(n: u32, drop: u32, sealed: impl Into<Bytes>) -> DirectoryOp {
    DirectoryOp::Drop(DropItem {
        account: account(n),
        device: device(n),
        capability: DropCapabilityHash::new(marked(0x41, drop)),
        key: InboxKey::new(marked(0x51, drop)),
        sealed: sealed.into(),
        hash: ItemHash(marked(0x52, drop)),
        today: TODAY,
    })
}

pub(crate) fn invitation(n: u32) -> Invitation {
    Invitation { hash: InviteHash(marked(0x61, n)), uses_left: 3, not_after: Day(TODAY.0 + 7) }
}

pub(crate) fn create(n: u32) -> LogOp {
    LogOp::Create(Create {
        topic: topic(n),
        capability: capability(n),
        control_keys: ControlKeys::new(vec![PublicKey::new(marked(0x72, n))]).unwrap(),
        ttl: TtlDays::new(30).unwrap(),
    })
}

pub(crate) fn new_slot(n: u32) -> NewSlot {
    NewSlot { slot: SlotId::new(marked(0x81, n)), secret: SlotSecretHash::new(marked(0x82, n)) }
}

pub(crate) fn open_slot(on: u32, n: u32) -> LogOp {
    LogOp::OpenSlot(OpenSlot {
        topic: topic(on),
        capability: capability(on),
        slot: new_slot(n),
        today: TODAY,
    })
}

/// An application entry; `n` names the append.
pub(crate) fn append(on: u32, n: u32, body: impl Into<Bytes>) -> LogOp {
    let body = body.into();
    LogOp::Append(Append {
        topic: topic(on),
        capability: capability(on),
        kind: EntryKind::Application,
        version: 1,
        expect_head: Seq(0),
        append_id: AppendId::new(marked(0x91, n)),
        body_hash: body_hash(&body),
        body,
        minute: Minute(u64::from(TODAY.0) * 24 * 60),
        rotate: None,
        open_slots: Vec::new(),
    })
}

/// Applies operations of which none may be refused.
pub(crate) fn direct(store: &mut impl Directory, ops: Vec<DirectoryOp>) {
    let outcomes = store.apply_to_directory(ops).unwrap_or_else(|error| panic!("{error}"));
    for outcome in outcomes {
        let done = match &outcome {
            DirectoryOutcome::Register(outcome) => outcome.is_ok(),
            DirectoryOutcome::PutList(outcome) => outcome.is_ok(),
            DirectoryOutcome::Publish(outcome) => outcome.is_ok(),
            DirectoryOutcome::Claim(outcome) => outcome.is_ok(),
            DirectoryOutcome::Drop(outcome) => outcome.is_ok(),
            DirectoryOutcome::Invite(done) | DirectoryOutcome::RevokeInvite(done) => *done,
            DirectoryOutcome::AckInbox(_) | DirectoryOutcome::Expire(_) => true,
        };
        assert!(done, "{outcome:?}");
    }
}

/// Applies operations of which none may be refused.
pub(crate) fn log(store: &mut impl Logs, ops: Vec<LogOp>) {
    let outcomes = store.apply_to_logs(ops).unwrap_or_else(|error| panic!("{error}"));
    for outcome in outcomes {
        let done = match &outcome {
            LogOutcome::Create(outcome) => outcome.is_ok(),
            LogOutcome::Append(outcome) => outcome.is_ok(),
            LogOutcome::OpenSlot(outcome) => outcome.is_ok(),
            LogOutcome::Ack(outcome) => outcome.is_ok(),
            _ => true,
        };
        assert!(done, "{outcome:?}");
    }
}

/// The whole log of a topic.
pub(crate) fn everything(store: &impl Logs, on: u32) -> Option<Stretch> {
    let limit = ReadLimit { entries: usize::MAX, body_bytes: usize::MAX };
    store.entries(topic(on), Seq(0), None, limit).unwrap()
}

/// Two people who got to know each other: a bit of everything.
pub(crate) fn scenario(store: &mut impl Store) {
    direct(store, vec![register(1), register(2), publish(1, 1, 900), publish(2, 2, 900)]);
    direct(store, vec![DirectoryOp::Invite(invitation(1))]);
    direct(store, vec![claim(2, 7)]);
    log(store, vec![create(1), open_slot(1, 1), open_slot(1, 2)]);
    direct(store, vec![drop_item(2, 7, "a sealed welcome")]);
    log(store, vec![append(1, 1, "first body"), append(1, 2, "second body")]);
}

/// Every file of a directory with its bytes.
pub(crate) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let read = |entry: std::fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

/// Names of the files in which these bytes occur.
pub(crate) fn found_in(dir: &Path, bytes: &[u8]) -> Vec<String> {
    let holds = |text: &[u8]| text.windows(bytes.len()).any(|window| window == bytes);
    let mut names: Vec<_> =
        files(dir).into_iter().filter(|(_, text)| holds(text)).map(|(name, _)| name).collect();
    names.sort();
    names
}
