//! An open file as SQLite sees it: a table of functions over a pointer (sqlite.org/c3ref/io_methods.html).
//!
//! Each function turns pointers into slices and references and hands them to safe code.

use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use rusqlite::ffi;

use crate::content;
use crate::disk::Shared;
use crate::limits::{FILE_BYTES_MAX, SECTOR_BYTES};
use crate::locks::{Level, SlotRequest, Slots};
use crate::shared::Region;
use crate::state::HandleId;
use crate::trouble::{Answer, Code};

/// What SQLite reserves memory for, in front of which it expects its own part.
#[repr(C)]
pub(crate) struct CFile {
    base: ffi::sqlite3_file,
    open: *mut Open,
}

/// An open file.
pub(crate) enum Open {
    OnDisk(OnDisk),
    /// Without a name: nobody else ever sees it.
    Nameless(Vec<u8>),
}

pub(crate) struct OnDisk {
    pub(crate) disk: Shared,
    pub(crate) handle: HandleId,
    /// SQLite has their addresses until it unmaps them, also when the process that it plays is dead.
    pub(crate) regions: Vec<Arc<Region>>,
}

impl CFile {
    /// Makes what SQLite reserved an open file.
    ///
    /// # Safety
    /// `file` points to at least `size_of::<CFile>()` writable bytes, aligned as SQLite's allocator does (8 bytes).
    pub(crate) unsafe fn put(file: *mut ffi::sqlite3_file, open: Open) {
        let open = Box::into_raw(Box::new(open));
        // SAFETY: as the caller promises; what was there is not a value yet.
        unsafe { file.cast::<Self>().write(Self { base: ffi::sqlite3_file { pMethods: &METHODS }, open }) };
    }

    /// Says that nothing was opened: SQLite will not call the file's methods.
    ///
    /// # Safety
    /// As [`put`](Self::put).
    pub(crate) unsafe fn leave_closed(file: *mut ffi::sqlite3_file) {
        let base = ffi::sqlite3_file { pMethods: std::ptr::null() };
        // SAFETY: as the caller promises.
        unsafe { file.cast::<Self>().write(Self { base, open: std::ptr::null_mut() }) };
    }
}

