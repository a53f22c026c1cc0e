//! What the disk and SQLite do by themselves: the bare statements of an append, and a file that is synced.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
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

/// A page of a database.
const PAGE_BYTES: usize = 4_096;
/// A file that is written over.
const SYNCED_BYTES: usize = 4 << 20;
/// Appends a commit until the write-ahead log has its full length.
const WARM_UP_BATCH: usize = 512;

/// What became of the write-ahead log in a commit. While its file grows, each sync also writes that it did, which takes
/// several times as long; a server that has run for a minute writes over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wal {
    Grows,
    BeginsAnew,
}

/// Group commit with the least that the schema needs: no rules, no look for a repeat, no chain, no hash.
pub struct Bare {
    db: Connection,
    newest: Vec<i64>,
    body: Vec<u8>,
    dice: ChaCha8Rng,
    appended: u64,
}

impl Bare {
    /// A fresh database of the server's own schema with so many topics, in use for long enough that its write-ahead log no
    /// longer grows.
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
        let mut bare = Self { db, newest: vec![0; usize::try_from(topics)?], body, dice, appended: 0 };
        while bare.append(WARM_UP_BATCH)? == Wal::Grows {}
        Ok(bare)
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

    fn append(&mut self, batch: usize) -> rusqlite::Result<Wal> {
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
        if pages <= WAL_PAGES {
            return Ok(Wal::Grows);
        }
        self.db.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))?;
        Ok(Wal::BeginsAnew)
    }
}

/// Where a page is written that is then made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The file grows, which is written down too.
    AtTheEnd,
    /// Over what is there.
    InPlace,
}

/// How often a second 4 KiB of a file are made durable.
///
/// # Errors
/// When the disk fails.
pub fn syncs_per_second(dir: &Path, place: Place, during: Duration) -> anyhow::Result<f64> {
    let path = dir.join("synced");
    std::fs::write(&path, vec![7; SYNCED_BYTES])?;
    let mut file = File::options().write(true).open(&path)?;
    file.sync_all()?;
    let (page, begun, mut done) = ([8; PAGE_BYTES], Instant::now(), 0);
    while begun.elapsed() < during {
        let at = match place {
            Place::AtTheEnd => SYNCED_BYTES + done * PAGE_BYTES,
            Place::InPlace => done * PAGE_BYTES % SYNCED_BYTES,
        };
        file.seek(SeekFrom::Start(at as u64))?;
        file.write_all(&page)?;
        file.sync_data()?;
        done += 1;
    }
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}
