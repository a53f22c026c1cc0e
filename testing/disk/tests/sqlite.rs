//! SQLite works on this disk as on any other.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use sotto_disk::Disk;

fn open(disk: &Disk, journal: &str) -> Connection {
    let db = disk.open("a.db", OpenFlags::default()).unwrap();
    db.execute_batch(&format!("PRAGMA journal_mode = {journal}; CREATE TABLE IF NOT EXISTS t (n, body)"))
        .unwrap();
    db
}

fn fill(db: &Connection, rows: u32) {
    db.execute_batch("BEGIN").unwrap();
    for n in 0..rows {
        db.execute("INSERT INTO t VALUES (?1, randomblob(500))", [n]).unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
}

fn count(db: &Connection) -> u32 {
    db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
}

fn is_sound(db: &Connection) -> bool {
    db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap() == "ok"
}

fn len(disk: &Disk, name: &str) -> Option<usize> {
    disk.files().into_iter().find(|file| file.name == name)?.current.map(|bytes| bytes.len())
}

#[test]
fn a_reader_of_a_write_ahead_log_sees_one_moment_while_a_writer_commits() {
    let disk = Disk::new();
    let (writer, reader) = (open(&disk, "WAL"), open(&disk, "WAL"));
    fill(&writer, 10);
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&reader), 10);
    fill(&writer, 10_000);
    assert_eq!((count(&reader), count(&writer)), (10, 10_010), "over many regions of shared memory");
    let busy: bool = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert!(busy, "the reader holds it up");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&reader), 10_010);
    assert!(len(&disk, "a.db-wal").unwrap() > 1_000_000);
    let busy: bool = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert!(!busy);
    assert_eq!(len(&disk, "a.db-wal"), Some(0));
    assert_eq!(count(&reader), 10_010);
    drop((writer, reader));
    assert_eq!(len(&disk, "a.db-wal"), None, "the last one to close removes the log");
}

#[test]
fn there_is_one_writer_at_a_time() {
    for journal in ["WAL", "DELETE"] {
        let disk = Disk::new();
        let (mut one, mut other) = (open(&disk, journal), open(&disk, journal));
        let held = one.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let refused = other.transaction_with_behavior(TransactionBehavior::Immediate).map(drop).unwrap_err();
        assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::DatabaseBusy), "{journal}");
        held.commit().unwrap();
        other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap().commit().unwrap();
    }
}

#[test]
fn with_a_journal_a_reader_keeps_a_writer_from_committing_and_new_readers_wait() {
    let disk = Disk::new();
    let (reader, writer, late) = (open(&disk, "DELETE"), open(&disk, "DELETE"), open(&disk, "DELETE"));
    for db in [&writer, &late] {
        db.busy_timeout(Duration::ZERO).unwrap();
    }
    fill(&writer, 1);
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&reader), 1);
    writer.execute_batch("BEGIN; INSERT INTO t VALUES (2, 2)").unwrap();
    assert_eq!(count(&late), 1, "a reserved lock hinders no reader");
    let code = |result: rusqlite::Result<()>| result.unwrap_err().sqlite_error_code();
    assert_eq!(code(writer.execute_batch("COMMIT")), Some(ErrorCode::DatabaseBusy));
    assert_eq!(
        code(late.execute_batch("SELECT count(*) FROM t")),
        Some(ErrorCode::DatabaseBusy),
        "it is pending"
    );
    reader.execute_batch("COMMIT").unwrap();
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!((count(&late), count(&reader)), (2, 2));
}

#[test]
fn two_threads_share_a_database() {
    let disk = Disk::new();
    open(&disk, "WAL");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut db = disk.open("a.db", OpenFlags::default()).unwrap();
                // Waiting takes no time here, so it is a number of tries.
                db.busy_handler(Some(|_| true)).unwrap();
                for _ in 0..200 {
                    fill(&db, 1);
                }
            });
        }
    });
    let db = open(&disk, "WAL");
    assert_eq!(count(&db), 400);
    assert!(is_sound(&db));
}

