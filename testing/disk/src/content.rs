//! One file: what the operating system holds of it, what is durable, and the changes between the two.

use std::collections::BTreeSet;

use crate::limits::SECTOR_BYTES;

/// The bytes of a file, without a name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    current: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Unsynced>,
}

/// A change that waits for a sync.
#[derive(Debug, Clone)]
pub(crate) struct Unsynced {
    pub(crate) change: Change,
    /// A sync failed and the operating system has forgotten that this waits: no later sync brings it to the disk.
    forgotten: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { len: usize },
}

impl Content {
    pub(crate) fn len(&self) -> usize {
        self.current.len()
    }

    pub(crate) fn current(&self) -> &[u8] {
        &self.current
    }

    pub(crate) fn durable(&self) -> &[u8] {
        &self.durable
    }

    pub(crate) fn unsynced(&self) -> impl Iterator<Item = &Change> {
        self.unsynced.iter().map(|unsynced| &unsynced.change)
    }

    /// Fills the buffer from `offset` on; how much of it the file had.
    pub(crate) fn read(&self, offset: usize, buffer: &mut [u8]) -> usize {
        read(&self.current, offset, buffer)
    }

    pub(crate) fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.unsynced.push(Unsynced { change, forgotten: false });
    }

    /// Everything that waits is durable, except what was forgotten. Who writes to a sector again brings back to mind all
    /// that is in it.
    pub(crate) fn sync(&mut self) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let remembered = unsynced.iter().filter(|unsynced| !unsynced.forgotten);
        let touched: BTreeSet<usize> = remembered
            .filter_map(|unsynced| match &unsynced.change {
                Change::Write { offset, bytes } => Some(sectors(*offset, bytes)),
                Change::Truncate { .. } => None,
            })
            .flatten()
            .map(|(offset, _)| offset / SECTOR_BYTES)
            .collect();
        for Unsynced { change, forgotten } in unsynced {
            match change {
                Change::Write { offset, bytes } if forgotten => {
                    for (offset, piece) in sectors(offset, &bytes) {
                        self.sync_piece(offset, piece, touched.contains(&(offset / SECTOR_BYTES)));
                    }
                }
                Change::Write { offset, bytes } => write(&mut self.durable, offset, &bytes),
                // Lengths are not forgotten, and nothing behind the end comes back.
                Change::Truncate { len } => {
                    self.unsynced.retain(|kept| kept.change.end() <= len);
                    self.durable.resize(len, 0);
                }
            }
        }
    }

    fn sync_piece(&mut self, offset: usize, piece: &[u8], touched: bool) {
        if touched {
            write(&mut self.durable, offset, piece);
        } else {
            let change = Change::Write { offset, bytes: piece.to_vec() };
            self.unsynced.push(Unsynced { change, forgotten: true });
        }
    }

    /// A sync failed; what waited will not be tried again.
    pub(crate) fn forget(&mut self) {
        for unsynced in &mut self.unsynced {
            unsynced.forgotten = true;
        }
    }

    /// After a power cut, what the disk has is all there is.
    pub(crate) fn settle(&mut self, left: Vec<u8>) {
        *self = Self { durable: left.clone(), current: left, unsynced: Vec::new() };
    }
}

impl Change {
    pub(crate) fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => write(to, *offset, bytes),
            Self::Truncate { len } => to.resize(*len, 0),
        }
    }

    /// Where what it concerns ends.
    fn end(&self) -> usize {
        match self {
            Self::Write { offset, bytes } => offset + bytes.len(),
            Self::Truncate { len } => *len,
        }
    }
}

/// Fills the buffer from `offset` on, with zeros behind the end; how much of it there was.
pub(crate) fn read(from: &[u8], offset: usize, buffer: &mut [u8]) -> usize {
    let there = from.get(offset..).unwrap_or_default();
    let had = there.len().min(buffer.len());
    buffer[..had].copy_from_slice(&there[..had]);
    buffer[had..].fill(0);
    had
}

/// Writes, with zeros between the end and `offset`.
pub(crate) fn write(to: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[offset..end].copy_from_slice(bytes);
}

/// What was written, cut at the boundaries of sectors.
pub(crate) fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = (offset, bytes);
    std::iter::from_fn(move || {
        let (at, bytes) = rest;
        let (piece, after) = bytes.split_at(bytes.len().min(SECTOR_BYTES - at % SECTOR_BYTES));
        rest = (at + piece.len(), after);
        (!piece.is_empty()).then_some((at, piece))
    })
}
