//! Bytes from a peer become messages: RFC 6455 §5, server side, without I/O.

use std::io::Cursor;

use sotto_wire::limits::FRAME_BYTES_MAX;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use bytes::{Buf as _, Bytes, BytesMut};

use crate::limits::{CONTROL_BYTES_MAX, SMALL_MESSAGE_BYTES_MAX};

/// Reads frames from whatever bytes arrive. Holds no allocation between messages.
#[derive(Default)]
pub struct Decoder {
    /// Arrived, not yet looked at.
    pending: BytesMut,
    /// The data frame whose payload is arriving.
    frame: Option<OpenFrame>,
    /// The message that frame belongs to; it outlives frames when a peer fragments.
    message: Option<BytesMut>,
    budget: Budget,
}

struct OpenFrame {
    mask: [u8; 4],
    /// Payload bytes taken so far: the phase of the mask.
    taken: usize,
    left: usize,
    last: bool,
}

/// Whether the message under way has its share of the memory for large ones.
#[derive(Default, PartialEq)]
enum Budget {
    #[default]
    None,
    Granted,
}

/// What the bytes so far amount to.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Nothing more until more bytes arrive.
    NeedMore,
    /// A large message is coming, more than [`SMALL_MESSAGE_BYTES_MAX`]: call [`Decoder::granted`] once this many bytes may be held.
    NeedBudget(usize),
    /// One whole binary message.
    Message(Bytes),
    /// A ping with this payload: answer it with the same.
    Ping(Bytes),
    /// An answer to a ping.
    Pong,
    /// The peer is done.
    Close,
}

/// How a peer broke the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A message above [`FRAME_BYTES_MAX`].
    TooLarge,
    /// A text message: the protocol knows binary ones only.
    Text,
    /// Anything else RFC 6455 forbids.
    Framing,
}

impl Decoder {
    /// Takes bytes as they came from the socket.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The asked-for memory may be used.
    pub fn granted(&mut self) {
        self.budget = Budget::Granted;
    }

    /// Whether a message has begun and is not whole.
    pub fn is_mid_message(&self) -> bool {
        self.frame.is_some() || self.message.is_some() || !self.pending.is_empty()
    }

    /// The next step. After a violation the decoder is of no further use.
    ///
    /// # Errors
    /// When the peer broke the rules.
    pub fn step(&mut self) -> Result<Step, Violation> {
        loop {
            if self.frame.is_some() {
                match self.take_payload() {
                    Payload::More => return Ok(self.need_more()),
                    Payload::FrameDone => continue,
                    Payload::MessageDone(message) => return Ok(Step::Message(message)),
                }
            }
            match self.take_header()? {
                Header::More => return Ok(self.need_more()),
                Header::Step(step) => return Ok(step),
                Header::DataFrame => {}
            }
        }
    }

    fn need_more(&mut self) -> Step {
        if self.pending.is_empty() {
            self.pending = BytesMut::new();
        }
        Step::NeedMore
    }

