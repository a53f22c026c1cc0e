//! Frankings: a report that verifies (protocol §9).

use rand_core::CryptoRngCore;
use sotto_wire::ids::{AccountId, ConversationId, DeviceId, Minute, PublicKey};
use sotto_wire::proto;

use crate::device_keys::DeviceKeys;

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
    let _ = (keys, content, conversation, minute, entropy);
    proto::Franking::default()
}

/// Checks that `device` of `account` committed to `content`.
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
    let _ = (device_key, account, device, conversation, content, franking);
    Err(FrankingError::Malformed)
}
