//! One example of everything, always the same: keys come from labels, times are fixed.

pub mod account;
pub mod content;
pub mod identity;
pub mod topic;

use std::sync::LazyLock;

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use sotto_wire::Bytes;
use sotto_wire::frames::{Hello, Registration};
use sotto_wire::ids::{Host, Minute, PublicKey, Signature};
use sotto_wire::proto::SignedItem;
use sotto_wire::receipt::{ReceiptBatch, ServerItem};

/// Bytes that only depend on a label: the start of SHA-256(label), SHA-256(label ‖ 1), …
pub fn bytes<const N: usize>(label: &str) -> [u8; N] {
    let mut out = [0; N];
    for (number, chunk) in out.chunks_mut(32).enumerate() {
        let mut hash = Sha256::new();
        hash.update(label);
        (number > 0).then(|| hash.update([number as u8]));
        chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
    }
    out
}

/// As [`bytes()`], any length.
pub fn long_bytes(label: &str, length: usize) -> Bytes {
    (0..length.div_ceil(32)).flat_map(|part| bytes::<32>(&format!("{label} {part}"))).take(length).collect()
}

/// The key whose seed is the label's bytes.
pub fn key(label: &str) -> SigningKey {
    SigningKey::from_bytes(&bytes(label))
}

/// Its public half.
pub fn public(label: &str) -> PublicKey {
    key(label).verifying_key().into()
}

/// The public half of the server's log key.
pub fn log_key() -> PublicKey {
    static KEY: LazyLock<PublicKey> = LazyLock::new(|| public(LOG_KEY));
    *KEY
}

/// Signs with the label's key.
pub fn sign(label: &str, message: &[u8]) -> Signature {
    key(label).sign(message).into()
}

/// The minute in which everything happens.
pub const MINUTE: Minute = Minute(29_000_000);

/// A server's log key.
pub const LOG_KEY: &str = "log key";

/// The server's name.
pub fn host() -> Host {
    parsed(Host::parse("chat.example.org"))
}

/// What the sample server says first.
pub fn hello(registration: Registration) -> Hello {
    Hello {
        protocol: 1,
        protocol_min: 1,
        nonce: sotto_wire::ids::HelloNonce::new(bytes("hello nonce")),
        minute: MINUTE,
        log_key: public(LOG_KEY),
        host: host(),
        registration,
        software: "sottod 0.1.0".into(),
    }
}

/// These items under one signature of the server.
pub fn receipts(items: &[ServerItem]) -> Vec<SignedItem> {
    let mut batch = ReceiptBatch::new();
    let numbers: Vec<_> = items.iter().map(|item| batch.add(item)).collect();
    let signed = batch.sign(public(LOG_KEY), |message| sign(LOG_KEY, message));
    numbers.into_iter().filter_map(|number| signed.get(number)).collect()
}

/// One item under a signature of its own.
pub fn receipt(item: ServerItem) -> SignedItem {
    receipts(&[item]).pop().unwrap_or_default()
}

/// A sample that is known to be good.
#[expect(clippy::panic, reason = "samples are constants: a bad one is a bug that every test shows")]
pub fn parsed<T, E: std::fmt::Display>(sample: Result<T, E>) -> T {
    sample.unwrap_or_else(|error| panic!("a sample is refused: {error}"))
}
