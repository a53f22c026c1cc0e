//! Hash and signature inputs of the protocol: every one starts with its own domain string.
//!
//! Variable-length fields are preceded by their length so that no two inputs share bytes.

use sha2::{Digest, Sha256};

use crate::error::Reason;
use crate::ids::{
    AccountId, AppendId, BodyHash, CapabilityHash, Chain, ConversationPseudonym, DeviceId,
    FrankingCommitment, Generation, Handle, HelloNonce, ListHash, Minute, PublicKey, Seq, TopicId,
};
use crate::limits::{APPLICATION_BYTES_MAX, HANDSHAKE_BYTES_MAX};
use crate::proto;

/// Whether an entry changes the group or carries a message, protocol §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// An MLS commit or SelfRemove.
    Handshake,
    /// An MLS application message.
    Application,
}

impl EntryKind {
    /// Its byte in hashes and tables.
    pub const fn code(self) -> u8 {
        match self {
            Self::Handshake => 1,
            Self::Application => 2,
        }
    }

    /// The kind with this byte.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Handshake),
            2 => Some(Self::Application),
            _ => None,
        }
    }

    /// Most bytes a body of this kind may have.
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Handshake => HANDSHAKE_BYTES_MAX,
            Self::Application => APPLICATION_BYTES_MAX,
        }
    }

    pub(crate) fn parse(kind: i32) -> Result<Self, Reason> {
        match proto::EntryKind::try_from(kind) {
            Ok(proto::EntryKind::Handshake) => Ok(Self::Handshake),
            Ok(proto::EntryKind::Application) => Ok(Self::Application),
            Ok(proto::EntryKind::Unspecified) => Err(Reason::Missing { what: "entry kind" }),
            Err(_) => Err(Reason::Unknown { what: "entry kind" }),
        }
    }

    pub(crate) const fn to_proto(self) -> i32 {
        match self {
            Self::Handshake => proto::EntryKind::Handshake as i32,
            Self::Application => proto::EntryKind::Application as i32,
        }
    }
}

/// `account_id = SHA-256("sotto account v1" ‖ AIK₀ ‖ RK₀ ‖ nonce)`, protocol §2.
pub fn account_id(aik: PublicKey, rk: PublicKey, nonce: &[u8; 32]) -> AccountId {
    AccountId::new(sha256(&[b"sotto account v1", aik.as_bytes(), rk.as_bytes(), nonce]))
}

/// What the AIK (or, for a recovery, the RK) signs.
pub fn device_list_to_sign(list: &[u8]) -> Vec<u8> {
    [b"sotto device list v1".as_slice(), list].concat()
}

/// The hash that pins and the next list quote.
pub fn device_list_hash(list: &[u8]) -> ListHash {
    ListHash::new(sha256(&[b"sotto device list hash v1", list]))
}

/// What a device signs over its key package.
pub fn key_package_to_sign(body: &[u8]) -> Vec<u8> {
    [b"sotto key package v1".as_slice(), body].concat()
}

/// What the first device signs to register.
pub fn register_to_sign(
    nonce: HelloNonce,
    host: &str,
    account: AccountId,
    device: DeviceId,
    handle: &Handle,
) -> Vec<u8> {
    let mut out = with_host(b"sotto register v1", nonce, host);
    out.extend_from_slice(account.as_bytes());
    out.extend_from_slice(device.as_bytes());
    out.extend_from_slice(handle.as_str().as_bytes());
    out
}

/// What a device signs to authenticate. The host keeps one server from using the signature at another.
pub fn authenticate_to_sign(nonce: HelloNonce, host: &str, account: AccountId, device: DeviceId) -> Vec<u8> {
    let mut out = with_host(b"sotto authenticate v1", nonce, host);
    out.extend_from_slice(account.as_bytes());
    out.extend_from_slice(device.as_bytes());
    out
}

fn with_host(domain: &[u8], nonce: HelloNonce, host: &str) -> Vec<u8> {
    let mut out = domain.to_vec();
    out.extend_from_slice(nonce.as_bytes());
    out.extend_from_slice(&(host.len() as u64).to_be_bytes());
    out.extend_from_slice(host.as_bytes());
    out
}

/// SHA-256 of an entry's body.
pub fn body_hash(body: &[u8]) -> BodyHash {
    BodyHash::new(sha256(&[body]))
}

/// `chain_0` of a topic.
pub fn chain_start(topic: TopicId) -> Chain {
    Chain::new(sha256(&[b"sotto chain v1", topic.as_bytes()]))
}

/// `chain_n = SHA-256(chain_{n-1} ‖ seq ‖ version ‖ kind ‖ head ‖ append_id ‖ SHA-256(body))`, protocol §4.
///
/// The version is in it because an entry of another version is junk: a server that could change it unnoticed
/// could make one reader skip a commit that all others process.
pub fn chain_next(
    previous: Chain,
    seq: Seq,
    version: u32,
    kind: EntryKind,
    head: Seq,
    append_id: AppendId,
    body: BodyHash,
) -> Chain {
    Chain::new(sha256(&[
        previous.as_bytes(),
        &seq.0.to_be_bytes(),
        &version.to_be_bytes(),
        &[kind.code()],
        &head.0.to_be_bytes(),
        append_id.as_bytes(),
        body.as_bytes(),
    ]))
}

