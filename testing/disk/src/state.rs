//! Everything on one disk: files, names, who has them open, and what goes wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand_core::RngCore;
use rusqlite::ffi;

use crate::content::{Change, Content};
use crate::limits::{FILE_BYTES_MAX, REGION_BYTES_MAX, REGIONS_MAX};
use crate::locks::{Level, SlotRequest, Slots};
use crate::names::{Inode, Names};
use crate::shared::Region;
use crate::trouble::{Answer, Code, Fault, OperationKind, Stop, Trouble};

/// An open file. Numbers are never used again: one that a dead process held means nothing for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HandleId(u64);

/// Where SQLite keeps the name of the database that a connection opened: the same for its journal and its write-ahead
/// log. Only compared, so that a dead process's connection opens neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DatabaseName(pub(crate) usize);

/// What is opened, for whom, and what if it is not there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) name: &'a str,
    pub(crate) missing: Missing,
    pub(crate) part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Fail,
    Create,
    /// It has to be missing.
    CreateOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Database(DatabaseName),
    /// A journal or a write-ahead log. Where one is made, its first sync is the directory's too, as SQLite's own VFS for
    /// Unix has it.
    Beside(DatabaseName),
    /// The journal of a transaction over several databases; for the rest as [`Beside`](Self::Beside).
    Super,
    Other,
}

#[derive(Debug)]
struct Handle {
    inode: Inode,
    name: String,
    database: Option<DatabaseName>,
    level: Level,
    slots: Slots,
    shares_memory: bool,
    /// With its next sync.
    syncs_directory: bool,
}

/// Whether a sync does what it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Syncs {
    #[default]
    Honest,
    Lie,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) trouble: Trouble,
    pub(crate) capacity: Option<u64>,
    pub(crate) syncs: Syncs,
    files: BTreeMap<Inode, Content>,
    names: Names,
    handles: BTreeMap<HandleId, Handle>,
    regions: BTreeMap<Inode, Vec<Arc<Region>>>,
    last_number: u64,
}

impl State {
    /// The same files, as the operating system holds them and as they are durable; nobody has them open.
    pub(crate) fn copy(&self) -> Self {
        let mut copy = Self {
            capacity: self.capacity,
            syncs: self.syncs,
            files: self.files.clone(),
            names: self.names.clone(),
            last_number: self.last_number,
            ..Self::default()
        };
        copy.forget_nameless();
        copy
    }

    /// The process is gone: its locks, its shared memory, its claim on files. What the operating system holds stays.
    pub(crate) fn kill(&mut self) {
        self.handles.clear();
        self.regions.clear();
        self.trouble.restart();
        self.forget_nameless();
    }

    /// The machine is gone.
    pub(crate) fn power_cut(&mut self, rng: &mut impl RngCore) {
        self.names.power_cut(rng);
        for content in self.files.values_mut() {
            let left = crate::power::after_cut(content, rng);
            content.settle(left);
        }
        self.kill();
    }

    /// Every name with what it means now and what is durable under it.
    pub(crate) fn listing(&self) -> impl Iterator<Item = (&str, Option<&[u8]>, Option<&[u8]>)> {
        self.names.all().into_iter().map(|name| {
            let now = self.names.get(name).and_then(|inode| self.files.get(&inode));
            let then = self.names.durable(name).and_then(|inode| self.files.get(&inode));
            (name, now.map(Content::current), then.map(Content::durable))
        })
    }

    pub(crate) fn contents(&self) -> impl Iterator<Item = &Content> {
        self.files.values()
    }

    pub(crate) fn open(&mut self, opening: Opening<'_>) -> Answer<HandleId> {
        self.trouble.lives(ffi::SQLITE_IOERR)?;
        let database = match opening.part {
            Part::Beside(name) if !self.is_open(name) => return Err(Code(ffi::SQLITE_CANTOPEN)),
            Part::Database(name) => Some(name),
            Part::Beside(_) | Part::Super | Part::Other => None,
        };
        let is_new = self.names.get(opening.name).is_none();
        let inode = match (self.names.get(opening.name), opening.missing) {
            (Some(_), Missing::CreateOnly) | (None, Missing::Fail) => return Err(Code(ffi::SQLITE_CANTOPEN)),
            (Some(inode), _) => inode,
            (None, _) => self.create(opening.name)?,
        };
        let id = HandleId(self.number());
        let handle = Handle {
            inode,
            name: opening.name.to_owned(),
            database,
            level: Level::None,
            slots: Slots::default(),
            shares_memory: false,
            syncs_directory: is_new && matches!(opening.part, Part::Beside(_) | Part::Super),
        };
        self.handles.insert(id, handle);
        Ok(id)
    }

