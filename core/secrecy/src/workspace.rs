//! One operation's view of the world: the caller's rows under an overlay, the crypto provider, a seeded generator.

use std::cell::RefCell;
use std::convert::Infallible;

use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::random::OpenMlsRand;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRngCore, RngCore, SeedableRng};
use zeroize::{Zeroize, Zeroizing};

use crate::overlay::{Fault, Overlay};
use crate::rows::{Changes, Rows};

/// Where one operation works. Reads fall through to the rows, writes stay here until [`Workspace::into_changes`] or
/// [`Workspace::take_changes`]; dropping it is the rollback.
///
/// The generator is seeded from the caller's entropy, and everything OpenMLS asks its provider for comes from it. What
/// the crypto library draws by itself (the ephemeral key of an HPKE seal) stays random: a replayed operation repeats
/// its schedule, not its bytes.
pub struct Workspace<'r>(Provider<'r>);

impl<'r> Workspace<'r> {
    /// A workspace over `rows`, seeded from `entropy`.
    pub fn new(rows: &'r dyn Rows, entropy: &mut dyn CryptoRngCore) -> Self {
        Self(Provider {
            crypto: RustCrypto::default(),
            rand: Seeded::new(entropy),
            storage: Overlay::new(rows),
        })
    }

    /// What to write, in the caller's transaction.
    pub fn into_changes(self) -> Changes {
        self.take_changes()
    }

    /// What to write before anything else happens here: further reads are answered by the caller's rows. For a step that
    /// opens one message after another with the same [`Group`](crate::Group); after an error both are dropped.
    pub fn take_changes(&self) -> Changes {
        self.0.storage.take_changes()
    }

    pub(crate) fn mls(&self) -> &Provider<'r> {
        &self.0
    }

    /// Secret bytes from the seeded generator.
    pub(crate) fn random<const N: usize>(&self) -> Zeroizing<[u8; N]> {
        let mut bytes = Zeroizing::new([0; N]);
        self.0.rand.0.borrow_mut().fill_bytes(bytes.as_mut_slice());
        bytes
    }
}

/// What OpenMLS works with.
pub(crate) struct Provider<'r> {
    crypto: RustCrypto,
    rand: Seeded,
    storage: Overlay<'r>,
}

impl Provider<'_> {
    /// Takes the result of an OpenMLS call: a storage fault during it wins, whatever the library made of it.
    pub(crate) fn settle<T, E>(&self, result: Result<T, E>) -> Result<Result<T, E>, Fault> {
        match self.storage.take_fault() {
            Some(fault) => Err(fault),
            None => Ok(result),
        }
    }
}

impl<'r> OpenMlsProvider for Provider<'r> {
    type CryptoProvider = RustCrypto;
    type RandProvider = Seeded;
    type StorageProvider = Overlay<'r>;

    fn storage(&self) -> &Overlay<'r> {
        &self.storage
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &Seeded {
        &self.rand
    }
}

/// Randomness for OpenMLS out of the caller's entropy.
pub(crate) struct Seeded(RefCell<ChaCha20Rng>);

impl Seeded {
    fn new(entropy: &mut dyn CryptoRngCore) -> Self {
        let mut seed = [0; 32];
        entropy.fill_bytes(&mut seed);
        let rng = ChaCha20Rng::from_seed(seed);
        seed.zeroize();
        Self(RefCell::new(rng))
    }
}

impl OpenMlsRand for Seeded {
    type Error = Infallible;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], Infallible> {
        let mut bytes = [0; N];
        self.0.borrow_mut().fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, Infallible> {
        let mut bytes = vec![0; len];
        self.0.borrow_mut().fill_bytes(&mut bytes);
        Ok(bytes)
    }
}
