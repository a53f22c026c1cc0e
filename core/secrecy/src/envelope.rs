//! The envelope: what the server stores shows no MLS header, epoch, leaf or credential (protocol §5).

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{AppendId, Seq, TopicId};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::EnvelopeError;
use crate::padding;

/// MLS exporter label of the envelope secret.
pub(crate) const EXPORTER_LABEL: &str = "sotto envelope";
const INFO: &[u8] = b"sotto envelope v1";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// The envelope secret of one epoch.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EnvelopeKey([u8; 32]);

impl EnvelopeKey {
    /// The key with this exporter secret.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for the one place that stores them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Cipher and nonce for one append. The exporter secret is uniform: HKDF-Expand alone is enough. An append id is fresh for each ciphertext, so neither ever repeats.
    fn cipher(&self, append_id: AppendId) -> Option<(Aes256Gcm, [u8; NONCE_BYTES])> {
        let mut derived = Zeroizing::new([0; KEY_BYTES + NONCE_BYTES]);
        Hkdf::<Sha256>::from_prk(&self.0)
            .ok()?
            .expand_multi_info(&[INFO, append_id.as_bytes()], derived.as_mut_slice())
            .ok()?;
        let (key, nonce) = derived.split_at(KEY_BYTES);
        Some((Aes256Gcm::new_from_slice(key).ok()?, nonce.try_into().ok()?))
    }
}

impl fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

impl EntryAddress {
    /// `topic ‖ kind ‖ head ‖ append_id`.
    fn aad(&self) -> Vec<u8> {
        [
            self.topic.as_bytes().as_slice(),
            &[self.kind.code()],
            &self.head.0.to_be_bytes(),
            self.append_id.as_bytes(),
        ]
        .concat()
    }
}

/// Seals an MLS message for one address. The caller holds the result against the limits of its kind.
pub fn seal_entry(key: &EnvelopeKey, address: EntryAddress, mls: &[u8]) -> Vec<u8> {
    let plaintext = Zeroizing::new(padding::pad(mls));
    // Neither step fails for these lengths; an empty body opens for nobody.
    key.cipher(address.append_id)
        .and_then(|(cipher, nonce)| {
            let payload = Payload { msg: &plaintext, aad: &address.aad() };
            cipher.encrypt(Nonce::from_slice(&nonce), payload).ok()
        })
        .unwrap_or_default()
}

/// Opens what [`seal_entry`] made.
///
/// # Errors
/// When it was made under another key or address, or is malformed.
pub fn open_entry(key: &EnvelopeKey, address: EntryAddress, body: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let (cipher, nonce) = key.cipher(address.append_id).ok_or(EnvelopeError::Sealed)?;
    let payload = Payload { msg: body, aad: &address.aad() };
    let padded = cipher.decrypt(Nonce::from_slice(&nonce), payload).map_err(|_| EnvelopeError::Sealed)?;
    padding::unpad(&padded).map(<[u8]>::to_vec).ok_or(EnvelopeError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address() -> EntryAddress {
        EntryAddress {
            topic: TopicId::new([1; 32]),
            kind: EntryKind::Application,
            head: Seq(7),
            append_id: AppendId::new([2; 16]),
        }
    }

    #[test]
    fn an_entry_opens_only_at_its_own_address_and_with_its_own_key() {
        let key = EnvelopeKey::from_bytes([3; 32]);
        let body = seal_entry(&key, address(), b"message");
        assert_eq!(open_entry(&key, address(), &body).unwrap(), b"message");

        let elsewhere = [
            EntryAddress { topic: TopicId::new([9; 32]), ..address() },
            EntryAddress { kind: EntryKind::Handshake, ..address() },
            EntryAddress { head: Seq(8), ..address() },
            EntryAddress { append_id: AppendId::new([9; 16]), ..address() },
        ];
        for address in elsewhere {
            assert_eq!(open_entry(&key, address, &body), Err(EnvelopeError::Sealed), "{address:?}");
        }
        assert_eq!(
            open_entry(&EnvelopeKey::from_bytes([4; 32]), address(), &body),
            Err(EnvelopeError::Sealed)
        );
    }

    #[test]
    fn bodies_of_similar_messages_have_one_length() {
        let key = EnvelopeKey::from_bytes([3; 32]);
        let lengths: Vec<_> =
            (993..=1024).map(|len| seal_entry(&key, address(), &vec![b'x'; len]).len()).collect();
        assert!(lengths.iter().all(|len| *len == lengths[0]), "{lengths:?}");
    }

    // A fixed vector: key, address and message above give exactly these bytes on every build.
    #[test]
    fn the_format_does_not_drift() {
        let body = seal_entry(&EnvelopeKey::from_bytes([3; 32]), address(), b"message");
        assert_eq!(
            body.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "fef97659a93fd3040627d49de7492f728af46cb1dea4bc96e6e4d7"
        );
    }

    proptest! {
        #[test]
        fn any_message_comes_back(mls in prop::collection::vec(any::<u8>(), 0..3000)) {
            let key = EnvelopeKey::from_bytes([5; 32]);
            prop_assert_eq!(open_entry(&key, address(), &seal_entry(&key, address(), &mls)).unwrap(), mls);
        }

        #[test]
        fn one_changed_byte_closes_it(at: usize, flip in 1u8..) {
            let key = EnvelopeKey::from_bytes([5; 32]);
            let mut body = seal_entry(&key, address(), b"a message of some length");
            let place = at % body.len();
            body[place] ^= flip;
            prop_assert_eq!(open_entry(&key, address(), &body), Err(EnvelopeError::Sealed));
        }

        #[test]
        fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = open_entry(&EnvelopeKey::from_bytes([5; 32]), address(), &body);
        }
    }
}
