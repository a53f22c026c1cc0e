//! Who sends to whom, and what.

use std::collections::VecDeque;
use std::time::Instant;

use super::topic::Reader;

/// Bytes that are sent again and again.
#[derive(Debug, Clone)]
pub struct Letter {
    bytes: Vec<u8>,
    /// Where something stands that is different each time.
    stamp: Option<usize>,
}

impl Letter {
    /// Always the same bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, stamp: None }
    }

    /// With eight bytes at `stamp` that are different each time.
    pub fn stamped(bytes: Vec<u8>, stamp: usize) -> Self {
        Self { bytes, stamp: Some(stamp) }
    }

    fn numbered(&mut self, number: u64) -> &[u8] {
        if let Some(at) = self.stamp {
            self.bytes[at..at + 8].copy_from_slice(&number.to_be_bytes());
        }
        &self.bytes
    }
}

/// One sender and who reads.
pub struct Lane {
    /// The sender's connection, by its place in the crew.
    pub sender: usize,
    /// Sent in turn.
    letters: Vec<Letter>,
    next: usize,
    /// When those under way left.
    sent: VecDeque<Instant>,
    /// Readers that acknowledge what they get, by their connection.
    ackers: Vec<Acker>,
}

struct Acker {
    link: usize,
    reader: Reader,
    acked: u64,
    newest: u64,
    waits: bool,
}

impl Lane {
    /// A lane whose sender has this connection.
    pub fn new(sender: usize, letters: Vec<Letter>) -> Self {
        Self { sender, letters, next: 0, sent: VecDeque::new(), ackers: Vec::new() }
    }

    /// With a reader that acknowledges what it gets, one acknowledgement at a time.
    #[must_use]
    pub fn acking(mut self, link: usize, reader: Reader) -> Self {
        self.ackers.push(Acker { link, reader, acked: 0, newest: 0, waits: false });
        self
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.sent.len()
    }

    /// The bytes of the next message; from now on it is under way.
    pub fn next_letter(&mut self, number: u64, now: Instant) -> &[u8] {
        self.sent.push_back(now);
        let at = self.next;
        self.next = (at + 1) % self.letters.len();
        self.letters[at].numbered(number)
    }

    /// The oldest message under way is done: when it left.
    pub fn done(&mut self) -> Option<Instant> {
        self.sent.pop_front()
    }

    /// What a reader on this connection has to say after these arrivals.
    pub fn ack(&mut self, link: usize, newest: u64, acks: u32) -> Option<Vec<u8>> {
        let acker = self.ackers.iter_mut().find(|acker| acker.link == link)?;
        acker.newest = acker.newest.max(newest);
        acker.waits &= acks == 0;
        if acker.waits || acker.newest == acker.acked {
            return None;
        }
        acker.waits = true;
        acker.acked = acker.newest;
        Some(acker.reader.ack(acker.newest))
    }
}
