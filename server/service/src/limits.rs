//! Every maximum of the service, in one place; what an operator may change is in [`Quotas`](crate::Quotas).

use sotto_wire::limits::{
    DEVICE_LIST_BYTES_MAX, ENTRIES_BYTES_TARGET, KEY_PACKAGE_DAYS, LISTS_PER_REPLY_MAX,
};

/// Bytes of events (entries, ephemerals, inbox items) sent on one connection until it says that they left. One
/// frame may go beyond.
pub(crate) const WINDOW_BYTES: usize = 256 * 1024;
/// Frames of events, likewise.
pub(crate) const WINDOW_FRAMES: usize = 1_024;
/// What an event frame costs beyond the bodies in it.
pub(crate) const FRAME_BYTES: usize = 512;
/// What an entry costs beyond its body.
pub(crate) const ENTRY_BYTES: usize = 128;
/// Inbox items in one frame stop being added when they pass this many bytes.
pub(crate) const INBOX_BYTES_TARGET: usize = 256 * 1024;
/// Connections of one device that follow its inbox.
pub(crate) const INBOX_FOLLOWERS_MAX: usize = 16;

/// Lists of one account.
pub(crate) const LISTS_PER_ACCOUNT_MAX: usize = 1_024;
/// The latest day a key package is kept, counted from its upload; a day more for clocks that differ.
pub(crate) const KEY_PACKAGE_KEEP_DAYS: u32 = KEY_PACKAGE_DAYS as u32 + 1;

/// Keys a table of leaky buckets holds.
pub(crate) const BUCKETS_MAX: usize = 65_536;
/// Topics with something new to trim that are remembered until the next tick; others wait for their daily sweep.
pub(crate) const TOUCHED_TOPICS_MAX: usize = 16_384;
/// Topics swept in one tick.
pub(crate) const SWEEPS_PER_TICK: usize = 1_000;
/// Topics swept in one commit.
pub(crate) const SWEEPS_PER_BATCH: usize = 100;
/// Rows of each kind that one tick expires.
pub(crate) const EXPIRED_PER_TICK: usize = 1_000;

const _: () = {
    assert!(WINDOW_BYTES >= ENTRIES_BYTES_TARGET);
    assert!(LISTS_PER_REPLY_MAX * DEVICE_LIST_BYTES_MAX < sotto_wire::limits::FRAME_BYTES_MAX);
    assert!(SWEEPS_PER_BATCH <= SWEEPS_PER_TICK);
};
