//! What things are called: fixed-size ids and bearer secrets here, places and times in `numbers`, texts in `names`.
//!
//! An id prints as hex. A secret never prints (its `Debug` is its name) and compares in constant time.

use std::fmt;
use std::str::FromStr;

use prost::bytes::Bytes;
use rand_core::CryptoRngCore;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

mod names;
mod numbers;

pub use names::{DisplayName, DisplayNameError, Handle, HandleError, Host, HostError, Invite, Token};
pub use numbers::{Day, Generation, Millis, Minute, Seq};

/// A byte string had another length than its type needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected {expected} bytes, found {found}")]
pub struct LengthError {
    /// The type that was to be made.
    pub what: &'static str,
    /// Bytes it has.
    pub expected: usize,
    /// Bytes that were there.
    pub found: usize,
}

/// A text is not the hex of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} lowercase hex digits")]
pub struct HexError {
    /// Digits it should have.
    pub digits: usize,
}

// Lowercase only: one id has one spelling.
fn read_hex(text: &str, into: &mut [u8]) -> Result<(), HexError> {
    let wrong = HexError { digits: into.len() * 2 };
    if text.len() != wrong.digits {
        return Err(wrong);
    }
    for (byte, pair) in into.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = pair.iter().try_fold(0, |value, digit| match digit {
            b'0'..=b'9' => Ok(value << 4 | (digit - b'0')),
            b'a'..=b'f' => Ok(value << 4 | (digit - b'a' + 10)),
            _ => Err(wrong),
        })?;
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The id with these bytes.
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// A fresh one.
            pub fn random(entropy: &mut dyn CryptoRngCore) -> Self {
                let mut bytes = [0; $len];
                entropy.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Its bytes, owned.
            pub fn to_vec(&self) -> Vec<u8> {
                self.0.to_vec()
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = LengthError;

            fn try_from(bytes: &[u8]) -> Result<Self, LengthError> {
                let found = bytes.len();
                bytes
                    .try_into()
                    .map(Self)
                    .map_err(|_| LengthError { what: stringify!($name), expected: $len, found })
            }
        }

        impl From<$name> for Bytes {
            fn from(id: $name) -> Self {
                Bytes::copy_from_slice(&id.0)
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                let mut bytes = [0; $len];
                read_hex(text, &mut bytes).map(|()| Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, hash: $hash:ident) => {
        secret!($(#[$doc])* $name);

        impl $name {
            /// What the server keeps instead: SHA-256 of the secret.
            pub fn hash(&self) -> $hash {
                $hash::new(Sha256::digest(self.0).into())
            }
        }
    };
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The secret with these bytes.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// A fresh one.
            pub fn random(entropy: &mut dyn CryptoRngCore) -> Self {
                let mut bytes = [0; 32];
                entropy.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// Its bytes, for the one place that sends or stores them.
            pub const fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl From<&$name> for Bytes {
            fn from(secret: &$name) -> Self {
                Bytes::copy_from_slice(&secret.0)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = LengthError;

            fn try_from(bytes: &[u8]) -> Result<Self, LengthError> {
                let found = bytes.len();
                bytes
                    .try_into()
                    .map(Self)
                    .map_err(|_| LengthError { what: stringify!($name), expected: 32, found })
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }
        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

id!(
    /// `SHA-256("sotto account v1" ‖ AIK₀ ‖ RK₀ ‖ nonce)`: self-certifying, protocol §2.
    AccountId, 32
);
id!(
    /// One installation of an account.
    DeviceId, 16
);
id!(
    /// An append-only log on the server; also the MLS group id.
    TopicId, 32
);
id!(
    /// One reader's place on a topic.
    SlotId, 16
);
id!(
    /// Fresh for each ciphertext: makes an append idempotent.
    AppendId, 16
);
id!(
    /// A message as people know it: the same across retries and legs.
    MessageId, 16
);
id!(
    /// Random key of one inbox item: says nothing about order or time.
    InboxKey, 16
);
id!(
    /// One upload of key packages: makes a repeat harmless.
    UploadId, 16
);
id!(
    /// A 1:1 conversation: SHA-256 over the sorted account ids; a group: random.
    ConversationId, 32
);
id!(
    /// SHA-256 of a [`Capability`].
    CapabilityHash, 32
);
id!(
    /// SHA-256 of a [`SlotSecret`].
    SlotSecretHash, 32
);
id!(
    /// SHA-256 of a [`DropCapability`].
    DropCapabilityHash, 32
);
id!(
    /// SHA-256 of an entry's body.
    BodyHash, 32
);
id!(
    /// Value of a topic's hash chain after one entry, protocol §4.
    Chain, 32
);
id!(
    /// SHA-256 over a device list, protocol §2.
    ListHash, 32
);
id!(
    /// An Ed25519 public key.
    PublicKey, 32
);
id!(
    /// An Ed25519 signature.
    Signature, 64
);
id!(
    /// Stands for a conversation in frankings, so that a report does not name it, protocol §9.
    ConversationPseudonym, 32
);
id!(
    /// `C`: HMAC-SHA-256 over a message and its context, protocol §9.
    FrankingCommitment, 32
);
id!(
    /// SHA-256 of an operator's statement, protocol §7.
    StatementHash, 32
);
id!(
    /// Hello nonce: what an authenticating device signs.
    HelloNonce, 32
);

secret!(
    /// Opens append and slot-opening on a topic; the server stores its hash.
    Capability, hash: CapabilityHash
);
secret!(
    /// Opens one slot.
    SlotSecret, hash: SlotSecretHash
);
secret!(
    /// Seed of an Ed25519 control key of one topic.
    ControlSecret
);
secret!(
    /// `k_f`: opens the commitment to one message, protocol §9.
    FrankingKey
);
secret!(
    /// Right to append once to one inbox; returned by a key-package claim.
    DropCapability, hash: DropCapabilityHash
);

impl ConversationId {
    /// The 1:1 conversation of two accounts, the same whichever side computes it, protocol §5.
    pub fn direct(one: AccountId, other: AccountId) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        let mut hash = Sha256::new();
        hash.update(b"sotto direct conversation v1");
        hash.update(low.as_bytes());
        hash.update(high.as_bytes());
        Self::new(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_conversation_is_the_same_from_both_sides() {
        let (a, b) = (AccountId::new([1; 32]), AccountId::new([2; 32]));
        assert_eq!(ConversationId::direct(a, b), ConversationId::direct(b, a));
    }

    #[test]
    fn ids_have_one_spelling() {
        let id = DeviceId::new([0xab; 16]);
        let text = id.to_string();
        assert_eq!(text, "ab".repeat(16));
        assert_eq!(text.parse(), Ok(id));
        for other in ["AB".repeat(16), "ab".repeat(15), "ab".repeat(17), "gg".repeat(16), "+1".repeat(16)] {
            assert_eq!(other.parse::<DeviceId>(), Err(HexError { digits: 32 }), "{other}");
        }
    }

    #[test]
    fn ids_are_hex_in_json() {
        let json = serde_json::to_string(&DeviceId::new([0x0f; 16])).unwrap();
        assert_eq!(json, format!("\"{}\"", "0f".repeat(16)));
        assert_eq!(serde_json::from_str::<DeviceId>(&json).unwrap(), DeviceId::new([0x0f; 16]));
        assert!(serde_json::from_str::<DeviceId>("\"0f\"").is_err());
    }

    #[test]
    fn another_length_says_which_type_wanted_how_much() {
        let wrong = LengthError { what: "TopicId", expected: 32, found: 31 };
        assert_eq!(TopicId::try_from(&[0; 31][..]), Err(wrong));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Capability::new([7; 32])), "Capability");
        assert_eq!(format!("{:?}", ControlSecret::new([7; 32])), "ControlSecret");
    }
}
