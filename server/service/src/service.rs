//! The state machine: batches of requests in, frames out.

use std::collections::BTreeSet;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use rand_core::CryptoRngCore;
use sotto_ports::{StorageError, Store};
use sotto_wire::account::AccountFrame;
use sotto_wire::frames::{Hello, Refusal};
use sotto_wire::ids::{HelloNonce, Millis};
use sotto_wire::limits::{PROTOCOL, PROTOCOL_MIN};
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic::TopicFrame;

use crate::batch::{Answer, Batch, Reply};
use crate::connection::{AddressPrefix, ConnectionId, Outgoing, Plane, Then};
use crate::connections::Connection;
use crate::counters::Counters;
use crate::plan::{AfterDirectory, AfterLogs, Ask, Done, Plan, Planned};
use crate::refused::Refused;
use crate::request::{Received, Request};
use crate::settings::{Quotas, Settings};
use crate::state::State;
use crate::tokens::TokenGate;
use crate::{account, deliver, housekeeping, topic};

/// The server without its transport. One thread owns it.
#[derive(Debug)]
pub struct Service<S> {
    store: S,
    state: State,
}

impl<S: Store> Service<S> {
    /// A service over an opened store. `log_key` signs receipts; its public half stands in `Hello`.
    pub fn new(store: S, settings: Settings, log_key: SigningKey) -> Self {
        Self { store, state: State::new(settings, log_key) }
    }

