//! Entries on their way to a reader, and the check that they are the log the server signed.

use std::fmt;

use prost::bytes::Bytes;

use super::EntryKind;
use crate::digest::{body_hash, chain_next};
use crate::error::Reason;
use crate::fields::{at_most_items, filled, fixed, minute, present, seq};
use crate::ids::{AppendId, BodyHash, Chain, Minute, PublicKey, Seq, TopicId};
use crate::limits::ENTRIES_MAX;
use crate::proto::{self, SignedItem, entry::Content};
use crate::receipt::{self, BatchReceipt, Item, ReceiptError};

/// One entry of a topic's log, protocol §2.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// Handshake or application.
    pub kind: EntryKind,
    /// Format of the entry.
    pub version: u32,
    /// Newest handshake as the appender knew it; below `seq`.
    pub head: Seq,
    /// Names the append.
    pub append_id: AppendId,
    /// When the server stored it.
    pub minute: Minute,
    /// The envelope, or what is left of it.
    pub content: EntryContent,
}

/// The body of an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum EntryContent {
    /// The envelope.
    Body(Bytes),
    /// The time-to-live passed: only the hash is left.
    Expired(BodyHash),
}

impl EntryContent {
    /// SHA-256 of the body, there or not.
    pub fn hash(&self) -> BodyHash {
        match self {
            Self::Body(body) => body_hash(body),
            Self::Expired(hash) => *hash,
        }
    }
}

impl Entry {
    /// The chain value after this entry.
    pub fn chain_after(&self, previous: Chain) -> Chain {
        chain_next(
            previous,
            self.seq,
            self.version,
            self.kind,
            self.head,
            self.append_id,
            self.content.hash(),
        )
    }

    fn from_proto(m: proto::Entry) -> Result<Self, Reason> {
        let kind = EntryKind::parse(m.kind)?;
        let (place, head) = (seq("seq", m.seq)?, seq("head", m.head)?);
        if head >= place {
            return Err(Reason::OutOfOrder { what: "head and seq" });
        }
        if m.version == 0 {
            return Err(Reason::Version { what: "entry", found: 0 });
        }
        let content = match present("body", m.content)? {
            Content::Body(body) => EntryContent::Body(filled("body", body, kind.bytes_max())?),
            // Handshakes are trimmed, never emptied, protocol §4.
            Content::ExpiredBodyHash(_) if kind == EntryKind::Handshake => {
                return Err(Reason::NotAllowed { what: "a handshake without its body" });
            }
            Content::ExpiredBodyHash(hash) => EntryContent::Expired(fixed(&hash)?),
        };
        Ok(Self {
            seq: place,
            kind,
            version: m.version,
            head,
            append_id: fixed(&m.append_id)?,
            minute: minute(m.minute)?,
            content,
        })
    }

    fn to_proto(&self) -> proto::Entry {
        proto::Entry {
            seq: self.seq.0,
            kind: self.kind.to_proto(),
            version: self.version,
            head: self.head.0,
            append_id: self.append_id.into(),
            minute: self.minute.0,
            content: Some(match &self.content {
                EntryContent::Body(body) => Content::Body(body.clone()),
                EntryContent::Expired(hash) => Content::ExpiredBodyHash((*hash).into()),
            }),
        }
    }
}

/// Contiguous entries of one followed topic, not yet checked against their receipt.
#[derive(Clone, PartialEq)]
pub struct Entries {
    /// Of which topic.
    pub topic: TopicId,
    /// At least one, each seq the one after the last.
    pub entries: Vec<Entry>,
    /// A `BatchReceipt`.
    pub receipt: SignedItem,
    /// The chain value before the first entry, as the server says.
    pub prev_chain: Chain,
}

/// Entries that are the log the server signed: from here on a lie about them can be proved.
#[derive(Clone, PartialEq)]
pub struct Delivery {
    /// Of which topic.
    pub topic: TopicId,
    /// At least one, each seq the one after the last.
    pub entries: Vec<Entry>,
    /// The chain value before the first entry.
    pub prev_chain: Chain,
    /// What the server signed about them.
    pub receipt: BatchReceipt,
    /// The receipt as it came: evidence, should it contradict another one.
    pub evidence: SignedItem,
}

/// Why entries are not what the server signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The receipt itself does not verify.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The receipt is about something else.
    #[error("the receipt covers something else")]
    OtherReceipt,
    /// The receipt covers another range than the entries.
    #[error("the receipt covers ({from}, {to}], the entries begin at {first} and end at {last}")]
    Range {
        /// Receipt: everything after this one.
        from: Seq,
        /// Receipt: up to this one.
        to: Seq,
        /// First entry.
        first: Seq,
        /// Last entry.
        last: Seq,
    },
    /// The entries do not lead from the first chain value to the signed one.
    #[error("the entries do not lead to the chain value that was signed")]
    Chain,
}

impl Entries {
    /// Checks the receipt, its range and the hash chain.
    ///
    /// # Errors
    /// When the server's signature does not cover exactly these entries.
    pub fn verify(self, log_key: PublicKey) -> Result<Delivery, DeliveryError> {
        let signed = receipt::verify(&self.receipt, log_key)?;
        let Item::Batch(batch) = signed.item else { return Err(DeliveryError::OtherReceipt) };
        if signed.topic != self.topic {
            return Err(DeliveryError::OtherReceipt);
        }
        let (first, last) = self.range();
        if batch.from.next() != first || batch.to != last {
            return Err(DeliveryError::Range { from: batch.from, to: batch.to, first, last });
        }
        let chain = self.entries.iter().fold(self.prev_chain, |chain, entry| entry.chain_after(chain));
        if chain != batch.chain {
            return Err(DeliveryError::Chain);
        }
        Ok(Delivery {
            topic: self.topic,
            entries: self.entries,
            prev_chain: self.prev_chain,
            receipt: batch,
            evidence: self.receipt,
        })
    }

    fn range(&self) -> (Seq, Seq) {
        let place = |entry: Option<&Entry>| entry.map_or(Seq(0), |entry| entry.seq);
        (place(self.entries.first()), place(self.entries.last()))
    }

    pub(super) fn from_proto(m: proto::Entries) -> Result<Self, Reason> {
        at_most_items("entries", m.entries.len(), ENTRIES_MAX)?;
        present("entries", m.entries.first())?;
        let entries = m.entries.into_iter().map(Entry::from_proto).collect::<Result<Vec<_>, _>>()?;
        if entries.windows(2).any(|pair| matches!(pair, [one, next] if one.seq.next() != next.seq)) {
            return Err(Reason::OutOfOrder { what: "entries" });
        }
        Ok(Self {
            topic: fixed(&m.topic)?,
            entries,
            receipt: present("receipt", m.receipt)?,
            prev_chain: fixed(&m.prev_chain)?,
        })
    }

    pub(super) fn to_proto(&self) -> proto::Entries {
        proto::Entries {
            topic: self.topic.into(),
            entries: self.entries.iter().map(Entry::to_proto).collect(),
            receipt: Some(self.receipt.clone()),
            prev_chain: self.prev_chain.into(),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}, {:?})", self.seq, self.kind)
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entries({})", self.entries.len())
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivery({})", self.entries.len())
    }
}
