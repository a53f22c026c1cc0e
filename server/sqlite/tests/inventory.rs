//! Every column is classified, and what is held about somebody can be told.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::Path;

use rusqlite::Connection;
use sotto_sqlite::DatabaseFile;
use sotto_sqlite::inventory::{Inventory, Mismatch, TABLES, document};
use support::*;

#[test]
fn every_column_of_both_files_is_classified() {
    let store = Temporary::new();
    assert_eq!(Inventory::open(store.path()).unwrap().mismatches().unwrap(), []);
}

/// The check for an absence would see a presence.
#[test]
fn a_planted_column_and_a_vanished_one_are_reported() {
    let store = Temporary::new();
    let directory = Connection::open(DatabaseFile::Directory.path(store.path())).unwrap();
    directory
        .execute_batch(
            "ALTER TABLE inbox ADD COLUMN sender BLOB;
             CREATE TABLE contacts (account BLOB, friend BLOB);
             DROP TABLE invitations;",
        )
        .unwrap();
    let topics = Connection::open(DatabaseFile::Topics.path(store.path())).unwrap();
    topics.execute_batch("ALTER TABLE entries RENAME COLUMN minute TO second").unwrap();
    let found = Inventory::open(store.path()).unwrap().mismatches().unwrap();
    let text: Vec<_> = found.iter().map(Mismatch::to_string).collect();
    assert_eq!(
        text,
        [
            "directory.db: table contacts is not in the inventory",
            "directory.db: column inbox.sender is not in the inventory",
            "topics.db: column entries.second is not in the inventory",
            "directory.db: the inventory names invitations, which does not exist",
            "topics.db: the inventory names entries.minute, which does not exist",
        ]
    );
}

#[test]
fn totals_count_rows_and_bytes_of_every_table() {
    let mut store = Temporary::new();
    scenario(&mut *store);
    let totals = Inventory::open(store.path()).unwrap().totals().unwrap();
    let rows: Vec<_> = totals.iter().map(|total| (total.table.name, total.rows)).collect();
    assert_eq!(
        rows,
        [
            ("accounts", 2),
            ("lists", 2),
            ("key_packages", 3),
            ("last_resort_packages", 2),
            ("uploads", 2),
            ("drop_capabilities", 1),
            ("inbox", 1),
            ("invitations", 1),
            ("topics", 1),
            ("generations", 1),
            ("slots", 2),
            ("entries", 2),
        ]
    );
    assert!(totals.iter().all(|total| total.bytes >= 4096 && total.bytes % 4096 == 0));
}

#[test]
fn a_report_holds_every_field_about_one_account_and_nobody_else() {
    let mut store = Temporary::new();
    scenario(&mut *store);
    let inventory = Inventory::open(store.path()).unwrap();
    let report = inventory.about(&handle(2)).unwrap().unwrap();
    assert_eq!(report.account, account(2));
    let lines: Vec<_> = report
        .fields
        .iter()
        .map(|held| format!("{} {} {}: {}", held.table.name, held.row, held.field.column, held.value))
        .collect();
    for line in [
        format!("accounts 1 id: {}", account(2)),
        "accounts 1 handle: person_2".to_owned(),
        "lists 1 version: 0".to_owned(),
        format!("key_packages 1 device: {}", device(2)),
        "last_resort_packages 1 used: 0".to_owned(),
        "uploads 1 day: 20000".to_owned(),
        "drop_capabilities 1 not_after_day: 20045".to_owned(),
        "inbox 1 sealed: 61207365616c65642077656c636f6d65".to_owned(),
    ] {
        assert!(lines.contains(&line), "{line}\n{lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("key_packages 2")), "one of two was claimed");
    assert!(!lines.iter().any(|line| line.contains(&account(1).to_string()) || line.contains("person_1")));
    assert_eq!(report, inventory.about(&handle(2)).unwrap().unwrap());
    assert_eq!(inventory.about(&handle(3)).unwrap(), None);
    assert!(!format!("{report:?}").contains("person_2"), "a report is not for logs");
}

/// A report is complete: every table of the directory whose rows belong to accounts is in it.
#[test]
fn every_table_of_the_directory_says_whose_its_rows_are() {
    for table in TABLES.iter().filter(|table| table.file == DatabaseFile::Directory) {
        let named = table.fields.iter().find(|field| Some(field.column) == table.account);
        assert_eq!(named.is_some(), table.name != "invitations", "{}", table.name);
    }
    let names_account = |column: &str| column.contains("account") || column.contains("device");
    let topics = TABLES.iter().filter(|table| table.file == DatabaseFile::Topics);
    assert!(topics.flat_map(|table| table.fields).all(|field| !names_account(field.column)));
}

/// `UPDATE=1` writes the document anew.
#[test]
fn the_document_says_what_the_tables_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/data-inventory.md");
    let expected = document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/data-inventory.md is stale: UPDATE=1 cargo test -p sotto-sqlite --test inventory"
    );
}
