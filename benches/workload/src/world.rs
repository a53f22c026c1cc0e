//! The service, two people who know each other, and the queues between them.

use anyhow::{bail, ensure};
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rusqlite::Connection;
use sotto_engine::api::{Command, CommandId, Input, Output, Plane, Reply, Target};
use sotto_ports::memory::MemoryStore;
use sotto_service::settings::Registration;
use sotto_service::{
    AddressPrefix, ConnectionId, Outgoing, Quotas, Received, Request, Service, Settings, Then,
};
use sotto_wire::ids::{Host, Millis};

use crate::person::Person;
use crate::samples::Stopwatch;

/// Index of who writes first.
pub const ALICE: usize = 0;
/// Index of who answers.
pub const BOB: usize = 1;

/// A Friday in 2027: no measurement depends on the day.
const START: Millis = Millis(1_800_000_000_000);
/// First messages are followed by new keys within a minute: waited for before anything is measured.
const BREAK_MS: u64 = 150_000;

/// Everything there is.
pub struct World {
    service: Service<MemoryStore>,
    people: [Person; 2],
    rng: ChaCha20Rng,
    now: Millis,
    last_connection: u64,
}

impl World {
    /// Alice and Bob over these databases, registered and online; each has written to the other once and has renewed its
    /// keys since.
    ///
    /// # Errors
    /// When an engine refuses.
    pub fn new(databases: [Connection; 2], watch: Stopwatch) -> anyhow::Result<Self> {
        let [alice, bob] = databases;
        let settings = Settings {
            host: Host::parse("localhost")?,
            software: "sotto-workload".into(),
            registration: Registration::Open { work_bits: 4 },
        };
        let service = Service::new(MemoryStore::new(), settings, SigningKey::from_bytes(&[7; 32]));
        let mut world = Self {
            service: service.with_quotas(Quotas::unlimited()),
            people: [Person::new("alice", alice, watch)?, Person::new("bob", bob, watch)?],
            rng: ChaCha20Rng::seed_from_u64(1),
            now: START,
            last_connection: 0,
        };
        world.meet()?;
        Ok(world)
    }

    fn meet(&mut self) -> anyhow::Result<()> {
        for who in [ALICE, BOB] {
            let handle = self.people[who].handle();
            let server = "http://localhost".to_owned();
            self.command(who, Command::PrepareAccount { handle, server, invite: None })?;
            self.command(who, Command::SetOnline { online: true })?;
            self.command(who, Command::Register)?;
        }
        let (alice, bob) = (self.people[ALICE].target(), self.people[BOB].target());
        self.say(ALICE, &bob, "May I write to you?")?;
        self.run()?;
        self.command(BOB, Command::Accept { who: alice.clone() })?;
        self.say(BOB, &alice, "Yes.")?;
        self.run()?;
        self.pass(BREAK_MS)?;
        ensure!(self.people[ALICE].lines == 1 && self.people[BOB].lines >= 1, "they do not hear each other");
        ensure!(self.people.iter().all(|person| person.alarms == 0), "an alarm");
        Ok(())
    }

    /// One of the two.
    pub fn person(&mut self, who: usize) -> &mut Person {
        &mut self.people[who]
    }

    /// Ends the service; what is left are the two databases.
    pub fn into_databases(self) -> [Connection; 2] {
        self.people.map(Person::into_database)
    }

    /// Gives a command and lets happen what follows from it, up to its answer at least.
    ///
    /// # Errors
    /// When it is refused or never answered.
    pub fn command(&mut self, who: usize, command: Command) -> anyhow::Result<Reply> {
        let id = self.begin(who, command)?;
        self.run()?;
        self.reply(who, id)
    }

    /// Queues a text; nothing but the engine's work on it happens yet.
    ///
    /// # Errors
    /// When it is refused.
    pub fn say(&mut self, who: usize, to: &Target, text: &str) -> anyhow::Result<()> {
        let id = self.begin(who, Command::Send { to: to.clone(), text: text.to_owned() })?;
        self.reply(who, id).map(drop)
    }

    fn begin(&mut self, who: usize, command: Command) -> anyhow::Result<CommandId> {
        let (id, input) = self.people[who].next_command(command);
        self.feed(who, input)?;
        Ok(id)
    }

