//! A lying operator: has the server's own log key, and signs whatever story it tells one reader.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message as _;
use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{Chain, PublicKey, Seq, Signature, TopicId};
use sotto_wire::proto::{self, topic_frame::Frame};
use sotto_wire::receipt::{self, Item, ReceiptBatch, ServerItem};
use sotto_wire::topic::{Entries, Entry, TopicFrame};

use crate::plane::Plane;
use crate::proxy::{Passing, Way};

/// Where `sottod` keeps its log-signing key, below its data directory.
const LOG_KEY: &str = "log-signing.key";

/// The operator, and how far its story to this reader has come on each topic.
pub struct Operator {
    key: SigningKey,
    told: HashMap<TopicId, Told>,
}

/// What the reader believes of a topic.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// Chain value after the last entry that was told.
    chain: Chain,
    /// How many entries were left out.
    left_out: u64,
}

impl Operator {
    /// Takes the key from the server's data directory.
    ///
    /// # Errors
    /// When it is not there.
    pub fn of(data: &Path) -> anyhow::Result<Self> {
        let hex = std::fs::read_to_string(data.join(LOG_KEY)).context("the server's log key")?;
        let bytes: [u8; 32] = hex::decode(hex.trim())?.try_into().ok().context("a key of 32 bytes")?;
        Ok(Self { key: SigningKey::from_bytes(&bytes), told: HashMap::new() })
    }

    /// Tells one reader another story: `lie` changes or drops entries, and places, chain and signature are made to
    /// fit, for this delivery and all that follow.
    ///
    /// # Errors
    /// When the frame is no delivery of entries.
    pub fn tell(&mut self, frame: &Bytes, lie: impl FnOnce(&mut Vec<Entry>)) -> anyhow::Result<Bytes> {
        let TopicFrame::Entries(mut entries) = TopicFrame::parse(frame)? else {
            anyhow::bail!("not entries");
        };
        let Item::Batch(mut batch) = receipt::verify(&entries.receipt, self.public())?.item else {
            anyhow::bail!("not the receipt of a delivery");
        };
        let honest = Told { chain: entries.prev_chain, left_out: 0 };
        let told = self.told.entry(entries.topic).or_insert(honest);
        let before = entries.entries.len();
        lie(&mut entries.entries);
        ensure!(!entries.entries.is_empty(), "a delivery holds something");
        batch.from = Seq(batch.from.0 - told.left_out);
        entries.prev_chain = told.chain;
        let mut chain = told.chain;
        for (place, entry) in (batch.from.0 + 1..).zip(&mut entries.entries) {
            entry.seq = Seq(place);
            chain = entry.chain_after(chain);
            batch.to = entry.seq;
        }
        batch.chain = chain;
        told.chain = chain;
        told.left_out += (before - entries.entries.len()) as u64;
        entries.receipt = self.sign(ServerItem { topic: entries.topic, item: Item::Batch(batch) })?;
        Ok(TopicFrame::Entries(entries).encode())
    }

    fn public(&self) -> PublicKey {
        PublicKey::new(self.key.verifying_key().to_bytes())
    }

    fn sign(&self, item: ServerItem) -> anyhow::Result<proto::SignedItem> {
        let mut batch = ReceiptBatch::new();
        let number = batch.add(&item);
        let signed = batch.sign(self.public(), |message| Signature::new(self.key.sign(message).to_bytes()));
        signed.get(number).context("a signed receipt")
    }
}

/// Whether a message delivers entries to a reader.
pub fn is_delivery(passing: &Passing) -> bool {
    passing.way == Way::ToClient
        && passing.plane == Plane::Topic
        && proto::TopicFrame::decode(passing.frame.clone())
            .is_ok_and(|frame| matches!(frame.frame, Some(Frame::Entries(_))))
}

/// The entries of a delivery, for meddling without the key.
///
/// # Errors
/// When the frame is no delivery.
pub fn entries_in(frame: &Bytes) -> anyhow::Result<Entries> {
    match TopicFrame::parse(frame)? {
        TopicFrame::Entries(entries) => Ok(entries),
        _ => anyhow::bail!("not entries"),
    }
}

/// Whether an entry carries a message.
pub fn is_message(entry: &Entry) -> bool {
    entry.kind == EntryKind::Application
}
