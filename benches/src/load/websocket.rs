//! As much of RFC 6455 as a load generator speaks.

use anyhow::{bail, ensure};

use super::link::Link;

/// What a server sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A whole binary message.
    Binary(&'a [u8]),
    /// To be answered with the same bytes.
    Ping(&'a [u8]),
    /// Nothing to do.
    Pong,
}

/// What a frame is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A binary message in one frame.
    Binary = 0x82,
    /// The answer to a ping.
    Pong = 0x8a,
}

/// A frame from a client. Its mask is zero: masking costs the client nothing, unmasking costs the server the same.
pub fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind as u8];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// The first frame of these bytes and how many bytes it takes; `None` until it is whole.
///
/// # Errors
/// When the server closes, or sends what Sotto's server never does.
pub fn first(bytes: &[u8]) -> anyhow::Result<Option<(Message<'_>, usize)>> {
    let [head, length, rest @ ..] = bytes else { return Ok(None) };
    let (header, length) = match (length, rest) {
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            (10, usize::try_from(u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]))?)
        }
        (126 | 127, _) => return Ok(None),
        (short, _) => (2, usize::from(*short)),
    };
    let Some(payload) = bytes.get(header..header + length) else { return Ok(None) };
    let message = match head {
        0x82 => Message::Binary(payload),
        0x89 => Message::Ping(payload),
        0x8a => Message::Pong,
        0x88 => bail!("the server closed a WebSocket"),
        other => bail!("the server sent a frame of an unexpected kind ({other:#x})"),
    };
    Ok(Some((message, header + length)))
}

/// Turns a new connection into a WebSocket.
///
/// # Errors
/// When the server does not want one.
pub fn upgrade(link: &mut Link, path: &str) -> anyhow::Result<()> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    link.queue(request.as_bytes());
    link.wait_for(|link| {
        let inbox = link.inbox();
        let Some(end) = inbox.bytes().windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        ensure!(inbox.bytes().starts_with(b"HTTP/1.1 101 "), "the server refuses the WebSocket");
        inbox.take(end + 4);
        Ok(Some(()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_server(length: usize) -> Vec<u8> {
        let mut bytes = frame(Kind::Binary, &vec![7; length]);
        let header = bytes.len() - length - 4;
        bytes.drain(header..header + 4);
        bytes[1] &= 0x7f;
        bytes
    }

    #[test]
    fn a_frame_of_any_length_is_taken_once_it_is_whole() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let mut bytes = from_server(length);
            let whole = bytes.len();
            bytes.push(0x89);
            assert_eq!(first(&bytes[..whole - 1]).unwrap(), None, "{length}");
            assert_eq!(first(&bytes).unwrap(), Some((Message::Binary(&vec![7; length]), whole)), "{length}");
        }
    }

    #[test]
    fn a_close_ends_the_run() {
        assert!(first(&[0x88, 0]).is_err());
    }
}
