//! The state machine: batches of requests in, frames out.

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use rand_core::CryptoRngCore;
use sotto_ports::Store;
use sotto_wire::ids::Millis;
use sotto_wire::proto::ErrorCode;

use crate::connection::{AddressPrefix, ConnectionId, Outgoing, Plane, Then};
use crate::counters::Counters;
use crate::request::Received;
use crate::settings::Settings;

/// The server without its transport. One thread owns it.
#[derive(Debug)]
pub struct Service<S> {
    store: S,
    settings: Settings,
    log_key: SigningKey,
    counters: Counters,
}

impl<S: Store> Service<S> {
    /// A service over an opened store. `log_key` signs receipts; its public half stands in `Hello`.
    pub fn new(store: S, settings: Settings, log_key: SigningKey) -> Self {
        Self { store, settings, log_key, counters: Counters::default() }
    }

    /// A connection was opened: its first frame, `Hello`.
    pub fn connected(
        &mut self,
        id: ConnectionId,
        plane: Plane,
        prefix: AddressPrefix,
        now: Millis,
        entropy: &mut dyn CryptoRngCore,
    ) -> Outgoing {
        let _ = (plane, prefix, now, entropy, &self.store, &self.settings, &self.log_key);
        Outgoing { connection: id, frame: Bytes::new(), then: Then::Keep }
    }

    /// A connection is gone: everything kept for it is forgotten.
    pub fn disconnected(&mut self, id: ConnectionId) {
        let _ = id;
    }

    /// Handles a batch: one durable commit for all of it, then the frames. Requests of one connection are answered
    /// in their order. When the store fails, every request that needed it is answered `ERROR_CODE_STORAGE` and
    /// nothing of them was accepted.
    pub fn handle(
        &mut self,
        now: Millis,
        entropy: &mut dyn CryptoRngCore,
        batch: Vec<Received>,
    ) -> Vec<Outgoing> {
        let _ = (now, entropy, batch);
        Vec::new()
    }

    /// The frame that asked ([`Then::Ask`]) has left: the connection's backlog continues.
    pub fn writable(&mut self, id: ConnectionId, now: Millis) -> Vec<Outgoing> {
        let _ = (id, now);
        Vec::new()
    }

    /// Housekeeping, about once a minute: trim, time-to-live, expiry, prefix buckets. Does a bounded amount of
    /// work per call.
    pub fn tick(&mut self, now: Millis) -> Vec<Outgoing> {
        let _ = now;
        Vec::new()
    }

    /// The last frame for every open connection, before the process ends.
    pub fn shut_down(&mut self) -> Vec<Outgoing> {
        Vec::new()
    }

    /// Numbers for `/metrics`.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The store back, for a caller that closes it.
    pub fn into_store(self) -> S {
        self.store
    }
}

/// The last frame of a connection the transport itself has to close (too slow, frame too large).
pub fn closing_frame(plane: Plane, code: ErrorCode) -> Bytes {
    use prost::Message as _;
    use sotto_wire::proto::{AccountFrame, Error, TopicFrame, account_frame, topic_frame};
    let error = Error { code: code.into(), retry_after_ms: 0 };
    let bytes = match plane {
        Plane::Account => AccountFrame { frame: Some(account_frame::Frame::Closing(error)) }.encode_to_vec(),
        Plane::Topic => TopicFrame { frame: Some(topic_frame::Frame::Closing(error)) }.encode_to_vec(),
    };
    Bytes::from(bytes)
}
