//! Who may read and write a file: SQLite's five levels, and the eight locks on shared memory.
//!
//! A lock belongs to an open file. The rules look at what the others hold.

use rusqlite::ffi;

use crate::trouble::{Answer, Code};

/// SQLite's levels, lowest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    #[default]
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

impl Level {
    pub(crate) const fn from_sqlite(level: i32) -> Option<Self> {
        Some(match level {
            ffi::SQLITE_LOCK_NONE => Self::None,
            ffi::SQLITE_LOCK_SHARED => Self::Shared,
            ffi::SQLITE_LOCK_RESERVED => Self::Reserved,
            ffi::SQLITE_LOCK_PENDING => Self::Pending,
            ffi::SQLITE_LOCK_EXCLUSIVE => Self::Exclusive,
            _ => return None,
        })
    }

    /// What one who asks for `wanted` holds afterwards, and whether that is what was asked for; `others` is the highest
    /// level of somebody else.
    ///
    /// Who wants to be alone and is not yet keeps newcomers out in the meantime.
    pub(crate) fn ask(self, wanted: Self, others: Self) -> (Self, Answer<()>) {
        let busy = Err(Code(ffi::SQLITE_BUSY));
        if wanted <= self {
            return (self, Ok(()));
        }
        match wanted {
            Self::None => (self, Ok(())),
            Self::Shared if others >= Self::Pending => (self, busy),
            Self::Reserved if others >= Self::Reserved => (self, busy),
            Self::Shared | Self::Reserved => (wanted, Ok(())),
            Self::Pending | Self::Exclusive if others >= Self::Pending => (self, busy),
            Self::Pending => (Self::Pending, Ok(())),
            Self::Exclusive if others >= Self::Shared => (Self::Pending, busy),
            Self::Exclusive => (Self::Exclusive, Ok(())),
        }
    }
}

/// Locks on shared memory, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) shared: u8,
    pub(crate) exclusive: u8,
}

/// What is asked of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotRequest {
    Share,
    Own,
    Release,
}

impl SlotRequest {
    pub(crate) const fn from_sqlite(flags: i32) -> Option<Self> {
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            Some(Self::Release)
        } else if flags & ffi::SQLITE_SHM_LOCK == 0 {
            None
        } else if flags & ffi::SQLITE_SHM_EXCLUSIVE != 0 {
            Some(Self::Own)
        } else {
            Some(Self::Share)
        }
    }
}

impl Slots {
    /// The bits of `count` locks from `first` on.
    pub(crate) fn range(first: i32, count: i32) -> Option<u8> {
        let fits = (0..ffi::SQLITE_SHM_NLOCK).contains(&first)
            && (1..=ffi::SQLITE_SHM_NLOCK - first).contains(&count);
        fits.then(|| (((1_u16 << count) - 1) << first) as u8)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self { shared: self.shared | other.shared, exclusive: self.exclusive | other.exclusive }
    }

    pub(crate) const fn ask(&mut self, request: SlotRequest, bits: u8, others: Self) -> Answer<()> {
        let hindered = match request {
            SlotRequest::Share => others.exclusive & bits,
            SlotRequest::Own => (others.shared | others.exclusive) & bits,
            SlotRequest::Release => 0,
        };
        if hindered != 0 {
            return Err(Code(ffi::SQLITE_BUSY));
        }
        match request {
            SlotRequest::Share => self.shared |= bits,
            SlotRequest::Own => self.exclusive |= bits,
            SlotRequest::Release => {
                self.shared &= !bits;
                self.exclusive &= !bits;
            }
        }
        Ok(())
    }
}
