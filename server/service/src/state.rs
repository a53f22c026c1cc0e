//! Everything the service keeps in memory, beside its store.

use std::collections::BTreeSet;
use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use sotto_ports::StorageError;
use sotto_wire::ids::{CapabilityHash, Millis, PublicKey, TopicId};
use sotto_wire::receipt::{ReceiptBatch, SignedBatch};

use crate::buckets::{Buckets, Limited};
use crate::connection::{AddressPrefix, ConnectionId};
use crate::connections::Connections;
use crate::counters::Counters;
use crate::limits::TOUCHED_TOPICS_MAX;
use crate::settings::{Quotas, Settings};
use crate::tokens::{PerConnection, TokenGate};

pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) quotas: Quotas,
    pub(crate) connections: Connections,
    pub(crate) counters: Counters,
    pub(crate) gate: Box<dyn TokenGate + Send>,
    pub(crate) limits: Limits,
    /// Topics with something new to trim.
    pub(crate) touched: BTreeSet<TopicId>,
    /// Connections whose backlog waits for the store to work again.
    pub(crate) stalled: BTreeSet<ConnectionId>,
    /// Why the store failed last, until somebody asks.
    pub(crate) trouble: Option<StorageError>,
    log_key: SigningKey,
}

/// Buckets that outlive a connection. By capability, not by topic alone: whoever merely knows the topic's id
/// cannot use up what belongs to its members.
#[derive(Debug)]
pub(crate) struct Limits {
    registrations: Buckets<AddressPrefix>,
    appends: Buckets<(TopicId, CapabilityHash)>,
    handshakes: Buckets<(TopicId, CapabilityHash)>,
}

impl Limits {
    fn new(quotas: &Quotas) -> Self {
        Self {
            registrations: Buckets::new(quotas.registrations_per_prefix),
            appends: Buckets::new(quotas.appends_per_topic),
            handshakes: Buckets::new(quotas.handshakes_per_topic),
        }
    }

    pub(crate) fn register(&mut self, prefix: AddressPrefix, now: Millis) -> Result<(), Limited> {
        self.registrations.take(prefix, 1, now)
    }

    pub(crate) fn append(
        &mut self,
        by: (TopicId, CapabilityHash),
        cost: u32,
        now: Millis,
    ) -> Result<(), Limited> {
        self.appends.take(by, cost, now)
    }

    pub(crate) fn handshake(&mut self, by: (TopicId, CapabilityHash), now: Millis) -> Result<(), Limited> {
        self.handshakes.take(by, 1, now)
    }

    /// Forgets what has run empty: address prefixes leave memory with it.
    pub(crate) fn prune(&mut self, now: Millis) {
        self.registrations.prune(now);
        self.appends.prune(now);
        self.handshakes.prune(now);
    }
}

impl State {
    pub(crate) fn new(settings: Settings, log_key: SigningKey) -> Self {
        let quotas = Quotas::default();
        Self {
            settings,
            quotas,
            connections: Connections::default(),
            counters: Counters::default(),
            gate: Box::new(PerConnection::new(&quotas)),
            limits: Limits::new(&quotas),
            touched: BTreeSet::new(),
            stalled: BTreeSet::new(),
            trouble: None,
            log_key,
        }
    }

    /// Other limits, from the start.
    pub(crate) fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, gate: Box::new(PerConnection::new(&quotas)), limits: Limits::new(&quotas), ..self }
    }

    /// The public half of the log-signing key.
    pub(crate) fn log_key(&self) -> PublicKey {
        self.log_key.verifying_key().into()
    }

    /// One signature over all receipts of a call, if there are any.
    pub(crate) fn sign(&mut self, receipts: ReceiptBatch) -> SignedBatch {
        self.counters.signatures += u64::from(!receipts.is_empty());
        receipts.sign(self.log_key(), |bytes| self.log_key.sign(bytes).into())
    }

    /// Notes why the store failed: the peer only learns that it did.
    pub(crate) fn storage_failed(&mut self, error: StorageError) {
        self.counters.storage_failures += 1;
        self.trouble = Some(error);
    }

    /// Notes that a topic may have something to trim.
    pub(crate) fn touch(&mut self, topic: TopicId) {
        if self.touched.len() < TOUCHED_TOPICS_MAX {
            self.touched.insert(topic);
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("settings", &self.settings).finish_non_exhaustive()
    }
}
