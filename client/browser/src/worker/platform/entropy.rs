//! Randomness: `crypto.getRandomValues`, and a stream that repeats itself for an action that may be asked twice.

use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore as _, SeedableRng as _};

use crate::relay::Seed;

/// Fresh bytes.
pub(crate) fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// The stream of one action: the same when the action is asked again, so that what it made can be recognised.
pub(crate) fn of(seed: &Seed) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(*seed.expose())
}
