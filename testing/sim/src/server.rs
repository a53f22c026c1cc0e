//! The server's process: the real service over its store, requests that wait, and how it dies.

use std::collections::VecDeque;

use ed25519_dalek::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use sotto_engine::api::Plane;
use sotto_service::settings::Registration;
use sotto_service::{AddressPrefix, Outgoing, Received, Request, Service, Settings};
use sotto_wire::ids::{Host, Millis};

use crate::agenda::Life;
use crate::computer::{Death, ServerComputer, ServerStore};
use crate::dice::{Dice, Stream, stream};
use crate::network::LinkId;
use crate::planted::{Forged, Planted, Shelf};

/// Requests the transport hands over at once, at most: as `server/http` does.
const BATCH_MAX: u64 = 512;

/// The server, running or not.
pub(crate) struct Server {
    pub(crate) service: Option<Service<Shelf<ServerStore>>>,
    pub(crate) computer: ServerComputer,
    pub(crate) life: Life,
    waiting: VecDeque<Received>,
    /// The service's thread has been told that something waits.
    pub(crate) called: bool,
    entropy: ChaCha20Rng,
    settings: Settings,
    key: SigningKey,
    bug: Option<Planted>,
    forged: Option<Forged>,
    failures: u64,
}

/// What one call to the service came to.
pub(crate) enum Work {
    Frames(Vec<Outgoing>),
    /// The process died during the call: nothing of it was said.
    Died(Death),
}

impl Server {
    pub(crate) fn new(seed: u64, computer: ServerComputer, bug: Option<Planted>) -> Self {
        let mut entropy = stream(seed, Stream::Server);
        let mut key = [0; 32];
        entropy.fill_bytes(&mut key);
        Self {
            service: None,
            computer,
            life: Life(0),
            waiting: VecDeque::new(),
            called: false,
            entropy,
            settings: Settings {
                host: Host::parse("localhost").expect("a good host"),
                software: "sotto-sim".into(),
                registration: Registration::Open { work_bits: 4 },
            },
            key: SigningKey::from_bytes(&key),
            bug,
            forged: Some(Forged::default()),
            failures: 0,
        }
    }

    /// Starts the process over whatever is on its disk; or says why it does not open.
    pub(crate) fn start(&mut self) -> Result<(), String> {
        let store = self.computer.open()?;
        let shelf = Shelf::new(store, self.bug, self.forged.take().unwrap_or_default());
        self.service = Some(Service::new(shelf, self.settings.clone(), self.key.clone()));
        self.life.0 += 1;
        self.failures = 0;
        self.called = false;
        Ok(())
    }

    /// The process is gone, and with it everything in memory.
    pub(crate) fn die(&mut self, death: Death) {
        let store = self.service.take().map(|service| {
            let (store, forged) = service.into_store().into_parts();
            self.forged = Some(forged);
            store
        });
        self.computer.close(store, death);
        self.life.0 += 1;
        self.waiting.clear();
        self.called = false;
    }

    pub(crate) fn runs(&self) -> bool {
        self.service.is_some()
    }

    /// The store, for who looks at it after a run: the service ends.
    pub(crate) fn store(&mut self) -> Option<Shelf<ServerStore>> {
        self.service.take().map(Service::into_store)
    }

    pub(crate) fn connected(&mut self, id: LinkId, plane: Plane, now: Millis) -> Option<Outgoing> {
        let prefix = AddressPrefix::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let service = self.service.as_mut()?;
        Some(service.connected(id, server_plane(plane), prefix, now, &mut self.entropy))
    }

    pub(crate) fn disconnected(&mut self, id: LinkId) {
        self.waiting.retain(|received| received.connection != id);
        if let Some(service) = self.service.as_mut() {
            service.disconnected(id);
        }
    }

    /// A frame came in.
    pub(crate) fn receive(&mut self, id: LinkId, plane: Plane, frame: bytes::Bytes) {
        let request = Request::parse(server_plane(plane), frame);
        self.waiting.push_back(Received { connection: id, request });
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes some of what waits as one batch.
    pub(crate) fn work(&mut self, dice: &mut Dice, now: Millis) -> (usize, Work) {
        let most = (self.waiting.len() as u64).min(BATCH_MAX);
        // Mostly all that waits, as the thread does; now and then it comes too early for some.
        let count = if dice.one_in(3) { dice.between(1, most) } else { most };
        let batch: Vec<_> = self.waiting.drain(..count as usize).collect();
        self.computer.drive.before_input();
        let entropy = &mut self.entropy;
        let frames = self.service.as_mut().map(|service| service.handle(now, entropy, batch));
        (count as usize, self.outcome(frames))
    }

    pub(crate) fn writable(&mut self, id: LinkId, now: Millis) -> Work {
        let frames = self.service.as_mut().map(|service| service.writable(id, now));
        self.outcome(frames)
    }

    pub(crate) fn tick(&mut self, now: Millis) -> Work {
        let frames = self.service.as_mut().map(|service| service.tick(now));
        self.outcome(frames)
    }

    fn outcome(&self, frames: Option<Vec<Outgoing>>) -> Work {
        match frames {
            Some(frames) => {
                let failures = self.service.as_ref().map_or(0, |service| service.counters().storage_failures);
                match self.computer.drive.after_input(failures > self.failures) {
                    None => Work::Frames(frames),
                    Some(death) => Work::Died(death),
                }
            }
            None => Work::Died(Death::Killed),
        }
    }

    /// Failures of the store since this was asked last; each must have named its cause.
    pub(crate) fn trouble(&mut self) -> Option<Result<String, &'static str>> {
        let service = self.service.as_mut()?;
        let cause = service.storage_trouble();
        let failures = service.counters().storage_failures;
        let new = failures - std::mem::replace(&mut self.failures, failures);
        match (new, cause) {
            (0, _) => None,
            (_, Some(cause)) => Some(Ok(cause.to_string())),
            (_, None) => Some(Err("the store failed and the service does not say why")),
        }
    }
}

fn server_plane(plane: Plane) -> sotto_service::Plane {
    match plane {
        Plane::Account => sotto_service::Plane::Account,
        Plane::Topic => sotto_service::Plane::Topic,
    }
}
