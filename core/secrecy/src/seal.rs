//! Sealing to one device: X-Wing HPKE for inbox items.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::{OpenError, SecrecyError};
use crate::workspace::Workspace;

/// The private half of a seal key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealSecret(Vec<u8>);

impl SealSecret {
    /// The secret with these bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, for storage.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for SealSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealSecret")
    }
}

/// Seals `plaintext`, padded, to a device's seal key.
///
/// # Errors
/// When `seal_key` is no X-Wing public key.
pub fn seal(ws: &Workspace<'_>, seal_key: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SecrecyError> {
    let _ = (ws, seal_key, plaintext);
    Err(SecrecyError::Library("seal"))
}

/// Opens what [`seal`] made.
///
/// # Errors
/// When it was not sealed to this key, or is malformed inside.
pub fn open_sealed(ws: &Workspace<'_>, secret: &SealSecret, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let _ = (ws, secret, sealed);
    Err(OpenError::Sealed)
}
