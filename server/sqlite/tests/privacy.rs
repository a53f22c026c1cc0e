//! Nothing on the disk leads from an account to a topic, and what was deleted is gone.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use rusqlite::Connection;
use sotto_ports::directory::{AckInbox, DirectoryOp, Expire};
use sotto_ports::logs::{Ack, LogOp, SlotKey, Sweep};
use sotto_ports::{Directory, Logs};
use sotto_sqlite::DatabaseFile;
use sotto_sqlite::inventory::TABLES;
use sotto_wire::ids::{Day, InboxKey, Seq};
use support::*;

fn files_of(file: DatabaseFile) -> Vec<String> {
    ["", "-shm", "-wal"].iter().map(|suffix| format!("{file}{suffix}")).collect()
}

#[test]
fn neither_file_knows_the_names_of_the_other() {
    let mut store = Temporary::new();
    scenario(&mut *store);
    let accounts = (1..=2)
        .flat_map(|n| [account(n).to_vec(), device(n).to_vec(), handle(n).as_str().as_bytes().to_vec()]);
    for name in accounts.chain([b"a sealed welcome".to_vec()]) {
        let found = found_in(store.path(), &name);
        assert!(!found.is_empty(), "the search finds what is there");
        assert!(found.iter().all(|file| files_of(DatabaseFile::Directory).contains(file)), "{found:?}");
    }
    let topics =
        [topic(1).to_vec(), capability(1).to_vec(), new_slot(1).slot.to_vec(), b"second body".to_vec()];
    for name in topics {
        let found = found_in(store.path(), &name);
        assert!(!found.is_empty(), "the search finds what is there");
        assert!(found.iter().all(|file| files_of(DatabaseFile::Topics).contains(file)), "{found:?}");
    }
}

#[test]
fn what_was_deleted_is_in_no_file() {
    let mut store = Temporary::new();
    scenario(&mut *store);
    assert_eq!(found_in(store.path(), b"a sealed welcome").len(), 1);
    assert_eq!(found_in(store.path(), b"second body").len(), 1);

    let keys = vec![InboxKey::new(marked(0x51, 7))];
    direct(
        &mut *store,
        vec![DirectoryOp::AckInbox(AckInbox { account: account(2), device: device(2), keys })],
    );
    let acks = (1..=2).map(|n| {
        let key = SlotKey { topic: topic(1), slot: new_slot(n).slot, secret: new_slot(n).secret };
        LogOp::Ack(Ack { key, seq: Seq(2), today: TODAY })
    });
    log(&mut *store, acks.collect());
    log(&mut *store, vec![LogOp::Sweep(Sweep { topic: topic(1), today: TODAY })]);
    assert!(everything(&*store, 1).unwrap().entries.is_empty());
    store.tidy_directory().unwrap();
    store.tidy_logs().unwrap();

    assert_eq!(found_in(store.path(), b"a sealed welcome"), [""; 0]);
    assert_eq!(found_in(store.path(), b"second body"), [""; 0]);
}

#[test]
fn an_expired_body_is_in_no_file() {
    let mut store = Temporary::new();
    scenario(&mut *store);
    log(&mut *store, vec![LogOp::Sweep(Sweep { topic: topic(1), today: Day(TODAY.0 + 31) })]);
    store.tidy_logs().unwrap();
    assert_eq!(found_in(store.path(), b"second body"), [""; 0]);
}

