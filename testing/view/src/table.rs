//! People at one server, in one process.

use std::collections::VecDeque;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rusqlite::Connection;
use sotto_engine::Engine;
use sotto_engine::api::{Command, CommandId, Input, Output, Plane};
use sotto_ports::memory::MemoryStore;
use sotto_service::settings::Registration;
use sotto_service::{AddressPrefix, ConnectionId, Outgoing, Received, Request, Service, Settings, Then};
use sotto_view::calendar::FixedOffset;
use sotto_view::keys::ConversationKey;
use sotto_view::start::{SignUp, Stage};
use sotto_view::{Action, Moment, Turn, View};
use sotto_wire::ids::{Host, Millis};

use crate::databases;
use crate::window::Window;

const START: Millis = Millis(1_800_000_000_000);
const ZONE: FixedOffset = FixedOffset { minutes: 120 };
const PLANES: [Plane; 2] = [Plane::Account, Plane::Topic];

struct Person {
    engine: Engine,
    windows: Vec<(View, Window)>,
    sockets: [Option<ConnectionId>; 2],
    inputs: VecDeque<Input>,
    wake_at: Option<Millis>,
}

/// Changes frames on their way from the server to a person; none swallows the frame.
type Meddler = Box<dyn FnMut(usize, Plane, Bytes) -> Option<Bytes>>;

/// People at one server.
pub struct Table {
    service: Service<MemoryStore>,
    people: Vec<Person>,
    entropy: ChaCha20Rng,
    now: Millis,
    next: u64,
    reachable: bool,
    meddler: Option<Meddler>,
}

fn index(plane: Plane) -> usize {
    usize::from(plane == Plane::Topic)
}

impl Default for Table {
    fn default() -> Self {
        let settings = Settings {
            host: Host::parse("localhost").unwrap(),
            software: "sotto-view-tests".into(),
            registration: Registration::Open { work_bits: 4 },
        };
        Self {
            service: Service::new(MemoryStore::new(), settings, SigningKey::from_bytes(&[7; 32])),
            people: Vec::new(),
            entropy: ChaCha20Rng::seed_from_u64(1),
            now: START,
            next: 1,
            reachable: true,
            meddler: None,
        }
    }
}

impl Table {
    /// A person with an empty profile and one window.
    pub fn sit(&mut self) -> usize {
        let engine = Engine::open(databases::fresh()).unwrap();
        self.people.push(Person {
            engine,
            windows: Vec::new(),
            sockets: [None, None],
            inputs: VecDeque::new(),
            wake_at: None,
        });
        let person = self.people.len() - 1;
        self.open_window(person);
        person
    }

    /// A person who has signed up, the way a person does.
    pub fn join(&mut self, handle: &str) -> usize {
        let person = self.sit();
        self.act(
            person,
            Action::Prepare { server: "localhost".into(), handle: handle.into(), invite: String::new() },
        );
        let SignUp::Words { words } = self.window(person).sign_up().clone() else { panic!("no words") };
        self.act(person, Action::WordsWritten);
        let SignUp::Confirm { asked, .. } = self.window(person).sign_up().clone() else {
            panic!("not asked")
        };
        let typed = asked.iter().map(|place| words.0[usize::from(*place) - 1].clone()).collect();
        self.act(person, Action::ConfirmWords { words: typed });
        self.settle();
        assert_eq!(self.window(person).stage, Some(Stage::Ready));
        person
    }

    /// Another window of the same person; returns its place.
    pub fn open_window(&mut self, person: usize) -> usize {
        let place = self.people[person].windows.len();
        self.people[person].windows.push((View::new(place as u32), Window::default()));
        self.act_in(person, place, Action::Refresh);
        place
    }

    /// The person's first window.
    pub fn window(&mut self, person: usize) -> &mut Window {
        self.window_at(person, 0)
    }

    /// One of the person's windows.
    pub fn window_at(&mut self, person: usize, place: usize) -> &mut Window {
        &mut self.people[person].windows[place].1
    }

    /// The person does something in their first window. The engine has taken it; the world has not moved.
    pub fn act(&mut self, person: usize, action: Action) {
        self.act_in(person, 0, action);
    }

    /// The person does something in one of their windows.
    pub fn act_in(&mut self, person: usize, place: usize, action: Action) {
        let commands = self.show_only(person, place, action);
        self.command(person, commands);
    }

