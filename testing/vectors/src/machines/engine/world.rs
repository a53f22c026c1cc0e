//! Two people, the real service, and the network between them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{LazyLock, Mutex, PoisonError};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use sotto_engine::api::{Command, Input, OutboxKind, Output, Plane, Target};
use sotto_ports::MemoryStore;
use sotto_service::{
    AddressPrefix, ConnectionId, Outgoing, Quotas, Received, Registration, Request, Service, Settings, Then,
};
use sotto_wire::Bytes;
use sotto_wire::digest::EntryKind;
use sotto_wire::ids::Millis;
use sotto_wire::topic::{TopicFrame, TopicRequest, TopicResponse};

use super::person::Person;
use crate::samples::{LOG_KEY, MINUTE, bytes, host, key};

/// Every text that is sent has this in it, and no frame may.
pub(super) const MARKER: &str = "what they said";

/// The two, and all that is between them.
pub(super) struct World {
    pub(super) service: Service<MemoryStore>,
    pub(super) people: Vec<Person>,
    pub(super) rng: ChaCha20Rng,
    pub(super) now: Millis,
    next_connection: u64,
}

/// A world at rest: what a story begins with.
struct Snapshot {
    store: MemoryStore,
    databases: [Connection; 2],
    now: Millis,
}

/// How far the two know each other when a story begins.
static SNAPSHOTS: LazyLock<Vec<Mutex<Snapshot>>> = LazyLock::new(|| {
    let databases = || Connection::open_in_memory().expect("a database in memory");
    let now = Millis(MINUTE.0 * 60_000);
    let mut world = World::over(MemoryStore::new(), [databases(), databases()], now, "engine snapshots");
    let mut snapshots = Vec::new();
    let mut take = |world: &mut World| snapshots.push(Mutex::new(world.snapshot()));
    // Keys made, nothing registered.
    for who in 0..2 {
        let handle = world.people[who].handle.clone();
        world.ask(
            who,
            Command::PrepareAccount { handle, server: "http://localhost".to_owned(), invite: None },
        );
    }
    take(&mut world);
    // Registered.
    for who in 0..2 {
        world.ask(who, Command::SetOnline { online: true });
        world.ask(who, Command::Register);
    }
    world.settles(120);
    assert!(world.people.iter().all(|person| person.registered), "nobody is registered");
    take(&mut world);
    // The first has written.
    world.says(0, "first");
    world.settles(120);
    take(&mut world);
    // They talk.
    let who = Target::Handle(world.people[0].handle.clone());
    world.ask(1, Command::Accept { who });
    world.says(1, "second");
    world.settles(120);
    take(&mut world);
    snapshots
});

impl World {
    fn over(store: MemoryStore, databases: [Connection; 2], now: Millis, seed: &str) -> Self {
        let settings = Settings {
            host: host(),
            software: "sottod fuzz".to_owned(),
            registration: Registration::Open { work_bits: 0 },
        };
        let service = Service::new(store, settings, key(LOG_KEY)).with_quotas(Quotas::unlimited());
        let [one, other] = databases;
        let people = vec![Person::new("alice", one), Person::new("bob", other)];
        Self { service, people, rng: ChaCha20Rng::from_seed(bytes(seed)), now, next_connection: 1 }
    }

    /// One of the worlds that a story may begin with.
    pub(super) fn at(stage: usize) -> Self {
        let stage = SNAPSHOTS.get(stage % SNAPSHOTS.len()).expect("a stage");
        let snapshot = stage.lock().unwrap_or_else(PoisonError::into_inner);
        let databases = [copy(&snapshot.databases[0]), copy(&snapshot.databases[1])];
        // Not the randomness that made the snapshot: no engine ever draws the same twice.
        Self::over(snapshot.store.clone(), databases, snapshot.now, "engine story")
    }