    fn create(&mut self, name: &str) -> Answer<Inode> {
        self.trouble.changes(OperationKind::Create, name)?;
        let inode = Inode(self.number());
        self.files.insert(inode, Content::default());
        self.names.create(name, inode);
        Ok(inode)
    }

    pub(crate) fn close(&mut self, id: HandleId) {
        self.unmap(id);
        self.handles.remove(&id);
        self.forget_nameless();
    }

    /// Whether there is a file of this name.
    pub(crate) fn exists(&self, name: &str) -> Answer<bool> {
        self.trouble.lives(ffi::SQLITE_IOERR_ACCESS)?;
        Ok(self.names.get(name).is_some())
    }

    pub(crate) fn delete(&mut self, name: &str, sync_directory: bool) -> Answer<()> {
        if self.names.get(name).is_none() {
            self.trouble.lives(ffi::SQLITE_IOERR_DELETE)?;
            return Err(Code(ffi::SQLITE_IOERR_DELETE_NOENT));
        }
        self.trouble.changes(OperationKind::Delete, name)?;
        self.names.remove(name);
        if sync_directory && self.syncs == Syncs::Honest {
            self.names.sync_all();
        }
        self.forget_nameless();
        Ok(())
    }

    pub(crate) fn len(&self, id: HandleId) -> Answer<usize> {
        self.trouble.lives(ffi::SQLITE_IOERR_FSTAT)?;
        let handle = self.handles.get(&id).ok_or(Code(ffi::SQLITE_IOERR_FSTAT))?;
        Ok(self.files.get(&handle.inode).map_or(0, Content::len))
    }

    /// Fills the buffer; how much of it the file had.
    pub(crate) fn read(&mut self, id: HandleId, offset: usize, buffer: &mut [u8]) -> Answer<usize> {
        let handle = self.handles.get(&id).ok_or(Code(ffi::SQLITE_IOERR_READ))?;
        self.trouble.reads()?;
        let content = self.files.get(&handle.inode).ok_or(Code(ffi::SQLITE_IOERR_READ))?;
        Ok(content.read(offset, buffer))
    }

    pub(crate) fn write(&mut self, id: HandleId, offset: usize, bytes: &[u8]) -> Answer<()> {
        let handle = self.handles.get(&id).ok_or(Code(ffi::SQLITE_IOERR_WRITE))?;
        self.trouble.changes(OperationKind::Write, &handle.name)?;
        let inode = handle.inode;
        let end = offset.checked_add(bytes.len()).ok_or(Code(ffi::SQLITE_FULL))?;
        self.require_room(inode, end)?;
        self.change(inode, Change::Write { offset, bytes: bytes.to_owned() })
    }

    pub(crate) fn truncate(&mut self, id: HandleId, len: usize) -> Answer<()> {
        let handle = self.handles.get(&id).ok_or(Code(ffi::SQLITE_IOERR_TRUNCATE))?;
        self.trouble.changes(OperationKind::Truncate, &handle.name)?;
        let inode = handle.inode;
        self.require_room(inode, len)?;
        self.change(inode, Change::Truncate { len })
    }

    pub(crate) fn sync(&mut self, id: HandleId) -> Answer<()> {
        let handle = self.handles.get_mut(&id).ok_or(Code(ffi::SQLITE_IOERR_FSYNC))?;
        let inode = handle.inode;
        let allowed = self.trouble.changes(OperationKind::Sync, &handle.name);
        let content = self.files.get_mut(&inode).ok_or(Code(ffi::SQLITE_IOERR_FSYNC))?;
        if allowed == Err(Stop::Fault(Fault::SyncForgets)) {
            content.forget();
        }
        allowed?;
        let directory_too = std::mem::take(&mut handle.syncs_directory);
        if self.syncs == Syncs::Honest {
            content.sync();
            self.names.sync_file(inode);
            if directory_too {
                self.names.sync_all();
            }
        }
        Ok(())
    }

