//! The statements under a server signature, each about one topic.

use prost::Message;
use prost::bytes::Bytes;

use crate::digest::EntryKind;
use crate::error::Reason;
use crate::fields::{decode, fixed, minute, present, seq};
use crate::ids::{AppendId, BodyHash, Chain, Generation, Minute, Seq, SlotId, TopicId};
use crate::limits::RECEIPT_ITEM_BYTES_MAX;
use crate::proto::{self, server_item};

/// One statement about one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerItem {
    /// About this topic.
    pub topic: TopicId,
    /// What is stated.
    pub item: Item,
}

/// What a server states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// An entry is in the log.
    Append(AppendReceipt),
    /// These entries are the log.
    Batch(BatchReceipt),
    /// A slot stands here.
    Slot(SlotReceipt),
}

/// An entry is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendReceipt {
    /// Its place.
    pub seq: Seq,
    /// Its kind.
    pub kind: EntryKind,
    /// Newest handshake, as the appender quoted it.
    pub head: Seq,
    /// Names the append.
    pub append_id: AppendId,
    /// SHA-256 of the body.
    pub body: BodyHash,
    /// Chain value after the entry.
    pub chain: Chain,
    /// When it was stored.
    pub minute: Minute,
}

/// Everything in `(from, to]` was delivered and ends in `chain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchReceipt {
    /// Entries after this one.
    pub from: Seq,
    /// Up to and with this one.
    pub to: Seq,
    /// Chain value after `to`.
    pub chain: Chain,
    /// Below it the log was trimmed.
    pub first_available: Seq,
    /// When it was signed.
    pub minute: Minute,
}

/// A slot stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotReceipt {
    /// Which slot.
    pub slot: SlotId,
    /// Last entry it has acknowledged.
    pub ack: Seq,
    /// Newest generation it has proved.
    pub proved: Generation,
    /// Last entry it may read; absent while its generation has no end.
    pub readable_to: Option<Seq>,
    /// When it was signed.
    pub minute: Minute,
    /// Newest entry of the topic: how far there is to catch up.
    pub newest: Seq,
    /// Below it the log was trimmed.
    pub first_available: Seq,
}

impl ServerItem {
    /// Reads the bytes under a leaf.
    pub(super) fn parse(bytes: &Bytes) -> Result<Self, Reason> {
        let message: proto::ServerItem = decode("receipt", bytes, RECEIPT_ITEM_BYTES_MAX)?;
        let item = match message.item.ok_or(Reason::Unknown { what: "receipt" })? {
            server_item::Item::Append(m) => Item::Append(AppendReceipt::parse(&m)?),
            server_item::Item::Batch(m) => Item::Batch(BatchReceipt::parse(&m)?),
            server_item::Item::Slot(m) => Item::Slot(SlotReceipt::parse(&m)?),
        };
        Ok(Self { topic: fixed(&message.topic)?, item })
    }

    pub(super) fn encode(&self) -> Bytes {
        let item = match &self.item {
            Item::Append(receipt) => server_item::Item::Append(receipt.to_proto()),
            Item::Batch(receipt) => server_item::Item::Batch(receipt.to_proto()),
            Item::Slot(receipt) => server_item::Item::Slot(receipt.to_proto()),
        };
        proto::ServerItem { topic: self.topic.into(), item: Some(item) }.encode_to_vec().into()
    }
}

impl AppendReceipt {
    fn parse(m: &proto::AppendReceipt) -> Result<Self, Reason> {
        let kind = u8::try_from(m.kind).ok().and_then(EntryKind::from_code);
        let (place, head) = (seq("seq", m.seq)?, seq("head", m.head)?);
        if head >= place {
            return Err(Reason::OutOfOrder { what: "head and seq" });
        }
        Ok(Self {
            seq: place,
            kind: present("entry kind", kind)?,
            head,
            append_id: fixed(&m.append_id)?,
            body: fixed(&m.body_hash)?,
            chain: fixed(&m.chain)?,
            minute: minute(m.minute)?,
        })
    }

    fn to_proto(self) -> proto::AppendReceipt {
        proto::AppendReceipt {
            seq: self.seq.0,
            kind: self.kind.code().into(),
            head: self.head.0,
            append_id: self.append_id.into(),
            body_hash: self.body.into(),
            chain: self.chain.into(),
            minute: self.minute.0,
        }
    }
}

impl BatchReceipt {
    fn parse(m: &proto::BatchReceipt) -> Result<Self, Reason> {
        let (from, to) = (seq("from", m.from_seq)?, seq("to", m.to_seq)?);
        if from > to {
            return Err(Reason::OutOfOrder { what: "ends of a range" });
        }
        Ok(Self {
            from,
            to,
            chain: fixed(&m.chain)?,
            first_available: seq("first available", m.first_available_seq)?,
            minute: minute(m.minute)?,
        })
    }

    fn to_proto(self) -> proto::BatchReceipt {
        proto::BatchReceipt {
            from_seq: self.from.0,
            to_seq: self.to.0,
            chain: self.chain.into(),
            first_available_seq: self.first_available.0,
            minute: self.minute.0,
        }
    }
}

impl SlotReceipt {
    fn parse(m: &proto::SlotReceipt) -> Result<Self, Reason> {
        let readable_to = seq("readable to", m.readable_to_seq)?;
        Ok(Self {
            slot: fixed(&m.slot)?,
            ack: seq("ack", m.ack_seq)?,
            proved: Generation(m.proved_gen),
            readable_to: (readable_to > Seq(0)).then_some(readable_to),
            minute: minute(m.minute)?,
            newest: seq("newest", m.newest_seq)?,
            first_available: seq("first available", m.first_available_seq)?,
        })
    }

    fn to_proto(self) -> proto::SlotReceipt {
        proto::SlotReceipt {
            slot: self.slot.into(),
            ack_seq: self.ack.0,
            proved_gen: self.proved.0,
            readable_to_seq: self.readable_to.unwrap_or_default().0,
            minute: self.minute.0,
            newest_seq: self.newest.0,
            first_available_seq: self.first_available.0,
        }
    }
}