/// Also when SQLite keeps what is temporary in files, which then have no name and belong to no disk.
#[test]
fn vacuum_makes_a_file_smaller() {
    for (journal, temporary) in [("WAL", "MEMORY"), ("DELETE", "FILE")] {
        let disk = Disk::new();
        let db = open(&disk, journal);
        db.execute_batch(&format!("PRAGMA temp_store = {temporary}")).unwrap();
        fill(&db, 1000);
        db.execute_batch("DELETE FROM t WHERE n >= 10; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let before = len(&disk, "a.db").unwrap();
        db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        assert!(len(&disk, "a.db").unwrap() < before / 10, "{journal}");
        assert!(is_sound(&db));
        assert_eq!(count(&db), 10);
        assert!(disk.files().iter().all(|file| file.name.starts_with("a.db")), "{:?}", disk.files());
    }
}

#[test]
fn a_large_sort_and_a_large_rollback_use_temporary_files() {
    let disk = Disk::new();
    let db = open(&disk, "DELETE");
    db.execute_batch("PRAGMA temp_store = FILE; PRAGMA cache_size = 10").unwrap();
    fill(&db, 2000);
    db.execute_batch(
        "CREATE TEMP TABLE s AS SELECT body FROM t; CREATE INDEX temp.i ON s (body);
         BEGIN; SAVEPOINT a; DELETE FROM t; ROLLBACK TO a; COMMIT",
    )
    .unwrap();
    let ordered: u32 = db
        .query_row("SELECT count(*) FROM (SELECT body FROM s ORDER BY body DESC)", [], |row| row.get(0))
        .unwrap();
    assert_eq!((ordered, count(&db)), (2000, 2000));
}

#[test]
fn a_backup_copies_between_disks() {
    let (from, to) = (Disk::new(), Disk::new());
    let source = open(&from, "WAL");
    fill(&source, 500);
    let mut copy = to.open("copy.db", OpenFlags::default()).unwrap();
    Backup::new(&source, &mut copy).unwrap().run_to_completion(7, Duration::ZERO, None).unwrap();
    assert_eq!(count(&copy), 500);
    assert!(is_sound(&copy));
}

#[test]
fn transactions_over_two_files_of_a_disk_commit_together() {
    let disk = Disk::new();
    let db = open(&disk, "DELETE");
    db.execute("ATTACH ?1 AS b", [disk.path("b.db").to_str().unwrap()]).unwrap();
    db.execute_batch(
        "CREATE TABLE b.u (n); BEGIN; INSERT INTO t VALUES (1, 1); INSERT INTO u VALUES (1); COMMIT",
    )
    .unwrap();
    let both: (u32, u32) = db
        .query_row("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(both, (1, 1));
    assert_eq!(disk.files().iter().filter(|file| file.current.is_some()).count(), 2, "{:?}", disk.files());
}

#[test]
fn a_read_only_connection_reads() {
    let disk = Disk::new();
    assert!(disk.open("a.db", OpenFlags::SQLITE_OPEN_READ_ONLY).is_err(), "and makes nothing");
    assert!(disk.files().is_empty());
    let writer = open(&disk, "WAL");
    fill(&writer, 3);
    let reader = disk.open("a.db", OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert_eq!(count(&reader), 3);
    assert!(reader.execute("DELETE FROM t", []).is_err());
}

#[test]
fn sql_sees_the_simulated_time() {
    sotto_disk::set_clock_ms(951_827_696_789);
    let db = Disk::new();
    let db = db.open("a.db", OpenFlags::default()).unwrap();
    let now: String =
        db.query_row("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')", [], |row| row.get(0)).unwrap();
    assert_eq!(now, "2000-02-29 12:34:56.789");
}

#[test]
fn a_name_is_as_long_as_it_may_be_and_no_longer() {
    let disk = Disk::new();
    let room = sotto_disk::limits::PATH_BYTES_MAX - disk.path("-journal").as_os_str().len();
    disk.open(&"n".repeat(room), OpenFlags::default()).unwrap().execute_batch("CREATE TABLE t (n)").unwrap();
    assert!(disk.open(&"n".repeat(room + 10), OpenFlags::default()).is_err());
    assert!(
        disk.open("folder/a.db", OpenFlags::default()).unwrap().execute_batch("CREATE TABLE t (n)").is_ok()
    );
    assert!(disk.open("", OpenFlags::default()).is_err(), "the disk itself is no file");
}
