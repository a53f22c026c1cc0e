//! What this crate reads from outside besides frames, for a fuzzer: the parsers themselves stay where they are used.
//!
//! Only with the feature `fuzzing`, which adds this module and changes nothing else.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::exchange::{Numbered, Outward};
use crate::limits::{ANSWER_LINE_BYTES_MAX, REQUEST_LINE_BYTES_MAX};
use crate::network::proxy_status as status;
use crate::socket::{Hello, read_now};

/// A line from a guest of the profile's socket, read and written again; `None` when it is refused.
pub fn request_line(bytes: &[u8]) -> Option<Vec<u8>> {
    line::<Numbered>(bytes, REQUEST_LINE_BYTES_MAX)
}

/// A line from the holder, likewise.
pub fn answer_line(bytes: &[u8]) -> Option<Vec<u8>> {
    line::<Outward>(bytes, ANSWER_LINE_BYTES_MAX)
}

/// The holder's first line, likewise.
pub fn greeting_line(bytes: &[u8]) -> Option<Vec<u8>> {
    line::<Hello>(bytes, REQUEST_LINE_BYTES_MAX)
}

/// The status in the first line of an HTTP proxy's answer.
pub fn proxy_status(answer: &[u8]) -> Option<u16> {
    status(answer)
}

fn line<T: DeserializeOwned + Serialize>(bytes: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let value: T = read_now(&[bytes, b"\n"].concat(), bytes_max)?;
    serde_json::to_vec(&value).ok()
}
