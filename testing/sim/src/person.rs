//! One person: a computer, an engine on it while it runs, and what the person has said and heard so far.

use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha20Rng;
use sotto_engine::api::{Command, CommandId, Event, MessageView, Output, Plane, Refusal, Reply, Target};
use sotto_engine::{Engine, OutboxItem};
use sotto_wire::ids::{Handle, MessageId, Millis};

use crate::agenda::Life;
use crate::computer::Computer;
use crate::diary::Diary;
use crate::dice::{Stream, stream};
use crate::network::LinkId;

/// A plane's socket as the person's shell sees it.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    pub(crate) link: Option<LinkId>,
    /// The attempt to connect that is under way.
    pub(crate) attempt: Option<u64>,
}

/// A person with one device.
pub struct Person {
    /// Their handle.
    pub handle: Handle,
    pub(crate) name: String,
    pub(crate) computer: Computer,
    pub(crate) engine: Option<Engine>,
    pub(crate) entropy: ChaCha20Rng,
    pub(crate) life: Life,
    pub(crate) sockets: [Socket; 2],
    /// Asked for by a test, not planned yet.
    pub(crate) asked: VecDeque<(CommandId, Command)>,
    pub(crate) wake_at: Option<Millis>,
    pub(crate) alarm: u64,
    pub(crate) clock_offset_ms: i64,
    next_command: u64,
    /// Every event so far.
    pub events: Vec<Event>,
    /// Every answer so far.
    pub replies: Vec<(CommandId, Result<Reply, Refusal>)>,
    pub(crate) diary: Diary,
}

impl Person {
    pub(crate) fn new(name: &str, index: usize, seed: u64, computer: Computer) -> Self {
        Self {
            handle: Handle::parse(name).expect("a good handle"),
            name: name.to_owned(),
            computer,
            engine: None,
            entropy: stream(seed, Stream::Person(index)),
            life: Life(0),
            sockets: Default::default(),
            asked: VecDeque::new(),
            wake_at: None,
            alarm: 0,
            clock_offset_ms: 0,
            next_command: 1,
            events: Vec::new(),
            replies: Vec::new(),
            diary: Diary::default(),
        }
    }

    /// Gives the engine a command; it is handled when the world runs.
    pub fn ask(&mut self, command: Command) -> CommandId {
        let id = self.number();
        self.asked.push_back((id, command));
        id
    }

    pub(crate) fn number(&mut self) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        id
    }

    /// Queues a text for somebody.
    pub fn say(&mut self, to: &Handle, text: &str) -> CommandId {
        self.ask(Command::Send { to: Target::Handle(to.clone()), text: text.to_owned() })
    }

    /// The answer to a command, once it is there.
    pub fn reply(&self, id: CommandId) -> Option<&Result<Reply, Refusal>> {
        self.replies.iter().find(|(other, _)| *other == id).map(|(_, reply)| reply)
    }

    /// The whole timeline with somebody.
    pub fn history(&self, with: &Target) -> Vec<MessageView> {
        self.engine().history(with, usize::MAX >> 1, None).expect("history reads")
    }

    /// Texts of the timeline with somebody, oldest first.
    pub fn texts(&self, with: &Target) -> Vec<String> {
        self.history(with)
            .into_iter()
            .map(|line| line.text.unwrap_or_else(|| format!("{:?}", line.failure)))
            .collect()
    }

    /// One message, as it stands.
    pub fn message(&self, id: MessageId) -> Option<MessageView> {
        self.engine().message(id).expect("message reads")
    }

    /// What is still to leave.
    pub fn outbox(&self) -> Vec<OutboxItem> {
        self.engine().outbox().expect("outbox reads")
    }

    /// The engine, for its queries.
    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the process runs")
    }

    pub(crate) fn socket(&mut self, plane: Plane) -> &mut Socket {
        &mut self.sockets[usize::from(plane == Plane::Topic)]
    }

    /// What this person's clock shows.
    pub(crate) fn clock(&self, now: Millis) -> Millis {
        Millis(now.0.saturating_add_signed(self.clock_offset_ms))
    }

    /// When it is, by the world's clock, that this person's shows a time.
    pub(crate) fn world_time(&self, at: Millis) -> Millis {
        Millis(at.0.saturating_add_signed(-self.clock_offset_ms))
    }

    /// Everything that was only in memory is gone.
    pub(crate) fn forget_process(&mut self) {
        self.life.0 += 1;
        self.alarm += 1;
        self.wake_at = None;
        self.sockets = Default::default();
        self.diary.forget_process();
    }

    /// Keeps what concerns the person; returns what the shell has to do.
    pub(crate) fn note(&mut self, output: Output) -> Option<Output> {
        match output {
            Output::Reply(id, reply) => self.replies.push((id, reply)),
            Output::Event(event) => self.events.push(event),
            other => return Some(other),
        }
        None
    }
}

/// What people are called: their handles, long enough to be searched for in the server's files.
pub(crate) const NAMES: [&str; 4] = ["alice.sim", "bob.of.sim", "carol.sim", "dave.of.sim"];

/// Waiting answers, by command.
pub(crate) type Waiting<T> = BTreeMap<CommandId, T>;