/// The open file behind SQLite's pointer.
///
/// # Safety
/// `file` was filled by [`CFile::put`] and is not closed. SQLite calls the methods of one file from one thread at a time.
unsafe fn open<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Open {
    // SAFETY: as the caller promises: `open` came out of a Box that only `close` takes back.
    unsafe { &mut *(*file.cast::<CFile>()).open }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // 2: with shared memory, without memory-mapped reading.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

impl Open {
    fn read(&mut self, offset: usize, buffer: &mut [u8]) -> Answer<()> {
        let had = match self {
            Self::OnDisk(file) => file.disk.lock().read(file.handle, offset, buffer)?,
            Self::Nameless(bytes) => content::read(bytes, offset, buffer),
        };
        if had < buffer.len() { Err(Code(ffi::SQLITE_IOERR_SHORT_READ)) } else { Ok(()) }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Answer<()> {
        match self {
            Self::OnDisk(file) => file.disk.lock().write(file.handle, offset, bytes),
            Self::Nameless(to) if offset + bytes.len() <= FILE_BYTES_MAX => {
                content::write(to, offset, bytes);
                Ok(())
            }
            Self::Nameless(_) => Err(Code(ffi::SQLITE_FULL)),
        }
    }

    fn truncate(&mut self, len: usize) -> Answer<()> {
        match self {
            Self::OnDisk(file) => file.disk.lock().truncate(file.handle, len),
            Self::Nameless(bytes) if len <= FILE_BYTES_MAX => {
                bytes.resize(len, 0);
                Ok(())
            }
            Self::Nameless(_) => Err(Code(ffi::SQLITE_FULL)),
        }
    }

    fn sync(&self) -> Answer<()> {
        self.on_disk(Ok(()), |file| file.disk.lock().sync(file.handle))
    }

    fn len(&self) -> Answer<usize> {
        match self {
            Self::OnDisk(file) => file.disk.lock().len(file.handle),
            Self::Nameless(bytes) => Ok(bytes.len()),
        }
    }

    fn lock(&self, level: c_int) -> Answer<()> {
        let level = Level::from_sqlite(level).ok_or(Code(ffi::SQLITE_MISUSE))?;
        self.on_disk(Ok(()), |file| file.disk.lock().lock(file.handle, level))
    }

    fn unlock(&self, level: c_int) -> Answer<()> {
        let level = Level::from_sqlite(level).ok_or(Code(ffi::SQLITE_MISUSE))?;
        self.on_disk(Ok(()), |file| file.disk.lock().unlock(file.handle, level))
    }

    fn is_reserved(&self) -> Answer<bool> {
        self.on_disk(Ok(false), |file| file.disk.lock().is_reserved(file.handle))
    }

    fn map(&mut self, index: usize, bytes: usize, extend: bool) -> Answer<*mut c_void> {
        let Self::OnDisk(file) = self else { return Err(Code(ffi::SQLITE_IOERR_SHMMAP)) };
        let region = file.disk.lock().map(file.handle, index, bytes, extend)?;
        let Some(region) = region else { return Ok(std::ptr::null_mut()) };
        let address = region.address();
        file.regions.push(region);
        Ok(address)
    }

    fn lock_slots(&self, first: c_int, count: c_int, flags: c_int) -> Answer<()> {
        let bits = Slots::range(first, count).ok_or(Code(ffi::SQLITE_MISUSE))?;
        let request = SlotRequest::from_sqlite(flags).ok_or(Code(ffi::SQLITE_MISUSE))?;
        self.on_disk(Ok(()), |file| file.disk.lock().lock_slots(file.handle, request, bits))
    }

    fn unmap(&mut self) {
        if let Self::OnDisk(file) = self {
            file.disk.lock().unmap(file.handle);
            file.regions.clear();
        }
    }

    fn on_disk<T>(&self, otherwise: T, run: impl FnOnce(&OnDisk) -> T) -> T {
        match self {
            Self::OnDisk(file) => run(file),
            Self::Nameless(_) => otherwise,
        }
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        self.disk.lock().close(self.handle);
    }
}

/// What SQLite is told.
pub(crate) fn code(answer: Answer<()>) -> c_int {
    match answer {
        Ok(()) => ffi::SQLITE_OK,
        Err(Code(code)) => code,
    }
}

/// A size or place from SQLite.
fn number(value: impl TryInto<usize>) -> Answer<usize> {
    value.try_into().map_err(|_| Code(ffi::SQLITE_MISUSE))
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let file = file.cast::<CFile>();
    // SAFETY: SQLite closes what `put` opened, once; afterwards it calls no method of it.
    unsafe {
        (*file).base.pMethods = std::ptr::null();
        drop(Box::from_raw(std::mem::replace(&mut (*file).open, std::ptr::null_mut())));
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    len: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let (Ok(len), Ok(offset)) = (number(len), number(offset)) else { return ffi::SQLITE_MISUSE };
    if len == 0 {
        return ffi::SQLITE_OK;
    }
    // SAFETY: SQLite hands over `len` bytes of its own to be filled. They may be without a value yet, so they get one
    // before they are a slice.
    let buffer = unsafe {
        buffer.cast::<u8>().write_bytes(0, len);
        std::slice::from_raw_parts_mut(buffer.cast::<u8>(), len)
    };
    // SAFETY: SQLite calls methods of open files only.
    code(unsafe { open(file) }.read(offset, buffer))
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    len: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let (Ok(len), Ok(offset)) = (number(len), number(offset)) else { return ffi::SQLITE_MISUSE };
    if len == 0 {
        return ffi::SQLITE_OK;
    }
    // SAFETY: SQLite hands over `len` bytes that nobody changes during the call.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), len) };
    // SAFETY: SQLite calls methods of open files only.
    code(unsafe { open(file) }.write(offset, bytes))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls methods of open files only.
    code(number(len).and_then(|len| unsafe { open(file) }.truncate(len)))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite calls methods of open files only.
    code(unsafe { open(file) }.sync())
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, len: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls methods of open files only.
    let found = unsafe { open(file) }.len();
    // SAFETY: `len` is where SQLite wants the answer.
    code(found.map(|found| unsafe { len.write(found as ffi::sqlite3_int64) }))
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite calls methods of open files only.
    code(unsafe { open(file) }.lock(level))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite calls methods of open files only.
    code(unsafe { open(file) }.unlock(level))
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, answer: *mut c_int) -> c_int {
    // SAFETY: SQLite calls methods of open files only.
    let found = unsafe { open(file) }.is_reserved();
    // SAFETY: `answer` is where SQLite wants the answer.
    code(found.map(|found| unsafe { answer.write(found.into()) }))
}

unsafe extern "C" fn file_control(
    _file: *mut ffi::sqlite3_file,
    _op: c_int,
    _argument: *mut c_void,
) -> c_int {
    // Nothing special: SQLite does without.
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    SECTOR_BYTES as c_int
}

unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    // Nothing is promised: no atomic write, no order, and a sector written in part may be spoilt whole.
    0
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    index: c_int,
    bytes: c_int,
    extend: c_int,
    address: *mut *mut c_void,
) -> c_int {
    let mapped = number(index).and_then(|index| {
        // SAFETY: SQLite calls methods of open files only.
        unsafe { open(file) }.map(index, number(bytes)?, extend != 0)
    });
    // SAFETY: `address` is where SQLite wants the answer. What it points to lives until `shm_unmap` or `close`.
    unsafe { address.write(mapped.unwrap_or(std::ptr::null_mut())) };
    code(mapped.map(drop))
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: SQLite calls methods of open files only.
    code(unsafe { open(file) }.lock_slots(first, count, flags))
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: SQLite calls methods of open files only, and uses no address that it has unmapped.
    unsafe { open(file) }.unmap();
    ffi::SQLITE_OK
}
