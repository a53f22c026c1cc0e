//! A store in a directory that goes away with it.

use std::ops::{Deref, DerefMut};

use sotto_sqlite::SqliteStore;
use tempfile::TempDir;

pub(crate) struct Temporary {
    store: SqliteStore,
    _dir: TempDir,
}

impl Temporary {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: SqliteStore::open(dir.path()).unwrap(), _dir: dir }
    }
}

impl Deref for Temporary {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

impl DerefMut for Temporary {
    fn deref_mut(&mut self) -> &mut SqliteStore {
        &mut self.store
    }
}
