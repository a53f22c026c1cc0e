//! WebSocket framing for the server's side, holding no byte while a connection is idle.
//!
//! tungstenite does the handshake and the frame headers. Its stream keeps every buffer at the size of the
//! largest frame that ever passed (a catch-up reply leaves 350 kB on each connection for good), reads a frame of
//! any allowed size before anybody can say no, and copies what it sends; so payloads are handled here.
//!
//! [`Decoder`] is public: it reads what any peer may send, and is fuzzed without a socket.

mod decoder;
mod encoder;

pub use crate::limits::SMALL_MESSAGE_BYTES_MAX;
pub use decoder::{Decoder, Step, Violation};
pub(crate) use encoder::{CloseCode, Encoder};
