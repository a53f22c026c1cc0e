//! Watches what passes between people and server, and remembers what the server promised.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;
use sotto_engine::api::Plane;
use sotto_engine::{Cause, EngineError};
use sotto_wire::account::{AccountCall, AccountRequest};
use sotto_wire::proto::{self, SignedItem, server_item, topic_frame, topic_response};

use crate::story::Story;

/// What the server said.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// Chain value after an entry, by topic and seq: once said, said for good.
    chains: BTreeMap<(Vec<u8>, u64), Vec<u8>>,
    /// Entries whose append was acknowledged.
    promised: BTreeSet<(Vec<u8>, u64)>,
    /// Keys of inbox items: account plane only.
    pub(crate) inbox_keys: BTreeSet<Vec<u8>>,
    /// Engines that blamed themselves.
    pub(crate) bugs: Vec<String>,
}

impl Oracle {
    /// A request on its way into the server.
    pub(crate) fn request(&mut self, plane: Plane, frame: &Bytes) {
        if plane != Plane::Account {
            return;
        }
        if let Ok(AccountCall { request: AccountRequest::AckInbox(keys), .. }) = AccountCall::parse(frame) {
            self.inbox_keys.extend(keys.iter().map(|key| key.as_bytes().to_vec()));
        }
    }

    /// A frame on its way out of the server, before anybody can change it.
    pub(crate) fn answer(&mut self, frame: &Bytes, story: &mut Story) {
        let Ok(frame) = proto::TopicFrame::decode(frame.clone()) else { return };
        match frame.frame {
            Some(topic_frame::Frame::Entries(entries)) => {
                entries.receipt.iter().for_each(|item| self.signed(item, story));
            }
            Some(topic_frame::Frame::Response(response)) => {
                use topic_response::Response;
                if let Some(Response::Appended(proto::Appended { receipt: Some(item) })) = response.response {
                    self.signed(&item, story);
                }
            }
            _ => {}
        }
    }

    fn signed(&mut self, signed: &SignedItem, story: &mut Story) {
        let Ok(item) = proto::ServerItem::decode(signed.item.clone()) else { return };
        let topic = item.topic.to_vec();
        let (seq, chain) = match item.item {
            Some(server_item::Item::Append(append)) => {
                self.promised.insert((topic.clone(), append.seq));
                (append.seq, append.chain)
            }
            Some(server_item::Item::Batch(batch)) => (batch.to_seq, batch.chain),
            _ => return,
        };
        let said = self.chains.entry((topic, seq)).or_insert_with(|| chain.to_vec());
        if *said != chain {
            let topic = item.topic.as_ref().try_into().map_or(0, |topic| story.topic(topic));
            story.found(format!("the server signed two different logs: topic {topic}, entry {seq}"));
        }
    }

    /// Newest entry of each topic whose append was acknowledged, and the chain there.
    pub(crate) fn newest_promises(&self) -> BTreeMap<Vec<u8>, (u64, Vec<u8>)> {
        let mut newest = BTreeMap::new();
        for (topic, seq) in &self.promised {
            if let Some(chain) = self.chains.get(&(topic.clone(), *seq)) {
                newest.insert(topic.clone(), (*seq, chain.clone()));
            }
        }
        newest
    }

    /// An engine could not handle an input: its disk's fault, or its own?
    pub(crate) fn engine_failed(&mut self, error: &EngineError) {
        if let Cause::Bug(place) = error.cause {
            self.bugs.push(format!("an engine blames itself: {place}"));
        }
    }
}
