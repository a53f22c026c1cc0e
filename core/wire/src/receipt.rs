//! What the server signs, protocol §4: one signature over a Merkle root (RFC 9162) covers a whole batch of receipts,
//! and each travels with its path, so that any one of them can be shown to somebody else.

mod item;
mod tree;

pub use item::{AppendReceipt, BatchReceipt, Item, ServerItem, SlotReceipt};

use prost::bytes::Bytes;

use crate::digest::{log_key_id, receipt_leaf, server_batch_to_sign};
use crate::error::Reason;
use crate::fields::fixed;
use crate::ids::{PublicKey, Signature};
use crate::limits::RECEIPTS_PER_BATCH_MAX;
use crate::proto::{ServerSignature, SignedItem};
use crate::signature::{self, BadSignature};
use tree::Tree;

/// Receipts that will share one signature.
#[derive(Debug, Default)]
pub struct ReceiptBatch {
    items: Vec<Bytes>,
}

impl ReceiptBatch {
    /// No receipts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a receipt; the number finds it in [`SignedBatch`].
    pub fn add(&mut self, item: &ServerItem) -> usize {
        self.items.push(item.encode());
        self.items.len() - 1
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none: nothing to sign then.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Signs all of them at once. `sign` is called once if there is anything to sign.
    ///
    /// More than [`RECEIPTS_PER_BATCH_MAX`] are a bug of the caller: no client accepts them.
    pub fn sign(self, log_key: PublicKey, sign: impl FnOnce(&[u8]) -> Signature) -> SignedBatch {
        debug_assert!(self.items.len() <= RECEIPTS_PER_BATCH_MAX as usize, "too many receipts in a batch");
        let tree = Tree::new(self.items.iter().map(|item| receipt_leaf(item)).collect());
        let leaf_count = self.items.len() as u32;
        let signature = tree.root().map(|root| sign(&server_batch_to_sign(leaf_count, &root)));
        let common = ServerSignature {
            key_id: Bytes::copy_from_slice(&log_key_id(log_key)),
            leaf_index: 0,
            leaf_count,
            path: Vec::new(),
            signature: signature.map(Into::into).unwrap_or_default(),
        };
        SignedBatch { items: self.items, tree, common }
    }
}

/// Receipts with their one signature.
#[derive(Debug)]
pub struct SignedBatch {
    items: Vec<Bytes>,
    tree: Tree,
    common: ServerSignature,
}

impl SignedBatch {
    /// The receipt that [`ReceiptBatch::add`] gave this number, ready to send.
    pub fn get(&self, number: usize) -> Option<SignedItem> {
        let item = self.items.get(number)?.clone();
        let path = self.tree.path(number);
        let signature = ServerSignature { leaf_index: number as u32, path, ..self.common.clone() };
        Some(SignedItem { item, signature: Some(signature) })
    }
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is no receipt of this protocol.
    #[error(transparent)]
    Malformed(#[from] Reason),
    /// It names another key than the server's.
    #[error("the receipt is signed by another key")]
    OtherKey,
    /// The path has another length than one of this place in a tree of this size.
    #[error("the receipt's path does not fit its place")]
    Path,
    /// The signature does not cover the item.
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

/// Checks that the server with this log key signed the item, and reads it.
///
/// # Errors
/// When the receipt proves nothing about that server.
pub fn verify(signed: &SignedItem, log_key: PublicKey) -> Result<ServerItem, ReceiptError> {
    let signature = signed.signature.as_ref().ok_or(Reason::Missing { what: "server signature" })?;
    if signature.key_id != log_key_id(log_key).as_slice() {
        return Err(ReceiptError::OtherKey);
    }
    let root = root(signature, receipt_leaf(&signed.item))?;
    let message = server_batch_to_sign(signature.leaf_count, &root);
    signature::verify(log_key, &message, fixed(&signature.signature)?)?;
    Ok(ServerItem::parse(&signed.item)?)
}

/// Reads an item that was [verified](verify) before it was stored, and that nobody else can have changed since.
///
/// # Errors
/// When it is no receipt of this protocol.
pub fn read_verified(signed: &SignedItem) -> Result<ServerItem, Reason> {
    ServerItem::parse(&signed.item)
}

fn root(signature: &ServerSignature, leaf: [u8; 32]) -> Result<[u8; 32], ReceiptError> {
    let (index, count) = (signature.leaf_index, signature.leaf_count);
    if count > RECEIPTS_PER_BATCH_MAX || index >= count {
        return Err(Reason::OutOfRange { what: "receipt count" }.into());
    }
    // Longer than any path: refused before it is copied.
    if signature.path.len() > RECEIPTS_PER_BATCH_MAX.ilog2() as usize {
        return Err(ReceiptError::Path);
    }
    let wrong = |_| ReceiptError::Path;
    let path = signature.path.iter().map(|hash| hash.as_ref().try_into().map_err(wrong));
    let path = path.collect::<Result<Vec<[u8; 32]>, _>>()?;
    tree::root_from_path(index, count, leaf, &path).ok_or(ReceiptError::Path)
}
