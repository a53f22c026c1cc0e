//! The key of a client's database, and the small file that says where it is: the same on a desktop and in a browser.
//!
//! The database is encrypted with a random key that never changes. The key file says where that key is; with a
//! passphrase it holds it wrapped. Changing the passphrase therefore rewrites one small file and never touches the
//! database. Where the file lies, and what a keyring is, is the shell's business.

mod file;
mod wrap;

use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

pub use self::file::{KeyFile, Stored, new_entry};
pub use self::wrap::{Cost, Wrapped};

/// The 32 bytes that open the database; wiped when dropped, never printed.
pub struct DatabaseKey(Zeroizing<[u8; 32]>);

impl DatabaseKey {
    /// A new key.
    pub fn random(entropy: &mut dyn CryptoRngCore) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    /// The key in these bytes; none unless there are 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// The key written as hex.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(hex::decode(text).ok()?);
        Self::from_slice(&bytes)
    }

    /// The key as SQLCipher's `PRAGMA key` takes it: 64 hex digits.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.expose()))
    }

    /// Shows it.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Why a key file does not give a key. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// It is not what was written.
    #[error("the key file is damaged")]
    Damaged,
    /// Written by a newer Sotto.
    #[error("the key file has format {found}, this Sotto knows {known}")]
    Newer {
        /// Format of the file.
        found: u32,
        /// Newest this code knows.
        known: u32,
    },
    /// The passphrase does not open the key.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
}
