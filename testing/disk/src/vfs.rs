//! The disk as SQLite finds it: one VFS for all disks of the process (sqlite.org/c3ref/vfs.html).

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr::null_mut;
use std::sync::OnceLock;

use rusqlite::ffi;

use crate::disk::Shared;
use crate::file::{CFile, OnDisk, Open, code};
use crate::host;
use crate::limits::PATH_BYTES_MAX;
use crate::state::{DatabaseName, Missing, Opening, Part};
use crate::trouble::{Answer, Code};

/// The name under which SQLite knows how to reach disks, once the first one was made.
pub const VFS_NAME: &str = "sotto-disk";
const C_NAME: &CStr = c"sotto-disk";

/// Makes SQLite know the VFS, the first time; never as its default.
pub(crate) fn register() {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    REGISTERED.get_or_init(|| {
        let vfs = Box::leak(Box::new(table()));
        // SAFETY: the table lives for ever, as do the name and the functions in it, and nobody else changes it.
        unsafe { ffi::sqlite3_vfs_register(vfs, 0) }
    });
}

fn table() -> ffi::sqlite3_vfs {
    ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: size_of::<CFile>() as c_int,
        mxPathname: PATH_BYTES_MAX as c_int,
        pNext: null_mut(),
        zName: C_NAME.as_ptr(),
        pAppData: null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: Some(dl_open),
        xDlError: Some(dl_error),
        xDlSym: Some(dl_sym),
        xDlClose: Some(dl_close),
        xRandomness: Some(host::randomness),
        xSleep: Some(host::sleep),
        xCurrentTime: Some(host::current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(host::current_time_ms),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }
}

/// The disk that SQLite's path leads to, and the name of the file on it.
///
/// # Safety
/// `path` points to a C string that nobody changes while the answer is in use.
unsafe fn find<'a>(path: *const c_char) -> Answer<(Shared, &'a str)> {
    // SAFETY: as the caller promises.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok();
    path.and_then(Shared::find).ok_or(Code(ffi::SQLITE_CANTOPEN))
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's path is null or a C string made by SQLite itself, as `open_file` needs.
    match unsafe { open_file(path, flags) } {
        Ok(open) => {
            // SAFETY: SQLite reserved `szOsFile` bytes at `file`.
            unsafe { CFile::put(file, open) };
            if !out_flags.is_null() {
                // SAFETY: not null, so it is where SQLite wants the answer.
                unsafe { out_flags.write(flags) };
            }
            ffi::SQLITE_OK
        }
        Err(Code(code)) => {
            // SAFETY: as above.
            unsafe { CFile::leave_closed(file) };
            code
        }
    }
}

/// # Safety
/// `path` is null or what SQLite hands to `xOpen` with these flags.
unsafe fn open_file(path: ffi::sqlite3_filename, flags: c_int) -> Answer<Open> {
    if path.is_null() || flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0 {
        return Ok(Open::Nameless(Vec::new()));
    }
    // SAFETY: not null, so a C string that lives longer than this call.
    let (disk, name) = unsafe { find(path) }?;
    let missing = if flags & ffi::SQLITE_OPEN_CREATE == 0 {
        Missing::Fail
    } else if flags & ffi::SQLITE_OPEN_EXCLUSIVE == 0 {
        Missing::Create
    } else {
        Missing::CreateOnly
    };
    let part = if flags & ffi::SQLITE_OPEN_MAIN_DB != 0 {
        Part::Database(DatabaseName(path.addr()))
    } else if flags & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL) != 0 {
        // SAFETY: with these flags the path lies in the block of names that SQLite made for the database.
        Part::Beside(DatabaseName(unsafe { ffi::sqlite3_filename_database(path) }.addr()))
    } else if flags & ffi::SQLITE_OPEN_SUPER_JOURNAL != 0 {
        Part::Super
    } else {
        Part::Other
    };
    let handle = disk.lock().open(Opening { name, missing, part })?;
    Ok(Open::OnDisk(OnDisk { disk, handle, regions: Vec::new() }))
}

/// A dead process's connection does not get here: before SQLite deletes a file it reads or locks another, and that fails.
unsafe extern "C" fn delete(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    sync_directory: c_int,
) -> c_int {
    // SAFETY: SQLite hands over a C string.
    let deleted =
        unsafe { find(path) }.and_then(|(disk, name)| disk.lock().delete(name, sync_directory != 0));
    code(deleted)
}

unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // What is there may be read and written.
    // SAFETY: SQLite hands over a C string.
    let exists = unsafe { find(path) }.map_or(Ok(false), |(disk, name)| disk.lock().exists(name));
    // SAFETY: `answer` is where SQLite wants the answer.
    code(exists.map(|exists| unsafe { answer.write(exists.into()) }))
}

/// Paths are full already.
unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite hands over a C string.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if usize::try_from(room).is_ok_and(|room| bytes.len() <= room) {
        // SAFETY: `out` has room for `room` bytes, and SQLite's own are elsewhere.
        unsafe { out.copy_from_nonoverlapping(bytes.as_ptr().cast(), bytes.len()) };
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_CANTOPEN
    }
}

unsafe extern "C" fn last_error(_vfs: *mut ffi::sqlite3_vfs, _room: c_int, _out: *mut c_char) -> c_int {
    0
}

// There are no extensions on a disk in memory.

unsafe extern "C" fn dl_open(_vfs: *mut ffi::sqlite3_vfs, _path: *const c_char) -> *mut c_void {
    null_mut()
}

unsafe extern "C" fn dl_error(_vfs: *mut ffi::sqlite3_vfs, room: c_int, out: *mut c_char) {
    if room > 0 && !out.is_null() {
        // SAFETY: there is room for one byte.
        unsafe { out.write(0) };
    }
}

unsafe extern "C" fn dl_sym(
    _vfs: *mut ffi::sqlite3_vfs,
    _library: *mut c_void,
    _symbol: *const c_char,
) -> Option<unsafe extern "C" fn(*mut ffi::sqlite3_vfs, *mut c_void, *const c_char)> {
    None
}

unsafe extern "C" fn dl_close(_vfs: *mut ffi::sqlite3_vfs, _library: *mut c_void) {}