    fn snapshot(&mut self) -> Snapshot {
        let databases: Vec<_> = self
            .people
            .drain(..)
            .map(|person| (person.registered, person.handle.clone(), person.into_connection()))
            .collect();
        let copies = [copy(&databases[0].2), copy(&databases[1].2)];
        let settings = Settings {
            host: host(),
            software: "sottod fuzz".to_owned(),
            registration: Registration::Open { work_bits: 0 },
        };
        let empty = Service::new(MemoryStore::new(), settings.clone(), key(LOG_KEY));
        let store = std::mem::replace(&mut self.service, empty).into_store();
        let snapshot = Snapshot { store: store.clone(), databases: copies, now: self.now };
        self.service = Service::new(store, settings, key(LOG_KEY)).with_quotas(Quotas::unlimited());
        for (registered, handle, database) in databases {
            let mut person = Person::new(handle.as_str(), database);
            person.registered = registered;
            self.people.push(person);
        }
        for who in 0..2 {
            self.ask(who, Command::SetOnline { online: true });
        }
        snapshot
    }

    pub(super) fn ask(&mut self, who: usize, command: Command) {
        let input = self.people[who].command(command);
        self.feed(who, input);
    }

    pub(super) fn says(&mut self, who: usize, what: &str) {
        let to = Target::Handle(self.people[1 - who].handle.clone());
        self.ask(who, Command::Send { to, text: format!("{MARKER}: {what}") });
    }

    /// One input; every output is carried out.
    pub(super) fn feed(&mut self, who: usize, input: Input) {
        let person = &mut self.people[who];
        let now = Millis(self.now.0.saturating_add_signed(person.clock_offset_ms));
        let outputs = match person.engine().handle(now, &mut self.rng, input) {
            Ok(outputs) => outputs,
            Err(error) => panic!("the engine failed: {error}"),
        };
        for output in outputs {
            if let Some(output) = self.people[who].note(output) {
                self.carry_out(who, output);
            }
        }
    }

    fn carry_out(&mut self, who: usize, output: Output) {
        match output {
            Output::Connect(plane) => self.people[who].socket(plane).wanted = true,
            Output::Disconnect(plane) => {
                let socket = std::mem::take(self.people[who].socket(plane));
                if let Some(connection) = socket.connection {
                    self.service.disconnected(connection);
                }
            }
            Output::Frame(plane, frame) => self.serve(who, plane, frame),
            _ => {}
        }
    }

    fn serve(&mut self, who: usize, plane: Plane, frame: Bytes) {
        let marker = MARKER.as_bytes();
        assert!(!frame.windows(marker.len()).any(|window| window == marker), "plaintext leaves");
        let Some(connection) = self.people[who].socket(plane).connection else { return };
        let request = Request::parse(server_plane(plane), frame).expect("the engine's own frame is read");
        let append = match &request {
            Request::Topic(call) => match &call.request {
                TopicRequest::Append(append) if append.kind == EntryKind::Application => {
                    Some(append.append_id)
                }
                _ => None,
            },
            Request::Account(_) => None,
        };
        let received = Received { connection, request: Ok(request) };
        let outgoing = self.service.handle(self.now, &mut self.rng, vec![received]);
        let appended = |outgoing: &Outgoing| {
            outgoing.connection == connection
                && matches!(
                    TopicFrame::parse(&outgoing.frame),
                    Ok(TopicFrame::Response { outcome: Ok(TopicResponse::Appended(_)), .. })
                )
        };
        if let (Some(append), true) = (append, outgoing.iter().any(appended)) {
            self.people[who].taken.insert(append);
        }
        self.deliver(outgoing);
    }

    fn deliver(&mut self, outgoing: Vec<Outgoing>) {
        for Outgoing { connection, frame, then } in outgoing {
            let Some((who, plane)) = self.owner(connection) else { continue };
            let socket = self.people[who].socket(plane);
            socket.inbound.push_back(frame);
            match then {
                Then::Keep => {}
                Then::Ask => {
                    let more = self.service.writable(connection, self.now);
                    self.deliver(more);
                }
                Then::Close => {
                    socket.connection = None;
                    socket.broken = true;
                    self.service.disconnected(connection);
                }
            }
        }
    }

    fn owner(&mut self, connection: ConnectionId) -> Option<(usize, Plane)> {
        let all = (0..2).flat_map(|who| PLANES.map(|plane| (who, plane)));
        all.into_iter().find(|(who, plane)| self.people[*who].socket(*plane).connection == Some(connection))
    }

