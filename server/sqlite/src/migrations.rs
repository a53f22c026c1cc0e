//! Formats of the two files: numbered steps from each to the next, and the refusal of a newer one.

use rusqlite::{Connection, TransactionBehavior};

/// One of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schema {
    /// Its name in the data directory.
    pub(crate) file: &'static str,
    /// From nothing to format 1, from 1 to 2, and so on.
    pub(crate) steps: &'static [&'static str],
}

/// Accounts.
pub(crate) const DIRECTORY: Schema = Schema {
    file: "directory.db",
    steps: &[
        include_str!("../migrations/directory/0001.sql"),
        include_str!("../migrations/directory/0002.sql"),
    ],
};

/// Topics.
pub(crate) const TOPICS: Schema = Schema {
    file: "topics.db",
    steps: &[include_str!("../migrations/topics/0001.sql"), include_str!("../migrations/topics/0002.sql")],
};

/// The file's format and ours do not meet.
#[derive(Debug)]
pub(crate) struct Newer {
    pub(crate) found: u32,
    pub(crate) known: u32,
}

impl Schema {
    /// The newest format this program knows.
    pub(crate) const fn known(&self) -> u32 {
        self.steps.len() as u32
    }

    /// The format of an opened file; 0 when it is empty.
    pub(crate) fn found(connection: &Connection) -> rusqlite::Result<u32> {
        connection.pragma_query_value(None, "user_version", |row| row.get(0))
    }

    /// Brings the file to the newest format, in one transaction.
    pub(crate) fn migrate(&self, connection: &mut Connection) -> rusqlite::Result<Result<(), Newer>> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = Self::found(&transaction)?;
        let Some(missing) = self.steps.get(found as usize..) else {
            return Ok(Err(Newer { found, known: self.known() }));
        };
        if missing.is_empty() {
            return Ok(Ok(()));
        }
        for step in missing {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", self.known())?;
        transaction.commit()?;
        Ok(Ok(()))
    }
}
