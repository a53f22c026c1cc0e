//! Memory that the connections of one process share: the index of a write-ahead log. Never on the disk.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::Arc;

/// A piece of memory whose address does not change while anybody holds it. Only SQLite reads and writes it.
#[derive(Debug)]
pub(crate) struct Region {
    // Words, so that it is aligned for what SQLite keeps in it.
    words: Box<[UnsafeCell<u64>]>,
}

// SAFETY: no Rust code reads or writes the cells after they were made. SQLite does, from several threads at once, under
// its own rules (locks, barriers and volatile access), as it would with a mapped file.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// All zeros.
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { words: (0..bytes.div_ceil(8)).map(|_| UnsafeCell::new(0)).collect() })
    }

    pub(crate) fn address(&self) -> *mut c_void {
        // All cells, not one: the pointer is good for the whole region.
        self.words.as_ptr().cast_mut().cast()
    }
}
