//! Every choice of a run comes from here: streams of one seed, so that what one part draws moves no other part.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// Who draws. Engines and the service have streams of their own: how much randomness a key takes must not move the
/// schedule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Schedule,
    Network,
    Weather,
    Workload,
    Server,
    Disk,
    Person(usize),
}

/// The generator of one stream.
pub(crate) fn stream(seed: u64, stream: Stream) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(match stream {
        Stream::Schedule => 1,
        Stream::Network => 2,
        Stream::Weather => 3,
        Stream::Workload => 4,
        Stream::Server => 5,
        Stream::Disk => 6,
        Stream::Person(index) => 100 + index as u64,
    });
    rng
}

/// A stream, with the throws that the simulator needs.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) ChaCha20Rng);

impl Dice {
    pub(crate) fn new(seed: u64, of: Stream) -> Self {
        Self(stream(seed, of))
    }

    /// 0 up to and without `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end.max(1)
    }

    /// `from` up to and with `to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }

    /// Any size up to `to`, small ones as likely as large ones.
    pub(crate) fn spread(&mut self, from: u64, to: u64) -> u64 {
        let (low, high) = (from.max(1).ilog2(), to.max(1).ilog2());
        let top = 1u64 << self.between(low.into(), high.into());
        self.between(top, top.saturating_mul(2)).clamp(from, to)
    }

    /// Never for 0.
    pub(crate) fn one_in(&mut self, chance: u64) -> bool {
        chance > 0 && self.below(chance) == 0
    }

    /// An index below `len`.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// One of several, as likely as its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(u64, T)], otherwise: T) -> T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *choice,
            }
        }
        otherwise
    }
}