    /// With other limits than the default ones. To be called before anything else.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { state: self.state.with_quotas(quotas), ..self }
    }

    /// With another way to decide whether a token pays. To be called before anything else.
    #[must_use]
    pub fn with_gate(mut self, gate: Box<dyn TokenGate + Send>) -> Self {
        self.state.gate = gate;
        self
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
        let nonce = HelloNonce::random(entropy);
        self.state.connections.insert(id, Connection::new(plane, nonce, prefix));
        *self.open_connections(plane) += 1;
        let hello = Hello {
            protocol: PROTOCOL,
            protocol_min: PROTOCOL_MIN,
            nonce,
            minute: now.minute(),
            log_key: self.state.log_key(),
            host: self.state.settings.host.clone(),
            registration: self.state.settings.registration,
            software: self.state.settings.software.clone(),
        };
        let frame = match plane {
            Plane::Account => AccountFrame::Hello(hello).encode(),
            Plane::Topic => TopicFrame::Hello(hello).encode(),
        };
        Outgoing { connection: id, frame, then: Then::Keep }
    }

    /// A connection is gone: everything kept for it is forgotten.
    pub fn disconnected(&mut self, id: ConnectionId) {
        if let Some(plane) = self.state.connections.remove(id) {
            *self.open_connections(plane) -= 1;
        }
        self.state.gate.disconnected(id);
        self.state.stalled.remove(&id);
    }

    /// Handles a batch: one durable commit for all of it (one on each port), then the frames. Requests of one
    /// connection are answered in their order. When the store fails, every request that needed it is answered
    /// `ERROR_CODE_STORAGE` and nothing of them was accepted.
    ///
    /// Only a connection that sends a second account-plane request before the first is answered gets a
    /// commit of its own for it, since the second may depend on the first.
    pub fn handle(
        &mut self,
        now: Millis,
        entropy: &mut dyn CryptoRngCore,
        batch: Vec<Received>,
    ) -> Vec<Outgoing> {
        let mut done = Batch::new(now);
        let mut waiting = batch;
        while !waiting.is_empty() {
            waiting = self.round(&mut done, entropy, waiting);
        }
        deliver::deliver(&self.store, &mut self.state, done)
    }

    /// The frame that asked ([`Then::Ask`]) has left: the connection's backlog continues.
    pub fn writable(&mut self, id: ConnectionId, now: Millis) -> Vec<Outgoing> {
        let mut batch = Batch::new(now);
        if let Some(connection) = self.state.connections.get_mut(id) {
            connection.window.reopen();
            batch.look_at.insert(id);
        }
        deliver::deliver(&self.store, &mut self.state, batch)
    }

    /// Housekeeping, about once a minute: trim, time-to-live, expiry, prefix buckets. Does a bounded amount of
    /// work per call.
    pub fn tick(&mut self, now: Millis) -> Vec<Outgoing> {
        housekeeping::tick(&mut self.store, &mut self.state, now);
        let mut batch = Batch::new(now);
        batch.look_at = std::mem::take(&mut self.state.stalled);
        deliver::deliver(&self.store, &mut self.state, batch)
    }

    /// The last frame for every open connection, before the process ends.
    pub fn shut_down(&mut self) -> Vec<Outgoing> {
        let ids = self.state.connections.ids();
        ids.into_iter()
            .filter_map(|connection| {
                let open = self.state.connections.get_mut(connection).filter(|open| !open.closing)?;
                open.closing = true;
                let frame = closing_frame(open.plane(), ErrorCode::ShuttingDown);
                Some(Outgoing { connection, frame, then: Then::Close })
            })
            .collect()
    }

    /// Numbers for `/metrics`.
    pub fn counters(&self) -> &Counters {
        &self.state.counters
    }

    /// Why the store failed last, since this was asked last: for the operator's log. It names files and operations.
    pub fn storage_trouble(&mut self) -> Option<StorageError> {
        self.state.trouble.take()
    }

    /// The store back, for a caller that closes it.
    pub fn into_store(self) -> S {
        self.store
    }

    fn open_connections(&mut self, plane: Plane) -> &mut u64 {
        match plane {
            Plane::Account => &mut self.state.counters.account_connections_open,
            Plane::Topic => &mut self.state.counters.topic_connections_open,
        }
    }

    /// One commit; the requests that have to wait for it.
    fn round(
        &mut self,
        batch: &mut Batch,
        entropy: &mut dyn CryptoRngCore,
        waiting: Vec<Received>,
    ) -> Vec<Received> {
        let mut round = Round::default();
        let mut later = Vec::new();
        for received in waiting {
            let id = received.connection;
            if round.busy.contains(&id) {
                later.push(received);
                continue;
            }
            if self.state.connections.get(id).is_none_or(|connection| connection.closing) {
                continue;
            }
            self.state.counters.requests += 1;
            match received.request {
                Ok(request) => self.plan(&mut round, batch.now, entropy, id, request),
                Err(error) => match error.request {
                    Some(request) => round.replies.push(Slot::refused(id, request, error.code().into())),
                    None => close(&mut self.state, batch, id, error.code()),
                },
            }
        }
        self.finish(batch, round);
        later
    }

    fn plan(
        &mut self,
        round: &mut Round,
        now: Millis,
        entropy: &mut dyn CryptoRngCore,
        connection: ConnectionId,
        request: Request,
    ) {
        let plane = self.state.connections.get(connection).map(Connection::plane);
        let mut ask = Ask { store: &self.store, state: &mut self.state, connection, now, entropy };
        let (id, planned) = match request {
            Request::Account(call) if plane == Some(Plane::Account) => {
                (call.id, account::plan(&mut ask, call.request))
            }
            Request::Topic(call) if plane == Some(Plane::Topic) => {
                (call.id, topic::plan(&mut ask, call.request))
            }
            Request::Account(call) => (call.id, Err(ErrorCode::Malformed.into())),
            Request::Topic(call) => (call.id, Err(ErrorCode::Malformed.into())),
        };
        round.add(connection, id, planned, plane == Some(Plane::Account));
    }

    /// Commits what was planned, the directory first, and turns the outcomes into answers.
    fn finish(&mut self, batch: &mut Batch, mut round: Round) {
        self.apply_to_directory(batch, &mut round);
        self.apply_to_logs(batch, &mut round);
        for slot in round.replies {
            let answer = slot.answer.unwrap_or_else(|| Err(ErrorCode::Internal.into()));
            if let Err(Refused(refusal)) = &answer {
                self.state.counters.refuse(refusal.code);
            }
            batch.replies.push(Reply { connection: slot.connection, id: slot.id, answer });
        }
    }

    fn apply_to_directory(&mut self, batch: &mut Batch, round: &mut Round) {
        if round.directory.is_empty() {
            return;
        }
        let (ops, after): (Vec<_>, Vec<_>) =
            std::mem::take(&mut round.directory).into_iter().map(|(op, at, after)| (op, (at, after))).unzip();
        let mut outcomes = match self.store.apply_to_directory(ops) {
            Ok(outcomes) => outcomes.into_iter(),
            Err(error) => {
                self.state.storage_failed(error);
                after.iter().for_each(|(at, _)| round.answer(*at, Err(ErrorCode::Storage.into())));
                return;
            }
        };
        for (at, after) in after {
            let Some(outcome) = outcomes.next() else { continue };
            let connection = round.connection(at);
            let mut done = Done { state: &mut self.state, batch, connection };
            round.answer(at, after(&mut done, outcome));
        }
    }

    fn apply_to_logs(&mut self, batch: &mut Batch, round: &mut Round) {
        let planned = std::mem::take(&mut round.logs);
        let mut ops = Vec::new();
        let mut after = Vec::new();
        for (own, at, then) in planned {
            after.push((own.len(), at, then));
            ops.extend(own);
        }
        let applied = if ops.is_empty() { Ok(Vec::new()) } else { self.store.apply_to_logs(ops) };
        let failed = applied.is_err();
        let outcomes = applied.unwrap_or_else(|error| {
            self.state.storage_failed(error);
            Vec::new()
        });
        let mut outcomes = outcomes.into_iter();
        for (count, at, then) in after {
            if failed && count > 0 {
                round.answer(at, Err(ErrorCode::Storage.into()));
                continue;
            }
            let own = outcomes.by_ref().take(count).collect();
            let mut done = Done { state: &mut self.state, batch, connection: round.connection(at) };
            round.answer(at, then(&mut done, own));
        }
    }
}

