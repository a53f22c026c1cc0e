//! Dead processes, restarts, faults: what happens to connections, locks, names and space.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use sotto_disk::{Disk, Fault, OperationKind, StoredFile};

fn open(disk: &Disk, journal: &str) -> Connection {
    let db = disk.open("a.db", OpenFlags::default()).unwrap();
    db.execute_batch(&format!(
        "PRAGMA journal_mode = {journal}; PRAGMA synchronous = EXTRA; CREATE TABLE IF NOT EXISTS t (n)"
    ))
    .unwrap();
    db
}

fn insert(db: &Connection, n: u32) -> Result<(), i32> {
    db.execute("INSERT INTO t VALUES (?1)", [n])
        .map(drop)
        .map_err(|error| error.sqlite_error().unwrap().extended_code)
}

fn all(db: &Connection) -> Vec<u32> {
    let mut rows = db.prepare("SELECT n FROM t ORDER BY rowid").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn file(disk: &Disk, name: &str) -> Option<StoredFile> {
    disk.files().into_iter().find(|file| file.name == name)
}

#[test]
fn everything_fails_from_the_chosen_write_on() {
    let disk = Disk::new();
    let db = open(&disk, "WAL");
    insert(&db, 1).unwrap();
    let before = disk.writes();
    disk.crash_at(2);
    assert!(!disk.crashed());
    assert_eq!(insert(&db, 2), Err(ffi::SQLITE_IOERR_WRITE));
    assert!(disk.crashed());
    assert_eq!(disk.writes(), before + 2);
    let crash = disk.crash().unwrap();
    assert_eq!((crash.kind, crash.file.as_str()), (OperationKind::Write, "a.db-wal"));
    assert!(insert(&db, 3).is_err());
    let read = db.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, u32>(0));
    assert_eq!(read.unwrap_err().sqlite_error_code(), Some(ErrorCode::SystemIoFailure));
    assert!(
        disk.open("b.db", OpenFlags::default())
            .and_then(|db| db.execute_batch("CREATE TABLE t (n)"))
            .is_err()
    );
    disk.kill();
    assert!(!disk.crashed());
    assert_eq!(all(&open(&disk, "WAL")), [1]);
}

/// In every mode, in the middle of a transaction, whatever it still tries.
#[test]
fn a_dead_processs_connection_changes_nothing() {
    for journal in ["WAL", "DELETE", "TRUNCATE", "PERSIST"] {
        for locking in ["NORMAL", "EXCLUSIVE"] {
            let disk = Disk::new();
            let old = open(&disk, journal);
            old.execute_batch(&format!("PRAGMA locking_mode = {locking}; INSERT INTO t VALUES (1)")).unwrap();
            old.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE").unwrap();
            let old_and_idle = (locking == "NORMAL" && journal == "WAL").then(|| open(&disk, journal));
            disk.kill();
            let new = open(&disk, journal);
            insert(&new, 2).unwrap();
            let (writes, files) = (disk.writes(), disk.files());
            assert!(old.execute_batch("INSERT INTO t VALUES (randomblob(100000)); COMMIT").is_err());
            if let Some(idle) = &old_and_idle {
                assert!(insert(idle, 9).is_err());
                assert!(idle.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).is_err());
            }
            drop((old, old_and_idle));
            assert_eq!((disk.writes(), disk.files()), (writes, files), "{journal} {locking}");
            insert(&new, 3).unwrap();
            assert_eq!(all(&new), [1, 2, 3], "{journal} {locking}");
        }
    }
}

#[test]
fn a_dead_processs_locks_are_gone() {
    let disk = Disk::new();
    let old = open(&disk, "DELETE");
    old.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let other = disk.open("a.db", OpenFlags::default()).unwrap();
    assert_eq!(insert(&other, 1), Err(ffi::SQLITE_BUSY));
    disk.kill();
    insert(&open(&disk, "DELETE"), 1).unwrap();
}

#[test]
fn a_disk_that_is_gone_is_gone_for_open_connections_too() {
    let disk = Disk::new();
    let db = open(&disk, "WAL");
    let path = disk.path("a.db");
    drop(disk);
    assert!(insert(&db, 1).is_err());
    drop(db);
    assert!(Connection::open_with_flags_and_vfs(path, OpenFlags::default(), sotto_disk::VFS_NAME).is_err());
}

#[test]
fn disks_and_their_copies_know_nothing_of_each_other() {
    let (one, other) = (Disk::new(), Disk::new());
    let db = open(&one, "WAL");
    insert(&db, 1).unwrap();
    assert!(other.files().is_empty());
    assert!(other.open("a.db", OpenFlags::SQLITE_OPEN_READ_WRITE).is_err());
    let copy = one.copy();
    insert(&db, 2).unwrap();
    assert_eq!(all(&open(&copy, "WAL")), [1]);
    assert_eq!(all(&db), [1, 2]);
}