/// What a control key signs when a rotation rides on a handshake, protocol §4.
pub fn rotate_to_sign(
    topic: TopicId,
    expect_head: Seq,
    append_id: AppendId,
    body: BodyHash,
    generation: Generation,
    capability: CapabilityHash,
    control_keys: &[PublicKey],
) -> Vec<u8> {
    let mut keys = Sha256::new();
    control_keys.iter().for_each(|key| keys.update(key.as_bytes()));
    [
        b"sotto rotate v1".as_slice(),
        topic.as_bytes(),
        &expect_head.0.to_be_bytes(),
        append_id.as_bytes(),
        body.as_bytes(),
        &generation.0.to_be_bytes(),
        capability.as_bytes(),
        &keys.finalize(),
    ]
    .concat()
}

/// What a control key signs for an action of its own.
pub fn control_to_sign(topic: TopicId, action: &[u8]) -> Vec<u8> {
    [b"sotto control v1".as_slice(), topic.as_bytes(), action].concat()
}

/// What a message is committed to with: `C = HMAC-SHA-256(k_f, content ‖ context)`, protocol §9. All fields have fixed
/// length and stand last, so no two (content, context) share bytes.
pub fn franking_context(
    conversation: ConversationPseudonym,
    account: AccountId,
    device: DeviceId,
    minute: Minute,
) -> Vec<u8> {
    [conversation.as_bytes().as_slice(), account.as_bytes(), device.as_bytes(), &minute.0.to_be_bytes()]
        .concat()
}

/// What the sending device signs for a report, protocol §9.
pub fn frank_to_sign(
    commitment: FrankingCommitment,
    conversation: ConversationPseudonym,
    minute: Minute,
) -> Vec<u8> {
    [b"sotto frank v1".as_slice(), commitment.as_bytes(), conversation.as_bytes(), &minute.0.to_be_bytes()]
        .concat()
}

/// What the server's log key signs: the root over a batch of receipts, protocol §4. The count is in it because the
/// same root and path can be read as a tree of another size.
pub fn server_batch_to_sign(leaf_count: u32, root: &[u8; 32]) -> Vec<u8> {
    [b"sotto server batch v1".as_slice(), &leaf_count.to_be_bytes(), root].concat()
}

/// First bytes of SHA-256(log key): which key signed a batch.
pub fn log_key_id(log_key: PublicKey) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[log_key.as_bytes()]);
    [a, b, c, d, e, f, g, h]
}

/// Leaf of the tree over a batch of receipts (RFC 9162 §2.1).
pub fn receipt_leaf(item: &[u8]) -> [u8; 32] {
    sha256(&[&[0], b"sotto receipt v1", item])
}

/// Inner node of the tree over a batch of receipts (RFC 9162 §2.1).
pub fn receipt_node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256(&[&[1], left, right])
}

/// `SHA-256("sotto work v1" ‖ nonce ‖ answer)`: registration asks for leading zero bits.
pub fn work(nonce: HelloNonce, answer: u64) -> [u8; 32] {
    sha256(&[b"sotto work v1", nonce.as_bytes(), &answer.to_be_bytes()])
}

/// Leading zero bits of a hash.
pub fn leading_zero_bits(hash: &[u8; 32]) -> u32 {
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    hash.get(zeros).map_or(256, |byte| zeros as u32 * 8 + byte.leading_zeros())
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_bits_are_counted_across_bytes() {
        let mut hash = [0xff; 32];
        assert_eq!(leading_zero_bits(&hash), 0);
        hash[0] = 0;
        hash[1] = 0x0f;
        assert_eq!(leading_zero_bits(&hash), 12);
        assert_eq!(leading_zero_bits(&[0; 32]), 256);
    }

    #[test]
    fn the_chain_depends_on_every_field() {
        let (topic, append, body) = (TopicId::new([1; 32]), AppendId::new([2; 16]), BodyHash::new([3; 32]));
        let start = chain_start(topic);
        let one = chain_next(start, Seq(1), 1, EntryKind::Application, Seq(0), append, body);
        let others = [
            chain_next(one, Seq(1), 1, EntryKind::Application, Seq(0), append, body),
            chain_next(start, Seq(2), 1, EntryKind::Application, Seq(0), append, body),
            chain_next(start, Seq(1), 2, EntryKind::Application, Seq(0), append, body),
            chain_next(start, Seq(1), 1, EntryKind::Handshake, Seq(0), append, body),
            chain_next(start, Seq(1), 1, EntryKind::Application, Seq(1), append, body),
            chain_next(start, Seq(1), 1, EntryKind::Application, Seq(0), AppendId::new([9; 16]), body),
            chain_next(start, Seq(1), 1, EntryKind::Application, Seq(0), append, BodyHash::new([9; 32])),
        ];
        assert!(others.iter().all(|other| *other != one));
    }
}