/// What one commit is made of.
#[derive(Default)]
struct Round {
    /// In the order of the requests.
    replies: Vec<Slot>,
    directory: Vec<(sotto_ports::DirectoryOp, usize, AfterDirectory)>,
    logs: Vec<(Vec<sotto_ports::LogOp>, usize, AfterLogs)>,
    /// Account-plane connections with an operation in this commit: what follows on them waits for it.
    busy: BTreeSet<ConnectionId>,
}

/// The place of an answer among the answers.
struct Slot {
    connection: ConnectionId,
    id: u32,
    answer: Option<Result<Answer, Refused>>,
}

impl Slot {
    const fn refused(connection: ConnectionId, id: u32, refused: Refused) -> Self {
        Self { connection, id, answer: Some(Err(refused)) }
    }
}

impl Round {
    fn add(&mut self, connection: ConnectionId, id: u32, planned: Planned, is_account: bool) {
        let at = self.replies.len();
        let answer = match planned {
            Ok(Plan::Answer(answer)) => Some(Ok(answer)),
            Ok(Plan::Directory(op, after)) => {
                self.directory.push((op, at, after));
                if is_account {
                    self.busy.insert(connection);
                }
                None
            }
            Ok(Plan::Logs(ops, after)) => {
                self.logs.push((ops, at, after));
                None
            }
            Err(refused) => Some(Err(refused)),
        };
        self.replies.push(Slot { connection, id, answer });
    }

    fn answer(&mut self, at: usize, answer: Result<Answer, Refused>) {
        if let Some(slot) = self.replies.get_mut(at) {
            slot.answer = Some(answer);
        }
    }

    fn connection(&self, at: usize) -> ConnectionId {
        self.replies.get(at).map_or(ConnectionId(u64::MAX), |slot| slot.connection)
    }
}

/// Ends a connection with a last frame.
pub(crate) fn close(state: &mut State, batch: &mut Batch, id: ConnectionId, code: ErrorCode) {
    if let Some(connection) = state.connections.get_mut(id)
        && !connection.closing
    {
        connection.closing = true;
        state.counters.refuse(code);
        let frame = closing_frame(connection.plane(), code);
        batch.event(vec![id], frame, Then::Close);
    }
}

/// The last frame of a connection the transport itself has to close (too slow, frame too large).
pub fn closing_frame(plane: Plane, code: ErrorCode) -> Bytes {
    let refusal = Refusal::new(code);
    match plane {
        Plane::Account => AccountFrame::Closing(refusal).encode(),
        Plane::Topic => TopicFrame::Closing(refusal).encode(),
    }
}
