//! Every maximum of this crate, in one place.

use std::time::Duration;

/// WebSocket messages of one plane that wait to be written when [`Output::Continue`](sotto_engine::api::Output::Continue)
/// is held back until some are gone.
pub(crate) const FRAMES_WAITING_MAX: usize = 32;
/// Inputs that wait for the engine; a reader of a socket then waits too. Bounds memory at this many frames.
pub(crate) const JOBS_MAX: usize = 8;
/// Notices that wait for one reader before it is told that it missed some.
pub(crate) const NOTICES_WAITING_MAX: usize = 65_536;
/// Requests under way on one connection to a profile's socket.
pub(crate) const REQUESTS_IN_FLIGHT_MAX: usize = 64;
/// Connections to a profile's socket.
pub(crate) const CLIENTS_MAX: usize = 256;
/// One line from a client of a profile's socket: a text with every byte escaped, and its surroundings.
pub(crate) const REQUEST_LINE_BYTES_MAX: usize = 1024 * 1024;
/// One line to a client: a page of history of the longest texts, escaped.
pub(crate) const ANSWER_LINE_BYTES_MAX: usize = 96 * 1024 * 1024;
/// Messages in one answer to a history question.
pub const HISTORY_PAGE_MAX: usize = 200;
/// Database files up to this size are checked page by page whenever they are opened.
pub(crate) const CHECKED_AT_OPEN_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// `key.json`, in bytes.
pub(crate) const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;
/// An extra certificate file, in bytes.
pub(crate) const CA_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// What a proxy may answer before the connection is ours, in bytes.
pub(crate) const PROXY_ANSWER_BYTES_MAX: usize = 8 * 1024;

/// Opening a connection: name, TCP, TLS, WebSocket.
pub(crate) const CONNECT_TIME_MAX: Duration = Duration::from_secs(20);
/// The same through a proxy, which may be Tor.
pub(crate) const CONNECT_TIME_PROXY_MAX: Duration = Duration::from_secs(60);
/// Time that one address of a server gets before the next is tried beside it.
pub(crate) const HEAD_START: Duration = Duration::from_millis(300);
/// Silence after which a ping is sent.
pub(crate) const QUIET_TIME: Duration = Duration::from_secs(45);
/// Further silence after which the connection counts as lost.
pub(crate) const PONG_TIME_MAX: Duration = Duration::from_secs(30);
/// Longest a single write may be stuck.
pub(crate) const WRITE_TIME_MAX: Duration = Duration::from_secs(60);
/// Time to write what is left when a session closes.
pub(crate) const FAREWELL_TIME_MAX: Duration = Duration::from_secs(2);
/// Longest wait for the operating system's keyring, which may ask the person.
pub(crate) const KEYRING_TIME_MAX: Duration = Duration::from_secs(120);
/// The wall clock is looked at again at least this often while waiting for an alarm.
pub(crate) const CLOCK_LOOK_TIME: Duration = Duration::from_secs(10);

const _: () = assert!(REQUEST_LINE_BYTES_MAX > 6 * sotto_wire::limits::TEXT_BYTES_MAX);
const _: () =
    assert!(ANSWER_LINE_BYTES_MAX > HISTORY_PAGE_MAX * (6 * sotto_wire::limits::TEXT_BYTES_MAX + 4096));
