//! SQLite keeps the contract of both ports, and keeps it across closing and opening.

mod support;

use support::Temporary;

sotto_ports::conformance!(Temporary::new);

#[test]
fn what_was_done_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    sotto_ports::conformance::durable(|| sotto_sqlite::SqliteStore::open(dir.path()).unwrap());
}
