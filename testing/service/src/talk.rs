//! Requests and answers as a client sends and reads them.

use std::collections::BTreeMap;

use bytes::Bytes;
use sotto_service::{ConnectionId, Plane};
use sotto_wire::account::{AccountCall, AccountFrame, AccountRequest, AccountResponse};
use sotto_wire::frames::{Hello, Refusal};
use sotto_wire::ids::PublicKey;
use sotto_wire::proto::{ErrorCode, SignedItem};
use sotto_wire::receipt::{self, Item};
use sotto_wire::topic::{TopicCall, TopicFrame, TopicRequest, TopicResponse};

use crate::world::{Store, World};

/// The answer to a topic request.
pub type TopicAnswer = Result<TopicResponse, ErrorCode>;

/// What a receipt states, once the server's signature is checked.
pub fn item_of(receipt: &SignedItem, log_key: PublicKey) -> Item {
    receipt::verify(receipt, log_key).unwrap().item
}

/// The receipt in an answer.
pub fn receipt_of(response: &TopicResponse) -> &SignedItem {
    match response {
        TopicResponse::TopicCreated(receipt)
        | TopicResponse::Appended(receipt)
        | TopicResponse::SlotOpened(receipt)
        | TopicResponse::SlotProved(receipt)
        | TopicResponse::SlotAcked(receipt) => receipt,
        other => panic!("{other:?} has no receipt"),
    }
}

impl<S: Store> World<S> {
    /// A connection on the account plane that has read its `Hello`.
    pub fn account_plane(&mut self) -> (ConnectionId, Hello) {
        let id = self.connect(Plane::Account);
        (id, self.account_hello(id))
    }

    /// The `Hello` of a connection on the account plane.
    pub fn account_hello(&mut self, id: ConnectionId) -> Hello {
        match self.account_frame(id) {
            Some(AccountFrame::Hello(hello)) => hello,
            other => panic!("{other:?}"),
        }
    }

    /// A connection on the topic plane that has read its `Hello`.
    pub fn topic_plane(&mut self) -> ConnectionId {
        let id = self.connect(Plane::Topic);
        assert!(matches!(self.topic_frame(id), Some(TopicFrame::Hello(_))));
        id
    }

    /// The next frame of a connection on the account plane.
    pub fn account_frame(&mut self, id: ConnectionId) -> Option<AccountFrame> {
        self.read(id).map(|frame| AccountFrame::parse(&frame).unwrap())
    }

    /// The next frame of a connection on the topic plane; entries and receipts in it verify.
    pub fn topic_frame(&mut self, id: ConnectionId) -> Option<TopicFrame> {
        let frame = TopicFrame::parse(&self.read(id)?).unwrap();
        match &frame {
            TopicFrame::Entries(entries) => drop(entries.clone().verify(self.log_key()).unwrap()),
            TopicFrame::Response { outcome: Ok(response), .. } => self.verify(response),
            _ => {}
        }
        Some(frame)
    }

    fn verify(&self, response: &TopicResponse) {
        match response {
            TopicResponse::TopicCreated(_)
            | TopicResponse::Appended(_)
            | TopicResponse::SlotOpened(_)
            | TopicResponse::SlotProved(_)
            | TopicResponse::SlotAcked(_) => drop(item_of(receipt_of(response), self.log_key())),
            TopicResponse::Followed(outcomes) => {
                let receipts = outcomes.iter().filter_map(|outcome| outcome.outcome.as_ref().ok());
                receipts
                    .for_each(|receipt| assert!(matches!(item_of(receipt, self.log_key()), Item::Slot(_))));
            }
            _ => {}
        }
    }

    /// Every frame that waits on a connection of the topic plane, and what comes while they are read.
    pub fn topic_frames(&mut self, id: ConnectionId) -> Vec<TopicFrame> {
        std::iter::from_fn(|| self.topic_frame(id)).collect()
    }

    /// Every frame that waits on a connection of the account plane, and what comes while they are read.
    pub fn account_frames(&mut self, id: ConnectionId) -> Vec<AccountFrame> {
        std::iter::from_fn(|| self.account_frame(id)).collect()
    }

    /// Asks on the account plane. The answer is the next frame: nothing else may wait.
    pub fn ask_account(
        &mut self,
        id: ConnectionId,
        request: AccountRequest,
    ) -> Result<AccountResponse, ErrorCode> {
        self.receive(vec![(id, Plane::Account, AccountCall { id: 7, request }.encode())]);
        match self.account_frame(id) {
            Some(AccountFrame::Response { id: 7, outcome }) => outcome.map_err(|refusal| refusal.code),
            other => panic!("{other:?}"),
        }
    }

    /// Asks on the topic plane. The answer is the next frame: nothing else may wait.
    pub fn ask(&mut self, id: ConnectionId, request: TopicRequest) -> TopicAnswer {
        self.refused_until(id, request).map_err(|refusal| refusal.code)
    }

    /// The same, with all of the refusal.
    pub fn refused_until(
        &mut self,
        id: ConnectionId,
        request: TopicRequest,
    ) -> Result<TopicResponse, Refusal> {
        self.receive(vec![(id, Plane::Topic, TopicCall { id: 7, request }.encode())]);
        match self.topic_frame(id) {
            Some(TopicFrame::Response { id: 7, outcome }) => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// Asks several things in one batch, on the connections named; the answers in the order of the requests. Whatever
    /// else came is put aside unread.
    pub fn ask_at_once(&mut self, requests: Vec<(ConnectionId, TopicRequest)>) -> Vec<TopicAnswer> {
        let connections: Vec<ConnectionId> = requests.iter().map(|(id, _)| *id).collect();
        let numbered = requests.into_iter().zip(100..);
        let frames = numbered
            .map(|((id, request), number)| (id, Plane::Topic, TopicCall { id: number, request }.encode()));
        self.receive(frames.collect());
        let mut answers = BTreeMap::new();
        for id in &connections {
            for frame in self.topic_frames(*id) {
                if let TopicFrame::Response { id: number, outcome } = frame {
                    answers.insert(number, outcome.map_err(|refusal| refusal.code));
                }
            }
        }
        (100..).take(connections.len()).map(|number| answers.remove(&number).unwrap()).collect()
    }

    /// Sends several frames that are handled in one batch.
    pub fn send_at_once(&mut self, frames: Vec<(ConnectionId, Plane, Bytes)>) {
        self.receive(frames);
    }

    /// Sends bytes that may be anything.
    pub fn send_raw(&mut self, id: ConnectionId, plane: Plane, frame: impl Into<Bytes>) {
        self.receive(vec![(id, plane, frame.into())]);
    }
}