    fn reply(&mut self, who: usize, id: CommandId) -> anyhow::Result<Reply> {
        match self.people[who].take_reply(id) {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(refusal)) => bail!("refused: {refusal}"),
            None => bail!("no answer"),
        }
    }

    /// Lets everything happen that can happen now.
    ///
    /// # Errors
    /// When an engine fails.
    pub fn run(&mut self) -> anyhow::Result<()> {
        while self.step()? {}
        Ok(())
    }

    /// Lets time pass; whoever asked to be woken is.
    ///
    /// # Errors
    /// When an engine fails.
    pub fn pass(&mut self, ms: u64) -> anyhow::Result<()> {
        let end = Millis(self.now.0 + ms);
        self.run()?;
        while let Some((at, who)) = self.next_wake().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.people[who].wake_at = None;
            self.feed(who, Input::Tick)?;
            self.run()?;
        }
        self.now = end;
        Ok(())
    }

    fn next_wake(&self) -> Option<(Millis, usize)> {
        let wakes = self.people.iter().enumerate();
        wakes.filter_map(|(who, person)| person.wake_at.map(|at| (at, who))).min()
    }

    fn step(&mut self) -> anyhow::Result<bool> {
        Ok(self.step_of(ALICE)? || self.step_of(BOB)?)
    }

    /// One thing happens to this person. False when nothing is left to happen to them now.
    ///
    /// # Errors
    /// When their engine fails.
    pub fn step_of(&mut self, who: usize) -> anyhow::Result<bool> {
        let person = &mut self.people[who];
        if person.continues > 0 {
            person.continues -= 1;
            return self.feed(who, Input::Continue).map(|()| true);
        }
        for plane in [Plane::Account, Plane::Topic] {
            let socket = self.people[who].socket(plane);
            if std::mem::take(&mut socket.wanted) {
                return self.connect(who, plane).map(|()| true);
            }
            if let Some(frame) = socket.inbound.pop_front() {
                return self.feed(who, Input::Frame(plane, frame)).map(|()| true);
            }
        }
        Ok(false)
    }

    fn connect(&mut self, who: usize, plane: Plane) -> anyhow::Result<()> {
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        let socket = self.people[who].socket(plane);
        socket.connection = Some(id);
        socket.inbound.clear();
        self.feed(who, Input::Opened(plane))?;
        let prefix = AddressPrefix::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let hello = self.service.connected(id, plane_there(plane), prefix, self.now, &mut self.rng);
        self.deliver(vec![hello]);
        Ok(())
    }

    fn feed(&mut self, who: usize, input: Input) -> anyhow::Result<()> {
        self.now = Millis(self.now.0 + 1);
        for output in self.people[who].feed(self.now, &mut self.rng, input)? {
            match output {
                Output::Connect(plane) => self.people[who].socket(plane).wanted = true,
                Output::Disconnect(plane) => self.disconnect(who, plane),
                Output::Frame(plane, frame) => self.serve(who, plane, frame),
                _ => {}
            }
        }
        Ok(())
    }

    fn disconnect(&mut self, who: usize, plane: Plane) {
        let socket = self.people[who].socket(plane);
        socket.wanted = false;
        socket.inbound.clear();
        if let Some(connection) = socket.connection.take() {
            self.service.disconnected(connection);
        }
    }

    fn serve(&mut self, who: usize, plane: Plane, frame: Bytes) {
        let Some(connection) = self.people[who].socket(plane).connection else { return };
        let request = Request::parse(plane_there(plane), frame);
        let received = vec![Received { connection, request }];
        let outgoing = self.service.handle(self.now, &mut self.rng, received);
        self.deliver(outgoing);
    }

    fn deliver(&mut self, outgoing: Vec<Outgoing>) {
        for one in outgoing {
            let Some((who, plane)) = self.owner(one.connection) else { continue };
            self.people[who].socket(plane).inbound.push_back(one.frame);
            if let Then::Ask = one.then {
                let more = self.service.writable(one.connection, self.now);
                self.deliver(more);
            }
        }
    }

    fn owner(&self, id: ConnectionId) -> Option<(usize, Plane)> {
        self.people.iter().enumerate().find_map(|(who, person)| {
            let planes = [(&person.account, Plane::Account), (&person.topic, Plane::Topic)];
            let plane = planes.into_iter().find(|(socket, _)| socket.connection == Some(id))?.1;
            Some((who, plane))
        })
    }
}

fn plane_there(plane: Plane) -> sotto_service::Plane {
    match plane {
        Plane::Account => sotto_service::Plane::Account,
        Plane::Topic => sotto_service::Plane::Topic,
    }
}