#[test]
fn a_full_disk_refuses_and_works_again_with_more_room() {
    let disk = Disk::new();
    let db = open(&disk, "WAL");
    insert(&db, 1).unwrap();
    let used = disk.files().iter().filter_map(|file| file.current.as_ref()).map(Vec::len).sum::<usize>();
    disk.set_capacity(Some(used as u64 + 1000));
    assert_eq!(insert(&db, 2), Err(ffi::SQLITE_FULL));
    assert_eq!(all(&db), [1]);
    disk.set_capacity(None);
    insert(&db, 3).unwrap();
    assert_eq!(all(&db), [1, 3]);
}

#[test]
fn each_fault_is_told_once_and_by_its_name() {
    let wal = [
        (Fault::Full, ffi::SQLITE_FULL),
        (Fault::Write, ffi::SQLITE_IOERR_WRITE),
        (Fault::Sync, ffi::SQLITE_IOERR_FSYNC),
        (Fault::SyncForgets, ffi::SQLITE_IOERR_FSYNC),
    ];
    let journal = [(Fault::Create, ffi::SQLITE_CANTOPEN), (Fault::Delete, ffi::SQLITE_IOERR_DELETE)];
    let truncate = [(Fault::Truncate, ffi::SQLITE_IOERR_TRUNCATE)];
    for (mode, faults) in [("WAL", &wal[..]), ("DELETE", &journal), ("TRUNCATE", &truncate)] {
        for (fault, told) in faults {
            let disk = Disk::new();
            let db = open(&disk, mode);
            insert(&db, 1).unwrap();
            disk.fail_next(*fault);
            assert_eq!(insert(&db, 2), Err(*told), "{mode} {fault:?}");
            insert(&db, 3).unwrap();
            assert_eq!(all(&db), [1, 3], "{mode} {fault:?}");
        }
    }
    let disk = Disk::new();
    insert(&open(&disk, "DELETE"), 1).unwrap();
    disk.fail_nth(Fault::Read, 2);
    let db = disk.open("a.db", OpenFlags::default()).unwrap();
    let failed = db.prepare("SELECT n FROM t").and_then(|mut read| read.exists([])).unwrap_err();
    assert_eq!(failed.sqlite_error_code(), Some(ErrorCode::SystemIoFailure));
    assert_eq!(all(&db), [1]);
}

/// After a sync that failed, SQLite writes again what it commits later, so a system that forgot the first attempt does
/// no harm.
#[test]
fn what_a_failed_sync_forgot_is_not_built_upon() {
    for nth in 1..=6 {
        for seed in 0..20 {
            let disk = Disk::new();
            let db = open(&disk, "WAL");
            disk.fail_nth(Fault::SyncForgets, nth);
            let mut acknowledged = Vec::new();
            for n in 1..=8 {
                if insert(&db, n).is_ok() {
                    acknowledged.push(n);
                }
                if n % 3 == 0 {
                    let _may_fail = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                }
            }
            disk.power_cut(&mut ChaCha8Rng::seed_from_u64(seed));
            assert_eq!(all(&open(&disk, "WAL")), acknowledged, "sync {nth}, seed {seed}");
        }
    }
}

#[test]
fn a_file_that_was_never_synced_may_be_gone_and_one_that_was_stays() {
    let mut gone = 0;
    for seed in 0..32 {
        let disk = Disk::new();
        insert(&open_other(&disk), 1).unwrap();
        let db = disk.open("a.db", OpenFlags::default()).unwrap();
        db.execute_batch("PRAGMA synchronous = OFF; CREATE TABLE t (n)").unwrap();
        disk.power_cut(&mut ChaCha8Rng::seed_from_u64(seed));
        gone += u32::from(file(&disk, "a.db").is_none());
        assert!(file(&disk, "b.db").is_some());
    }
    assert!((1..32).contains(&gone), "{gone}");
}

fn open_other(disk: &Disk) -> Connection {
    let db = disk.open("b.db", OpenFlags::default()).unwrap();
    db.execute_batch("CREATE TABLE t (n)").unwrap();
    db
}

#[test]
fn what_waits_for_a_sync_is_found_by_whoever_looks_for_leaks() {
    let disk = Disk::new();
    let db = open(&disk, "WAL");
    db.execute_batch("PRAGMA synchronous = NORMAL").unwrap();
    db.execute("INSERT INTO t VALUES (?1)", ["a sentence nobody should find"]).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(29).any(|part| part == b"a sentence nobody should find");
    let log = file(&disk, "a.db-wal").unwrap();
    assert!(holds(&log.current.unwrap()) && !log.durable.is_some_and(|bytes| holds(&bytes)));
    assert!(holds(&disk.bytes()));
    assert!(!format!("{disk:?} {:?}", disk.files()).contains("sentence"));
}