    fn take_header(&mut self) -> Result<Header, Violation> {
        let mut cursor = Cursor::new(&self.pending[..]);
        let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(|_| Violation::Framing)? else {
            return Ok(Header::More);
        };
        let header_bytes = cursor.position() as usize;
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Violation::Framing);
        }
        let Some(mask) = header.mask else { return Err(Violation::Framing) };
        match header.opcode {
            OpCode::Control(control) => self.take_control(control, &header, mask, header_bytes, length),
            OpCode::Data(data) => {
                let length = self.check_data(data, length)?;
                if let Some(step) = self.check_budget(length, header.is_final) {
                    return Ok(Header::Step(step));
                }
                self.pending.advance(header_bytes);
                self.message.get_or_insert_default().reserve(length);
                self.frame = Some(OpenFrame { mask, taken: 0, left: length, last: header.is_final });
                Ok(Header::DataFrame)
            }
        }
    }

    fn take_control(
        &mut self,
        control: Control,
        header: &FrameHeader,
        mask: [u8; 4],
        header_bytes: usize,
        length: u64,
    ) -> Result<Header, Violation> {
        if !header.is_final || length > CONTROL_BYTES_MAX {
            return Err(Violation::Framing);
        }
        let length = length as usize;
        if self.pending.len() < header_bytes + length {
            return Ok(Header::More);
        }
        self.pending.advance(header_bytes);
        let mut payload = BytesMut::from(&self.pending[..length]);
        self.pending.advance(length);
        unmask(&mut payload, mask, 0);
        match control {
            Control::Ping => Ok(Header::Step(Step::Ping(payload.freeze()))),
            Control::Pong => Ok(Header::Step(Step::Pong)),
            Control::Close => Ok(Header::Step(Step::Close)),
            Control::Reserved(_) => Err(Violation::Framing),
        }
    }

    /// Whether this data frame may come now, and its length.
    fn check_data(&self, data: Data, length: u64) -> Result<usize, Violation> {
        match (data, &self.message) {
            (Data::Binary, None) | (Data::Continue, Some(_)) => {}
            (Data::Text, None) => return Err(Violation::Text),
            _ => return Err(Violation::Framing),
        }
        let before = self.message.as_ref().map_or(0, BytesMut::len);
        match usize::try_from(length) {
            Ok(length) if length <= FRAME_BYTES_MAX - before => Ok(length),
            _ => Err(Violation::TooLarge),
        }
    }

    /// A fragmented message asks once for the most it can become: holding a part while waiting for more
    /// would let a few peers stop each other.
    fn check_budget(&self, length: usize, is_final: bool) -> Option<Step> {
        if self.budget == Budget::Granted {
            return None;
        }
        let so_far = self.message.as_ref().map_or(0, BytesMut::len) + length;
        (so_far > SMALL_MESSAGE_BYTES_MAX).then_some(Step::NeedBudget(if is_final {
            so_far
        } else {
            FRAME_BYTES_MAX
        }))
    }

    fn take_payload(&mut self) -> Payload {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Payload::More;
        };
        let count = frame.left.min(self.pending.len());
        let start = message.len();
        message.extend_from_slice(&self.pending[..count]);
        self.pending.advance(count);
        unmask(&mut message[start..], frame.mask, frame.taken);
        frame.taken += count;
        frame.left -= count;
        if frame.left > 0 {
            return Payload::More;
        }
        let last = frame.last;
        self.frame = None;
        if !last {
            return Payload::FrameDone;
        }
        self.budget = Budget::None;
        Payload::MessageDone(self.message.take().unwrap_or_default().freeze())
    }
}

enum Header {
    More,
    DataFrame,
    Step(Step),
}

enum Payload {
    More,
    FrameDone,
    MessageDone(Bytes),
}

