//! A process that dies at any write, and a machine that loses power there, lose nothing acknowledged: what the disk
//! promises SQLite and what SQLite promises us. On a disk that lies, the same checks find the loss.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rusqlite::{Connection, OpenFlags};
use sotto_disk::Disk;

const TRANSACTIONS: u32 = 10;
const ROWS: u32 = 3;
const SEEDS: u64 = 24;

/// How a database promises that what was committed stays.
#[derive(Debug, Clone, Copy)]
struct Mode {
    journal: &'static str,
    synchronous: &'static str,
    locking: &'static str,
}

const fn mode(journal: &'static str, synchronous: &'static str) -> Mode {
    Mode { journal, synchronous, locking: "NORMAL" }
}

const WAL: Mode = mode("WAL", "FULL");
const WAL_ALONE: Mode = Mode { locking: "EXCLUSIVE", ..WAL };
/// A journal that is deleted stays deleted only with EXTRA.
const DELETE: Mode = mode("DELETE", "EXTRA");
const TRUNCATE: Mode = mode("TRUNCATE", "FULL");
const PERSIST: Mode = mode("PERSIST", "FULL");

/// What the process was told is done, before it died.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Acknowledged {
    table: bool,
    transactions: u32,
}

/// Opens the database and writes until the end or the first error. The connection stays as the dead process left it.
fn write(disk: &Disk, mode: Mode) -> (Acknowledged, Option<Connection>) {
    let mut done = Acknowledged::default();
    let Ok(db) = disk.open("a.db", OpenFlags::default()) else { return (done, None) };
    let _stopped = write_on(&db, mode, &mut done);
    (done, Some(db))
}

fn write_on(db: &Connection, mode: Mode, done: &mut Acknowledged) -> rusqlite::Result<()> {
    let Mode { journal, synchronous, locking } = mode;
    db.execute_batch(&format!(
        "PRAGMA locking_mode = {locking}; PRAGMA journal_mode = {journal}; PRAGMA synchronous = {synchronous};
         PRAGMA wal_autocheckpoint = 0;
         CREATE TABLE IF NOT EXISTS t (tx INTEGER, row INTEGER, body BLOB);
         CREATE INDEX IF NOT EXISTS i ON t (row, tx)"
    ))?;
    done.table = true;
    for tx in 1..=TRANSACTIONS {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for row in 0..ROWS {
            db.execute("INSERT INTO t VALUES (?1, ?2, randomblob(1500))", (tx, row))?;
        }
        // Pages that are in use change too, and the file grows and shrinks.
        db.execute("UPDATE t SET body = randomblob(900) WHERE tx % 3 = ?1", [tx % 3])?;
        db.execute_batch("COMMIT")?;
        done.transactions = tx;
        if tx % 4 == 0 {
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        if tx == 7 {
            db.execute_batch("VACUUM")?;
        }
    }
    Ok(())
}

/// What a new process finds wrong.
fn wrong(disk: &Disk, done: Acknowledged) -> Option<String> {
    look(disk, done).unwrap_or_else(|error| Some(format!("does not open: {error}")))
}

fn look(disk: &Disk, done: Acknowledged) -> rusqlite::Result<Option<String>> {
    let db = disk.open("a.db", OpenFlags::default())?;
    let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if sound != "ok" {
        return Ok(Some(format!("damaged: {sound}")));
    }
    let table: bool =
        db.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 't')", [], |row| row.get(0))?;
    if !table {
        return Ok(done.table.then(|| "the table is gone".to_owned()));
    }
    let mut counts = db.prepare("SELECT tx, count(*) FROM t GROUP BY tx ORDER BY tx")?;
    let found: Vec<(u32, u32)> =
        counts.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let whole = found.iter().zip(1..).all(|(found, tx)| *found == (tx, ROWS));
    let count = found.len() as u32;
    Ok(if !whole {
        Some(format!("half a transaction: {found:?}"))
    } else if count < done.transactions {
        Some(format!("acknowledged {}, found {count}", done.transactions))
    } else if count > done.transactions + 1 {
        Some(format!("began {}, found {count}", done.transactions + 1))
    } else {
        None
    })
}

/// Dies at every write in turn; then `after` says what happens to the disk. What was found wrong, and how often it looked.
fn die_everywhere(mode: Mode, lie: bool, after: &mut dyn FnMut(&Disk) -> Vec<Disk>) -> (Vec<String>, usize) {
    die_often(mode, lie, 1, after)
}

/// The same at every `step`-th write: enough where losses are many.
fn die_often(
    mode: Mode,
    lie: bool,
    step: usize,
    after: &mut dyn FnMut(&Disk) -> Vec<Disk>,
) -> (Vec<String>, usize) {
    let (mut found, mut looked) = (Vec::new(), 0);
    for n in (1..).step_by(step) {
        let disk = Disk::new();
        disk.set_syncs_lie(lie);
        disk.crash_at(n);
        let (done, old) = write(&disk, mode);
        if !disk.crashed() {
            assert_eq!(done.transactions, TRANSACTIONS, "nothing failed");
            assert!(n > 80, "the script writes: {n}");
            break;
        }
        for (index, left) in after(&disk).into_iter().enumerate() {
            looked += 1;
            if let Some(wrong) = wrong(&left, done) {
                found.push(format!(
                    "{mode:?}, after {} transactions, write {n} ({:?}), outcome {index}: {wrong}",
                    done.transactions,
                    disk.crash()
                ));
            }
        }
        drop(old);
    }
    (found, looked)
}

