//! Counting what changes the disk, dying at one of these operations, failing at another.

use rusqlite::ffi;

/// What changes the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// A file that was not there is made.
    Create,
    /// Bytes are written.
    Write,
    /// A file is cut, or made longer.
    Truncate,
    /// A file is synced.
    Sync,
    /// A name is removed.
    Delete,
}

/// One operation, for a story that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What.
    pub kind: OperationKind,
    /// The file's name on the disk, as it was opened.
    pub file: String,
}

/// What goes wrong once, while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A write finds no room (`SQLITE_FULL`).
    Full,
    /// A read fails.
    Read,
    /// A write fails and nothing of it is written.
    Write,
    /// A sync fails; the next one may bring the same changes to the disk.
    Sync,
    /// A sync fails and the operating system forgets that there was something to write, as Linux does: later syncs
    /// succeed without it.
    SyncForgets,
    /// A truncation fails.
    Truncate,
    /// A file cannot be made.
    Create,
    /// A file cannot be deleted.
    Delete,
}

/// What SQLite is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) i32);

pub(crate) type Answer<T> = Result<T, Code>;

/// Why an operation does not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The process is dead, or dies of this.
    Crashed(OperationKind),
    Fault(Fault),
}

impl From<Stop> for Code {
    fn from(stop: Stop) -> Self {
        match stop {
            // "Cannot open" would read as "is not there".
            Stop::Crashed(OperationKind::Create) => Self(ffi::SQLITE_IOERR),
            Stop::Crashed(kind) => kind.failed(),
            Stop::Fault(Fault::Full) => Self(ffi::SQLITE_FULL),
            Stop::Fault(Fault::Read) => Self(ffi::SQLITE_IOERR_READ),
            Stop::Fault(fault) => fault.kind().map_or(Self(ffi::SQLITE_IOERR), OperationKind::failed),
        }
    }
}

impl OperationKind {
    fn failed(self) -> Code {
        Code(match self {
            Self::Create => ffi::SQLITE_CANTOPEN,
            Self::Write => ffi::SQLITE_IOERR_WRITE,
            Self::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Self::Sync => ffi::SQLITE_IOERR_FSYNC,
            Self::Delete => ffi::SQLITE_IOERR_DELETE,
        })
    }
}

impl Fault {
    /// What it happens to; `None` is a read.
    fn kind(self) -> Option<OperationKind> {
        match self {
            Self::Read => None,
            Self::Full | Self::Write => Some(OperationKind::Write),
            Self::Sync | Self::SyncForgets => Some(OperationKind::Sync),
            Self::Truncate => Some(OperationKind::Truncate),
            Self::Create => Some(OperationKind::Create),
            Self::Delete => Some(OperationKind::Delete),
        }
    }
}

/// What is planned, and what has happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble {
    writes: u64,
    /// The count at which the process dies.
    crash_at: Option<u64>,
    crash: Option<Operation>,
    planned: Vec<Planned>,
}

#[derive(Debug, Clone, Copy)]
struct Planned {
    fault: Fault,
    /// Operations of its kind that succeed before it.
    spared: u64,
}

impl Trouble {
    pub(crate) const fn writes(&self) -> u64 {
        self.writes
    }

    pub(crate) const fn crash(&self) -> Option<&Operation> {
        self.crash.as_ref()
    }

    /// Dies at the n-th operation from now.
    pub(crate) const fn crash_at(&mut self, n: u64) {
        self.crash_at = Some(self.writes.saturating_add(if n == 0 { 1 } else { n }));
    }

    pub(crate) fn fail(&mut self, fault: Fault, spared: u64) {
        self.planned.push(Planned { fault, spared });
    }

    /// Nothing is planned any more. Who is dead stays dead.
    pub(crate) fn mend(&mut self) {
        self.crash_at = None;
        self.planned.clear();
    }

    /// A process starts: what was planned for the last one is over.
    pub(crate) fn restart(&mut self) {
        *self = Self { writes: self.writes, ..Self::default() };
    }

    /// Before a read.
    pub(crate) fn reads(&mut self) -> Answer<()> {
        self.lives(ffi::SQLITE_IOERR_READ)?;
        self.fault(None).map_err(Code::from)
    }

    /// Before anything else that changes nothing.
    pub(crate) const fn lives(&self, or: i32) -> Answer<()> {
        if self.crash.is_some() { Err(Code(or)) } else { Ok(()) }
    }

    /// Before a change.
    pub(crate) fn changes(&mut self, kind: OperationKind, file: &str) -> Result<(), Stop> {
        if self.crash.is_some() {
            return Err(Stop::Crashed(kind));
        }
        self.writes += 1;
        if self.crash_at == Some(self.writes) {
            self.crash = Some(Operation { kind, file: file.to_owned() });
            return Err(Stop::Crashed(kind));
        }
        self.fault(Some(kind))
    }

    fn fault(&mut self, kind: Option<OperationKind>) -> Result<(), Stop> {
        let mut due = None;
        for (index, planned) in self.planned.iter_mut().enumerate() {
            if planned.fault.kind() != kind {
                continue;
            }
            match planned.spared.checked_sub(1) {
                Some(spared) => planned.spared = spared,
                None => due = due.or(Some(index)),
            }
        }
        match due {
            Some(index) => Err(Stop::Fault(self.planned.remove(index).fault)),
            None => Ok(()),
        }
    }
}