    pub(crate) fn lock(&mut self, id: HandleId, wanted: Level) -> Answer<()> {
        self.trouble.lives(ffi::SQLITE_IOERR_LOCK)?;
        let others = self.others(id).map(|other| other.level).max().unwrap_or_default();
        let handle = self.handles.get_mut(&id).ok_or(Code(ffi::SQLITE_IOERR_LOCK))?;
        let (level, answer) = handle.level.ask(wanted, others);
        handle.level = level;
        answer
    }

    pub(crate) fn unlock(&mut self, id: HandleId, to: Level) -> Answer<()> {
        self.trouble.lives(ffi::SQLITE_IOERR_UNLOCK)?;
        let handle = self.handles.get_mut(&id).ok_or(Code(ffi::SQLITE_IOERR_UNLOCK))?;
        handle.level = handle.level.min(to);
        Ok(())
    }

    /// Whether anybody is about to write.
    pub(crate) fn is_reserved(&self, id: HandleId) -> Answer<bool> {
        self.trouble.lives(ffi::SQLITE_IOERR_CHECKRESERVEDLOCK)?;
        let handle = self.handles.get(&id).ok_or(Code(ffi::SQLITE_IOERR_CHECKRESERVEDLOCK))?;
        Ok(handle.level >= Level::Reserved || self.others(id).any(|other| other.level >= Level::Reserved))
    }

    /// A piece of the file's shared memory; `None` if it is not there and shall not be made.
    pub(crate) fn map(
        &mut self,
        id: HandleId,
        index: usize,
        bytes: usize,
        extend: bool,
    ) -> Answer<Option<Arc<Region>>> {
        self.trouble.lives(ffi::SQLITE_IOERR_SHMMAP)?;
        let handle = self.handles.get_mut(&id).ok_or(Code(ffi::SQLITE_IOERR_SHMMAP))?;
        if bytes > REGION_BYTES_MAX || index >= REGIONS_MAX {
            return Err(Code(ffi::SQLITE_IOERR_SHMSIZE));
        }
        handle.shares_memory = true;
        let regions = self.regions.entry(handle.inode).or_default();
        if extend {
            while regions.len() <= index {
                regions.push(Region::new(bytes));
            }
        }
        Ok(regions.get(index).cloned())
    }

    pub(crate) fn lock_slots(&mut self, id: HandleId, request: SlotRequest, bits: u8) -> Answer<()> {
        self.trouble.lives(ffi::SQLITE_IOERR_SHMLOCK)?;
        let others = self.others(id).map(|other| other.slots).fold(Slots::default(), Slots::and);
        let handle = self.handles.get_mut(&id).ok_or(Code(ffi::SQLITE_IOERR_SHMLOCK))?;
        handle.slots.ask(request, bits, others)
    }

    /// The handle shares memory no longer; with the last one the memory goes.
    pub(crate) fn unmap(&mut self, id: HandleId) {
        let Some(handle) = self.handles.get_mut(&id) else { return };
        handle.slots = Slots::default();
        handle.shares_memory = false;
        let inode = handle.inode;
        if !self.others(id).any(|other| other.shares_memory) {
            self.regions.remove(&inode);
        }
    }

    fn change(&mut self, inode: Inode, change: Change) -> Answer<()> {
        let content = self.files.get_mut(&inode).ok_or(Code(ffi::SQLITE_IOERR_WRITE))?;
        content.change(change);
        Ok(())
    }

    fn require_room(&self, inode: Inode, len: usize) -> Answer<()> {
        let before = self.files.get(&inode).map_or(0, Content::len);
        let used: usize = self.files.values().map(Content::len).sum();
        let needed = (used - before + len.max(before)) as u64;
        let fits = len <= before || self.capacity.is_none_or(|capacity| needed <= capacity);
        if fits && len <= FILE_BYTES_MAX { Ok(()) } else { Err(Code(ffi::SQLITE_FULL)) }
    }

    fn is_open(&self, database: DatabaseName) -> bool {
        self.handles.values().any(|handle| handle.database == Some(database))
    }

    /// Who else has the same file open.
    fn others(&self, id: HandleId) -> impl Iterator<Item = &Handle> {
        let inode = self.handles.get(&id).map(|handle| handle.inode);
        self.handles
            .iter()
            .filter(move |(other, handle)| **other != id && Some(handle.inode) == inode)
            .map(|(_, handle)| handle)
    }

    /// A file without a name lives as long as somebody has it open.
    fn forget_nameless(&mut self) {
        let mut needed = self.names.inodes();
        needed.extend(self.handles.values().map(|handle| handle.inode));
        self.files.retain(|inode, _| needed.contains(inode));
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
