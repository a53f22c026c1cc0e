//! Frankings: a member can show one message to a moderator, and nobody can forge one (protocol §9).
//!
//! `C = HMAC-SHA-256(k_f, content ‖ context)` hides the content until `k_f` is shown; the device signs `C`, so what is
//! shown later is what was sent. The context has a fixed length, so the two cannot be cut differently.

use ed25519_dalek::VerifyingKey;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRngCore;
use sha2::{Digest, Sha256};
use sotto_wire::ids::{AccountId, ConversationId, DeviceId, Minute, PublicKey};
use sotto_wire::proto;
use zeroize::Zeroizing;

use crate::device_keys::DeviceKeys;

const KEY_BYTES: usize = 32;

/// Why a franking does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrankingError {
    /// A field is missing or has the wrong length.
    #[error("the franking is malformed")]
    Malformed,
    /// It was made for another conversation.
    #[error("the franking is for another conversation")]
    Conversation,
    /// The device did not sign this.
    #[error("the franking's signature does not hold")]
    Signature,
}

/// Commits this device to `content` in `conversation`.
pub fn frank(
    keys: &DeviceKeys,
    content: &[u8],
    conversation: ConversationId,
    minute: Minute,
    entropy: &mut dyn CryptoRngCore,
) -> proto::Franking {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    entropy.fill_bytes(key.as_mut_slice());
    let pseudonym = pseudonym(conversation);
    let commitment = commitment(&key, content, &pseudonym, keys.account, keys.device, minute);
    let signature = keys.sign(&to_sign(&commitment, &pseudonym, minute));
    proto::Franking {
        key: key.to_vec().into(),
        conversation_pseudonym: pseudonym.to_vec().into(),
        minute: minute.0,
        signature: signature.into(),
    }
}

/// Checks that `device` of `account` committed to `content` in `conversation`.
///
/// # Errors
/// When it did not.
pub fn verify_franking(
    device_key: PublicKey,
    account: AccountId,
    device: DeviceId,
    conversation: ConversationId,
    content: &[u8],
    franking: &proto::Franking,
) -> Result<(), FrankingError> {
    let key: &[u8; KEY_BYTES] = franking.key.as_ref().try_into().map_err(|_| FrankingError::Malformed)?;
    let signature =
        ed25519_dalek::Signature::from_slice(&franking.signature).map_err(|_| FrankingError::Malformed)?;
    let device_key = VerifyingKey::from_bytes(device_key.as_bytes()).map_err(|_| FrankingError::Signature)?;

    let pseudonym = pseudonym(conversation);
    if franking.conversation_pseudonym.as_ref() != pseudonym {
        return Err(FrankingError::Conversation);
    }
    let minute = Minute(franking.minute);
    let commitment = commitment(key, content, &pseudonym, account, device, minute);
    device_key
        .verify_strict(&to_sign(&commitment, &pseudonym, minute), &signature)
        .map_err(|_| FrankingError::Signature)
}

/// What names the conversation in a report without being its id.
fn pseudonym(conversation: ConversationId) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"sotto conversation pseudonym v1");
    hash.update(conversation.as_bytes());
    hash.finalize().into()
}

fn commitment(
    key: &[u8; KEY_BYTES],
    content: &[u8],
    pseudonym: &[u8; 32],
    account: AccountId,
    device: DeviceId,
    minute: Minute,
) -> [u8; 32] {
    // HMAC pads a short key with zeros to its block: doing so here leaves nothing that could fail.
    let mut block = Zeroizing::new([0; 64]);
    block[..KEY_BYTES].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&(*block).into());
    mac.update(content);
    mac.update(pseudonym);
    mac.update(account.as_bytes());
    mac.update(device.as_bytes());
    mac.update(&minute.0.to_be_bytes());
    mac.finalize().into_bytes().into()
}

fn to_sign(commitment: &[u8; 32], pseudonym: &[u8; 32], minute: Minute) -> Vec<u8> {
    [b"sotto frank v1".as_slice(), commitment, pseudonym, &minute.0.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    const CONVERSATION: ConversationId = ConversationId::new([7; 32]);

    fn keys() -> DeviceKeys {
        DeviceKeys::new(AccountId::new([1; 32]), DeviceId::new([2; 16]), &[3; 32])
    }

    fn franked(content: &[u8]) -> proto::Franking {
        frank(&keys(), content, CONVERSATION, Minute(99), &mut ChaCha20Rng::from_seed([4; 32]))
    }

    fn verify(content: &[u8], franking: &proto::Franking) -> Result<(), FrankingError> {
        verify_franking(keys().public(), keys().account, keys().device, CONVERSATION, content, franking)
    }

    #[test]
    fn a_franking_holds_for_what_was_sent_and_nothing_else() {
        let franking = franked(b"content");
        assert_eq!(verify(b"content", &franking), Ok(()));
        assert_eq!(verify(b"contenT", &franking), Err(FrankingError::Signature));

        let later = proto::Franking { minute: 100, ..franking.clone() };
        assert_eq!(verify(b"content", &later), Err(FrankingError::Signature));
        let other_key = proto::Franking { key: vec![0; 32].into(), ..franking.clone() };
        assert_eq!(verify(b"content", &other_key), Err(FrankingError::Signature));
        let short = proto::Franking { key: vec![0; 31].into(), ..franking };
        assert_eq!(verify(b"content", &short), Err(FrankingError::Malformed));
    }

    #[test]
    fn a_franking_names_its_sender_and_conversation() {
        let (franking, keys) = (franked(b"content"), keys());
        let check = |key, account, device, conversation| {
            verify_franking(key, account, device, conversation, b"content", &franking)
        };
        let stranger = DeviceKeys::new(keys.account, keys.device, &[9; 32]).public();
        assert_eq!(check(stranger, keys.account, keys.device, CONVERSATION), Err(FrankingError::Signature));
        assert_eq!(
            check(keys.public(), AccountId::new([9; 32]), keys.device, CONVERSATION),
            Err(FrankingError::Signature)
        );
        assert_eq!(
            check(keys.public(), keys.account, DeviceId::new([9; 16]), CONVERSATION),
            Err(FrankingError::Signature)
        );
        assert_eq!(
            check(keys.public(), keys.account, keys.device, ConversationId::new([9; 32])),
            Err(FrankingError::Conversation)
        );
    }

    #[test]
    fn the_conversation_is_not_in_the_franking() {
        let franking = franked(b"content");
        assert_ne!(franking.conversation_pseudonym.as_ref(), CONVERSATION.as_bytes());
    }

    proptest! {
        #[test]
        fn content_cannot_move_into_the_context(content in prop::collection::vec(any::<u8>(), 1..200), cut: usize) {
            let franking = franked(&content);
            prop_assert_eq!(verify(&content, &franking), Ok(()));
            prop_assert_eq!(verify(&content[..cut % content.len()], &franking), Err(FrankingError::Signature));
        }
    }
}
