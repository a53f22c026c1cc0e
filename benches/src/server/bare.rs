//! What the disk and SQLite do by themselves: the bare statements of an append, and a file that is synced.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use rusqlite::{Connection, params};
use sotto_sqlite::DatabaseFile;

use crate::server::store::Store;

/// As the server sets its connection (`server/sqlite/src/database.rs`); journal mode and page size are in the file.
pub const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
    PRAGMA cache_size = -16384; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; \
    PRAGMA cell_size_check = ON;";
/// Pages of the write-ahead log after which it is begun anew, as in the server: 48 MiB.
const WAL_PAGES: i64 = 12_288;

/// Group commit with the least that the schema needs: no rules, no look for a repeat, no chain, no hash.
pub struct Bare {
    db: Connection,
    newest: Vec<i64>,
    body: Vec<u8>,
    dice: ChaCha8Rng,
    appended: u64,
}

impl Bare {
    /// A fresh database of the server's own schema with so many topics.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn make(dir: &Path, topics: u64, body_bytes: usize) -> anyhow::Result<Self> {
        Store::make(dir, topics, body_bytes)?.close()?;
        let db = Connection::open(DatabaseFile::Topics.path(dir))?;
        db.execute_batch(PRAGMAS)?;
        let mut dice = ChaCha8Rng::seed_from_u64(1);
        let mut body = vec![0; body_bytes];
        dice.fill_bytes(&mut body);
        Ok(Self { db, newest: vec![0; usize::try_from(topics)?], body, dice, appended: 0 })
    }

    /// Appends a second, with so many in each transaction.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn rate(&mut self, batch: usize, during: Duration) -> anyhow::Result<f64> {
        let (begun, mut done) = (Instant::now(), 0);
        while begun.elapsed() < during {
            self.append(batch)?;
            done += batch;
        }
        Ok(done as f64 / begun.elapsed().as_secs_f64())
    }

    fn append(&mut self, batch: usize) -> rusqlite::Result<()> {
        let transaction = self.db.transaction()?;
        for _ in 0..batch {
            let at = self.dice.next_u64() as usize % self.newest.len();
            self.newest[at] += 1;
            self.appended += 1;
            let (key, seq, chain) = (at as i64 + 1, self.newest[at], [at as u8; 32]);
            let mut append_id = [0; 16];
            append_id[..8].copy_from_slice(&self.appended.to_be_bytes());
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entries (topic, seq, kind, version, head, append_id, minute, chain, body)
                 VALUES (?1, ?2, 2, 1, 0, ?3, 28800000, ?4, ?5)",
            )?;
            insert.execute(params![key, seq, append_id, chain, self.body])?;
            let mut update =
                transaction.prepare_cached("UPDATE topics SET newest = ?2, chain = ?3 WHERE key = ?1")?;
            update.execute(params![key, seq, chain])?;
        }
        transaction.commit()?;
        let pages: i64 = self.db.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))?;
        if pages > WAL_PAGES {
            self.db.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))?;
        }
        Ok(())
    }
}

/// How often a second 4 KiB at the end of a file are made durable.
///
/// # Errors
/// When the disk fails.
pub fn syncs_per_second(dir: &Path, during: Duration) -> anyhow::Result<f64> {
    let mut file = File::create(dir.join("synced"))?;
    let (page, begun, mut done) = ([7; 4_096], Instant::now(), 0_u32);
    while begun.elapsed() < during {
        file.write_all(&page)?;
        file.sync_data()?;
        done += 1;
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}
