//! The server's store on this disk: the contract of the ports, and a death at every write.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use sotto_disk::{Disk, Fault};
use sotto_ports::logs::{Append, Create, LogOp, LogOutcome, ReadLimit};
use sotto_ports::{Logs as _, StorageError};
use sotto_sqlite::{OpenError, OpenOptions, Soundness, SqliteStore, Storage, check_in};
use sotto_wire::digest::body_hash;
use sotto_wire::ids::{AppendId, CapabilityHash, Minute, PublicKey, Seq, TopicId};
use sotto_wire::topic::{ControlKeys, EntryKind, TtlDays};

const BATCHES: u32 = 8;
const ENTRIES_PER_BATCH: u32 = 3;
const SEEDS: u64 = 6;

fn options(disk: &Disk) -> OpenOptions {
    // Small, so that many deaths fall into checkpoints.
    OpenOptions { storage: Storage::Vfs(disk.vfs_name()), wal_bytes: 64 << 10, ..OpenOptions::default() }
}

fn open(disk: &Disk) -> Result<SqliteStore, OpenError> {
    SqliteStore::open_with(&disk.dir(), &options(disk))
}

/// A store on a disk of its own, which has to outlive it.
struct Alone {
    store: SqliteStore,
    _disk: Disk,
}

impl Alone {
    fn new() -> Self {
        let disk = Disk::new();
        Self { store: open(&disk).unwrap(), _disk: disk }
    }
}

