//! What SQLite asks of its host beside files: the time, randomness, a pause. One answer for the whole process.

use std::ffi::{c_char, c_int};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use rusqlite::ffi;

/// 1970 on SQLite's calendar of Julian days, in milliseconds.
const UNIX_EPOCH_MS: i64 = 210_866_760_000_000;
const DAY_MS: f64 = 86_400_000.0;

/// 2020-01-01 until somebody says otherwise: never the real time.
static CLOCK_MS: AtomicI64 = AtomicI64::new(1_577_836_800_000);
static RANDOMNESS: AtomicU64 = AtomicU64::new(0);

/// Sets the time that SQL sees on every disk of this process, in milliseconds since 1970.
pub fn set_clock_ms(now: i64) {
    CLOCK_MS.store(now, Ordering::Relaxed);
}

/// Makes SQLite's own generator begin anew, for the whole process: `random()`, the salts of write-ahead logs, names of
/// temporary files. SQLCipher's keys and nonces come from elsewhere.
pub fn seed_sqlite(seed: NonZeroU32) {
    RANDOMNESS.store(u64::from(seed.get()), Ordering::Relaxed);
    let no_connection: *mut ffi::sqlite3 = std::ptr::null_mut();
    // SAFETY: this control takes an int and a connection, which may be null; SQLite guards its generator itself.
    unsafe {
        ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_PRNG_SEED, seed.get() as c_int, no_connection);
    }
}

pub(crate) unsafe extern "C" fn randomness(
    _vfs: *mut ffi::sqlite3_vfs,
    len: c_int,
    out: *mut c_char,
) -> c_int {
    let Ok(count) = usize::try_from(len) else { return 0 };
    for at in 0..count {
        // SAFETY: SQLite hands over `len` bytes to be filled.
        unsafe { out.add(at).write(draw() as c_char) };
    }
    len
}

/// SplitMix64: even, and the same for every seed.
fn draw() -> u64 {
    let state = RANDOMNESS.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A pause takes no time: who holds the lock either runs in another thread or has to be asked to let go.
pub(crate) unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    std::thread::yield_now();
    microseconds
}

pub(crate) unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    // SAFETY: `days` is where SQLite wants the answer.
    unsafe { days.write(now_ms() as f64 / DAY_MS) };
    ffi::SQLITE_OK
}

pub(crate) unsafe extern "C" fn current_time_ms(
    _vfs: *mut ffi::sqlite3_vfs,
    ms: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: `ms` is where SQLite wants the answer.
    unsafe { ms.write(now_ms()) };
    ffi::SQLITE_OK
}

fn now_ms() -> i64 {
    CLOCK_MS.load(Ordering::Relaxed).saturating_add(UNIX_EPOCH_MS)
}
