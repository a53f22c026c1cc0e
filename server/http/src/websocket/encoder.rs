//! Frames for a peer, unmasked, gathered so that many small ones cost one write.

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::limits::COALESCE_BYTES_MAX;

const FINAL: u8 = 0x80;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Why a WebSocket is closed, RFC 6455 §7.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseCode {
    Normal = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    Unsupported = 1003,
    PolicyViolation = 1008,
    TooBig = 1009,
    InternalError = 1011,
}

/// Bytes to be written, in order. Holds no allocation once they are written.
#[derive(Default)]
pub(crate) struct Encoder {
    chunks: VecDeque<Bytes>,
    /// Small frames and headers being gathered; they come after `chunks`.
    gathering: BytesMut,
    left: usize,
}

impl Encoder {
    /// One binary message.
    pub(crate) fn binary(&mut self, payload: Bytes) {
        self.frame(BINARY, payload);
    }

    /// Asks the peer for a sign of life.
    pub(crate) fn ping(&mut self) {
        self.frame(PING, Bytes::new());
    }

    /// Answers a ping.
    pub(crate) fn pong(&mut self, payload: Bytes) {
        self.frame(PONG, payload);
    }

    /// The last frame.
    pub(crate) fn close(&mut self, code: CloseCode) {
        self.frame(CLOSE, Bytes::copy_from_slice(&(code as u16).to_be_bytes()));
    }

    /// Bytes not yet written.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// What to write next, as many slices as `slices` holds; returns how many were filled.
    pub(crate) fn slices<'a>(&'a mut self, slices: &mut [IoSlice<'a>]) -> usize {
        self.seal();
        let mut filled = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
            *slice = IoSlice::new(chunk);
            filled += 1;
        }
        filled
    }

    /// This many bytes were written.
    pub(crate) fn written(&mut self, mut count: usize) {
        self.left -= count;
        while let Some(chunk) = self.chunks.front_mut() {
            if count < chunk.len() {
                chunk.advance(count);
                return;
            }
            count -= chunk.len();
            self.chunks.pop_front();
        }
        self.chunks = VecDeque::new();
    }

    fn frame(&mut self, opcode: u8, payload: Bytes) {
        self.left += self.header(opcode, payload.len()) + payload.len();
        if payload.len() <= COALESCE_BYTES_MAX {
            self.gathering.extend_from_slice(&payload);
        } else {
            self.seal();
            self.chunks.push_back(payload);
        }
    }

    /// Writes a header without mask, RFC 6455 §5.2; returns its length.
    fn header(&mut self, opcode: u8, length: usize) -> usize {
        let before = self.gathering.len();
        self.gathering.put_u8(FINAL | opcode);
        match length {
            0..=125 => self.gathering.put_u8(length as u8),
            126..=0xFFFF => {
                self.gathering.put_u8(126);
                self.gathering.put_u16(length as u16);
            }
            _ => {
                self.gathering.put_u8(127);
                self.gathering.put_u64(length as u64);
            }
        }
        self.gathering.len() - before
    }

    fn seal(&mut self) {
        if !self.gathering.is_empty() {
            self.chunks.push_back(std::mem::take(&mut self.gathering).freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tungstenite::protocol::frame::FrameSocket;

    /// Writes everything, `piece` bytes at a time.
    fn drain(encoder: &mut Encoder, piece: usize) -> Vec<u8> {
        let mut written = Vec::new();
        while encoder.left() > 0 {
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = encoder.slices(&mut slices);
            let bytes: Vec<u8> =
                slices[..filled].iter().flat_map(|slice| slice.iter().copied()).take(piece).collect();
            assert!(!bytes.is_empty());
            encoder.written(bytes.len());
            written.extend(bytes);
        }
        written
    }

    #[test]
    fn frames_of_every_length_format_are_read_back_whatever_the_socket_takes() {
        let payloads: Vec<Vec<u8>> =
            [0, 1, 125, 126, 4096, 4097, 0xFFFF, 0x1_0000].iter().map(|&n| vec![n as u8; n]).collect();
        for piece in [1000, 4099, usize::MAX] {
            let mut encoder = Encoder::default();
            payloads.iter().for_each(|payload| encoder.binary(payload.clone().into()));
            encoder.close(CloseCode::Normal);
            let mut reader = FrameSocket::new(std::io::Cursor::new(drain(&mut encoder, piece)));
            for payload in &payloads {
                assert_eq!(reader.read(None).unwrap().unwrap().into_payload(), payload);
            }
            assert_eq!(reader.read(None).unwrap().unwrap().into_payload(), &1000_u16.to_be_bytes()[..]);
            assert!(reader.read(None).unwrap().is_none());
        }
    }

    #[test]
    fn small_frames_leave_in_one_piece_and_nothing_is_kept() {
        let mut encoder = Encoder::default();
        (0..100).for_each(|_| encoder.binary(Bytes::from_static(b"small")));
        let mut slices = [IoSlice::new(&[]); 4];
        assert_eq!(encoder.slices(&mut slices), 1);
        drain(&mut encoder, usize::MAX);
        assert_eq!((encoder.chunks.capacity(), encoder.gathering.capacity()), (0, 0));
    }
}
