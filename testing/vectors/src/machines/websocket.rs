//! The server's WebSocket decoder: a peer's bytes, cut into any pieces.
//!
//! Promises: how the bytes are cut changes nothing; what a correct peer sends arrives whole; no message is larger than a
//! frame may be, and none above the small size is kept before memory was granted for it.

use sotto_http::websocket::{Decoder, SMALL_MESSAGE_BYTES_MAX, Step, Violation};
use sotto_wire::Bytes;
use sotto_wire::limits::FRAME_BYTES_MAX;

use super::choices::Choices;

/// What a correct peer's bytes must amount to; `None` once it sent something of which we do not know.
type Expected = Option<Vec<Step>>;

/// A peer that the bytes describe, and the decoder that listens to it.
pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let pieces = 1 + choices.below(64);
    let (wire, expected) = peer(&mut choices);
    let heard = decode(&wire, wire.len().max(1));
    assert_eq!(decode(&wire, pieces), heard, "cutting the bytes changes what they say");
    if let Some(expected) = expected {
        assert_eq!(heard, (expected, None), "a correct peer is not understood");
    }
}

fn decode(wire: &[u8], piece: usize) -> (Vec<Step>, Option<Violation>) {
    let mut decoder = Decoder::default();
    let mut steps = Vec::new();
    for bytes in wire.chunks(piece) {
        decoder.push(bytes);
        let mut granted = None;
        loop {
            match decoder.step() {
                Ok(Step::NeedMore) => break,
                Ok(Step::NeedBudget(bytes)) => {
                    assert!(bytes > SMALL_MESSAGE_BYTES_MAX && bytes <= FRAME_BYTES_MAX, "{bytes}");
                    assert!(granted.is_none(), "memory was granted and is asked for again");
                    granted = Some(bytes);
                    decoder.granted();
                }
                Ok(step) => {
                    if let Step::Message(message) = &step {
                        assert!(message.len() <= FRAME_BYTES_MAX);
                    }
                    granted = None;
                    steps.push(step);
                }
                Err(violation) => return (steps, Some(violation)),
            }
        }
    }
    (steps, None)
}

/// What a peer sends.
fn peer(choices: &mut Choices<'_>) -> (Vec<u8>, Expected) {
    let mut wire = Vec::new();
    let mut expected: Expected = Some(Vec::new());
    let mut message: Option<Vec<u8>> = None;
    while !choices.is_over() {
        match choices.below(8) {
            0 => {
                let count = choices.below(32);
                let raw = choices.take(count);
                expected = expected.filter(|_| raw.is_empty());
                wire.extend_from_slice(raw);
            }
            1 | 2 => {
                let (opcode, step): (u8, fn(Bytes) -> Step) = match choices.below(3) {
                    0 => (0x9, Step::Ping),
                    1 => (0xa, |_| Step::Pong),
                    _ => (0x8, |_| Step::Close),
                };
                let length = choices.below(126);
                let payload = filling(choices, length);
                frame(&mut wire, 0x80 | opcode, &payload, choices);
                note(&mut expected, step(payload.into()));
            }
            3 => {
                // A header that promises more than comes.
                wire.extend([0x82, 0xff]);
                wire.extend((FRAME_BYTES_MAX as u64 - 8 + choices.number() as u64).to_be_bytes());
                wire.extend(choices.take(4));
                expected = None;
            }
            _ => {
                let length = if choices.one_in(16) { choices.number() } else { choices.below(200) };
                let payload = filling(choices, length);
                let last = !choices.one_in(3);
                let opcode = if message.is_some() { 0x0 } else { 0x2 };
                frame(&mut wire, (u8::from(last) << 7) | opcode, &payload, choices);
                let whole = message.get_or_insert_default();
                whole.extend_from_slice(&payload);
                if last && let Some(whole) = message.take() {
                    note(&mut expected, Step::Message(whole.into()));
                }
            }
        }
    }
    (wire, expected)
}

fn note(expected: &mut Expected, step: Step) {
    if let Some(steps) = expected {
        steps.push(step);
    }
}

fn filling(choices: &mut Choices<'_>, length: usize) -> Vec<u8> {
    let start = choices.byte();
    (0..length).map(|place| start.wrapping_add(place as u8)).collect()
}

/// RFC 6455 §5.2, by a client: masked.
fn frame(wire: &mut Vec<u8>, first: u8, payload: &[u8], choices: &mut Choices<'_>) {
    wire.push(first);
    match payload.len() {
        length @ 0..=125 => wire.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            wire.push(0x80 | 126);
            wire.extend((length as u16).to_be_bytes());
        }
        length => {
            wire.push(0x80 | 127);
            wire.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [choices.byte(), 0x34, 0x56, 0x78];
    wire.extend(mask);
    wire.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// A few peers.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        // One small message, then two fragments around a ping, then a farewell.
        vec![7, 4, 5, 10, 0, 1, 4, 5, 10, 2, 1, 1, 0, 4, 9, 1, 4, 5, 10, 0, 1, 1, 2, 2, 0, 1],
        // A large message.
        vec![40, 4, 15, 0xff, 0xff, 3, 0, 1],
        // Noise.
        vec![0, 0, 8, 0x82, 0x81, 1, 2, 3, 4, 5, 6],
        // A header that promises too much, and one that promises just enough.
        vec![1, 3, 0, 9, 1, 2, 3, 4],
        vec![1, 3, 0, 8, 1, 2, 3, 4],
    ]
}