    /// What an action shows before the engine has heard of it; the commands it wants.
    pub fn show_only(&mut self, person: usize, place: usize, action: Action) -> Vec<(CommandId, Command)> {
        let json = serde_json::to_string(&action).unwrap();
        let action: Action = serde_json::from_str(&json).expect("an action crosses as JSON");
        let one = &mut self.people[person];
        let moment = Moment { engine: &one.engine, now: self.now, zone: &ZONE };
        let (view, window) = &mut one.windows[place];
        let turn = view.act(moment, action).expect("the tables can be read");
        show(window, turn)
    }

    /// Gives an engine commands of a window.
    pub fn command(&mut self, person: usize, commands: Vec<(CommandId, Command)>) {
        for (id, command) in commands {
            self.feed(person, Input::Command(id, command));
        }
    }

    /// A command could not be stored: the engine's disk is full.
    pub fn fail(&mut self, person: usize, id: CommandId) {
        let cause = sotto_engine::Cause::Storage(sotto_engine::StorageError::Full);
        let one = &mut self.people[person];
        let moment = Moment { engine: &one.engine, now: self.now, zone: &ZONE };
        let (view, window) = &mut one.windows[0];
        let turn = view.failed(moment, id, &cause).expect("the tables can be read");
        let commands = show(window, turn);
        self.command(person, commands);
    }

    /// Lets time pass; windows are woken when they asked to be.
    pub fn pass(&mut self, ms: u64) {
        self.now = Millis(self.now.0 + ms);
        for person in 0..self.people.len() {
            for place in 0..self.people[person].windows.len() {
                let one = &mut self.people[person];
                let moment = Moment { engine: &one.engine, now: self.now, zone: &ZONE };
                let (view, window) = &mut one.windows[place];
                let turn = view.tick(moment).expect("the tables can be read");
                let commands = show(window, turn);
                self.command(person, commands);
            }
        }
        self.settle();
    }

    /// When the person's first window wants to be woken.
    pub fn wakes_in(&self, person: usize) -> u64 {
        let view = &self.people[person].windows[0].0;
        view.wake_at(self.now, &ZONE).map_or(u64::MAX, |at| at.0 - self.now.0)
    }

