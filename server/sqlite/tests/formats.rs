//! Old files are brought up to date with everything in them; newer and foreign ones are refused.
//!
//! `fixtures/v1` holds a store of format 1 as it was written then. Fixtures are never written again; that of the
//! next format is added beside it (`cargo test -p sotto-sqlite --test formats -- --ignored`).
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sotto_ports::logs::{LogOp, LogOutcome, SlotKey, Standing};
use sotto_ports::{Directory, Logs};
use sotto_sqlite::inventory::Inventory;
use sotto_sqlite::{DatabaseFile, OpenError, OpenOptions, Soundness, SqliteStore, check};
use sotto_wire::account::{KeyPackageCount, LastResort};
use sotto_wire::ids::{Day, Seq};
use sotto_wire::topic::EntryContent;
use support::*;
use tempfile::TempDir;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// A copy of the store that a program of this format left.
fn fixture(format: u32) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in DatabaseFile::ALL {
        fs::copy(file.path(&fixtures().join(format!("v{format}"))), file.path(dir.path())).unwrap();
    }
    dir
}

fn formats(dir: &Path) -> Vec<u32> {
    let checked = check(dir).unwrap();
    assert!(checked.iter().all(|file| file.soundness == Soundness::Sound));
    checked.iter().map(|file| file.found).collect()
}

/// What [`support::scenario`] leaves, whatever the format it was written in.
fn assert_everything_is_there(store: &mut SqliteStore) {
    for n in 1..=2 {
        assert_eq!(store.account_named(&handle(n)).unwrap(), Some(account(n)));
        let found = store.account(account(n)).unwrap().unwrap();
        assert_eq!(found.newest.list, format!("the devices of person {n}").into_bytes());
    }
    assert_eq!(store.inbox(account(2), device(2)).unwrap().len(), 1);
    assert_eq!(store.invitations().unwrap(), [invitation(1)]);
    let log = everything(store, 1).unwrap();
    let bodies: Vec<_> = log.entries.iter().map(|entry| entry.content.clone()).collect();
    assert!(bodies == ["first body", "second body"].map(|body| EntryContent::Body(body.into())));
    let led = log.entries.iter().fold(log.previous, |chain, entry| entry.chain_after(chain));
    assert_eq!(led, log.chain);
    let slots = (1..=2).map(|n| {
        LogOp::ReadSlot(SlotKey { topic: topic(1), slot: new_slot(n).slot, secret: new_slot(n).secret })
    });
    for outcome in store.apply_to_logs(slots.collect()).unwrap() {
        assert!(matches!(outcome, LogOutcome::ReadSlot(Ok(view)) if view.newest == Seq(2)));
    }
    let read = LogOp::ReadTopic(sotto_ports::logs::ReadTopic { topic: topic(1), capability: capability(1) });
    let read = store.apply_to_logs(vec![read]).unwrap();
    assert!(matches!(&read[..], [LogOutcome::ReadTopic(Ok(view))] if view.standing == Standing::Current));
}

#[test]
fn a_store_of_every_format_opens_with_all_its_data() {
    let newest = DatabaseFile::Topics.format().max(DatabaseFile::Directory.format());
    for format in 1..=newest {
        let dir = fixture(format);
        assert_eq!(formats(dir.path()), [format, format], "the fixture is of that format still");
        let mut store = SqliteStore::open(dir.path()).unwrap();
        assert_everything_is_there(&mut store);
        log(&mut store, vec![append(1, 3, "third body"), open_slot(1, 3)]);
        direct(&mut store, vec![register(3), publish(3, 3, 10)]);
        assert_eq!(store.due(Day(TODAY.0 + 1), 9).unwrap(), [topic(1)]);
        store.close().unwrap();
        assert_eq!(formats(dir.path()), DatabaseFile::ALL.map(DatabaseFile::format));
        assert_eq!(Inventory::open(dir.path()).unwrap().mismatches().unwrap(), []);
    }
}

#[test]
fn what_format_1_did_not_note_is_filled_in() {
    let dir = fixture(1);
    let mut store = SqliteStore::open(dir.path()).unwrap();
    let expected = KeyPackageCount { one_time_left: 2, last_resort: LastResort::Used };
    assert_eq!(store.key_packages(account(1), device(1)).unwrap(), expected, "its device brings a new one");
    let sweep = LogOp::Sweep(sotto_ports::logs::Sweep { topic: topic(1), today: TODAY });
    let swept = store.apply_to_logs(vec![sweep]);
    assert!(swept.is_ok(), "the slots are counted: {swept:?}");
}

#[test]
fn only_the_server_brings_a_store_up_to_date() {
    let dir = fixture(1);
    for options in [OpenOptions::beside(), OpenOptions::reader()] {
        let error = SqliteStore::open_with(dir.path(), &options).unwrap_err();
        assert!(matches!(error, OpenError::Older { file: DatabaseFile::Directory, found: 1, .. }), "{error}");
        assert!(error.to_string().contains("start `sottod serve`"));
    }
    assert_eq!(formats(dir.path()), [1, 1]);
}

#[test]
fn a_newer_store_is_refused_and_left_as_it_is() {
    for file in DatabaseFile::ALL {
        let Temporary { mut store, dir } = Temporary::new();
        scenario(&mut store);
        store.close().unwrap();
        Connection::open(file.path(dir.path())).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = fs::read(file.path(dir.path())).unwrap();
        for options in [OpenOptions::default(), OpenOptions::beside(), OpenOptions::reader()] {
            let error = SqliteStore::open_with(dir.path(), &options).unwrap_err();
            let known = file.format();
            assert!(
                matches!(error, OpenError::Newer { file: newer, found: 99, .. } if newer == file),
                "{error}"
            );
            let text = format!(
                "{file} has format 99, this sottod knows formats up to {known}: run the newer sottod"
            );
            assert!(error.to_string().starts_with(&text), "{error}");
        }
        assert!(fs::read(file.path(dir.path())).unwrap() == before);
    }
}

#[test]
fn another_programs_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let db = Connection::open(DatabaseFile::Directory.path(dir.path())).unwrap();
    db.execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1);").unwrap();
    drop(db);
    let error = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Foreign { file: DatabaseFile::Directory }), "{error}");

    let Temporary { store, dir } = Temporary::new();
    store.close().unwrap();
    fs::copy(DatabaseFile::Directory.path(dir.path()), DatabaseFile::Topics.path(dir.path())).unwrap();
    let error = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Foreign { file: DatabaseFile::Topics }), "swapped files too: {error}");
}

/// Writes the fixture of the newest format, unless it is there.
#[test]
#[ignore = "writes into the repository, once for each format"]
fn the_fixture_of_the_newest_format_is_written() {
    let dir = fixtures().join(format!("v{}", DatabaseFile::Topics.format()));
    assert!(!dir.exists(), "a fixture is never written again");
    fs::create_dir_all(&dir).unwrap();
    let mut store = SqliteStore::open(&dir).unwrap();
    scenario(&mut store);
    store.close().unwrap();
    for file in DatabaseFile::ALL {
        Connection::open(file.path(&dir)).unwrap().execute_batch("VACUUM").unwrap();
    }
    assert_eq!(formats(&dir), DatabaseFile::ALL.map(DatabaseFile::format));
}
