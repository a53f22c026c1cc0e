//! The server and the commands beside it, on the same files.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use sotto_ports::directory::DirectoryOp;
use sotto_ports::{Directory, Logs};
use sotto_sqlite::inventory::Inventory;
use sotto_sqlite::{DatabaseFile, OpenError, OpenOptions, SqliteStore};
use sotto_wire::ids::Seq;
use support::*;

fn wal_bytes(dir: &Path, file: DatabaseFile) -> u64 {
    fs::metadata(dir.join(format!("{file}-wal"))).map_or(0, |metadata| metadata.len())
}

#[test]
fn a_command_beside_the_server_is_seen_by_it() {
    let mut server = Temporary::new();
    scenario(&mut *server);
    let mut beside = SqliteStore::open_with(server.path(), &OpenOptions::beside()).unwrap();
    direct(&mut beside, vec![DirectoryOp::Invite(invitation(2))]);
    assert_eq!(server.invitations().unwrap().len(), 2);
    direct(&mut *server, vec![DirectoryOp::RevokeInvite(invitation(2).hash)]);
    assert_eq!(beside.invitations().unwrap(), [invitation(1)]);
    drop(beside);
    direct(&mut *server, vec![register(3)]);
}

#[test]
fn a_command_beside_the_server_makes_no_store() {
    let dir = tempfile::tempdir().unwrap();
    for options in [OpenOptions::beside(), OpenOptions::reader()] {
        let error = SqliteStore::open_with(dir.path(), &options).unwrap_err();
        assert!(matches!(error, OpenError::Absent { .. }), "{error}");
    }
    assert!(!SqliteStore::exists(dir.path()));
    assert!(files(dir.path()).is_empty());
}

#[test]
fn a_reader_holds_up_no_writer() {
    let mut server = Temporary::with(&OpenOptions { wal_bytes: 1 << 20, ..OpenOptions::default() });
    scenario(&mut *server);
    let reader = Connection::open(DatabaseFile::Topics.path(server.path())).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entries").unwrap();
    let seen = |db: &Connection| -> i64 {
        db.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(seen(&reader), 2);
    for n in 3..=100 {
        log(&mut *server, vec![append(1, n, vec![n as u8; 50_000])]);
    }
    assert_eq!(seen(&reader), 2, "a snapshot stays what it was");
    let held_up = wal_bytes(server.path(), DatabaseFile::Topics);
    assert!(held_up > 3 << 20, "the log waits for the reader: {held_up}");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(seen(&reader), 100);
    for n in 101..=200 {
        log(&mut *server, vec![append(1, n, vec![n as u8; 50_000])]);
    }
    let after = wal_bytes(server.path(), DatabaseFile::Topics);
    assert!(after < held_up + (1 << 20), "then it is begun anew: {after}");
    assert_eq!(everything(&*server, 1).unwrap().newest, Seq(200));
}

#[test]
fn the_write_ahead_log_is_begun_anew_when_it_has_grown_and_not_before() {
    let mut server = Temporary::with(&OpenOptions { wal_bytes: 1 << 20, ..OpenOptions::default() });
    let database = DatabaseFile::Topics.path(server.path());
    log(&mut *server, vec![create(1)]);
    server.tidy_logs().unwrap();
    let before = fs::metadata(&database).unwrap().len();
    for n in 1..=10 {
        log(&mut *server, vec![append(1, n, vec![n as u8; 50_000])]);
    }
    assert_eq!(fs::metadata(&database).unwrap().len(), before, "below the threshold the file is left alone");
    for n in 11..=200 {
        log(&mut *server, vec![append(1, n, vec![n as u8; 50_000])]);
        let bytes = wal_bytes(server.path(), DatabaseFile::Topics);
        assert!(bytes < (1 << 20) + (200 << 10), "{bytes}");
    }
    assert!(fs::metadata(&database).unwrap().len() > 8 << 20);
}

#[test]
fn a_tidied_log_holds_nothing_and_a_closed_store_leaves_none() {
    let Temporary { mut store, dir } = Temporary::new();
    scenario(&mut store);
    for file in DatabaseFile::ALL {
        assert!(wal_bytes(dir.path(), file) > 0);
    }
    store.tidy_directory().unwrap();
    store.tidy_logs().unwrap();
    for file in DatabaseFile::ALL {
        assert_eq!(wal_bytes(dir.path(), file), 0);
    }
    log(&mut store, vec![append(1, 3, "third")]);
    store.close().unwrap();
    let mut names: Vec<_> = files(dir.path()).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["directory.db", "topics.db"]);
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut server = Temporary::new();
    scenario(&mut *server);
    let _reader = Inventory::open(server.path()).unwrap();
    for (name, _) in files(server.path()) {
        let mode = fs::metadata(server.path().join(&name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}