    /// Takes the server away, or brings it back.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
        for person in 0..self.people.len() {
            for plane in PLANES {
                if let Some(link) = self.people[person].sockets[index(plane)].take().filter(|_| !reachable) {
                    self.service.disconnected(link);
                    self.people[person].inputs.push_back(Input::Closed(plane));
                }
            }
        }
        self.settle();
    }

    /// Puts somebody between the server and the people.
    pub fn set_meddler(&mut self, meddler: Meddler) {
        self.meddler = Some(meddler);
    }

    /// The person's engine, for putting something into its tables by hand; windows start anew.
    pub fn reopen(&mut self, person: usize, change: impl FnOnce(&Connection)) {
        self.people[person].inputs.clear();
        for plane in PLANES {
            if let Some(link) = self.people[person].sockets[index(plane)].take() {
                self.service.disconnected(link);
            }
        }
        let fresh = Engine::open(Connection::open_in_memory().unwrap()).unwrap();
        let connection = std::mem::replace(&mut self.people[person].engine, fresh).into_connection();
        change(&connection);
        self.people[person].engine = Engine::open(databases::again(connection)).unwrap();
        self.people[person].windows.clear();
        self.open_window(person);
        self.settle();
    }

    /// Runs until nothing happens any more within a minute.
    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            let busy = (0..self.people.len()).find(|person| !self.people[*person].inputs.is_empty());
            if let Some(person) = busy {
                if let Some(input) = self.people[person].inputs.pop_front() {
                    self.feed(person, input);
                }
                continue;
            }
            let wakes = |person: &Person| person.wake_at;
            let Some(at) =
                self.people.iter().filter_map(wakes).min().filter(|at| at.0 <= self.now.0 + 60_000)
            else {
                return;
            };
            self.now = self.now.max(at);
            for person in &mut self.people {
                if person.wake_at.is_some_and(|at| at <= self.now) {
                    person.wake_at = None;
                    person.inputs.push_back(Input::Tick);
                }
            }
        }
        assert!(!self.reachable, "the table does not settle");
    }

    fn feed(&mut self, person: usize, input: Input) {
        let one = &mut self.people[person];
        let outputs = match one.engine.handle(self.now, &mut self.entropy, input) {
            Ok(outputs) => outputs,
            Err(error) => panic!("the engine failed: {error}"),
        };
        let moment = Moment { engine: &one.engine, now: self.now, zone: &ZONE };
        let mut commands = Vec::new();
        for (view, window) in &mut one.windows {
            let turn = view.hear(moment, &outputs).expect("the tables can be read");
            commands.extend(show(window, turn));
        }
        for output in outputs {
            self.carry_out(person, output);
        }
        self.command(person, commands);
    }

    fn carry_out(&mut self, person: usize, output: Output) {
        match output {
            Output::Connect(plane) if self.reachable => self.connect(person, plane),
            Output::Connect(plane) => self.people[person].inputs.push_back(Input::Closed(plane)),
            Output::Disconnect(plane) => {
                if let Some(link) = self.people[person].sockets[index(plane)].take() {
                    self.service.disconnected(link);
                }
            }
            Output::Frame(plane, frame) => {
                let Some(connection) = self.people[person].sockets[index(plane)] else { return };
                let request = Request::parse(at_server(plane), frame);
                let outgoing =
                    self.service.handle(self.now, &mut self.entropy, vec![Received { connection, request }]);
                self.deliver(outgoing);
            }
            Output::WakeAt(at) => self.people[person].wake_at = Some(at),
            Output::Continue => self.people[person].inputs.push_front(Input::Continue),
            Output::Reply(..) | Output::Event(_) => {}
        }
    }

    fn connect(&mut self, person: usize, plane: Plane) {
        let id = ConnectionId(self.next);
        self.next += 1;
        self.people[person].sockets[index(plane)] = Some(id);
        self.people[person].inputs.push_back(Input::Opened(plane));
        let prefix = AddressPrefix::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let hello = self.service.connected(id, at_server(plane), prefix, self.now, &mut self.entropy);
        self.deliver(vec![hello]);
    }

    fn deliver(&mut self, outgoing: Vec<Outgoing>) {
        for one in outgoing {
            let owner = self.people.iter().enumerate().find_map(|(person, at)| {
                let plane =
                    PLANES.into_iter().find(|plane| at.sockets[index(*plane)] == Some(one.connection))?;
                Some((person, plane))
            });
            let Some((person, plane)) = owner else { continue };
            let frame = match &mut self.meddler {
                Some(meddle) => meddle(person, plane, one.frame),
                None => Some(one.frame),
            };
            self.people[person].inputs.extend(frame.map(|frame| Input::Frame(plane, frame)));
            match one.then {
                Then::Keep => {}
                Then::Close => {
                    self.people[person].sockets[index(plane)] = None;
                    self.people[person].inputs.push_back(Input::Closed(plane));
                    self.service.disconnected(one.connection);
                }
                Then::Ask => {
                    let more = self.service.writable(one.connection, self.now);
                    self.deliver(more);
                }
            }
        }
    }
}

fn show(window: &mut Window, turn: Turn) -> Vec<(CommandId, Command)> {
    for update in turn.updates {
        window.apply(&serde_json::to_string(&update).unwrap());
    }
    turn.commands
}

fn at_server(plane: Plane) -> sotto_service::Plane {
    match plane {
        Plane::Account => sotto_service::Plane::Account,
        Plane::Topic => sotto_service::Plane::Topic,
    }
}

/// Sends a text to the open conversation.
pub fn send(text: &str) -> Action {
    Action::Send { text: text.into() }
}

/// Opens a conversation.
pub fn open(conversation: ConversationKey) -> Action {
    Action::Open { conversation }
}

/// Alice has written "hello" to Bob, who has accepted. Both have the conversation open and have seen all.
pub fn talking() -> (Table, usize, usize) {
    let mut table = Table::default();
    let (alice, bob) = (table.join("alice"), table.join("bob"));
    table.act(alice, Action::OpenHandle { handle: "@bob".into() });
    table.act(alice, send("hello"));
    table.settle();
    let conversation = table.window(bob).with("alice");
    table.act(bob, Action::Accept { conversation });
    table.act(bob, open(conversation));
    let line = table.window(bob).last_line();
    table.act(bob, Action::Seen { line });
    table.act(bob, Action::Close);
    table.act(bob, open(conversation));
    table.act(bob, Action::Seen { line });
    table.settle();
    (table, alice, bob)
}
