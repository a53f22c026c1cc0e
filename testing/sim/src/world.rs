//! The world: the server, the people, the network between them, and one queue of what is going to happen.

use bytes::Bytes;
use sotto_engine::api::{Command, Plane, Reply};
use sotto_wire::ids::{Handle, Millis};

use crate::agenda::{Agenda, Happening};
use crate::computer::{Computer, Death, ServerComputer};
use crate::dice::{Dice, Stream};
use crate::network::{End, Network};
use crate::oracle::Oracle;
use crate::person::Person;
use crate::planted::Planted;
use crate::server::{Server, Work};
use crate::story::{START, Story};
use crate::weather::Misfortune;

/// Changes frames on their way from the server: a lying operator in one closure. None swallows the frame.
pub type Meddler = Box<dyn FnMut(&Handle, Plane, Bytes) -> Option<Bytes>>;

/// Milliseconds between two calls for housekeeping, when somebody is about.
const TICK_MS: u64 = 60_000;
/// How far a settled world looks ahead for something that still happens.
const SETTLED_MS: u64 = 60_000;
/// What happens in one settling at most.
const SETTLING_MAX: usize = 2_000_000;

/// Everything there is.
pub struct World {
    pub(crate) seed: u64,
    pub(crate) now: Millis,
    pub(crate) agenda: Agenda,
    pub(crate) dice: Dice,
    pub(crate) network: Network,
    pub(crate) server: Server,
    pub(crate) people: Vec<Person>,
    pub(crate) story: Story,
    pub(crate) oracle: Oracle,
    pub(crate) weather: Dice,
    pub(crate) misfortune: Misfortune,
    pub(crate) meddler: Option<Meddler>,
    pub(crate) bug: Option<Planted>,
    next_tick: Millis,
    pub(crate) attempts: u64,
    /// Bad weather is about.
    pub(crate) stormy: bool,
    /// Texts written so far.
    pub(crate) texts: u64,
}

impl World {
    /// An empty world whose every choice follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self::with_bug(seed, None)
    }

    /// A world with a bug in it.
    pub fn with_bug(seed: u64, bug: Option<Planted>) -> Self {
        let computer = ServerComputer::new(seed, bug);
        let mut server = Server::new(seed, computer, bug);
        server.start().expect("a new server starts");
        Self {
            seed,
            now: START,
            agenda: Agenda::default(),
            dice: Dice::new(seed, Stream::Schedule),
            network: Network::new(Dice::new(seed, Stream::Network)),
            server,
            people: Vec::new(),
            story: Story::new(),
            oracle: Oracle::default(),
            weather: Dice::new(seed, Stream::Weather),
            misfortune: Misfortune::default(),
            meddler: None,
            bug,
            next_tick: Millis(START.0 + TICK_MS),
            attempts: 0,
            stormy: false,
            texts: 0,
        }
    }

    /// Puts a lying operator in front of the service.
    pub fn set_meddler(&mut self, meddler: Option<Meddler>) {
        self.meddler = meddler;
    }

    /// The world's clock.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// What happened.
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// Somebody.
    pub fn person(&mut self, index: usize) -> &mut Person {
        &mut self.people[index]
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
        let index = self.people.len();
        let computer = Computer::new(self.seed, index, self.bug);
        self.people.push(Person::new(name, index, self.seed, computer));
        self.start_person(index);
        let person = &mut self.people[index];
        let handle = person.handle.clone();
        person.ask(Command::PrepareAccount { handle, server: "http://localhost".into(), invite: None });
        index
    }

    /// Takes somebody offline or back online.
    pub fn set_online(&mut self, index: usize, online: bool) {
        self.people[index].ask(Command::SetOnline { online });
    }

    /// Sets somebody's clock wrong by this much.
    pub fn set_clock_offset(&mut self, person: usize, ms: i64) {
        self.people[person].clock_offset_ms = ms;
        if let Some(at) = self.people[person].wake_at {
            self.plan_wake(person, at);
        }
    }

    /// Kills somebody's process and starts it again.
    pub fn restart(&mut self, index: usize) {
        self.person_dies(index, Death::Killed);
        self.start_person(index);
    }

    /// Takes the server away, or brings it back.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.network.unreachable = !reachable;
        if !reachable {
            for link in self.network.living(None) {
                self.break_link(link, 0, 0);
            }
        }
    }

    /// Bad luck with connections and processes from here on.
    pub fn set_misfortune(&mut self, misfortune: Misfortune) {
        self.misfortune = misfortune;
    }

    /// Lets time pass; what was to happen in it happens.
    pub fn pass(&mut self, ms: u64) {
        let until = Millis(self.now.0 + ms);
        self.plan_what_was_asked();
        while self.agenda.next().is_some_and(|at| at <= until) {
            self.step();
        }
        self.advance(until);
    }

    /// Runs until everything is still, with time passing for whoever waits up to a minute.
    pub fn settle(&mut self) {
        for _ in 0..SETTLING_MAX {
            self.plan_what_was_asked();
            match self.agenda.next() {
                Some(at) if at.0 <= self.now.0 + SETTLED_MS => self.step(),
                _ => return,
            };
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
                break;
            }
        }
        assert!(holds(self), "what was waited for never came");
    }

    /// The next thing happens. False when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        self.plan_what_was_asked();
        self.try_fortune();
        let Some(at) = self.agenda.next() else { return false };
        self.advance(at);
        // Housekeeping may have planned something earlier: it comes first.
        if let Some(what) = self.agenda.pop() {
            self.happen(what);
        }
        true
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Arrives { link, end: End::Person, frame, then } => self.hear(link, frame, then),
            Happening::Arrives { link, end: End::Server, frame, .. } => self.serve(link, frame),
            Happening::Notices { link, end } => self.notice(link, end),
            Happening::Connects { person, plane, attempt } => self.connected(person, plane, attempt),
            Happening::Wakes { person, alarm } => self.wake(person, alarm),
            Happening::Continues { person, life } => self.go_on(person, life),
            Happening::Asks { person, id, command } => self.ask(person, id, command),
            Happening::Acts { person, deed } => self.act(person, deed),
            Happening::ServerWorks { life } => self.server_works(life),
            Happening::ServerWrote { link } => self.server_wrote(link),
            Happening::ServerStarts => self.server_starts(),
            Happening::PersonStarts { person } => self.start_person(person),
            Happening::Befalls(fault) => self.befall(fault),
            Happening::Clears(fault) => self.clear(fault),
        }
    }

    /// Plans something for after a while.
    pub(crate) fn plan(&mut self, after_ms: u64, what: Happening) {
        self.agenda.plan(Millis(self.now.0 + after_ms), what);
    }

    fn plan_what_was_asked(&mut self) {
        for index in 0..self.people.len() {
            while let Some((id, command)) = self.people[index].asked.pop_front() {
                self.plan(0, Happening::Asks { person: index, id, command });
            }
        }
    }

    /// Time passes; the server keeps house once a minute, or ever more rarely over a long silence.
    fn advance(&mut self, to: Millis) {
        while self.next_tick <= to {
            self.set_time(self.next_tick);
            let left = to.0 - self.next_tick.0;
            self.next_tick = Millis(self.next_tick.0 + TICK_MS.max(left / 3));
            if self.server.runs() {
                match self.server.tick(self.now) {
                    Work::Frames(frames) => self.deliver(frames),
                    Work::Died(death) => self.server_crashed(death),
                }
                self.look_for_trouble();
            }
        }
        self.set_time(to);
    }

    fn set_time(&mut self, to: Millis) {
        self.now = self.now.max(to);
        self.story.set_time(self.now);
    }
}
