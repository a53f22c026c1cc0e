//! When the environment fails, nothing of the batch is there, and the store goes on.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use rusqlite::Connection;
use sotto_ports::{Directory, Logs, StorageError};
use sotto_sqlite::{DatabaseFile, OpenError, OpenOptions, SqliteStore};
use sotto_wire::ids::Seq;
use support::*;

#[test]
fn on_a_full_disk_nothing_is_accepted_and_nothing_is_lost() {
    let mut store = Temporary::with(&OpenOptions { bytes_max: Some(1 << 20), ..OpenOptions::default() });
    scenario(&mut *store);
    let mut accepted = 2;
    let refused = loop {
        let n = accepted + 1;
        match store.apply_to_logs(vec![create(n), append(1, n, vec![1; 20_000])]) {
            Ok(_) => accepted = n,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StorageError::Full), "{refused}");
    assert!(accepted > 20, "a batch was accepted while there was room: {accepted}");
    assert_eq!(everything(&*store, 1).unwrap().newest, Seq(accepted.into()));
    assert!(everything(&*store, accepted + 1).is_none(), "the beginning of the failed batch is undone too");

    log(&mut *store, vec![open_slot(1, 9)]);
    direct(&mut *store, vec![register(3)]);
    drop(store.store);
    let mut store = SqliteStore::open(store.dir.path()).unwrap();
    log(&mut store, vec![create(accepted + 1), append(1, accepted + 1, vec![1; 20_000])]);
    assert_eq!(everything(&store, 1).unwrap().newest, Seq((accepted + 1).into()), "there is room again");
}

#[test]
fn a_file_that_cannot_be_written_refuses_the_batch_and_still_reads() {
    let store = Temporary::new();
    let Temporary { mut store, dir } = store;
    scenario(&mut store);
    store.close().unwrap();
    let mut store = SqliteStore::open_with(dir.path(), &OpenOptions::reader()).unwrap();
    assert!(matches!(store.apply_to_logs(vec![create(2)]), Err(StorageError::Failed(_))));
    assert!(matches!(store.apply_to_directory(vec![register(3)]), Err(StorageError::Failed(_))));
    assert!(everything(&store, 2).is_none());
    assert_eq!(everything(&store, 1).unwrap().newest, Seq(2));
    assert_eq!(store.account_named(&handle(1)).unwrap(), Some(account(1)));
}

#[test]
fn a_write_waits_for_another_process_and_then_gives_up_for_now() {
    let mut store =
        Temporary::with(&OpenOptions { busy_timeout: Duration::from_millis(20), ..OpenOptions::default() });
    let other = Connection::open(DatabaseFile::Topics.path(store.path())).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(store.apply_to_logs(vec![create(1)]), Err(StorageError::Failed(_))));
    direct(&mut *store, vec![register(1)]);
    other.execute_batch("ROLLBACK").unwrap();
    log(&mut *store, vec![create(1)]);
}

#[test]
fn rows_that_do_not_fit_together_are_reported_as_damage() {
    for damage in [
        "DELETE FROM entries WHERE seq = 1",
        "UPDATE entries SET kind = 9",
        "UPDATE entries SET body = NULL",
        "UPDATE entries SET append_id = x'00' WHERE seq = 1",
        "UPDATE topics SET first = 0",
    ] {
        let mut store = Temporary::new();
        scenario(&mut *store);
        Connection::open(DatabaseFile::Topics.path(store.path())).unwrap().execute_batch(damage).unwrap();
        let limit = sotto_ports::logs::ReadLimit { entries: 10, body_bytes: 1_000 };
        let read = store.entries(topic(1), Seq(0), None, limit);
        assert!(matches!(read, Err(StorageError::Damaged(_))), "{damage}: {read:?}");
        log(&mut *store, vec![create(2)]);
    }
}

#[test]
fn what_goes_wrong_is_told_without_what_was_stored() {
    let mut store = Temporary::new();
    scenario(&mut *store);
    let other = Connection::open(DatabaseFile::Directory.path(store.path())).unwrap();
    other.execute_batch("UPDATE accounts SET handle = 'Not A Handle' WHERE handle = 'person_1'").unwrap();
    let error = store.account(account(1)).map(drop).unwrap_err();
    assert!(matches!(error, StorageError::Damaged(_)));
    assert_eq!(error.to_string(), "the store is damaged: accounts.handle holds what is no handle");
    other.execute_batch("UPDATE lists SET hash = x'0102'").unwrap();
    let text = store.account(account(2)).map(drop).unwrap_err().to_string();
    assert!(text.contains("expected 32 bytes, found 2") && !text.contains("0102"), "{text}");
}

#[test]
fn a_damaged_file_is_not_opened() {
    let Temporary { mut store, dir } = Temporary::new();
    scenario(&mut store);
    store.close().unwrap();
    let path = DatabaseFile::Topics.path(dir.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..16].copy_from_slice(b"this is no store");
    std::fs::write(&path, &bytes).unwrap();
    let error = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { file: DatabaseFile::Topics, .. }), "{error}");
    assert!(error.to_string().starts_with("topics.db is damaged: restore a backup"));
}
