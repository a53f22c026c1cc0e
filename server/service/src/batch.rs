//! Everything that comes of one call: answers and events, and the receipts that share one signature.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use sotto_ports::logs::{Appended, SlotView};
use sotto_wire::account::AccountResponse;
use sotto_wire::frames::Refusal;
use sotto_wire::ids::{Chain, Millis, Minute, Seq, SlotId, TopicId};
use sotto_wire::proto::SignedItem;
use sotto_wire::receipt::{Item, ReceiptBatch, ServerItem, SlotReceipt};
use sotto_wire::topic::{Entry, TopicResponse};

use crate::connection::{ConnectionId, Then};
use crate::refused::Refused;

/// The number of a receipt in its batch.
pub(crate) type Receipt = usize;

/// An answer, but for its signature.
#[derive(Debug)]
pub(crate) enum Answer {
    /// On the account plane.
    Account(AccountResponse),
    /// On the topic plane, without a receipt.
    Topic(TopicResponse),
    /// On the topic plane, around a receipt.
    Signed(Receipt, fn(SignedItem) -> TopicResponse),
    /// One outcome per slot.
    Followed(Vec<(SlotId, Result<Receipt, Refusal>)>),
}

/// An answer and where it goes.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) connection: ConnectionId,
    pub(crate) id: u32,
    pub(crate) answer: Result<Answer, Refused>,
}

/// A frame nobody asked for in this call.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) to: Vec<ConnectionId>,
    pub(crate) what: What,
    pub(crate) then: Then,
}

/// What an event is.
#[derive(Debug)]
pub(crate) enum What {
    /// Encoded already.
    Frame(Bytes),
    /// Entries, to be encoded with their receipt.
    Entries { topic: TopicId, entries: Vec<Entry>, previous: Chain, receipt: Receipt },
}

/// Entries that this call added to one topic: contiguous.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) previous: Chain,
    /// Each with the chain value after it.
    pub(crate) entries: Vec<(Entry, Chain)>,
    pub(crate) first: Seq,
}

/// What comes of one call.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) now: Millis,
    pub(crate) receipts: ReceiptBatch,
    pub(crate) replies: Vec<Reply>,
    pub(crate) events: Vec<Event>,
    /// New entries of topics that somebody follows.
    pub(crate) runs: BTreeMap<TopicId, Run>,
    /// Topics that were closed, with their newest entry.
    pub(crate) closed: BTreeMap<TopicId, Seq>,
    /// Connections that may have something to send that nothing has asked for yet.
    pub(crate) look_at: BTreeSet<ConnectionId>,
    /// Connections whose last frame of this call asks for a call to `writable`.
    pub(crate) asks: BTreeSet<ConnectionId>,
}

impl Batch {
    pub(crate) fn new(now: Millis) -> Self {
        Self {
            now,
            receipts: ReceiptBatch::new(),
            replies: Vec::new(),
            events: Vec::new(),
            runs: BTreeMap::new(),
            closed: BTreeMap::new(),
            look_at: BTreeSet::new(),
            asks: BTreeSet::new(),
        }
    }

    pub(crate) const fn minute(&self) -> Minute {
        self.now.minute()
    }

    /// States something about a topic.
    pub(crate) fn state(&mut self, topic: TopicId, item: Item) -> Receipt {
        self.receipts.add(&ServerItem { topic, item })
    }

    /// States where a slot stands.
    pub(crate) fn state_slot(&mut self, topic: TopicId, view: &SlotView) -> Receipt {
        let receipt = SlotReceipt {
            slot: view.slot,
            ack: view.ack,
            proved: view.proved,
            readable_to: view.readable_to,
            minute: self.minute(),
            newest: view.newest,
            first_available: view.first,
        };
        self.state(topic, Item::Slot(receipt))
    }

    /// Notes a new entry for those who follow its topic.
    pub(crate) fn appended(&mut self, topic: TopicId, appended: Appended) {
        let run = self.runs.entry(topic).or_insert_with(|| Run {
            previous: appended.previous,
            entries: Vec::new(),
            first: appended.first,
        });
        run.entries.push((appended.entry, appended.chain));
    }

    /// Sends an encoded frame.
    pub(crate) fn event(&mut self, to: Vec<ConnectionId>, frame: Bytes, then: Then) {
        if !to.is_empty() {
            self.events.push(Event { to, what: What::Frame(frame), then });
        }
    }
}