fn power_cuts(disk: &Disk) -> Vec<Disk> {
    let cut = |seed| {
        let copy = disk.copy();
        copy.power_cut(&mut ChaCha8Rng::seed_from_u64(seed));
        copy
    };
    (0..SEEDS).map(cut).collect()
}

fn assert_survives(mode: Mode) {
    let (found, looked) = die_everywhere(mode, false, &mut |disk| vec![disk.copy()]);
    assert_eq!(found, [""; 0], "killed {looked} times");
    let (found, looked) = die_everywhere(mode, false, &mut power_cuts);
    assert_eq!(found, [""; 0], "lost power {looked} times");
}

#[test]
fn a_write_ahead_log_survives_a_death_at_every_write() {
    assert_survives(WAL);
}

#[test]
fn a_write_ahead_log_of_one_process_alone_survives_a_death_at_every_write() {
    assert_survives(WAL_ALONE);
}

#[test]
fn a_journal_that_is_deleted_survives_a_death_at_every_write() {
    assert_survives(DELETE);
}

#[test]
fn a_journal_that_is_cut_survives_a_death_at_every_write() {
    assert_survives(TRUNCATE);
}

#[test]
fn a_journal_that_is_overwritten_survives_a_death_at_every_write() {
    assert_survives(PERSIST);
}

/// The check can fail: an acknowledgement before the sync is found in every mode.
#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    for mode in [WAL, WAL_ALONE, DELETE, TRUNCATE, PERSIST] {
        let (found, looked) = die_often(mode, true, 7, &mut power_cuts);
        let lost = found.iter().filter(|found| is_loss(found)).count();
        assert!(lost > 0, "{mode:?}: {} of {looked} are wrong, none a loss", found.len());
    }
}

/// A lie costs nothing while the operating system lives.
#[test]
fn a_disk_that_lies_about_syncs_is_harmless_to_a_process_that_dies() {
    let (found, _) = die_everywhere(WAL, true, &mut |disk| vec![disk.copy()]);
    assert_eq!(found, [""; 0]);
}

/// Without EXTRA the directory is not synced after a commit, so a power cut may undo the last one, as SQLite documents.
/// After VACUUM it may do worse on a disk that cuts the file and still has the journal: SQLite shortens the file when the
/// journal is deleted.
#[test]
fn a_deleted_journal_may_come_back_without_extra() {
    let (found, _) = die_everywhere(mode("DELETE", "FULL"), false, &mut power_cuts);
    assert!(found.iter().any(|found| is_loss(found)));
    let others: Vec<_> = found.iter().filter(|found| !is_loss(found)).collect();
    let after_vacuum = |found: &&String| found.contains("after 7 transactions") && found.contains("damaged");
    assert!(others.iter().all(after_vacuum), "{others:#?}");
}

fn is_loss(found: &str) -> bool {
    found.contains("acknowledged") || found.contains("is gone")
}

/// WAL with NORMAL keeps the file whole and may lose the last transactions.
#[test]
fn a_write_ahead_log_without_full_loses_commits_and_nothing_else() {
    let (found, _) = die_everywhere(mode("WAL", "NORMAL"), false, &mut power_cuts);
    assert!(found.iter().any(|found| is_loss(found)));
    let others: Vec<_> = found.iter().filter(|found| !is_loss(found)).collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// The same seed leaves the same disk, whatever ran before.
#[test]
fn a_power_cut_is_the_same_for_every_seed() {
    let disk = Disk::new();
    // Much waits to be synced.
    let (_, _open) = write(&disk, mode("WAL", "OFF"));
    let cut = |seed| {
        let copy = disk.copy();
        copy.power_cut(&mut ChaCha8Rng::seed_from_u64(seed));
        copy.files()
    };
    assert_eq!(cut(1), cut(1));
    let outcomes: Vec<_> = (0..SEEDS).map(cut).collect();
    let distinct = outcomes.iter().enumerate().filter(|(at, files)| !outcomes[..*at].contains(files)).count();
    assert!(distinct > 5, "{distinct}");
}

/// Two runs write the same bytes at the same places.
#[test]
fn two_runs_after_the_same_seed_leave_the_same_bytes() {
    let run = || {
        sotto_disk::seed_sqlite(std::num::NonZeroU32::MIN);
        let disk = Disk::new();
        write(&disk, WAL);
        (disk.writes(), disk.bytes())
    };
    // Other tests of this process draw from the same generator; alone, as nextest runs it, once is enough.
    assert!((0..50).any(|_| run() == run()));
}
