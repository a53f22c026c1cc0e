//! Keeping write-ahead logs short: the writer copies them into the database when they have grown, and begins them anew.
//!
//! A checkpointer beside the writer lets the log grow without end while the writer is busy, and SQLite's own one
//! checkpoints after every thousand pages; so the writer does it, rarely. Nothing here can fail a batch, which is
//! durable in the log already: what does not work now is tried again later.

use std::time::Duration;

use rusqlite::Connection;

use crate::limits::PAGE_BYTES;

#[derive(Debug)]
pub(crate) struct Checkpoints {
    /// Pages of the log between two.
    every: u64,
    /// Pages of the log at which the next is tried.
    next: u64,
}

impl Checkpoints {
    pub(crate) fn every(bytes: u64) -> Self {
        let every = (bytes / PAGE_BYTES).max(1);
        Self { every, next: every }
    }

    /// After each transaction: begins the log anew when it has grown.
    pub(crate) fn after_commit(&mut self, db: &Connection) {
        let Ok(log) = run(db, Mode::Look) else { return };
        if log.pages < self.next {
            return;
        }
        self.next = match at_once(db, Mode::Restart) {
            Ok(Done::Wholly) => self.every,
            // Somebody is reading, a backup perhaps: each try costs a sync, so not after every transaction.
            Ok(Done::Partly) | Err(_) => log.pages + self.every / 4 + 1,
        };
    }

    /// Empties the log.
    pub(crate) fn truncate(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if at_once(db, Mode::Truncate)? == Done::Wholly {
            self.next = self.every;
        }
        Ok(())
    }
}

/// Whether nothing is in the log.
pub(crate) fn is_log_empty(db: &Connection) -> rusqlite::Result<bool> {
    Ok(run(db, Mode::Look)?.pages == 0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Only says how long the log is.
    Look,
    /// The next transaction writes over the log from its beginning.
    Restart,
    /// The log's file is empty.
    Truncate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Wholly,
    Partly,
}

struct Log {
    busy: bool,
    pages: u64,
}

/// Without waiting for readers: the writer has better things to do.
fn at_once(db: &Connection, mode: Mode) -> rusqlite::Result<Done> {
    let patience: u32 = db.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
    db.busy_timeout(Duration::ZERO)?;
    let log = run(db, mode);
    db.busy_timeout(Duration::from_millis(patience.into()))?;
    Ok(if log?.busy { Done::Partly } else { Done::Wholly })
}

fn run(db: &Connection, mode: Mode) -> rusqlite::Result<Log> {
    let mut checkpoint = db.prepare_cached(match mode {
        Mode::Look => "PRAGMA wal_checkpoint(NOOP)",
        Mode::Restart => "PRAGMA wal_checkpoint(RESTART)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    })?;
    checkpoint.query_row([], |row| {
        // -1 when there is no log.
        let pages: i64 = row.get(1)?;
        Ok(Log { busy: row.get(0)?, pages: u64::try_from(pages).unwrap_or(0) })
    })
}
