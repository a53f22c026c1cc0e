//! Names of things: fixed-size ids, sequence numbers, times, handles, bearer secrets.
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

use crate::error::Reason;
use crate::limits::{
    DISPLAY_NAME_BYTES_MAX, HANDLE_CHARS_MAX, HANDLE_CHARS_MIN, HOST_BYTES_MAX, INVITE_CHARS_MAX,
    TOKEN_BYTES_MAX,
};

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

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// Place of an entry on its topic: the first is 1; 0 means "before all".
    Seq, u64
);
number!(
    /// Generation of a topic's capability.
    Generation, u32
);
number!(
    /// Minutes since 1970-01-01 UTC: the finest time the server keeps on a topic.
    Minute, u64
);
number!(
    /// Days since 1970-01-01 UTC.
    Day, u32
);
number!(
    /// Milliseconds since 1970-01-01 UTC, from a device's own clock.
    Millis, u64
);

impl Seq {
    /// The one after. A parsed number is far from the end of its range
    /// ([`SEQ_MAX`](crate::limits::SEQ_MAX)).
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Minute {
    /// The day it lies in.
    pub const fn day(self) -> Day {
        Day((self.0 / (24 * 60)) as u32)
    }
}

impl Millis {
    /// The minute it lies in.
    pub const fn minute(self) -> Minute {
        Minute(self.0 / 60_000)
    }
}

/// An account's public name without the `@`: 3-32 of `a-z 0-9 _ .`, protocol §2.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

/// Why a text is no handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// Too short or too long.
    #[error("a handle has {HANDLE_CHARS_MIN} to {HANDLE_CHARS_MAX} characters")]
    Length,
    /// A character outside the allowed set.
    #[error("a handle has only the letters a-z, digits, '_' and '.'")]
    Character,
    /// A dot at an end, or two in a row: reserved for hosts and files.
    #[error("a handle does not start or end with '.', nor has two in a row")]
    Dots,
}

impl Handle {
    /// Reads a handle; one leading `@` is allowed.
    ///
    /// # Errors
    /// When it breaks the rules of protocol §2.
    pub fn parse(text: &str) -> Result<Self, HandleError> {
        let name = text.strip_prefix('@').unwrap_or(text);
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        if !name.chars().all(allowed) {
            return Err(HandleError::Character);
        }
        if !(HANDLE_CHARS_MIN..=HANDLE_CHARS_MAX).contains(&name.len()) {
            return Err(HandleError::Length);
        }
        if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
            return Err(HandleError::Dots);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name without `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

// A handle is a person's name: it never reaches a log through `{:?}`.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

/// The name a person gives themselves: not unique, not proved. Nothing in it moves a cursor or turns text around.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

/// Why a text is no display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    /// Empty or too long.
    #[error("a display name has 1 to {DISPLAY_NAME_BYTES_MAX} bytes")]
    Length,
    /// A control character, a line break, or one that changes the direction of the text around it.
    #[error("a display name has no control characters and no line breaks")]
    Character,
}

impl DisplayName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters that would reach beyond it on a screen.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let reaches_out =
            |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if text.chars().any(reaches_out) {
            return Err(DisplayNameError::Character);
        }
        if text.is_empty() || text.len() > DISPLAY_NAME_BYTES_MAX {
            return Err(DisplayNameError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An empty field is none.
    pub(crate) fn parse_field(text: &str) -> Result<Option<Self>, DisplayNameError> {
        if text.is_empty() { Ok(None) } else { Self::parse(text).map(Some) }
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

// A person's name, as a handle is.
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayName")
    }
}

/// Public name of a server: what its certificate names, with the port if it is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Host(String);

/// Why a text is no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Empty or too long.
    #[error("a host has 1 to {HOST_BYTES_MAX} characters")]
    Length,
    /// A character outside the allowed set.
    #[error("a host has only the letters a-z, digits, '.', '-', ':' and brackets")]
    Character,
}

impl Host {
    /// Reads a host name or address, lowercase.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters no host has.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
        if !text.bytes().all(allowed) {
            return Err(HostError::Character);
        }
        if text.is_empty() || text.len() > HOST_BYTES_MAX {
            return Err(HostError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// As it travels and is signed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// An invitation code: printable ASCII. Whoever has it may register once, so it never prints.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Invite(String);

impl Invite {
    /// Reads a code.
    ///
    /// # Errors
    /// When it is empty, too long or not printable.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let what = "invite";
        if text.is_empty() {
            return Err(Reason::Missing { what });
        }
        if text.len() > INVITE_CHARS_MAX {
            return Err(Reason::TooLarge { what, max: INVITE_CHARS_MAX, found: text.len() });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Reason::Text { what });
        }
        Ok(Self(text.to_owned()))
    }

    /// The code, for the one place that sends or checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invite")
    }
}

/// Pays for one request without naming anybody, protocol §8. Servers that ask for none ignore it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Bytes);

impl Token {
    /// The token in a field; an empty field is none.
    ///
    /// # Errors
    /// When it is longer than [`TOKEN_BYTES_MAX`].
    pub fn parse(field: &Bytes) -> Result<Option<Self>, Reason> {
        let (max, found) = (TOKEN_BYTES_MAX, field.len());
        if found > max {
            return Err(Reason::TooLarge { what: "token", max, found });
        }
        Ok((found > 0).then(|| Self(field.clone())))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn to_proto(token: Option<&Self>) -> Bytes {
        token.map(|token| token.0.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

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
    fn handles_follow_the_rules() {
        assert_eq!(Handle::parse("@alice").unwrap().as_str(), "alice");
        assert_eq!(Handle::parse("a_1.b").unwrap().to_string(), "@a_1.b");
        assert_eq!(Handle::parse("al"), Err(HandleError::Length));
        assert_eq!(Handle::parse(&"a".repeat(33)), Err(HandleError::Length));
        assert_eq!(Handle::parse("Alice"), Err(HandleError::Character));
        assert_eq!(Handle::parse("аlice"), Err(HandleError::Character), "a Cyrillic а is not an a");
        assert_eq!(Handle::parse(".ali"), Err(HandleError::Dots));
        assert_eq!(Handle::parse("a..b"), Err(HandleError::Dots));
    }

    #[test]
    fn a_direct_conversation_is_the_same_from_both_sides() {
        let (a, b) = (AccountId::new([1; 32]), AccountId::new([2; 32]));
        assert_eq!(ConversationId::direct(a, b), ConversationId::direct(b, a));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Capability::new([7; 32])), "Capability");
        assert_eq!(format!("{:?}", Handle::parse("alice").unwrap()), "Handle");
    }
}
