//! What a frame of the topic plane says, without decoding it: which kind, how many entries, whether it is a refusal.
//!
//! The numbers are the fields of `core/wire/proto/sotto/v1/topic.proto`; the tests below read frames encoded by
//! `sotto-wire`.

/// What matters of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skimmed {
    /// A request was granted.
    Granted {
        /// Which.
        id: u32,
    },
    /// A request was refused.
    Refused,
    /// Entries came.
    Entries {
        /// How many.
        count: u32,
        /// Sequence number of the last.
        last: u64,
    },
    /// A frame that says nothing about requests or entries.
    Other,
}

const RESPONSE: u64 = 2;
const ENTRIES: u64 = 3;
const RESPONSE_ID: u64 = 1;
const RESPONSE_ERROR: u64 = 2;
const RESPONSE_CONFLICT: u64 = 9;
const ENTRIES_ENTRY: u64 = 3;
const ENTRY_SEQ: u64 = 1;

/// Skims one frame; `None` when it is no protobuf message.
pub fn skim(frame: &[u8]) -> Option<Skimmed> {
    let mut found = Skimmed::Other;
    for field in Fields(frame) {
        found = match field? {
            (RESPONSE, Value::Bytes(response)) => response_in(response)?,
            (ENTRIES, Value::Bytes(entries)) => entries_in(entries)?,
            _ => continue,
        };
    }
    Some(found)
}

fn response_in(response: &[u8]) -> Option<Skimmed> {
    let mut id = 0;
    for field in Fields(response) {
        match field? {
            (RESPONSE_ID, Value::Number(number)) => id = number as u32,
            (RESPONSE_ERROR | RESPONSE_CONFLICT, _) => return Some(Skimmed::Refused),
            _ => {}
        }
    }
    Some(Skimmed::Granted { id })
}

fn entries_in(entries: &[u8]) -> Option<Skimmed> {
    let (mut count, mut newest) = (0, None);
    for field in Fields(entries) {
        if let (ENTRIES_ENTRY, Value::Bytes(entry)) = field? {
            count += 1;
            newest = Some(entry);
        }
    }
    let seq = |field| match field {
        Some((ENTRY_SEQ, Value::Number(seq))) => Some(seq),
        _ => None,
    };
    let last = newest.and_then(|entry| Fields(entry).find_map(seq)).unwrap_or(0);
    Some(Skimmed::Entries { count, last })
}

/// The fields of one message; `None` is the last item of one that is broken.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.bytes(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.bytes(usize::try_from(length).ok()?)?)
            }
            5 => self.bytes(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use sotto_wire::proto::{self, topic_frame::Frame, topic_response::Response};

    use super::*;

    fn frame(frame: Frame) -> Vec<u8> {
        proto::TopicFrame { frame: Some(frame) }.encode_to_vec()
    }

    fn response(id: u32, response: Response) -> Vec<u8> {
        frame(Frame::Response(proto::TopicResponse { id, response: Some(response) }))
    }

    #[test]
    fn a_granted_request_is_told_from_a_refused_one() {
        let granted = response(300, Response::Appended(proto::Appended::default()));
        assert_eq!(skim(&granted), Some(Skimmed::Granted { id: 300 }));
        let error = proto::Error { code: proto::ErrorCode::Quota.into(), retry_after_ms: 5 };
        assert_eq!(skim(&response(300, Response::Error(error))), Some(Skimmed::Refused));
        assert_eq!(
            skim(&response(1, Response::Conflict(proto::Conflict { head: 9 }))),
            Some(Skimmed::Refused)
        );
    }

    #[test]
    fn entries_are_counted_and_the_last_one_is_named() {
        let entry = |seq| proto::Entry { seq, minute: 7, ..proto::Entry::default() };
        let entries = (300..305).map(entry).collect();
        let entries = proto::Entries { topic: vec![3; 32].into(), entries, ..proto::Entries::default() };
        assert_eq!(skim(&frame(Frame::Entries(entries))), Some(Skimmed::Entries { count: 5, last: 304 }));
    }

    #[test]
    fn a_greeting_is_neither_and_a_broken_frame_is_nothing() {
        let hello = frame(Frame::Hello(proto::Hello::default()));
        assert_eq!(skim(&hello), Some(Skimmed::Other));
        assert_eq!(skim(&[0x12, 5, 1]), None);
    }
}
