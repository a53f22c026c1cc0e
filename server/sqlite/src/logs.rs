//! Logs over SQLite: `topics.db`.
//!
//! The rules are [`sotto_ports::topic`]'s; here a topic is loaded, asked, and written back when its batch commits. Topics
//! that are in use stay in memory between batches: this process is the only writer.

mod batch;
mod cache;
mod entries;
mod slots;
mod sweep;
mod topics;

use std::cell::RefCell;

use rusqlite::OptionalExtension;
use sotto_ports::logs::{ReadLimit, Stretch};
use sotto_ports::{LogOp, LogOutcome, Logs, StorageError};
use sotto_wire::ids::{Day, Seq, TopicId};

use crate::connection::Database;
use crate::error::storage;
use crate::row::id;
use batch::Batch;
use cache::Cache;

/// Topics, slots and entries.
#[derive(Debug)]
pub struct SqliteLogs {
    pub(crate) database: Database,
    cache: RefCell<Cache>,
}

impl SqliteLogs {
    pub(crate) fn new(database: Database) -> Self {
        Self { database, cache: RefCell::new(Cache::default()) }
    }
}

impl Logs for SqliteLogs {
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError> {
        let cache = self.cache.get_mut();
        let applied = self.database.transaction(|connection| {
            let mut transaction = Batch::new(connection, cache);
            let outcomes = batch.iter().map(|op| transaction.apply(op)).collect::<Result<_, _>>()?;
            transaction.write_back()?;
            Ok(outcomes)
        });
        match &applied {
            Ok(_) => cache.settle(),
            // What it holds may never have been written.
            Err(_) => cache.clear(),
        }
        applied
    }

    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError> {
        let connection = self.database.connection();
        let mut cache = self.cache.borrow_mut();
        let Some(held) = cache.load(connection, topic).map_err(storage)? else { return Ok(None) };
        entries::read(connection, held, after, to, limit).map(Some).map_err(storage)
    }

    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError> {
        let due = || -> rusqlite::Result<Vec<TopicId>> {
            let mut find = self
                .database
                .connection()
                .prepare_cached("SELECT topic FROM topics WHERE due IS NOT NULL AND due <= ?1 LIMIT ?2")?;
            find.query_map([i64::from(today.0), at_most as i64], |row| id(row, 0))?.collect()
        };
        due().map_err(storage)
    }

    fn tidy_logs(&mut self) -> Result<(), StorageError> {
        self.database.truncate_wal()
    }
}

/// The first row, if there is one.
fn first<T>(
    statement: &mut rusqlite::CachedStatement<'_>,
    params: impl rusqlite::Params,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    statement.query_row(params, read).optional()
}
