//! The same random operations on a store and on the reference: the same outcomes, the same reads.
//!
//! Few ids, few secrets and few days make collisions, repeats and refusals frequent.

use std::ops::DerefMut;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sotto_wire::ids::{AppendId, Day, DropCapabilityHash, Generation, InboxKey, Seq};
use sotto_wire::topic::ControlChange;

use super::samples::*;
use crate::directory::{
    AckInbox, Admission, Claim, DirectoryOp, DropItem, Expire, Invitation, InviteHash, Publish, Register,
};
use crate::logs::{
    Ack, Append, Control, Create, LogOp, OpenSlot, Prove, ReadLimit, ReadTopic, ReplaceSecret, SlotKey, Sweep,
};
use crate::{Directory, Logs, MemoryStore, Store};

const RUNS: u64 = 12;
const BATCHES: u32 = 120;

/// Compares a fresh store with the reference, run after run; a failure names its seed and batch.
pub fn agrees_with_the_reference<G>(make: impl Fn() -> G)
where
    G: DerefMut<Target: Store + Sized>,
{
    for seed in 0..RUNS {
        let (mut store, mut reference) = (make(), MemoryStore::new());
        let mut dice = Dice { rng: ChaCha8Rng::seed_from_u64(seed), today: TODAY };
        for batch in 0..BATCHES {
            let at = format!("seed {seed}, batch {batch}");
            run(&mut dice, &mut *store, &mut reference, &at);
        }
    }
}

fn run(dice: &mut Dice, store: &mut impl Store, reference: &mut MemoryStore, at: &str) {
    if dice.one_in(6) {
        dice.today.0 += dice.below(20);
    }
    let count = 1 + dice.below(12);
    let ops: Vec<_> = (0..count).map(|_| dice.log_op(reference)).collect();
    let expected = reference.apply_to_logs(ops.clone()).unwrap();
    let found = store.apply_to_logs(ops.clone()).unwrap();
    for ((op, expected), found) in ops.iter().zip(&expected).zip(&found) {
        assert_eq!(found, expected, "{at}: {op:?}");
    }
    let ops: Vec<_> = (0..count).map(|_| dice.directory_op()).collect();
    let expected = reference.apply_to_directory(ops.clone()).unwrap();
    let found = store.apply_to_directory(ops.clone()).unwrap();
    for ((op, expected), found) in ops.iter().zip(&expected).zip(&found) {
        assert_eq!(found, expected, "{at}: {op:?}");
    }
    compare(dice, store, reference, at);
}

fn compare(dice: &mut Dice, store: &impl Store, reference: &MemoryStore, at: &str) {
    for n in 1..=3 {
        let limit =
            ReadLimit { entries: 1 + dice.below(40) as usize, body_bytes: 1 + dice.below(2_000) as usize };
        let (after, to) = (Seq(dice.below(40).into()), dice.one_in(3).then(|| Seq(dice.below(60).into())));
        let read = |store: &dyn Logs| store.entries(topic(n), after, to, limit).unwrap();
        assert_eq!(read(store), read(reference), "{at}: entries");
    }
    let due = |store: &dyn Logs| {
        let mut due = store.due(dice.today, 100).unwrap();
        due.sort_unstable();
        due
    };
    assert_eq!(due(store), due(reference), "{at}: due");
    for n in 1..=3 {
        let same = store.account(account(n)).unwrap() == reference.account(account(n)).unwrap();
        assert!(same, "{at}: account");
        let lists = |store: &dyn Directory| store.lists(account(n), Some((0, 1)), 3).unwrap();
        assert!(lists(store) == lists(reference), "{at}: lists");
        let waiting = |store: &dyn Directory| store.inbox(account(n), device(1)).unwrap();
        assert_eq!(waiting(store), waiting(reference), "{at}: inbox");
        let packages = |store: &dyn Directory| store.key_packages(account(n), device(1)).unwrap();
        assert_eq!(packages(store), packages(reference), "{at}: key packages");
    }
    assert_eq!(store.invitations().unwrap(), reference.invitations().unwrap(), "{at}: invitations");
}

