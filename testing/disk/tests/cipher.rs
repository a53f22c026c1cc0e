//! The client's encrypted database on this disk, set up as the client does.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rusqlite::{Connection, OpenFlags};
use sotto_disk::Disk;

const SECRET: &str = "a sentence that must not be readable on disk";
const ROWS: u32 = 8;

fn open(disk: &Disk) -> rusqlite::Result<Connection> {
    let db = disk.open("sotto.db", OpenFlags::default())?;
    db.execute_batch(&format!(
        "PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\"; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;",
        "5a".repeat(32)
    ))?;
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(db)
}

fn write(disk: &Disk, acknowledged: &mut u32) -> rusqlite::Result<()> {
    let db = open(disk)?;
    db.execute_batch("CREATE TABLE IF NOT EXISTS t (text TEXT)")?;
    for _ in 0..ROWS {
        db.execute("INSERT INTO t VALUES (?1)", [SECRET.repeat(50)])?;
        *acknowledged += 1;
        if *acknowledged == ROWS / 2 {
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
    }
    Ok(())
}

fn lines(db: &Connection, pragma: &str) -> Vec<String> {
    let mut lines = db.prepare(pragma).unwrap();
    lines.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn an_encrypted_database_survives_a_power_cut_at_every_write() {
    for n in 1.. {
        let disk = Disk::new();
        disk.crash_at(n);
        let mut acknowledged = 0;
        let written = write(&disk, &mut acknowledged);
        if !disk.crashed() {
            written.unwrap();
            assert!(n > 40, "{n}");
            break;
        }
        for seed in 0..10 {
            let left = disk.copy();
            left.power_cut(&mut ChaCha8Rng::seed_from_u64(seed));
            let db = open(&left).unwrap();
            assert_eq!(lines(&db, "PRAGMA cipher_integrity_check"), [""; 0], "write {n}, seed {seed}");
            assert_eq!(lines(&db, "PRAGMA quick_check"), ["ok"]);
            let found = db.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, u32>(0)).unwrap_or(0);
            assert!((acknowledged..=acknowledged + 1).contains(&found), "write {n}, seed {seed}: {found}");
        }
    }
}

#[test]
fn nothing_readable_is_on_the_disk() {
    let disk = Disk::new();
    write(&disk, &mut 0).unwrap();
    let db = open(&disk).unwrap();
    assert_eq!(lines(&db, "PRAGMA cipher_status"), ["1"]);
    db.execute("INSERT INTO t VALUES (?1)", [SECRET]).unwrap();
    let bytes = disk.bytes();
    assert!(bytes.len() > 20_000);
    assert!(!bytes.windows(16).any(|part| SECRET.as_bytes().starts_with(part)));
    assert!(!bytes.windows(6).any(|part| part == b"SQLite"));
}