    /// Opens the socket that the engine asked for.
    pub(super) fn connect(&mut self, who: usize, plane: Plane) {
        let socket = self.people[who].socket(plane);
        if !std::mem::take(&mut socket.wanted) {
            return;
        }
        socket.inbound.clear();
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        socket.connection = Some(id);
        self.feed(who, Input::Opened(plane));
        let prefix = AddressPrefix::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let hello = self.service.connected(id, server_plane(plane), prefix, self.now, &mut self.rng);
        self.deliver(vec![hello]);
    }

    /// Breaks a connection; what is on the way still arrives.
    pub(super) fn cut(&mut self, who: usize, plane: Plane) {
        let socket = self.people[who].socket(plane);
        if let Some(connection) = socket.connection.take() {
            socket.broken = true;
            self.service.disconnected(connection);
        }
    }

    pub(super) fn restart(&mut self, who: usize) {
        PLANES.into_iter().for_each(|plane| self.cut(who, plane));
        let other = self.people[1 - who].handle.clone();
        self.people[who].restart(&other);
        self.ask(who, Command::SetOnline { online: true });
    }

    /// Does what an honest world would do next for somebody; false when there is nothing to do.
    pub(super) fn goes_on(&mut self, who: usize) -> bool {
        if self.people[who].owed > 0 {
            self.people[who].owed -= 1;
            self.feed(who, Input::Continue);
            return true;
        }
        for plane in PLANES {
            let socket = self.people[who].socket(plane);
            if let Some(frame) = socket.inbound.pop_front() {
                self.hear(who, plane, frame);
            } else if std::mem::take(&mut socket.broken) {
                self.feed(who, Input::Closed(plane));
            } else if socket.wanted {
                self.connect(who, plane);
            } else {
                continue;
            }
            return true;
        }
        let person = &mut self.people[who];
        let now = Millis(self.now.0.saturating_add_signed(person.clock_offset_ms));
        if person.wake_at.is_some_and(|at| at <= now) {
            person.wake_at = None;
            self.feed(who, Input::Tick);
            return true;
        }
        false
    }

    /// A frame arrives, and is remembered as one that did.
    pub(super) fn hear(&mut self, who: usize, plane: Plane, frame: Bytes) {
        let heard = &mut self.people[who].heard;
        if heard.len() < 64 {
            heard.push((plane, frame.clone()));
        }
        self.feed(who, Input::Frame(plane, frame));
    }

    /// Runs honestly, with time passing, until nothing waits to be sent or somebody was woken this often.
    pub(super) fn settles(&mut self, wakes_max: usize) {
        for _ in 0..wakes_max {
            let mut steps = 0;
            while self.goes_on(0) | self.goes_on(1) {
                steps += 1;
                assert!(steps < 20_000, "two engines talk without end");
            }
            if (0..2).all(|who| !self.waits(who)) {
                return;
            }
            let wake = |person: &Person| {
                person.wake_at.map(|at| Millis(at.0.saturating_add_signed(-person.clock_offset_ms)))
            };
            match self.people.iter().filter_map(wake).min() {
                Some(at) => self.now = Millis(at.0.max(self.now.0 + 1)),
                None => return,
            }
        }
    }

    /// Whether something of somebody's waits to be sent.
    pub(super) fn waits(&mut self, who: usize) -> bool {
        let outbox = self.people[who].engine().outbox().expect("outbox reads");
        outbox.iter().any(|item| item.kind != OutboxKind::SelfUpdate)
    }
}

/// Both planes.
pub(super) const PLANES: [Plane; 2] = [Plane::Account, Plane::Topic];

fn server_plane(plane: Plane) -> sotto_service::Plane {
    match plane {
        Plane::Account => sotto_service::Plane::Account,
        Plane::Topic => sotto_service::Plane::Topic,
    }
}

fn copy(from: &Connection) -> Connection {
    let mut to = Connection::open_in_memory().expect("a database in memory");
    let copied = Backup::new(from, &mut to)
        .and_then(|backup| backup.run_to_completion(10_000, std::time::Duration::ZERO, None));
    copied.expect("a database is copied");
    to
}
