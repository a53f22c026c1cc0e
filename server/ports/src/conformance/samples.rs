//! Small, recognisable values, and one call per operation.

use bytes::Bytes;
use sotto_wire::digest::{EntryKind, body_hash};
use sotto_wire::ids::{
    AccountId, AppendId, CapabilityHash, Day, DeviceId, DropCapabilityHash, Generation, Handle, InboxKey,
    ListHash, Minute, PublicKey, Seq, Signature, SlotId, SlotSecretHash, TopicId, UploadId,
};
use sotto_wire::signed::{Pin, SignedKeyPackage, SignedList};
use sotto_wire::topic::{ControlAction, ControlChange, ControlKeys, NewSlot, TtlDays};

use crate::directory::{
    Admission, Claim, Claimed, DirectoryOp, DirectoryOutcome, DropItem, DropRefused, Dropped, Invitation,
    InviteHash, ItemHash, NoKeyPackage, PackageKey, Publish, PublishRefused, PutList, Register,
    RegisterRefused, Registered, StoredPackage,
};
use crate::logs::{
    Ack, AckRefused, Append, AppendRefused, Appended, Asked, Control, ControlRefused, ControlStamp, Create,
    CreateRefused, LogOp, LogOutcome, OpenSlot, OpenSlotRefused, Prove, ProveRefused, ReadLimit, ReadTopic,
    Rotation, SlotKey, SlotRefused, SlotView, Stretch, Sweep, Swept, TopicRefused, TopicView,
};
use crate::{Directory, Logs};

/// The day the tests begin.
pub(super) const TODAY: Day = Day(20_000);

/// `days` later.
pub(super) const fn day(days: u32) -> Day {
    Day(TODAY.0 + days)
}

/// Noon, `days` after the tests begin.
pub(super) const fn noon(days: u32) -> Minute {
    Minute(day(days).0 as u64 * 24 * 60 + 12 * 60)
}

pub(super) fn account(n: u8) -> AccountId {
    AccountId::new([n; 32])
}

pub(super) fn device(n: u8) -> DeviceId {
    DeviceId::new([n; 16])
}

