//! Every maximum and time of this crate, in one place.
#![cfg_attr(
    not(all(feature = "worker", target_arch = "wasm32")),
    expect(dead_code, reason = "most of them bound what the worker does")
)]

/// Bytes one WebSocket may hold unsent before the engine is made to wait.
pub(crate) const UNSENT_BYTES_MAX: u32 = 1024 * 1024;
/// Time between looks at whether a WebSocket has room again.
pub(crate) const WRITABLE_LOOK_MS: u64 = 20;
/// The wall clock is looked at again at least this often while waiting for a time.
pub(crate) const CLOCK_LOOK_MS: u64 = 10_000;
/// Time between tries to open files that a tab which just died still holds.
pub(crate) const HELD_TRY_MS: u64 = 50;
/// Tries after which the person is told that something holds the files; it goes on trying, more slowly.
pub(crate) const HELD_TRIES: u32 = 60;
/// See [`HELD_TRIES`].
pub(crate) const HELD_TRY_SLOW_MS: u64 = 1_000;
/// Database files up to this size are checked page by page whenever they are opened.
pub(crate) const CHECKED_AT_OPEN_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Actions of one page under way; further ones are refused.
pub(crate) const ACTIONS_UNDER_WAY_MAX: usize = 1_024;
/// Characters of the shortest passphrase.
pub(crate) const PASSPHRASE_CHARS_MIN: usize = 8;
/// Part of the room for this site, in percent, at which it is nearly full.
pub(crate) const NEARLY_FULL_PERCENT: u64 = 90;
/// Time between looks at the room for this site, and at whether the files are still there.
pub(crate) const ROOM_LOOK_MS: u64 = 10_000;
/// Time after which a page that found an owner which does not answer is told so.
pub(crate) const SILENT_OWNER_MS: u64 = 4_000;
