//! A backup is both files at one moment, whole, and a restore brings it all back.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use sotto_ports::Directory;
use sotto_sqlite::{
    BackupError, DatabaseFile, OpenError, OpenOptions, Soundness, SqliteStore, backup, check, restore,
};
use sotto_wire::ids::Seq;
use support::*;
use tempfile::TempDir;

fn backed_up() -> (Temporary, TempDir) {
    let mut server = Temporary::new();
    scenario(&mut *server);
    let to = tempfile::tempdir().unwrap();
    backup(server.path(), to.path()).unwrap();
    (server, to)
}

#[test]
fn a_backup_of_a_running_server_restores_to_what_it_was() {
    let (mut server, kept) = backed_up();
    log(&mut *server, vec![append(1, 3, "after the backup")]);
    let mut names: Vec<_> = files(kept.path()).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["directory.db", "topics.db"], "whole without any other file");

    let to = tempfile::tempdir().unwrap();
    let checked = restore(kept.path(), to.path()).unwrap();
    assert!(checked.iter().all(|file| file.soundness == Soundness::Sound && file.found == file.known));
    let mut restored = SqliteStore::open(to.path()).unwrap();
    assert_eq!(everything(&restored, 1).unwrap().newest, Seq(2));
    assert_eq!(restored.account_named(&handle(2)).unwrap(), Some(account(2)));
    assert_eq!(restored.inbox(account(2), device(2)).unwrap().len(), 1);
    assert_eq!(restored.invitations().unwrap(), [invitation(1)]);
    log(&mut restored, vec![append(1, 3, "another third")]);
}

#[test]
fn a_backup_needs_no_server() {
    let Temporary { mut store, dir } = Temporary::new();
    scenario(&mut store);
    store.close().unwrap();
    let to = tempfile::tempdir().unwrap();
    backup(dir.path(), to.path()).unwrap();
    assert_eq!(everything(&SqliteStore::open(to.path()).unwrap(), 1).unwrap().newest, Seq(2));
}

/// A server that writes while the backup is made: the directory's write of a pair precedes the log's, so a backup never
/// shows the log ahead of the directory, nor the directory more than one pair ahead.
#[test]
fn both_files_are_of_one_moment() {
    let mut server = Temporary::new();
    log(&mut *server, vec![create(1)]);
    let path = server.path().to_owned();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let Temporary { mut store, dir: _dir } = server;
    let writer = std::thread::spawn(move || {
        let mut n = 0;
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            n += 1;
            direct(&mut store, vec![register(n)]);
            log(&mut store, vec![append(1, n, vec![1; 3_000])]);
        }
        n
    });
    let mut seen = Vec::new();
    for _ in 0..8 {
        let to = tempfile::tempdir().unwrap();
        backup(&path, to.path()).unwrap();
        let count = |file: DatabaseFile, table: &str| -> i64 {
            let db = Connection::open(file.path(to.path())).unwrap();
            db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        let (accounts, entries) =
            (count(DatabaseFile::Directory, "accounts"), count(DatabaseFile::Topics, "entries"));
        assert!((0..=1).contains(&(accounts - entries)), "{accounts} accounts, {entries} entries");
        seen.push(accounts);
    }
    stop.send(()).unwrap();
    let written = writer.join().unwrap();
    assert!(seen.is_sorted() && seen.last() <= Some(&written.into()));
    assert!(written > 8, "the server went on writing meanwhile: {written}");
}

/// A backup is made before an upgrade, often by the new program.
#[test]
fn a_store_of_an_older_format_is_backed_up_as_it_is() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1");
    let (from, to, restored) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in DatabaseFile::ALL {
        fs::copy(file.path(&fixture), file.path(from.path())).unwrap();
    }
    let checked = backup(from.path(), to.path()).unwrap();
    assert!(checked.iter().all(|file| file.found == 1));
    restore(to.path(), restored.path()).unwrap();
    assert_eq!(everything(&SqliteStore::open(restored.path()).unwrap(), 1).unwrap().newest, Seq(2));
}