pub(super) fn handle(name: &str) -> Handle {
    Handle::parse(name).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn list(account: u8, version: u32) -> (Pin, SignedList) {
    let bytes = Bytes::from(format!("list {version} of {account}"));
    let list = SignedList { list: bytes, signature: Signature::new([account; 64]) };
    (Pin { era: 0, version, hash: ListHash::new([version as u8; 32]) }, list)
}

pub(super) fn registration(n: u8, name: &str) -> Register {
    let (pin, genesis) = list(n, 0);
    Register {
        account: account(n),
        handle: handle(name),
        pin,
        genesis,
        admission: Admission::Granted,
        today: TODAY,
    }
}

pub(super) fn register(store: &mut impl Directory, op: Register) -> Result<Registered, RegisterRefused> {
    match direct(store, DirectoryOp::Register(op)) {
        DirectoryOutcome::Register(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn put_list(account: u8, version: u32, devices: &[u8]) -> PutList {
    let (follows, _) = list(account, version - 1);
    let (pin, list) = list(account, version);
    let devices = devices.iter().map(|n| device(*n)).collect();
    PutList { account: self::account(account), follows, pin, list, devices }
}

pub(super) fn package(n: u8) -> StoredPackage {
    let body = Bytes::from(format!("key package {n}"));
    let package = SignedKeyPackage { body, signature: Signature::new([n; 64]) };
    StoredPackage { key: PackageKey([n; 16]), package, not_after: day(90) }
}

pub(super) fn publication(upload: u8, one_time: &[u8], last_resort: Option<u8>) -> Publish {
    Publish {
        account: account(1),
        device: device(1),
        upload: UploadId::new([upload; 16]),
        one_time: one_time.iter().map(|n| package(*n)).collect(),
        last_resort: last_resort.map(package),
        today: TODAY,
    }
}

pub(super) fn publish(store: &mut impl Directory, op: Publish) -> Result<u32, PublishRefused> {
    match direct(store, DirectoryOp::Publish(op)) {
        DirectoryOutcome::Publish(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn claim(store: &mut impl Directory, drop: u8, today: Day) -> Result<Claimed, NoKeyPackage> {
    let drop = DropCapabilityHash::new([drop; 32]);
    match direct(store, DirectoryOp::Claim(Claim { account: account(1), device: device(1), drop, today })) {
        DirectoryOutcome::Claim(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn item(capability: u8, item: u8) -> DropItem {
    DropItem {
        account: account(1),
        device: device(1),
        capability: DropCapabilityHash::new([capability; 32]),
        key: InboxKey::new([item; 16]),
        sealed: Bytes::from(vec![item; 100]),
        hash: ItemHash([item; 32]),
        today: TODAY,
    }
}

pub(super) fn drop_item(store: &mut impl Directory, op: DropItem) -> Result<Dropped, DropRefused> {
    match direct(store, DirectoryOp::Drop(op)) {
        DirectoryOutcome::Drop(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn invite(store: &mut impl Directory, n: u8, uses_left: u32, not_after: Day) -> InviteHash {
    let hash = InviteHash([n; 32]);
    let op = DirectoryOp::Invite(Invitation { hash, uses_left, not_after });
    assert_eq!(direct(store, op), DirectoryOutcome::Invite(true));
    hash
}

pub(super) fn direct(store: &mut impl Directory, op: DirectoryOp) -> DirectoryOutcome {
    let mut outcomes = store.apply_to_directory(vec![op]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcomes.len(), 1, "one outcome for one operation");
    outcomes.remove(0)
}

pub(super) fn topic(n: u8) -> TopicId {
    TopicId::new([n; 32])
}

/// The hash of the capability of a generation.
pub(super) fn capability(generation: u32) -> CapabilityHash {
    CapabilityHash::new([0xc0 + generation as u8; 32])
}

pub(super) fn control_key(n: u8) -> PublicKey {
    PublicKey::new([n; 32])
}

pub(super) fn control_keys(all: &[u8]) -> ControlKeys {
    let keys = all.iter().map(|n| control_key(*n)).collect();
    ControlKeys::new(keys).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn ttl(days: u32) -> TtlDays {
    TtlDays::new(days).unwrap_or_else(|| panic!("a time-to-live"))
}

pub(super) fn creation(n: u8) -> Create {
    Create { topic: topic(n), capability: capability(0), control_keys: control_keys(&[1, 2]), ttl: ttl(30) }
}

pub(super) fn create(store: &mut impl Logs, op: Create) -> Result<Asked, CreateRefused> {
    match log(store, LogOp::Create(op)) {
        LogOutcome::Create(outcome) => outcome.map(|created| created.asked),
        other => panic!("{other:?}"),
    }
}

/// A topic with number 1, made.
pub(super) fn with_topic(store: &mut impl Logs) {
    assert_eq!(create(store, creation(1)), Ok(Asked::First));
}

/// An application entry on topic 1 in generation 0; `n` makes its append id and its body.
pub(super) fn application(n: u8, head: u64) -> Append {
    let body = Bytes::from(vec![n; 50]);
    Append {
        topic: topic(1),
        capability: capability(0),
        kind: EntryKind::Application,
        version: 1,
        expect_head: Seq(head),
        append_id: AppendId::new([n; 16]),
        body_hash: body_hash(&body),
        body,
        minute: noon(0),
        rotate: None,
        open_slots: Vec::new(),
    }
}

/// A handshake on topic 1 in generation 0.
pub(super) fn handshake(n: u8, head: u64) -> Append {
    Append { kind: EntryKind::Handshake, ..application(n, head) }
}

pub(super) fn rotation(generation: u32, signed_by: u8) -> Rotation {
    Rotation {
        generation: Generation(generation),
        capability: capability(generation),
        control_keys: control_keys(&[1, 2]),
        signed_by: control_key(signed_by),
    }
}

/// A handshake that begins `generation`, made in the one before.
pub(super) fn rotating(n: u8, head: u64, generation: u32) -> Append {
    Append {
        rotate: Some(rotation(generation, 1)),
        capability: capability(generation - 1),
        ..handshake(n, head)
    }
}

pub(super) fn append(store: &mut impl Logs, op: Append) -> Result<Appended, AppendRefused> {
    match log(store, LogOp::Append(op)) {
        LogOutcome::Append(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

/// Appends, and says where.
pub(super) fn appended(store: &mut impl Logs, op: Append) -> u64 {
    append(store, op).unwrap_or_else(|refused| panic!("{refused:?}")).entry.seq.0
}

pub(super) fn new_slot(n: u8) -> NewSlot {
    NewSlot { slot: SlotId::new([n; 16]), secret: SlotSecretHash::new([n; 32]) }
}

pub(super) fn slot_key(n: u8) -> SlotKey {
    SlotKey { topic: topic(1), slot: SlotId::new([n; 16]), secret: SlotSecretHash::new([n; 32]) }
}

pub(super) fn open_slot(store: &mut impl Logs, n: u8, generation: u32) -> Result<SlotView, OpenSlotRefused> {
    let capability = capability(generation);
    let op = OpenSlot { topic: topic(1), capability, slot: new_slot(n), today: TODAY };
    match log(store, LogOp::OpenSlot(op)) {
        LogOutcome::OpenSlot(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

/// Opens a slot that must open.
pub(super) fn with_slot(store: &mut impl Logs, n: u8) {
    open_slot(store, n, 0).unwrap_or_else(|refused| panic!("{refused:?}"));
}

pub(super) fn read_slot(store: &mut impl Logs, key: SlotKey) -> Result<SlotView, SlotRefused> {
    match log(store, LogOp::ReadSlot(key)) {
        LogOutcome::ReadSlot(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn prove(store: &mut impl Logs, n: u8, generation: u32) -> Result<SlotView, ProveRefused> {
    let op = Prove { key: slot_key(n), capability: capability(generation), today: TODAY };
    match log(store, LogOp::Prove(op)) {
        LogOutcome::Prove(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn ack(store: &mut impl Logs, n: u8, seq: u64, today: Day) -> Result<SlotView, AckRefused> {
    match log(store, LogOp::Ack(Ack { key: slot_key(n), seq: Seq(seq), today })) {
        LogOutcome::Ack(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

/// Acks what must be ackable.
pub(super) fn acked(store: &mut impl Logs, n: u8, seq: u64, today: Day) {
    ack(store, n, seq, today).unwrap_or_else(|refused| panic!("{refused:?}"));
}

pub(super) fn action(after: u64, change: ControlChange, stamp: u8) -> Control {
    Control {
        topic: topic(1),
        action: ControlAction { after: Seq(after), change },
        stamp: ControlStamp([stamp; 16]),
        signed_by: control_key(1),
        ttl_default: ttl(30),
        today: TODAY,
    }
}

pub(super) fn control(store: &mut impl Logs, op: Control) -> Result<Asked, ControlRefused> {
    match log(store, LogOp::Control(op)) {
        LogOutcome::Control(outcome) => outcome.map(|controlled| controlled.asked),
        other => panic!("{other:?}"),
    }
}

pub(super) fn read_topic(store: &mut impl Logs, generation: u32) -> Result<TopicView, TopicRefused> {
    let op = ReadTopic { topic: topic(1), capability: capability(generation) };
    match log(store, LogOp::ReadTopic(op)) {
        LogOutcome::ReadTopic(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn sweep(store: &mut impl Logs, today: Day) -> Swept {
    match log(store, LogOp::Sweep(Sweep { topic: topic(1), today })) {
        LogOutcome::Sweep(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

/// Everything of topic 1 after `after`.
pub(super) fn everything(store: &impl Logs, after: u64) -> Stretch {
    let limit = ReadLimit { entries: 10_000, body_bytes: usize::MAX };
    let stretch = store.entries(topic(1), Seq(after), None, limit).unwrap_or_else(|error| panic!("{error}"));
    stretch.unwrap_or_else(|| panic!("the topic is there"))
}

pub(super) fn log(store: &mut impl Logs, op: LogOp) -> LogOutcome {
    let mut outcomes = store.apply_to_logs(vec![op]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcomes.len(), 1, "one outcome for one operation");
    outcomes.remove(0)
}