/// SQLite moves rows from page to page as tables grow, and a copy that a move left behind outlives the row; the daily
/// packing removes it.
#[test]
fn what_was_deleted_among_many_is_in_no_file_a_day_later() {
    let mut store = Temporary::new();
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut body = |n: u32| {
        let mut bytes = vec![0; 60 + dice.next_u32() as usize % 1_500];
        dice.fill_bytes(&mut bytes);
        bytes[..20].copy_from_slice(&marked::<20>(0xee, n));
        let end = bytes.len() - 20;
        bytes[end..].copy_from_slice(&marked::<20>(0xef, n));
        bytes
    };
    const MANY: u32 = 600;
    for n in 0..MANY {
        direct(&mut *store, vec![publish(n % 20, n, 70), claim(n % 20, n), drop_item(n % 20, n, body(n))]);
        log(&mut *store, vec![create(n), append(n, 1, body(MANY + n)), open_slot(n, 1)]);
    }
    let gone = |n: &u32| !n.is_multiple_of(3);
    for n in (0..MANY).filter(gone) {
        let keys = vec![InboxKey::new(marked(0x51, n))];
        let (account, device) = (account(n % 20), device(n % 20));
        direct(&mut *store, vec![DirectoryOp::AckInbox(AckInbox { account, device, keys })]);
        let key = SlotKey { topic: topic(n), slot: new_slot(1).slot, secret: new_slot(1).secret };
        let ack = LogOp::Ack(Ack { key, seq: Seq(1), today: TODAY });
        log(&mut *store, vec![ack, LogOp::Sweep(Sweep { topic: topic(n), today: TODAY })]);
    }
    let tomorrow = Day(TODAY.0 + 1);
    direct(&mut *store, vec![DirectoryOp::Expire(Expire { today: tomorrow, at_most: 1_000 })]);
    log(&mut *store, vec![LogOp::Sweep(Sweep { topic: topic(0), today: tomorrow })]);
    store.tidy_directory().unwrap();
    store.tidy_logs().unwrap();
    let files = files(store.path());
    let holds = |bytes: [u8; 20]| files.iter().any(|(_, text)| occurs_in(text, &bytes));
    for n in 0..MANY {
        for mark in [marked(0xee, n), marked(0xef, n), marked(0xee, MANY + n), marked(0xef, MANY + n)] {
            assert_eq!(holds(mark), !gone(&n), "{n}");
        }
    }
}

fn occurs_in(text: &[u8], part: &[u8]) -> bool {
    let first = part[0];
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(part) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Nothing in the directory is finer than a day: every number in it is a day or a small count.
#[test]
fn the_directory_holds_no_time_finer_than_a_day() {
    let mut store = Temporary::new();
    scenario(&mut *store);
    let db = Connection::open(DatabaseFile::Directory.path(store.path())).unwrap();
    let (mut numbers, mut days) = (0, 0);
    for table in TABLES.iter().filter(|table| table.file == DatabaseFile::Directory) {
        for field in table.fields {
            let (table, column) = (table.name, field.column);
            let select = format!("SELECT max({column}) FROM {table} WHERE typeof({column}) = 'integer'");
            let Some(number) = db.query_row(&select, [], |row| row.get::<_, Option<i64>>(0)).unwrap() else {
                continue;
            };
            assert!(number <= i64::from(TODAY.0) + 365, "{table}.{column}: {number}");
            numbers += 1;
            days += u32::from(number >= i64::from(TODAY.0));
        }
    }
    assert!(numbers > days && days > 5, "{numbers} columns, {days} of them days");
}

/// The same accounts, whatever the order in which they came: after a tidy-up the rows stand in the same order, and no
/// table of the directory has a row number or a time finer than a day.
#[test]
fn the_directory_shows_no_order() {
    let dump = |order: &[u32]| {
        let mut store = Temporary::new();
        for n in order {
            direct(&mut *store, vec![register(*n), publish(*n, *n, 900), claim(*n, *n)]);
        }
        let db = Connection::open(DatabaseFile::Directory.path(store.path())).unwrap();
        let tables = [
            ("accounts", "handle"),
            ("lists", "list"),
            ("key_packages", "key"),
            ("drop_capabilities", "hash"),
        ];
        tables.map(|(table, column)| {
            assert!(db.prepare(&format!("SELECT rowid FROM {table}")).is_err(), "{table} has no row numbers");
            let mut select = db.prepare(&format!("SELECT hex({column}) FROM {table}")).unwrap();
            let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.collect::<Result<Vec<_>, _>>().unwrap()
        })
    };
    assert_eq!(dump(&[1, 2, 3, 4, 5]), dump(&[4, 2, 5, 1, 3]));
}

/// Every table of the directory, whatever a later format adds.
#[test]
fn no_table_of_the_directory_has_row_numbers() {
    let store = Temporary::new();
    let db = Connection::open(DatabaseFile::Directory.path(store.path())).unwrap();
    let mut select = db
        .prepare("SELECT name, wr FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        .unwrap();
    let tables = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?))).unwrap();
    let tables: Vec<_> = tables.collect::<Result<_, _>>().unwrap();
    assert!(tables.len() >= 8);
    for (name, without_rowid) in tables {
        assert!(without_rowid, "{name}");
    }
}
