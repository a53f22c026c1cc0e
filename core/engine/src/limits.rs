//! Every maximum and time of the engine, in one place.

use sotto_wire::limits::{
    DROP_CAPABILITY_DAYS, FOLLOWS_PER_REQUEST_MAX, INBOX_ITEM_DAYS, KEY_PACKAGE_DAYS, KEY_PACKAGES_ONE_TIME,
    REQUESTS_IN_FLIGHT_MAX,
};

/// First and longest distance between tries to connect.
pub(crate) const BACKOFF_MS_FIRST: u64 = 250;
/// See [`BACKOFF_MS_FIRST`].
pub(crate) const BACKOFF_MS_MAX: u64 = 30_000;
/// A connection that lasted this long was a good one: the next failure starts over with short waits.
pub(crate) const GOOD_CONNECTION_MS: u64 = 30_000;
/// A request or an opened connection not answered for this long: the connection is given up.
pub(crate) const ANSWER_MS_MAX: u64 = 45_000;
/// First and longest distance between tries of an outbox item.
pub(crate) const RETRY_MS_FIRST: u64 = 1_000;
/// See [`RETRY_MS_FIRST`].
pub(crate) const RETRY_MS_MAX: u64 = 600_000;

/// Messages under way on one topic.
pub(crate) const WINDOW_PER_TOPIC: usize = 16;
/// Requests under way on the topic plane; some room is left for what the window does not count.
pub(crate) const WINDOW_ALL: usize = REQUESTS_IN_FLIGHT_MAX - 16;
/// Slots in one follow request.
pub(crate) const FOLLOWS_PER_REQUEST: usize = FOLLOWS_PER_REQUEST_MAX;
/// Chain values remembered per topic.
pub(crate) const CHAINS_KEPT: u64 = 4_096;

/// Fresh key packages are made when fewer are left.
pub(crate) const KEY_PACKAGES_LOW: u32 = KEY_PACKAGES_ONE_TIME as u32 / 2;
/// Days before expiry at which the last-resort package is replaced: 14 days after it was made.
pub(crate) const LAST_RESORT_DAYS_LEFT: u64 = KEY_PACKAGE_DAYS - 14;

/// Local and server clock may differ by this much.
pub(crate) const CLOCK_MINUTES_MAX: u64 = 24 * 60;
/// A self-update follows the first message within this time (jittered), and then every week.
pub(crate) const FIRST_UPDATE_MS_MAX: u64 = 60_000;
/// See [`FIRST_UPDATE_MS_MAX`].
pub(crate) const UPDATE_MS: u64 = 7 * 24 * 3_600_000;
/// A leg is replaced without being asked at most this often.
pub(crate) const REPAIR_MS: u64 = 3_600_000;
/// Legs of one conversation that are read at once; the oldest beyond are closed.
pub(crate) const LEGS_READ_MAX: usize = 16;
/// Own messages that leave again when their reader has given a leg up: the newest.
pub(crate) const TAKEN_BACK_MAX: usize = 4_096;
/// For this long a drop capability is good whatever the two clocks, each off by a day at most, make of it.
pub(crate) const DROP_GOOD_MS: u64 = (DROP_CAPABILITY_DAYS as u64 - 2) * 24 * 3_600_000;
/// After this long a Welcome may have expired unread, whatever the two clocks make of it.
pub(crate) const WELCOME_WAITS_MS: u64 = (INBOX_ITEM_DAYS as u64 - 2) * 24 * 3_600_000;
/// Alarms of one kind kept for one conversation.
pub(crate) const ALARMS_PER_KIND_MAX: i64 = 64;
/// Answers to the server's proof of work that are tried before giving up.
pub(crate) const WORK_TRIES_MAX: u64 = 1 << 34;

const _: () = assert!(WINDOW_PER_TOPIC < WINDOW_ALL);
const _: () = assert!(KEY_PACKAGES_LOW > 0);
