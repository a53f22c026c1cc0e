//! Bytes as choices: each byte decides something; when they are used up, the story ends.

use sotto_wire::Bytes;

/// The choices that are left.
#[derive(Debug, Clone)]
pub struct Choices<'b> {
    left: &'b [u8],
}

impl<'b> Choices<'b> {
    /// All of these.
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self { left: bytes }
    }

    /// Whether nothing is left to choose.
    pub const fn is_over(&self) -> bool {
        self.left.is_empty()
    }

    /// The next byte; 0 when they are used up.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.left.split_first() else { return 0 };
        self.left = rest;
        *first
    }

    /// One of `count` things; `count` is at least 1.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// A number up to 65,535.
    pub fn number(&mut self) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()]))
    }

    /// One of these.
    pub fn one_of<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        if things.is_empty() { None } else { things.get(self.below(things.len())) }
    }

    /// True once in about `chance` times.
    pub fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == chance - 1
    }

    /// At most this many bytes as they stand.
    pub fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.left.split_at(count.min(self.left.len()));
        self.left = rest;
        taken
    }

    /// These bytes with one to four small changes, of the kind a fuzzer makes.
    pub fn mutated(&mut self, bytes: &[u8]) -> Bytes {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let place = self.number() % bytes.len().max(1);
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[place] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[place] = self.byte(),
                2 => bytes.truncate(place),
                3 => bytes.insert(place, self.byte()),
                4 if !bytes.is_empty() => drop(bytes.remove(place)),
                _ => {
                    let end = (place + self.below(64)).min(bytes.len());
                    bytes.extend_from_within(place.min(end)..end);
                }
            }
        }
        bytes.into()
    }
}
