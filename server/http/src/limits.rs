//! Every maximum of this crate, in one place; their relations are asserted at compile time.

use std::time::Duration;

use sotto_wire::limits::FRAME_BYTES_MAX;

/// Time for the TLS handshake.
pub(crate) const TLS_HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Time for one HTTP request head, and between two of them.
pub(crate) const HEADER_READ_MAX: Duration = Duration::from_secs(10);
/// One HTTP request head, in bytes.
pub(crate) const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Life of a connection that never becomes a WebSocket.
pub(crate) const PLAIN_HTTP_MAX: Duration = Duration::from_secs(60);
/// How long `/health` and `/metrics` wait for the service thread.
pub(crate) const PROBE_MAX: Duration = Duration::from_secs(2);
/// Pause after the operating system refused another socket.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Bytes taken from a socket at once; on the stack, so an idle connection holds none of it.
pub(crate) const READ_BYTES: usize = 8 * 1024;
/// Bytes gathered for one write; a larger frame is written on its own.
pub(crate) const WRITE_BYTES: usize = 64 * 1024;
/// A frame up to this size is copied next to its neighbours, a larger one is written from where it lies.
pub(crate) const COALESCE_BYTES_MAX: usize = 4 * 1024;
/// Time from the first byte of a message to its last.
pub(crate) const MESSAGE_READ_MAX: Duration = Duration::from_secs(120);
/// Time to say goodbye: what is half written, then the closing frame.
pub(crate) const FAREWELL_MAX: Duration = Duration::from_secs(5);
/// Time to read on after the closing frame of a peer that broke the rules, and of any other.
pub(crate) const LINGER_MAX: Duration = Duration::from_secs(5);
/// See [`LINGER_MAX`].
pub(crate) const LINGER_BRIEF: Duration = Duration::from_secs(1);
/// Bytes read and thrown away while a refused peer finishes sending, so that it can read why.
pub(crate) const LINGER_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;
/// Payload of a control frame, RFC 6455 §5.5.
pub(crate) const CONTROL_BYTES_MAX: u64 = 125;

/// Messages up to this size need no share of the server's budget for large ones.
pub const SMALL_MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// Events waiting for the service thread.
pub(crate) const EVENTS_MAX: usize = 1_024;
/// Events the service thread takes at once; the requests among them share one commit.
pub(crate) const BATCH_MAX: usize = 512;
/// Outgoing bytes queued for one connection; past it the connection is closed as too slow.
pub(crate) const QUEUE_BYTES_MAX: usize = 3 * FRAME_BYTES_MAX;
/// Outgoing frames queued for one connection.
pub(crate) const QUEUE_FRAMES_MAX: usize = 4_096;
/// While more than this is queued, no further request is read from the connection.
pub(crate) const QUEUE_BYTES_READING: usize = 256 * 1024;
/// How often the log is told of a store that keeps failing.
pub(crate) const TELL_AGAIN: Duration = Duration::from_secs(60);
/// How often the service's housekeeping runs.
pub(crate) const TICK: Duration = Duration::from_secs(60);

const _: () = {
    // One reply of the largest kind never closes a connection that reads.
    assert!(QUEUE_BYTES_MAX >= QUEUE_BYTES_READING + 2 * FRAME_BYTES_MAX);
    assert!(COALESCE_BYTES_MAX < WRITE_BYTES);
    assert!(SMALL_MESSAGE_BYTES_MAX < FRAME_BYTES_MAX);
    assert!(BATCH_MAX <= EVENTS_MAX);
};
