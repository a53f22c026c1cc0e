//! The world: the service, the people, the network between them, and the weather.

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_engine::api::{Command, Input, Output, Plane, Reply};
use sotto_ports::memory::MemoryStore;
use sotto_service::settings::Registration;
use sotto_service::{AddressPrefix, ConnectionId, Received, Request, Service, Settings, Then};
use sotto_wire::ids::{Handle, Host, Millis};

use crate::person::Person;

/// What the network does to connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// One step in this many breaks a connection; 0: never.
    pub break_one_in: u64,
    /// One step in this many restarts a person's process; 0: never.
    pub restart_one_in: u64,
}

/// Changes frames on their way from the server: a lying operator in one closure. None swallows the frame.
pub type Meddler = Box<dyn FnMut(&Handle, Plane, Bytes) -> Option<Bytes>>;

/// Everything there is.
pub struct World {
    service: Service<MemoryStore>,
    people: Vec<Person>,
    rng: ChaCha20Rng,
    now: Millis,
    next_connection: u64,
    weather: Weather,
    meddler: Option<Meddler>,
    reachable: bool,
}

const START: Millis = Millis(1_800_000_000_000);
const STEP_MS: u64 = 5;

impl World {
    /// An empty world whose every choice follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        let settings = Settings {
            host: Host::parse("localhost").expect("a good host"),
            software: "sotto-sim".into(),
            registration: Registration::Open { work_bits: 4 },
        };
        let service = Service::new(MemoryStore::new(), settings, SigningKey::from_bytes(&key));
        Self {
            service,
            people: Vec::new(),
            rng,
            now: START,
            next_connection: 1,
            weather: Weather::default(),
            meddler: None,
            reachable: true,
        }
    }

    /// Changes the weather.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// Puts a lying operator in front of the service.
    pub fn set_meddler(&mut self, meddler: Option<Meddler>) {
        self.meddler = meddler;
    }

    /// Takes the server away, or brings it back.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
        if !reachable {
            for index in 0..self.people.len() {
                self.cut(index, Plane::Account);
                self.cut(index, Plane::Topic);
            }
        }
    }

    /// The world's clock.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Lets time pass with nothing arriving.
    pub fn pass(&mut self, ms: u64) {
        self.now = Millis(self.now.0 + ms);
        self.service.tick(self.now);
    }

    /// Sets somebody's clock wrong by this much.
    pub fn set_clock_offset(&mut self, person: usize, ms: i64) {
        self.people[person].clock_offset_ms = ms;
    }

    /// Somebody new, registered and online; returns their index.
    pub fn join(&mut self, name: &str) -> usize {
        let index = self.prepare(name);
        let register = self.people[index].ask(Command::Register);
        self.run_until(|world| world.people[index].reply(register).is_some());
        assert!(
            matches!(self.people[index].reply(register), Some(Ok(Reply::Registered { .. }))),
            "registered"
        );
        self.settle();
        index
    }

    /// Somebody new with keys made and connections wanted, not yet registered.
    pub fn prepare(&mut self, name: &str) -> usize {
        let mut person = Person::new(name);
        let handle = person.handle.clone();
        person.ask(Command::PrepareAccount { handle, server: "http://localhost".into(), invite: None });
        person.ask(Command::SetOnline { online: true });
        self.people.push(person);
        self.people.len() - 1
    }

    /// Somebody.
    pub fn person(&mut self, index: usize) -> &mut Person {
        &mut self.people[index]
    }

    /// Takes somebody offline or back online.
    pub fn set_online(&mut self, index: usize, online: bool) {
        self.people[index].ask(Command::SetOnline { online });
    }

    /// Runs until everything is still, with time passing for whoever waits up to a minute.
    pub fn settle(&mut self) {
        let mut quiet = 0;
        for _ in 0..2_000_000 {
            if self.step() {
                quiet = 0;
                continue;
            }
            match self.next_wake() {
                Some(at) if at.0 <= self.now.0 + 60_000 && quiet < 64 => {
                    quiet += 1;
                    self.now = Millis(at.0.max(self.now.0 + 1));
                }
                _ => return,
            }
        }
        panic!("the world does not settle");
    }

    /// Runs until something holds; panics when it never does.
    pub fn run_until(&mut self, mut holds: impl FnMut(&mut Self) -> bool) {
        for _ in 0..200_000 {
            if holds(self) {
                return;
            }
            if !self.step() {
                match self.next_wake() {
                    Some(at) => self.now = Millis(at.0.max(self.now.0 + 1)),
                    None => break,
                }
            }
        }
        assert!(holds(self), "what was waited for never came");
    }

    fn next_wake(&self) -> Option<Millis> {
        let theirs = |person: &Person| {
            person.wake_at.map(|at| Millis(at.0.saturating_add_signed(-person.clock_offset_ms)))
        };
        self.people.iter().filter_map(theirs).min()
    }

    /// One thing happens, somewhere. False when nothing is left to happen now.
    pub fn step(&mut self) -> bool {
        self.misfortune();
        let mut ready: Vec<(usize, What)> = Vec::new();
        for (index, person) in self.people.iter().enumerate() {
            ready.extend(choices(person, self.now).into_iter().map(|what| (index, what)));
        }
        if ready.is_empty() {
            return false;
        }
        let (index, what) = ready[(self.rng.next_u64() % ready.len() as u64) as usize];
        self.now = Millis(self.now.0 + self.rng.next_u64() % STEP_MS);
        let person = &mut self.people[index];
        let input = match what {
            What::Input => person.inputs.pop_front(),
            What::Wake => {
                person.wake_at = None;
                Some(Input::Tick)
            }
            What::Broken(plane) => {
                let socket = person.socket(plane);
                socket.broken = false;
                socket.inbound.clear();
                Some(Input::Closed(plane))
            }
            What::Connect(plane) => return self.connect(index, plane),
            What::Frame(plane) => {
                person.socket(plane).inbound.pop_front().map(|frame| Input::Frame(plane, frame))
            }
        };
        if let Some(input) = input {
            self.feed(index, input);
        }
        true
    }

    fn misfortune(&mut self) {
        let Weather { break_one_in, restart_one_in } = self.weather;
        let one_in = |rng: &mut ChaCha20Rng, chance: u64| chance > 0 && rng.next_u64().is_multiple_of(chance);
        if self.people.is_empty() {
            return;
        }
        let index = (self.rng.next_u64() % self.people.len() as u64) as usize;
        if one_in(&mut self.rng, break_one_in) {
            let plane = if self.rng.next_u64().is_multiple_of(2) { Plane::Account } else { Plane::Topic };
            self.cut(index, plane);
        }
        if one_in(&mut self.rng, restart_one_in) {
            self.restart(index);
        }
    }

    /// Breaks one connection; frames under way are lost.
    pub fn cut(&mut self, index: usize, plane: Plane) {
        let socket = self.people[index].socket(plane);
        if let Some(connection) = socket.connection.take() {
            socket.broken = true;
            self.service.disconnected(connection);
        }
    }

    /// Kills somebody's process and starts it again.
    pub fn restart(&mut self, index: usize) {
        for plane in [Plane::Account, Plane::Topic] {
            self.cut(index, plane);
            let socket = self.people[index].socket(plane);
            socket.broken = false;
            socket.inbound.clear();
        }
        let person = self.people.remove(index);
        self.people.insert(index, person.restart());
    }

    fn connect(&mut self, index: usize, plane: Plane) -> bool {
        let socket = self.people[index].socket(plane);
        socket.wanted = false;
        socket.inbound.clear();
        if !self.reachable {
            self.feed(index, Input::Closed(plane));
            return true;
        }
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        socket.connection = Some(id);
        self.feed(index, Input::Opened(plane));
        let server_plane = match plane {
            Plane::Account => sotto_service::Plane::Account,
            Plane::Topic => sotto_service::Plane::Topic,
        };
        let prefix = AddressPrefix::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let hello = self.service.connected(id, server_plane, prefix, self.now, &mut self.rng);
        self.deliver(vec![hello]);
        true
    }

    fn feed(&mut self, index: usize, input: Input) {
        let now = self.people[index].clock(self.now);
        let outputs = match self.people[index].engine.handle(now, &mut self.rng, input) {
            Ok(outputs) => outputs,
            Err(error) => panic!("the engine failed: {error}"),
        };
        for output in outputs {
            if let Some(output) = self.people[index].note(output) {
                self.carry_out(index, output);
            }
        }
    }

    fn carry_out(&mut self, index: usize, output: Output) {
        match output {
            Output::Connect(plane) => self.people[index].socket(plane).wanted = true,
            Output::Disconnect(plane) => {
                let socket = self.people[index].socket(plane);
                socket.wanted = false;
                socket.broken = false;
                socket.inbound.clear();
                if let Some(connection) = socket.connection.take() {
                    self.service.disconnected(connection);
                }
            }
            Output::Frame(plane, frame) => self.serve(index, plane, frame),
            _ => {}
        }
    }

    fn serve(&mut self, index: usize, plane: Plane, frame: Bytes) {
        let Some(connection) = self.people[index].socket(plane).connection else { return };
        let server_plane = match plane {
            Plane::Account => sotto_service::Plane::Account,
            Plane::Topic => sotto_service::Plane::Topic,
        };
        let request = Request::parse(server_plane, frame);
        let outgoing = self.service.handle(self.now, &mut self.rng, vec![Received { connection, request }]);
        self.deliver(outgoing);
    }

    fn deliver(&mut self, outgoing: Vec<sotto_service::Outgoing>) {
        for one in outgoing {
            let Some((person, plane)) = self.owner(one.connection) else { continue };
            let frame = match self.meddler.as_mut() {
                Some(meddle) => meddle(&self.people[person].handle, plane, one.frame),
                None => Some(one.frame),
            };
            let socket = self.people[person].socket(plane);
            socket.inbound.extend(frame);
            match one.then {
                Then::Keep => {}
                Then::Close => {
                    socket.connection = None;
                    socket.broken = true;
                    self.service.disconnected(one.connection);
                }
                Then::Ask => {
                    let more = self.service.writable(one.connection, self.now);
                    self.deliver(more);
                }
            }
        }
    }

    fn owner(&self, id: ConnectionId) -> Option<(usize, Plane)> {
        self.people.iter().enumerate().find_map(|(index, person)| {
            if person.account.connection == Some(id) {
                return Some((index, Plane::Account));
            }
            (person.topic.connection == Some(id)).then_some((index, Plane::Topic))
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum What {
    Input,
    Wake,
    Connect(Plane),
    Broken(Plane),
    Frame(Plane),
}

fn choices(person: &Person, now: Millis) -> Vec<What> {
    // What the engine asked to have at once comes before anything else of this person.
    if matches!(person.inputs.front(), Some(Input::Continue)) {
        return vec![What::Input];
    }
    let mut out = Vec::new();
    if !person.inputs.is_empty() {
        out.push(What::Input);
    }
    if person.wake_at.is_some_and(|at| at <= person.clock(now)) {
        out.push(What::Wake);
    }
    for (plane, socket) in [(Plane::Account, &person.account), (Plane::Topic, &person.topic)] {
        if !socket.inbound.is_empty() {
            out.push(What::Frame(plane));
        } else if socket.broken {
            out.push(What::Broken(plane));
        } else if socket.wanted {
            out.push(What::Connect(plane));
        }
    }
    out
}
