//! The one thread that owns the service and its store.
//!
//! It takes as many events as wait (at most [`BATCH_MAX`]), lets the service handle the requests among them in
//! one commit, and puts the answers into the connections' mailboxes. It never waits for a connection.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Instant, SystemTime},
};

use rand_core::CryptoRngCore;
use sotto_ports::{StorageError, Store};
use sotto_service::{AddressPrefix, ConnectionId, Counters, Outgoing, Plane, Received, Service};
use sotto_wire::ids::Millis;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::{
    limits::{BATCH_MAX, EVENTS_MAX, TELL_AGAIN},
    mailbox::{Delivery, Mailbox},
    metrics::Metrics,
};

/// What happens outside the service.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is a request; a box would cost each an allocation"
)]
pub(crate) enum Event {
    Connected {
        id: ConnectionId,
        plane: Plane,
        prefix: AddressPrefix,
        mailbox: Arc<Mailbox>,
    },
    Received {
        received: Received,
        /// The frame's share of the memory for large ones, held until the frame is handled.
        budget: Option<OwnedSemaphorePermit>,
    },
    /// A frame that asked for more has left.
    Writable(ConnectionId),
    Disconnected(ConnectionId),
    Tick,
    /// Somebody asks for the numbers, or whether the service is alive.
    Probe(oneshot::Sender<Pulse>),
    /// Nothing follows: give the service back.
    Stop,
}

/// What the thread says of itself.
pub(crate) struct Pulse {
    pub(crate) counters: Counters,
    /// In all mailboxes together.
    pub(crate) outgoing_bytes_waiting: usize,
}

/// Starts the thread. Its service comes back through the receiver after [`Event::Stop`]; the receiver fails
/// should the thread die.
pub(crate) fn start<S: Store + Send + 'static>(
    service: Service<S>,
    entropy: Box<dyn CryptoRngCore + Send>,
    metrics: Arc<Metrics>,
) -> std::io::Result<(mpsc::Sender<Event>, oneshot::Receiver<Service<S>>)> {
    let (events, waiting) = mpsc::channel(EVENTS_MAX);
    let (finished, back) = oneshot::channel();
    let trouble = Trouble { failures: 0, cause: None, told: None };
    let thread = ServiceThread { service, entropy, metrics, waiting, mailboxes: HashMap::new(), trouble };
    std::thread::Builder::new().name("service".to_owned()).spawn(move || {
        // The receiver is gone only when nobody wants the service back.
        let _ = finished.send(thread.run());
    })?;
    Ok((events, back))
}

struct ServiceThread<S> {
    service: Service<S>,
    entropy: Box<dyn CryptoRngCore + Send>,
    metrics: Arc<Metrics>,
    waiting: mpsc::Receiver<Event>,
    mailboxes: HashMap<ConnectionId, Arc<Mailbox>>,
    trouble: Trouble,
}

/// What the log has been told about a store that fails.
struct Trouble {
    failures: u64,
    cause: Option<StorageError>,
    told: Option<Instant>,
}

/// Events of one round, sorted so that each connection still sees its own in order: it connects, requests
/// and leaves once, and a call to continue a backlog may come late.
#[derive(Default)]
struct Round {
    batch: Vec<Received>,
    budgets: Vec<OwnedSemaphorePermit>,
    writable: Vec<ConnectionId>,
    disconnected: Vec<ConnectionId>,
    probes: Vec<oneshot::Sender<Pulse>>,
    tick: bool,
    stop: bool,
}

impl<S: Store> ServiceThread<S> {
    fn run(mut self) -> Service<S> {
        while let Some(first) = self.waiting.blocking_recv() {
            let mut round = Round::default();
            self.sort(first, &mut round);
            for _ in 1..BATCH_MAX {
                let Ok(event) = self.waiting.try_recv() else { break };
                self.sort(event, &mut round);
            }
            if self.work(round) == Work::Stopped {
                break;
            }
        }
        self.service
    }

    fn sort(&mut self, event: Event, round: &mut Round) {
        match event {
            Event::Connected { id, plane, prefix, mailbox } => self.connected(id, plane, prefix, mailbox),
            Event::Received { received, budget } => {
                round.batch.push(received);
                round.budgets.extend(budget);
            }
            Event::Writable(id) => round.writable.push(id),
            Event::Disconnected(id) => round.disconnected.push(id),
            Event::Tick => round.tick = true,
            Event::Probe(answer) => round.probes.push(answer),
            Event::Stop => round.stop = true,
        }
    }

    fn connected(&mut self, id: ConnectionId, plane: Plane, prefix: AddressPrefix, mailbox: Arc<Mailbox>) {
        self.mailboxes.insert(id, mailbox);
        let hello = self.service.connected(id, plane, prefix, now(), &mut *self.entropy);
        self.deliver(hello);
    }

    fn work(&mut self, round: Round) -> Work {
        if !round.batch.is_empty() {
            self.handle(round.batch);
            drop(round.budgets);
        }
        for id in round.writable {
            let outgoing = self.service.writable(id, now());
            self.deliver_all(outgoing);
        }
        for id in round.disconnected {
            self.forget(id);
        }
        if round.tick {
            let outgoing = self.service.tick(now());
            self.deliver_all(outgoing);
        }
        for probe in round.probes {
            // Whoever asked may have given up.
            let _ = probe.send(self.pulse());
        }
        let cause = self.service.storage_trouble();
        self.trouble.tell(self.service.counters().storage_failures, cause);
        if round.stop { Work::Stopped } else { Work::Continues }
    }

    fn handle(&mut self, batch: Vec<Received>) {
        let from: Vec<ConnectionId> = batch.iter().map(|received| received.connection).collect();
        let began = Instant::now();
        let outgoing = self.service.handle(now(), &mut *self.entropy, batch);
        self.metrics.batch(from.len(), began.elapsed());
        self.deliver_all(outgoing);
        for id in from {
            if let Some(mailbox) = self.mailboxes.get(&id) {
                mailbox.request_handled();
            }
        }
    }

    fn pulse(&self) -> Pulse {
        let outgoing_bytes_waiting = self.mailboxes.values().map(|mailbox| mailbox.bytes_waiting()).sum();
        Pulse { counters: self.service.counters().clone(), outgoing_bytes_waiting }
    }

    fn deliver_all(&mut self, outgoing: Vec<Outgoing>) {
        outgoing.into_iter().for_each(|outgoing| self.deliver(outgoing));
    }

    fn deliver(&mut self, Outgoing { connection, frame, then }: Outgoing) {
        let Some(mailbox) = self.mailboxes.get(&connection) else { return };
        if mailbox.deliver(frame, then) == Delivery::Overflowed {
            self.forget(connection);
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        if self.mailboxes.remove(&id).is_some() {
            self.service.disconnected(id);
        }
    }
}

impl Trouble {
    /// A full disk fails every batch: the log hears of it once in a while.
    fn tell(&mut self, failures: u64, cause: Option<StorageError>) {
        self.cause = cause.or(self.cause.take());
        if failures == self.failures || self.told.is_some_and(|told| told.elapsed() < TELL_AGAIN) {
            return;
        }
        let cause = self.cause.take().map(tracing::field::display);
        tracing::error!(failures, cause, "the store failed and accepted nothing; see also `sottod doctor`");
        self.failures = failures;
        self.told = Some(Instant::now());
    }
}

#[derive(PartialEq)]
enum Work {
    Continues,
    Stopped,
}

/// The server's clock. One set before 1970 reads as 1970; `sottod doctor` reports it.
fn now() -> Millis {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Millis(since_1970.as_millis() as u64)
}
