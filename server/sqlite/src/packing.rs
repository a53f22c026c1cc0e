//! Packing a file anew, so that nothing of a deleted row stays behind in it.
//!
//! `secure_delete` overwrites a row where it stands. But SQLite moves rows from page to page as a table grows and shrinks,
//! and a moved row leaves its bytes in the unused part of the page it came from, until the page needs the room. When
//! the row goes later, that copy stays: seldom (one row of some hundreds in the privacy test), and part of it only.
//! Packing writes every page anew. It holds up the writer, so it is for small files; a large one is busy enough to use its
//! pages again.

use rusqlite::{Connection, ErrorCode};
use sotto_wire::ids::Day;

use crate::limits::{PACKED_BYTES_MAX, PAGE_BYTES};

/// When to pack: once a day, after the day's first expiry or sweep.
#[derive(Debug, Default)]
pub(crate) struct Packing {
    last: Option<Day>,
    due: bool,
}

impl Packing {
    /// A batch has forgotten what is old today.
    pub(crate) fn forgot(&mut self, today: Option<Day>) {
        if today > self.last {
            self.last = today;
            self.due = true;
        }
    }

    /// Packs the file if that is due and the file is small.
    pub(crate) fn pack_if_due(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if !self.due {
            return Ok(());
        }
        let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0))?;
        if pages.unsigned_abs() * PAGE_BYTES <= PACKED_BYTES_MAX {
            match db.execute_batch("VACUUM") {
                // Another process is writing: the next time.
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => return Ok(()),
                packed => packed?,
            }
        }
        self.due = false;
        Ok(())
    }
}
