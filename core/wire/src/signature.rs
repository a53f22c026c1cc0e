//! Checking an Ed25519 signature, the one way it is done everywhere.

use ed25519_dalek::VerifyingKey;

use crate::ids::{PublicKey, Signature};

/// The signature is not by this key over these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// Checks a signature strictly: no key of small order, no second encoding of a good signature.
///
/// # Errors
/// When it does not verify.
pub fn verify(key: PublicKey, message: &[u8], signature: Signature) -> Result<(), BadSignature> {
    let key = VerifyingKey::from_bytes(key.as_bytes()).map_err(|_| BadSignature)?;
    let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
    key.verify_strict(message, &signature).map_err(|_| BadSignature)
}

impl From<ed25519_dalek::Signature> for Signature {
    fn from(signature: ed25519_dalek::Signature) -> Self {
        Self::new(signature.to_bytes())
    }
}

impl From<VerifyingKey> for PublicKey {
    fn from(key: VerifyingKey) -> Self {
        Self::new(key.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    #[test]
    fn a_signature_verifies_under_its_key_and_message_only() {
        let (key, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let signature = key.sign(b"message").into();
        assert_eq!(verify(key.verifying_key().into(), b"message", signature), Ok(()));
        assert_eq!(verify(key.verifying_key().into(), b"massage", signature), Err(BadSignature));
        assert_eq!(verify(other.verifying_key().into(), b"message", signature), Err(BadSignature));
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        // The neutral element as key and R, s = 0: accepted by a lax verifier for every message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert_eq!(verify(PublicKey::new(neutral), b"any", Signature::new(signature)), Err(BadSignature));
    }
}
