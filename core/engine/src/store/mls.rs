//! Rows of MLS state: opaque keys and values of `secrecy`.

use rusqlite::{OptionalExtension, params};
use sotto_secrecy::{Changes, Rows, RowsError};

use super::Db;
use crate::error::Step;

impl Rows for Db<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        let read = || {
            self.0
                .prepare_cached("SELECT value FROM mls WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()
        };
        read().map_err(|_: rusqlite::Error| RowsError)
    }
}

impl Db<'_> {
    /// Writes what an operation changed.
    pub(crate) fn write_mls(&self, changes: Changes) -> Step<()> {
        let mut put = self.0.prepare_cached("INSERT OR REPLACE INTO mls (key, value) VALUES (?1, ?2)")?;
        let mut delete = self.0.prepare_cached("DELETE FROM mls WHERE key = ?1")?;
        for (key, value) in changes {
            match value {
                Some(value) => put.execute(params![key, value])?,
                None => delete.execute([key])?,
            };
        }
        Ok(())
    }
}