/// RFC 6455 §5.3; `offset` is how many payload bytes came before these.
fn unmask(bytes: &mut [u8], mut mask: [u8; 4], offset: usize) {
    mask.rotate_left(offset % 4);
    let key = u32::from_ne_bytes(mask);
    let (words, rest) = bytes.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ key).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

    fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
        let header = FrameHeader { is_final, opcode, mask: Some(MASK), ..FrameHeader::default() };
        let mut bytes = Vec::new();
        header.format(payload.len() as u64, &mut bytes).unwrap();
        bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    fn binary(payload: &[u8]) -> Vec<u8> {
        frame(OpCode::Data(Data::Binary), true, payload)
    }

    /// Feeds bytes in pieces of the given size, granting every budget, until they are used up.
    fn decode(bytes: &[u8], piece: usize) -> Result<Vec<Step>, Violation> {
        let mut decoder = Decoder::default();
        let mut steps = Vec::new();
        for bytes in bytes.chunks(piece) {
            decoder.push(bytes);
            loop {
                match decoder.step()? {
                    Step::NeedMore => break,
                    Step::NeedBudget(_) => decoder.granted(),
                    step => steps.push(step),
                }
            }
        }
        Ok(steps)
    }

    #[test]
    fn a_message_is_read_however_the_bytes_arrive() {
        let bytes = [binary(b"hello"), binary(b""), binary(&[7; 300])].concat();
        let expected = vec![
            Step::Message(Bytes::from_static(b"hello")),
            Step::Message(Bytes::new()),
            Step::Message(Bytes::from_static(&[7; 300])),
        ];
        for piece in 1..bytes.len() {
            assert_eq!(decode(&bytes, piece).unwrap(), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_fragmented_message_is_put_together_and_pings_in_between_are_answered() {
        let bytes = [
            frame(OpCode::Data(Data::Binary), false, b"one "),
            frame(OpCode::Control(Control::Ping), true, b"?"),
            frame(OpCode::Data(Data::Continue), false, b"two "),
            frame(OpCode::Data(Data::Continue), true, b"three"),
        ]
        .concat();
        let expected =
            vec![Step::Ping(Bytes::from_static(b"?")), Step::Message(Bytes::from_static(b"one two three"))];
        assert_eq!(decode(&bytes, 3).unwrap(), expected);
    }

    #[test]
    fn an_oversized_message_is_refused_by_its_header() {
        let header =
            FrameHeader { opcode: OpCode::Data(Data::Binary), mask: Some(MASK), ..FrameHeader::default() };
        let mut bytes = Vec::new();
        header.format(FRAME_BYTES_MAX as u64 + 1, &mut bytes).unwrap();
        assert_eq!(decode(&bytes, 100), Err(Violation::TooLarge));

        let mut bytes = frame(OpCode::Data(Data::Binary), false, b"a");
        let header = FrameHeader { opcode: OpCode::Data(Data::Continue), ..header };
        header.format(FRAME_BYTES_MAX as u64, &mut bytes).unwrap();
        assert_eq!(decode(&bytes, 100), Err(Violation::TooLarge), "fragments count together");
    }

    #[test]
    fn a_large_message_asks_for_memory_before_any_of_it_is_kept() {
        let mut decoder = Decoder::default();
        let bytes = binary(&[1; SMALL_MESSAGE_BYTES_MAX + 1]);
        decoder.push(&bytes);
        assert_eq!(decoder.step(), Ok(Step::NeedBudget(SMALL_MESSAGE_BYTES_MAX + 1)));
        assert_eq!(decoder.step(), Ok(Step::NeedBudget(SMALL_MESSAGE_BYTES_MAX + 1)), "it keeps asking");
        decoder.granted();
        assert!(matches!(decoder.step(), Ok(Step::Message(_))));

        decoder.push(&bytes);
        assert!(matches!(decoder.step(), Ok(Step::NeedBudget(_))), "a grant is for one message");
    }

    #[test]
    fn what_the_rules_forbid_is_refused() {
        let unmasked = [0x82, 0x01, 0x00];
        assert_eq!(decode(&unmasked, 9), Err(Violation::Framing));
        let mut reserved_bit = binary(b"x");
        reserved_bit[0] |= 0x40;
        assert_eq!(decode(&reserved_bit, 9), Err(Violation::Framing));
        let mut reserved_opcode = binary(b"x");
        reserved_opcode[0] = 0x83;
        assert_eq!(decode(&reserved_opcode, 9), Err(Violation::Framing));
        assert_eq!(decode(&frame(OpCode::Data(Data::Continue), true, b"x"), 9), Err(Violation::Framing));
        assert_eq!(decode(&frame(OpCode::Control(Control::Ping), false, b""), 9), Err(Violation::Framing));
        assert_eq!(
            decode(&frame(OpCode::Control(Control::Ping), true, &[0; 126]), 999),
            Err(Violation::Framing)
        );
        let twice = [frame(OpCode::Data(Data::Binary), false, b"x"), binary(b"y")].concat();
        assert_eq!(decode(&twice, 9), Err(Violation::Framing));
        assert_eq!(decode(&frame(OpCode::Data(Data::Text), true, b"hi"), 9), Err(Violation::Text));
    }

    #[test]
    fn an_idle_decoder_holds_nothing_of_what_it_read() {
        let mut decoder = Decoder::default();
        decoder.push(&binary(&[1; 100_000]));
        decoder.granted();
        assert!(matches!(decoder.step(), Ok(Step::Message(_))));
        assert_eq!(decoder.step(), Ok(Step::NeedMore));
        assert_eq!((decoder.pending.capacity(), decoder.message.is_none()), (0, true));
        assert!(!decoder.is_mid_message());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), piece in 1_usize..40) {
            let _ = decode(&bytes, piece);
        }
    }
}
