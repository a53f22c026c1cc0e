//! The handle that a test holds.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rand_core::RngCore;
use rusqlite::{Connection, OpenFlags};

use crate::content::Change;
use crate::state::{State, Syncs};
use crate::trouble::{Fault, Operation};
use crate::vfs::{self, VFS_NAME};

/// A disk of its own: files in memory, reached by SQLite alone.
///
/// When it is dropped, connections to it that are still open fail from then on.
pub struct Disk {
    id: DiskId,
    state: Shared,
}

/// A file, for whoever looks for what should not be there.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name on the disk.
    pub name: String,
    /// What a reader finds; `None` if the file was deleted.
    pub current: Option<Vec<u8>>,
    /// What is durable; `None` if its name is not.
    pub durable: Option<Vec<u8>>,
}

impl Disk {
    /// An empty disk without a limit.
    #[expect(clippy::new_without_default, reason = "every disk is another one")]
    pub fn new() -> Self {
        Self::with(State::default())
    }

    fn with(state: State) -> Self {
        // Fails when there is no memory for a few pointers; then opening says that there is no such VFS.
        vfs::register();
        let id = DiskId(LAST_ID.fetch_add(1, Ordering::Relaxed));
        let state = Shared(Arc::new(Mutex::new(state)));
        registry().insert(id, Arc::downgrade(&state.0));
        Self { id, state }
    }

    /// Another disk with the same files, unsynced changes included. Nobody has them open, and nothing is planned.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = self.state().copy();
        Self::with(state)
    }

    /// The name under which SQLite knows how to reach disks.
    pub const fn vfs_name(&self) -> &'static str {
        VFS_NAME
    }

    /// The directory that is this disk, for what takes a directory.
    pub fn dir(&self) -> PathBuf {
        PathBuf::from(format!("/{}", self.id))
    }

    /// Where a file of this name is, whether or not there is one.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// Opens a database.
    ///
    /// # Errors
    /// As SQLite does.
    pub fn open(&self, name: &str, flags: OpenFlags) -> rusqlite::Result<Connection> {
        Connection::open_with_flags_and_vfs(self.path(name), flags, VFS_NAME)
    }

    /// How many operations have changed the disk or tried to: files made, written, cut, synced, deleted.
    pub fn writes(&self) -> u64 {
        self.state().trouble.writes()
    }

    /// The process dies at the n-th changing operation from now (1 is the next one, and so is 0): that one does not
    /// happen, and it and everything after it fails, reads too, until [`kill`](Self::kill) or
    /// [`power_cut`](Self::power_cut).
    pub fn crash_at(&self, n: u64) {
        self.state().trouble.crash_at(n);
    }

    /// Whether the process is dead.
    pub fn crashed(&self) -> bool {
        self.state().trouble.crash().is_some()
    }

    /// The operation at which it died.
    pub fn crash(&self) -> Option<Operation> {
        self.state().trouble.crash().cloned()
    }

    /// The process dies, the operating system lives: nothing written is lost, every lock is gone. Connections that were
    /// open fail from now on and change nothing any more. Planned crashes and faults are over.
    pub fn kill(&self) {
        self.state().kill();
    }

    /// The machine loses power, and comes back. What was not synced is kept, lost or torn, sector by sector and name by
    /// name, as the generator says. For the rest, as [`kill`](Self::kill).
    pub fn power_cut(&self, rng: &mut impl RngCore) {
        self.state().power_cut(rng);
    }

    /// The next operation that the fault fits fails.
    pub fn fail_next(&self, fault: Fault) {
        self.state().trouble.fail(fault, 0);
    }

    /// The n-th operation that the fault fits fails; 1 is the next one, and so is 0.
    pub fn fail_nth(&self, fault: Fault, n: u64) {
        self.state().trouble.fail(fault, n.saturating_sub(1));
    }

    /// No fault is planned any more, and no crash.
    pub fn mend(&self) {
        self.state().trouble.mend();
    }

    /// How many bytes fit; `None` is as many as there is memory. Files that are larger already stay.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Whether syncs say that they are done and do nothing: a planted mistake that a test has to find.
    pub fn set_syncs_lie(&self, lie: bool) {
        self.state().syncs = if lie { Syncs::Lie } else { Syncs::Honest };
    }

    /// Every file that has a name, or may have one after a power cut; in order of names.
    pub fn files(&self) -> Vec<StoredFile> {
        let state = self.state();
        let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        state
            .listing()
            .map(|(name, current, durable)| StoredFile {
                name: name.to_owned(),
                current: owned(current),
                durable: owned(durable),
            })
            .collect()
    }

    /// Whatever somebody who takes the disk may find: every file as it is, as it is durable, and all that waits to be
    /// synced, one after the other.
    pub fn bytes(&self) -> Vec<u8> {
        let state = self.state();
        let mut all = Vec::new();
        for content in state.contents() {
            all.extend_from_slice(content.current());
            all.extend_from_slice(content.durable());
            for change in content.unsynced() {
                if let Change::Write { bytes, .. } = change {
                    all.extend_from_slice(bytes);
                }
            }
        }
        all
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        registry().remove(&self.id);
        self.state().kill();
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("id", &self.id).field("writes", &self.writes()).finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(Vec::len);
        f.debug_struct("StoredFile")
            .field("name", &self.name)
            .field("current", &len(&self.current))
            .field("durable", &len(&self.durable))
            .finish()
    }
}

/// Which disk a path leads to. Always of the same length, so that no file's content depends on how many disks there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DiskId(u64);

impl fmt::Display for DiskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

static LAST_ID: AtomicU64 = AtomicU64::new(1);
static DISKS: Mutex<BTreeMap<DiskId, Weak<Mutex<State>>>> = Mutex::new(BTreeMap::new());

fn registry() -> MutexGuard<'static, BTreeMap<DiskId, Weak<Mutex<State>>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is on a disk, for everybody who has a file of it open.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    /// The disk that a path leads to, and the name of the file on it.
    pub(crate) fn find(path: &str) -> Option<(Self, &str)> {
        let (id, name) = path.strip_prefix('/')?.split_once('/')?;
        let id = DiskId(u64::from_str_radix(id, 16).ok()?);
        let state = registry().get(&id)?.upgrade()?;
        (!name.is_empty()).then_some((Self(state), name))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while it was held is reported where it happened.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