#[test]
fn an_empty_file_is_no_backup() {
    let (_server, kept) = backed_up();
    fs::write(DatabaseFile::Directory.path(kept.path()), "").unwrap();
    let to = tempfile::tempdir().unwrap();
    let error = restore(kept.path(), to.path()).unwrap_err();
    assert_eq!(error.to_string(), "directory.db is damaged: it is empty");
}

#[test]
fn nothing_is_written_over() {
    let (server, kept) = backed_up();
    let again = backup(server.path(), kept.path()).unwrap_err();
    assert!(matches!(again, BackupError::Exists { file: DatabaseFile::Directory }));
    assert!(matches!(restore(kept.path(), server.path()), Err(BackupError::Exists { .. })));
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let (_server, kept) = backed_up();
    let path = DatabaseFile::Topics.path(kept.path());
    let db = Connection::open(&path).unwrap();
    let page: u32 = db
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'entries'", [], |row| row.get(0))
        .unwrap();
    drop(db);
    let mut bytes = fs::read(&path).unwrap();
    bytes[(page as usize - 1) * 4096..][..64].fill(0xee);
    fs::write(&path, &bytes).unwrap();

    let checked = check(kept.path()).unwrap();
    assert!(matches!(&checked[1].soundness, Soundness::Damaged(findings) if !findings.is_empty()));
    assert_eq!(checked[0].soundness, Soundness::Sound);
    let to = tempfile::tempdir().unwrap();
    let error = restore(kept.path(), to.path()).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { file: DatabaseFile::Topics, .. }), "{error}");
    assert!(files(to.path()).is_empty(), "nothing is left of the attempt");
}

#[test]
fn half_a_backup_and_a_newer_one_are_not_restored() {
    let (_server, kept) = backed_up();
    let to = tempfile::tempdir().unwrap();
    Connection::open(DatabaseFile::Topics.path(kept.path()))
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let newer = restore(kept.path(), to.path()).unwrap_err();
    assert!(matches!(newer, BackupError::Source(OpenError::Newer { found: 99, .. })), "{newer}");
    fs::remove_file(DatabaseFile::Topics.path(kept.path())).unwrap();
    let half = restore(kept.path(), to.path()).unwrap_err();
    assert!(
        matches!(half, BackupError::Source(OpenError::Absent { file: DatabaseFile::Topics, .. })),
        "{half}"
    );
    assert!(files(to.path()).is_empty());
}

#[test]
fn what_cannot_be_copied_leaves_nothing() {
    let (server, _kept) = backed_up();
    let to = tempfile::tempdir().unwrap();
    let nowhere = to.path().join("missing");
    assert!(matches!(backup(server.path(), &nowhere), Err(BackupError::Copy { .. })));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(backup(empty.path(), to.path()), Err(BackupError::Source(OpenError::Absent { .. }))));
    assert!(files(to.path()).is_empty());
}

#[test]
fn half_a_store_is_not_opened_as_a_new_one() {
    for missing in DatabaseFile::ALL {
        let Temporary { mut store, dir } = Temporary::new();
        scenario(&mut store);
        store.close().unwrap();
        fs::remove_file(missing.path(dir.path())).unwrap();
        let error = SqliteStore::open(dir.path()).unwrap_err();
        assert!(matches!(error, OpenError::Incomplete { missing: file } if file == missing), "{error}");
        assert!(!missing.path(dir.path()).exists());
    }
}

#[test]
fn an_interrupted_first_start_is_taken_up() {
    for missing in DatabaseFile::ALL {
        let Temporary { store, dir } = Temporary::new();
        store.close().unwrap();
        fs::remove_file(missing.path(dir.path())).unwrap();
        scenario(&mut SqliteStore::open(dir.path()).unwrap());
        fs::write(dir.path().join("note"), "somebody else's file does not matter").unwrap();
        assert!(SqliteStore::open_with(dir.path(), &OpenOptions::reader()).is_ok());
    }
}
