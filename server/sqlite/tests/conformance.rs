//! The store keeps the contract of the ports, on disk.

use std::ops::{Deref, DerefMut};

use sotto_sqlite::SqliteStore;
use tempfile::TempDir;

/// A store in a directory of its own.
struct Kept {
    store: SqliteStore,
    _dir: TempDir,
}

impl Deref for Kept {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut SqliteStore {
        &mut self.store
    }
}

fn fresh() -> Kept {
    let dir = tempfile::tempdir().unwrap();
    Kept { store: SqliteStore::open(dir.path()).unwrap(), _dir: dir }
}

sotto_ports::conformance!(crate::fresh);

#[test]
fn everything_is_still_there_after_a_drop() {
    let dir = tempfile::tempdir().unwrap();
    sotto_ports::conformance::durable(|| SqliteStore::open(dir.path()).unwrap());
}