impl Deref for Alone {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

impl DerefMut for Alone {
    fn deref_mut(&mut self) -> &mut SqliteStore {
        &mut self.store
    }
}

sotto_ports::conformance!(crate::Alone::new);

#[test]
fn everything_is_still_there_after_a_kill() {
    let disk = Disk::new();
    sotto_ports::conformance::durable(|| {
        disk.kill();
        open(&disk).unwrap()
    });
}

#[test]
fn everything_is_still_there_after_a_power_cut() {
    for seed in 0..SEEDS {
        let (disk, rng) = (Disk::new(), RefCell::new(ChaCha8Rng::seed_from_u64(seed)));
        sotto_ports::conformance::durable(|| {
            disk.power_cut(&mut *rng.borrow_mut());
            open(&disk).unwrap()
        });
    }
}

/// Found by the simulator (seed 2005): the server was killed when the operating system had an append and the disk did not.
/// After the next start the entry was there to be read, delivered and acknowledged, all of it without a write. Then the
/// power failed.
#[test]
fn what_a_killed_process_had_not_synced_is_durable_once_the_next_one_has_opened_it() {
    let read = |store: &SqliteStore| {
        let limit = ReadLimit { entries: 100, body_bytes: usize::MAX };
        store.entries(topic(), Seq(0), None, limit).unwrap().unwrap().entries.len()
    };
    let mut unacknowledged = 0;
    for write in 1.. {
        let disk = Disk::new();
        let mut store = open(&disk).unwrap();
        apply(&mut store, vec![create()]).unwrap();
        disk.crash_at(write);
        let acknowledged = apply(&mut store, batch(0)).is_ok();
        if acknowledged {
            break;
        }
        disk.kill();
        drop(store);

        let store = open(&disk).unwrap();
        let there = read(&store);
        unacknowledged += there;
        disk.power_cut(&mut ChaCha8Rng::seed_from_u64(write));
        drop(store);
        assert_eq!(read(&open(&disk).unwrap()), there, "killed at write {write}");
    }
    assert!(unacknowledged > 0, "no death left an append to be read that nobody had synced");
}

#[test]
fn a_server_that_ended_cleanly_starts_and_reads_on_a_full_disk() {
    let disk = Disk::new();
    let mut store = open(&disk).unwrap();
    apply(&mut store, vec![create()]).unwrap();
    apply(&mut store, batch(0)).unwrap();
    store.close().unwrap();
    disk.set_capacity(Some(0));
    let mut store = open(&disk).unwrap();
    let limit = ReadLimit { entries: 100, body_bytes: usize::MAX };
    let there = store.entries(topic(), Seq(0), None, limit).unwrap().unwrap().entries.len();
    assert_eq!(there, ENTRIES_PER_BATCH as usize);
    assert!(matches!(apply(&mut store, batch(1)), Err(StorageError::Full)));
}

fn topic() -> TopicId {
    TopicId::new([0x71; 32])
}

fn capability() -> CapabilityHash {
    CapabilityHash::new([0xc1; 32])
}

fn create() -> LogOp {
    LogOp::Create(Create {
        topic: topic(),
        capability: capability(),
        control_keys: ControlKeys::new(vec![PublicKey::new([0x72; 32])]).unwrap(),
        ttl: TtlDays::new(30).unwrap(),
    })
}

fn append(n: u32) -> LogOp {
    let body = Bytes::from(vec![n as u8; 2000]);
    let mut id = [0x91; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    LogOp::Append(Append {
        topic: topic(),
        capability: capability(),
        kind: EntryKind::Application,
        version: 1,
        expect_head: Seq(0),
        append_id: AppendId::new(id),
        body_hash: body_hash(&body),
        body,
        minute: Minute(20_000 * 24 * 60),
        rotate: None,
        open_slots: Vec::new(),
    })
}

fn batch(n: u32) -> Vec<LogOp> {
    (0..ENTRIES_PER_BATCH).map(|entry| append(n * ENTRIES_PER_BATCH + entry)).collect()
}

/// Applies operations of which none may be refused.
fn apply(store: &mut SqliteStore, ops: Vec<LogOp>) -> Result<(), StorageError> {
    for outcome in store.apply_to_logs(ops)? {
        assert!(
            matches!(outcome, LogOutcome::Create(Ok(_)) | LogOutcome::Append(Ok(_))),
            "{outcome:?} was refused"
        );
    }
    Ok(())
}

/// What the store acknowledged before it died; the store itself, as the dead process left it.
#[derive(Default)]
struct Run {
    store: Option<SqliteStore>,
    topic: bool,
    batches: u32,
}

fn write(disk: &Disk) -> Run {
    let mut run = Run { store: open(disk).ok(), ..Run::default() };
    let Some(store) = &mut run.store else { return run };
    if apply(store, vec![create()]).is_err() {
        return run;
    }
    run.topic = true;
    for n in 0..BATCHES {
        if apply(store, batch(n)).is_err() {
            return run;
        }
        run.batches += 1;
        // What fails here was acknowledged before.
        if n == BATCHES / 2 && store.tidy_logs().is_err() {
            return run;
        }
    }
    run
}

/// What a new process finds wrong.
fn wrong(disk: &Disk, run: &Run) -> Option<String> {
    let store = match open(disk) {
        Ok(store) => store,
        Err(error) => return Some(format!("does not open: {error}")),
    };
    let limit = ReadLimit { entries: usize::MAX, body_bytes: usize::MAX };
    let log = match store.entries(topic(), Seq(0), None, limit) {
        Ok(Some(log)) => log,
        Ok(None) => return run.topic.then(|| "the topic is gone".to_owned()),
        Err(error) => return Some(format!("does not read: {error}")),
    };
    let led = log.entries.iter().fold(log.previous, |chain, entry| entry.chain_after(chain));
    let (found, rest) =
        (log.newest.0 / u64::from(ENTRIES_PER_BATCH), log.newest.0 % u64::from(ENTRIES_PER_BATCH));
    let sound = match check_in(&disk.dir(), Storage::Vfs(disk.vfs_name())) {
        Ok(files) => files.iter().all(|file| file.soundness == Soundness::Sound),
        Err(error) => return Some(format!("cannot be checked: {error}")),
    };
    let batches = u64::from(run.batches);
    if led != log.chain || log.entries.len() as u64 != log.newest.0 {
        Some("the chain does not lead to its head".to_owned())
    } else if rest != 0 {
        Some(format!("half a batch: {}", log.newest.0))
    } else if !(batches..=batches + 1).contains(&found) {
        Some(format!("acknowledged {batches}, found {found}"))
    } else {
        (!sound).then(|| "a file is damaged".to_owned())
    }
}

/// Dies at every `step`-th write; what was found wrong after a kill, and after power cuts.
fn die_everywhere(lie: bool, step: usize) -> (Vec<String>, Vec<String>) {
    let (mut killed, mut cut) = (Vec::new(), Vec::new());
    for n in (1..).step_by(step) {
        let disk = Disk::new();
        disk.set_syncs_lie(lie);
        disk.crash_at(n);
        let run = write(&disk);
        if !disk.crashed() {
            assert_eq!(run.batches, BATCHES, "nothing failed");
            assert!(n > 80, "the script writes: {n}");
            break;
        }
        let story =
            |left: &Disk| wrong(left, &run).map(|wrong| format!("write {n} ({:?}): {wrong}", disk.crash()));
        let copy = disk.copy();
        killed.extend(story(&copy));
        for seed in 0..SEEDS {
            let copy = disk.copy();
            copy.power_cut(&mut ChaCha8Rng::seed_from_u64(seed));
            cut.extend(story(&copy).map(|story| format!("seed {seed}, {story}")));
        }
    }
    (killed, cut)
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_dies_at_any_write() {
    let (killed, cut) = die_everywhere(false, 1);
    assert_eq!(killed, [""; 0]);
    assert_eq!(cut, [""; 0]);
}

/// The check can fail.
#[test]
fn a_disk_that_lies_about_syncs_loses_what_was_acknowledged() {
    let (killed, cut) = die_everywhere(true, 3);
    assert_eq!(killed, [""; 0], "the operating system lives");
    assert!(
        cut.iter().any(|wrong| wrong.contains("acknowledged") || wrong.contains("topic is gone")),
        "{cut:#?}"
    );
}

/// A batch that fails leaves nothing behind, and the store goes on.
#[test]
fn a_batch_that_fails_for_want_of_a_disk_is_not_there() {
    for fault in [Fault::Full, Fault::Write, Fault::Sync, Fault::SyncForgets] {
        let disk = Disk::new();
        let mut store = open(&disk).unwrap();
        apply(&mut store, vec![create()]).unwrap();
        disk.fail_next(fault);
        let failed = apply(&mut store, batch(0)).unwrap_err();
        assert_eq!(matches!(failed, StorageError::Full), fault == Fault::Full, "{fault:?}: {failed:?}");
        apply(&mut store, batch(1)).unwrap();
        disk.power_cut(&mut ChaCha8Rng::seed_from_u64(1));
        let run = Run { store: Some(store), topic: true, batches: 1 };
        assert_eq!(wrong(&disk, &Run { batches: 1, ..run }), None, "{fault:?}");
    }
}

#[test]
fn a_reader_of_a_disk_without_a_store_is_told_so() {
    let disk = Disk::new();
    let reader = OpenOptions { storage: Storage::Vfs(disk.vfs_name()), ..OpenOptions::reader() };
    assert!(matches!(SqliteStore::open_with(&disk.dir(), &reader), Err(OpenError::Absent { .. })));
    assert!(disk.files().is_empty());
    open(&disk).unwrap();
    assert!(SqliteStore::open_with(&disk.dir(), &reader).is_ok());
}
