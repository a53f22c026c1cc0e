//! The service with a clock, randomness from a seed, and the queues a transport would have.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_ports::{Directory, Logs, MemoryStore};
use sotto_service::tokens::TokenGate;
use sotto_service::{
    AddressPrefix, ConnectionId, Outgoing, Plane, Quotas, Received, Registration, Request, Service, Settings,
    Then,
};
use sotto_sqlite::SqliteStore;
use sotto_wire::ids::{Day, Host, Millis, PublicKey};
use tempfile::TempDir;

use crate::failing::Failing;

/// What a test needs of a store.
pub trait Store: Directory + Logs {}
impl<S: Directory + Logs> Store for S {}

/// The host all tests sign.
const HOST: &str = "sotto.test";
/// Anybody may register, without work.
pub const OPEN: Registration = Registration::Open { work_bits: 0 };
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Noon of some day.
const START: Millis = Millis(20_000 * DAY_MS + DAY_MS / 2);

/// A server, and what a transport keeps for it.
pub struct World<S> {
    /// The service under test.
    pub service: Service<Failing<S>>,
    /// Its store.
    pub store: Failing<S>,
    /// The clock.
    pub now: Millis,
    /// Randomness, from a seed.
    pub rng: ChaCha20Rng,
    queues: BTreeMap<ConnectionId, VecDeque<(Bytes, Then)>>,
    next: u64,
    _dir: Option<TempDir>,
}

impl World<MemoryStore> {
    /// A server without limits, over the store in memory.
    pub fn in_memory() -> Self {
        Self::over(MemoryStore::new(), None)
    }
}

impl World<SqliteStore> {
    /// The same over SQLite.
    pub fn in_sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::over(SqliteStore::open(dir.path()).unwrap(), Some(dir))
    }
}

impl<S: Store> World<S> {
    fn over(store: S, dir: Option<TempDir>) -> Self {
        let store = Failing::new(store);
        Self {
            service: serve(&store, OPEN, Quotas::unlimited()),
            store,
            now: START,
            rng: ChaCha20Rng::seed_from_u64(1),
            queues: BTreeMap::new(),
            next: 0,
            _dir: dir,
        }
    }

    /// Stops the server and starts another on the same store; every connection is gone.
    pub fn restart(&mut self, registration: Registration, quotas: Quotas) {
        self.service = serve(&self.store, registration, quotas);
        self.queues.clear();
    }

    /// Starts the server anew with somebody else to decide whether a token pays.
    pub fn with_gate(&mut self, gate: impl TokenGate + Send + 'static) {
        self.service = serve(&self.store, OPEN, Quotas::unlimited()).with_gate(Box::new(gate));
        self.queues.clear();
    }

    /// What the server signs with.
    pub fn log_key(&self) -> PublicKey {
        log_key().verifying_key().into()
    }

    /// The name that devices sign.
    pub fn host(&self) -> Host {
        Host::parse(HOST).unwrap()
    }

    /// Opens a connection from one network; its `Hello` is the first frame of its queue.
    pub fn connect(&mut self, plane: Plane) -> ConnectionId {
        self.connect_from(plane, [192, 0, 2, 1])
    }

    /// Opens a connection from an address.
    pub fn connect_from(&mut self, plane: Plane, address: [u8; 4]) -> ConnectionId {
        self.next += 1;
        let id = ConnectionId(self.next);
        let prefix = AddressPrefix::from(std::net::IpAddr::from(address));
        let hello = self.service.connected(id, plane, prefix, self.now, &mut self.rng);
        self.queues.insert(id, VecDeque::new());
        self.queue(vec![hello]);
        id
    }

    /// The connection is gone.
    pub fn disconnect(&mut self, id: ConnectionId) {
        self.queues.remove(&id);
        self.service.disconnected(id);
    }

    /// Hands frames to the service, all in one batch, as they came from the wire.
    pub fn receive(&mut self, frames: Vec<(ConnectionId, Plane, Bytes)>) {
        let batch = frames
            .into_iter()
            .map(|(connection, plane, frame)| Received { connection, request: Request::parse(plane, frame) });
        let batch = batch.collect();
        let outgoing = self.service.handle(self.now, &mut self.rng, batch);
        self.queue(outgoing);
    }

    /// The next frame of a connection, which thereby left its queue; `None` when none waits.
    pub fn read(&mut self, id: ConnectionId) -> Option<Bytes> {
        let (frame, then) = self.queues.get_mut(&id)?.pop_front()?;
        match then {
            Then::Keep => {}
            Then::Ask => {
                let outgoing = self.service.writable(id, self.now);
                self.queue(outgoing);
            }
            Then::Close => self.disconnect(id),
        }
        Some(frame)
    }

    /// Whether the server still holds the connection open.
    pub fn is_open(&self, id: ConnectionId) -> bool {
        self.queues.contains_key(&id)
    }

    /// Bytes that wait to be read from a connection.
    pub fn queued_bytes(&self, id: ConnectionId) -> usize {
        self.queues.get(&id).map_or(0, |queue| queue.iter().map(|(frame, _)| frame.len()).sum())
    }

    /// Frames that wait to be read from a connection and then ask for a call.
    pub fn asks(&self, id: ConnectionId) -> usize {
        let asks =
            |queue: &VecDeque<(Bytes, Then)>| queue.iter().filter(|(_, then)| *then == Then::Ask).count();
        self.queues.get(&id).map_or(0, asks)
    }

    /// Where a frame's bytes lie: equal for frames that are one and the same.
    pub fn addresses(&self, id: ConnectionId) -> Vec<*const u8> {
        self.queues
            .get(&id)
            .map_or_else(Vec::new, |queue| queue.iter().map(|(frame, _)| frame.as_ptr()).collect())
    }

    /// Housekeeping, as often as it takes until it has nothing to do.
    pub fn tick(&mut self) {
        for _ in 0..8 {
            let outgoing = self.service.tick(self.now);
            self.queue(outgoing);
        }
    }

    /// Moves the clock.
    pub fn pass_days(&mut self, days: u64) {
        self.now = Millis(self.now.0 + days * DAY_MS);
    }

    /// Moves the clock.
    pub fn pass_ms(&mut self, ms: u64) {
        self.now = Millis(self.now.0 + ms);
    }

    /// Today, by the clock.
    pub fn today(&self) -> Day {
        self.now.minute().day()
    }

    fn queue(&mut self, outgoing: Vec<Outgoing>) {
        for Outgoing { connection, frame, then } in outgoing {
            if let Some(queue) = self.queues.get_mut(&connection) {
                queue.push_back((frame, then));
            }
        }
    }
}

fn serve<S: Store>(store: &Failing<S>, registration: Registration, quotas: Quotas) -> Service<Failing<S>> {
    let settings =
        Settings { host: Host::parse(HOST).unwrap(), software: "sottod test".to_owned(), registration };
    Service::new(store.clone(), settings, log_key()).with_quotas(quotas)
}

fn log_key() -> SigningKey {
    SigningKey::from_bytes(&[0x10; 32])
}
