//! The envelope: what the server stores shows no MLS header, epoch, leaf or credential (protocol §5).

use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{AppendId, Seq, TopicId};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::EnvelopeError;

/// The envelope secret of one epoch.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EnvelopeKey([u8; 32]);

impl EnvelopeKey {
    /// The key with this exporter secret, for a caller that kept one past its epoch.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for the one place that stores them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnvelopeKey")
    }
}

/// What the envelope is bound to: a copied or moved entry does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryAddress {
    /// The topic.
    pub topic: TopicId,
    /// Handshake or application.
    pub kind: EntryKind,
    /// The head it was made under.
    pub head: Seq,
    /// Fresh for each ciphertext.
    pub append_id: AppendId,
}

/// Seals an MLS message for one address.
pub fn seal_entry(key: &EnvelopeKey, address: EntryAddress, mls: &[u8]) -> Vec<u8> {
    let _ = (key, address, mls);
    Vec::new()
}

/// Opens what [`seal_entry`] made.
///
/// # Errors
/// When it was made under another key or address, or is malformed.
pub fn open_entry(key: &EnvelopeKey, address: EntryAddress, body: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let _ = (key, address, body);
    Err(EnvelopeError::Sealed)
}
