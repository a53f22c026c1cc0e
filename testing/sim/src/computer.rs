//! Computers: a disk each, and what a process finds on it when it starts.

use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, OpenFlags};
use sotto_disk::{Disk, Fault};
use sotto_sqlite::{OpenOptions, SqliteStore, Storage};

use crate::dice::{Stream, stream};
use crate::planted::Planted;

/// The server's store.
pub(crate) type ServerStore = SqliteStore;

/// How a process ends that does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// What it wrote is in the operating system's hands.
    Killed,
    /// What was not synced may be gone.
    PowerCut,
}

/// Where in a transaction a process dies. How many writes a transaction has depends on bytes that OpenMLS draws, so
/// that a place is one that every transaction has: replaying a seed must find it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// At its first, second or third write.
    Write(u64),
    /// At the sync that makes it durable.
    Sync,
    /// When it is durable, and nothing that follows from it has left.
    Durable,
}

/// A death that is planned.
#[derive(Debug, Clone, Copy)]
struct Crash {
    death: Death,
    place: Place,
    /// Inputs that the process handles before.
    spared: u64,
    /// The input has come.
    due: bool,
}

/// How a disk fails while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Full,
    Write,
    Sync,
}

/// A disk under a process.
#[derive(Debug)]
pub(crate) struct Drive {
    pub(crate) disk: Disk,
    rng: ChaCha20Rng,
    /// The planted bug: what was acknowledged lately is not synced yet.
    late_syncs: bool,
    /// How and where the process dies.
    planned: Option<Crash>,
    /// A failure was planned and may strike the next opening.
    troubled: bool,
}

impl Drive {
    fn new(seed: u64, number: usize, late_syncs: bool) -> Self {
        let mut rng = stream(seed, Stream::Disk);
        // A stretch of the stream for each disk.
        rng.set_word_pos(u128::from(number as u64) << 32);
        Self { disk: Disk::new(), rng, late_syncs, planned: None, troubled: false }
    }

    pub(crate) fn plan_crash(&mut self, spared: u64, place: Place, death: Death) {
        self.planned = Some(Crash { death, place, spared, due: false });
        self.disk.set_syncs_lie(self.late_syncs);
    }

    /// The process is about to handle an input.
    pub(crate) fn before_input(&mut self) {
        let Some(crash) = self.planned.as_mut().filter(|crash| !crash.due) else { return };
        if let Some(spared) = crash.spared.checked_sub(1) {
            crash.spared = spared;
            return;
        }
        crash.due = true;
        match crash.place {
            Place::Write(write) => self.disk.crash_at(write),
            Place::Sync => self.disk.fail_next(Fault::Sync),
            Place::Durable => {}
        }
    }

    /// It has handled it, or failed to: how it died of it, if it did.
    pub(crate) fn after_input(&self, failed: bool) -> Option<Death> {
        if let Some(death) = self.crash() {
            // Perhaps of what an earlier plan had set up, before another took its place.
            return Some(death);
        }
        let crash = self.planned.filter(|crash| crash.due)?;
        let dead = match crash.place {
            Place::Write(_) => false,
            Place::Sync => failed,
            Place::Durable => true,
        };
        dead.then_some(crash.death)
    }

    pub(crate) fn fail_next(&mut self, trouble: Trouble) {
        self.troubled = true;
        self.disk.fail_next(match trouble {
            Trouble::Full => Fault::Full,
            Trouble::Write => Fault::Write,
            Trouble::Sync => Fault::Sync,
        });
    }

    /// How the process died, if it did at the last write.
    pub(crate) fn crash(&self) -> Option<Death> {
        self.disk.crashed().then(|| self.planned.map_or(Death::Killed, |crash| crash.death))
    }

    /// Nothing bad is planned any more.
    pub(crate) fn mend(&mut self) {
        self.planned = None;
        self.disk.mend();
        self.disk.set_syncs_lie(false);
    }

    /// Whether an opening may fail without being a finding.
    pub(crate) fn is_troubled(&self) -> bool {
        self.troubled || self.crash().is_some()
    }

    fn end(&mut self, death: Death) {
        match death {
            Death::Killed => self.disk.kill(),
            Death::PowerCut => self.disk.power_cut(&mut self.rng),
        }
        self.disk.set_syncs_lie(false);
        self.planned = None;
        self.troubled = false;
    }
}

/// A person's computer.
#[derive(Debug)]
pub(crate) struct Computer {
    pub(crate) drive: Drive,
    /// SQLCipher, as the native client has it; else plain SQLite, which is the same but for the pages' cipher.
    key: Option<&'static str>,
}

impl Computer {
    pub(crate) fn new(seed: u64, index: usize, bug: Option<Planted>) -> Self {
        let late_syncs = bug == Some(Planted::SendBeforePersist);
        let key = seed.is_multiple_of(16).then_some(KEY);
        Self { drive: Drive::new(seed, 1 + index, late_syncs), key }
    }

    /// Opens the database as the native client does.
    pub(crate) fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = self.drive.disk.open(DATABASE, flags)?;
        if let Some(key) = self.key {
            connection.execute_batch(key)?;
        }
        connection.execute_batch(SET_UP)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(connection)
    }

    /// The process is gone.
    pub(crate) fn close(&mut self, connection: Option<Connection>, death: Death) {
        // First the disk: a dead process tidies nothing up.
        self.drive.end(death);
        drop(connection);
    }
}

/// The server's machine.
#[derive(Debug)]
pub(crate) struct ServerComputer {
    pub(crate) drive: Drive,
}

impl ServerComputer {
    pub(crate) fn new(seed: u64, bug: Option<Planted>) -> Self {
        Self { drive: Drive::new(seed, 0, bug == Some(Planted::AcknowledgeBeforeFsync)) }
    }

    pub(crate) fn open(&self) -> Result<ServerStore, String> {
        let storage = Storage::Vfs(self.drive.disk.vfs_name());
        let options = OpenOptions { storage, ..OpenOptions::default() };
        SqliteStore::open_with(&self.drive.disk.dir(), &options).map_err(|error| error.to_string())
    }

    pub(crate) fn close(&mut self, store: Option<ServerStore>, death: Death) {
        self.drive.end(death);
        drop(store);
    }

    /// Everything that somebody who takes the disk may find, in the files whose names begin like this.
    pub(crate) fn bytes(&self, beginning: &str) -> Vec<u8> {
        let files = self.drive.disk.files().into_iter().filter(|file| file.name.starts_with(beginning));
        files.flat_map(|file| [file.current, file.durable]).flatten().flatten().collect()
    }
}

const DATABASE: &str = "sotto.db";

/// A raw key, as the native client derives one.
const KEY: &str = "PRAGMA cipher_log_level = NONE;
    PRAGMA key = \"x'2DD29CA851E7B56E4697B0E1F08507293D761A05CE4D1B628663F411A8086D99'\";";

/// As `client/native` sets its database up.
const SET_UP: &str = "PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA synchronous = EXTRA;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;";
