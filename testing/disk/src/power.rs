//! What a power cut leaves of a file whose changes were not all synced.

use rand_core::RngCore;

use crate::content::{Change, Content, sectors, write};
use crate::limits::SECTOR_BYTES;

/// How a cut treats one file. Each file has one of its own: that two files agree is a thing SQLite may not expect.
#[derive(Debug, Clone, Copy)]
enum Manner {
    NothingLeft,
    EverythingLeft,
    /// The first changes, in the order they were made.
    InOrder {
        changes: usize,
    },
    /// Every sector by itself, so many of 256 whole and as many of 256 torn.
    Scattered {
        kept: u8,
        torn: u8,
    },
}

/// The bytes on the disk when the power comes back.
pub(crate) fn after_cut(content: &Content, rng: &mut impl RngCore) -> Vec<u8> {
    let mut left = content.durable().to_vec();
    let changes = content.unsynced().count();
    if changes == 0 {
        return left;
    }
    let manner = draw(changes, rng);
    for (index, change) in content.unsynced().enumerate() {
        survive(&mut left, change, manner.of(index), rng);
    }
    if matches!(manner, Manner::Scattered { .. }) && left.len() < content.len() && chance(rng, 64) {
        // The new length came to the disk before what belongs there.
        left.resize(content.len(), 0);
    }
    left
}

fn draw(changes: usize, rng: &mut impl RngCore) -> Manner {
    match below(rng, 8) {
        0 => Manner::NothingLeft,
        1 => Manner::EverythingLeft,
        2 => Manner::InOrder { changes: below(rng, changes + 1) },
        3 => Manner::Scattered { kept: 230, torn: 13 },
        4 => Manner::Scattered { kept: 13, torn: 13 },
        _ => Manner::Scattered { kept: 115, torn: 26 },
    }
}

impl Manner {
    /// How this change fares; in order, the last one is torn.
    fn of(self, index: usize) -> Self {
        match self {
            Self::InOrder { changes } if index < changes => Self::EverythingLeft,
            Self::InOrder { changes } if index == changes => Self::Scattered { kept: 115, torn: 26 },
            Self::InOrder { .. } => Self::NothingLeft,
            other => other,
        }
    }
}

fn survive(left: &mut Vec<u8>, change: &Change, manner: Manner, rng: &mut impl RngCore) {
    match (manner, change) {
        (Manner::NothingLeft | Manner::InOrder { .. }, _) => {}
        (Manner::EverythingLeft, change) => change.apply(left),
        (Manner::Scattered { kept, .. }, Change::Truncate { .. }) => {
            if chance(rng, kept) {
                change.apply(left);
            }
        }
        (Manner::Scattered { kept, torn }, Change::Write { offset, bytes }) => {
            for (offset, piece) in sectors(*offset, bytes) {
                if chance(rng, kept) {
                    write(left, offset, piece);
                } else if chance(rng, torn) {
                    tear(left, offset, piece, rng);
                }
            }
        }
    }
}

/// A beginning or an end of the piece is written. The rest of its sector is as before, or noise.
fn tear(left: &mut Vec<u8>, offset: usize, piece: &[u8], rng: &mut impl RngCore) {
    let start = offset - offset % SECTOR_BYTES;
    // A sector at the end of the file is no longer than what was meant to be there.
    let end = left.len().max(offset + piece.len()).min(start + SECTOR_BYTES);
    if left.len() < end {
        left.resize(end, 0);
    }
    if chance(rng, 128) {
        rng.fill_bytes(&mut left[start..end]);
    }
    let cut = below(rng, piece.len() + 1);
    if chance(rng, 128) {
        write(left, offset, &piece[..cut]);
    } else {
        write(left, offset + cut, &piece[cut..]);
    }
}

/// True so many times of 256.
fn chance(rng: &mut impl RngCore, of_256: u8) -> bool {
    rng.next_u32() as u8 <= of_256
}

/// A number below `bound`, which is not zero; small bounds only, so the bias does not matter.
pub(crate) fn below(rng: &mut impl RngCore, bound: usize) -> usize {
    (rng.next_u64() % bound as u64) as usize
}