struct Dice {
    rng: ChaCha8Rng,
    today: Day,
}

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.rng.next_u32() % end
    }

    fn one_in(&mut self, chances: u32) -> bool {
        self.below(chances) == 0
    }

    /// `1..=most`.
    fn id(&mut self, most: u32) -> u8 {
        1 + self.below(most) as u8
    }

    fn log_op(&mut self, reference: &MemoryStore) -> LogOp {
        match self.below(20) {
            0 => LogOp::Create(Create { ttl: ttl(1 + self.below(2) * 40), ..creation(self.id(3)) }),
            1..=8 => LogOp::Append(self.append(reference)),
            9 | 10 => LogOp::OpenSlot(OpenSlot {
                topic: topic(self.id(3)),
                capability: capability(self.below(4)),
                slot: new_slot(self.id(5)),
                today: self.today,
            }),
            11 => {
                let new = new_slot(self.id(5)).secret;
                LogOp::ReplaceSecret(ReplaceSecret { key: self.slot_key(), new })
            }
            12 => LogOp::Prove(Prove {
                key: self.slot_key(),
                capability: capability(self.below(4)),
                today: self.today,
            }),
            13 | 14 => {
                LogOp::Ack(Ack { key: self.slot_key(), seq: Seq(self.below(30).into()), today: self.today })
            }
            15 => LogOp::ReadSlot(self.slot_key()),
            16 => LogOp::ReadTopic(ReadTopic {
                topic: topic(self.id(3)),
                capability: capability(self.below(4)),
            }),
            17 if self.one_in(4) => LogOp::CloseSlot(self.slot_key()),
            17 | 18 => LogOp::Control(self.control(reference)),
            _ => LogOp::Sweep(Sweep { topic: topic(self.id(3)), today: self.today }),
        }
    }

    fn slot_key(&mut self) -> SlotKey {
        SlotKey { topic: topic(self.id(3)), ..slot_key(self.id(5)) }
    }

    fn append(&mut self, reference: &MemoryStore) -> Append {
        let on = topic(self.id(3));
        let head = self.head(reference, on);
        let id = self.rng.next_u32() as u8;
        let op = if self.one_in(4) { handshake(id, head) } else { application(id, head) };
        let mut op = Append { topic: on, minute: noon(self.today.0 - TODAY.0), ..op };
        op.capability = capability(self.below(3));
        if op.kind == sotto_wire::digest::EntryKind::Handshake && self.one_in(2) {
            op.open_slots = vec![new_slot(self.id(5))];
        }
        if op.kind == sotto_wire::digest::EntryKind::Handshake && self.one_in(3) {
            op.rotate = Some(rotation(1 + self.below(3), self.id(3)));
        }
        if self.one_in(10) {
            op.append_id = AppendId::new([self.id(9); 16]);
        }
        op
    }

    /// Mostly the head as it stands, so that most appends go through.
    fn head(&mut self, reference: &MemoryStore, on: sotto_wire::ids::TopicId) -> u64 {
        if self.one_in(6) {
            return self.below(5).into();
        }
        let limit = ReadLimit { entries: 10_000, body_bytes: usize::MAX };
        let stretch = reference.entries(on, Seq(0), None, limit).unwrap();
        let handshake =
            |entry: &&sotto_wire::topic::Entry| entry.kind == sotto_wire::digest::EntryKind::Handshake;
        stretch.and_then(|all| Some(all.entries.iter().rev().find(handshake)?.seq.0)).unwrap_or(0)
    }

    fn control(&mut self, reference: &MemoryStore) -> Control {
        let on = topic(self.id(3));
        let newest = reference.entries(on, Seq(0), None, ReadLimit { entries: 1, body_bytes: 1 }).unwrap();
        let after = newest.map_or(0, |stretch| stretch.newest.0).saturating_sub(self.below(2).into());
        let generation = 1 + self.below(3);
        let change = match self.below(12) {
            0 => ControlChange::Close,
            1..=4 => ControlChange::Rotate {
                generation: Generation(generation),
                capability: capability(generation),
                control_keys: control_keys(&[1, 2]),
            },
            5 => ControlChange::Keys(control_keys(&[1, self.id(3) + 1])),
            _ => ControlChange::Ttl(Some(ttl(1 + self.below(60)))),
        };
        let stamp = self.rng.next_u32() as u8;
        Control {
            topic: on,
            signed_by: control_key(self.id(2)),
            today: self.today,
            ..action(after, change, stamp)
        }
    }

    fn directory_op(&mut self) -> DirectoryOp {
        let whose = self.id(3);
        match self.below(16) {
            0 | 1 => {
                let name = ["alice", "bob", "carol"][self.below(3) as usize];
                let admission = match self.below(3) {
                    0 => Admission::Invitation(InviteHash([self.id(3); 32])),
                    _ => Admission::Granted,
                };
                DirectoryOp::Register(Register { admission, today: self.today, ..registration(whose, name) })
            }
            2 => DirectoryOp::PutList(put_list(whose, 1 + self.below(3), &[1, self.id(3)])),
            3 | 4 => DirectoryOp::Publish(self.publication(whose)),
            5..=7 => DirectoryOp::Claim(Claim {
                account: account(whose),
                device: device(self.id(2)),
                drop: DropCapabilityHash::new([self.id(8); 32]),
                today: self.today,
            }),
            8..=10 => DirectoryOp::Drop(DropItem {
                account: account(whose),
                device: device(self.id(2)),
                key: InboxKey::new([self.rng.next_u32() as u8; 16]),
                today: self.today,
                ..item(self.id(8), self.id(4))
            }),
            11 | 12 => {
                let keys = (0..4).map(|_| InboxKey::new([self.rng.next_u32() as u8; 16])).collect();
                DirectoryOp::AckInbox(AckInbox { account: account(whose), device: device(1), keys })
            }
            13 => DirectoryOp::Invite(Invitation {
                hash: InviteHash([self.id(3); 32]),
                uses_left: self.below(3),
                not_after: Day(self.today.0 + self.below(9)),
            }),
            14 => DirectoryOp::RevokeInvite(InviteHash([self.id(9); 32])),
            // Without a limit: which of many rows go first is nobody's business.
            _ => DirectoryOp::Expire(Expire { today: self.today, at_most: 10_000 }),
        }
    }

    fn publication(&mut self, whose: u8) -> Publish {
        let upload = self.id(9);
        let one_time: Vec<u8> = (0..self.below(4)).map(|_| self.id(200)).collect();
        let last_resort = self.one_in(3).then(|| self.id(200));
        let mut op = publication(upload, &one_time, last_resort);
        op.account = account(whose);
        op.device = device(self.id(2));
        op.today = self.today;
        op
    }
}
