//! One person: an engine, its database, and what it has said so far.

use std::collections::VecDeque;

use bytes::Bytes;
use rusqlite::Connection;
use sotto_engine::api::{
    Command, CommandId, Event, Input, MessageView, Output, Plane, Refusal, Reply, Target,
};
use sotto_engine::{Engine, OutboxItem};
use sotto_service::ConnectionId;
use sotto_wire::ids::{Handle, MessageId, Millis};

/// A plane's socket as the person's shell sees it.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    pub(crate) connection: Option<ConnectionId>,
    /// Frames from the server, not yet delivered.
    pub(crate) inbound: VecDeque<Bytes>,
    /// The connection broke and the engine does not know yet.
    pub(crate) broken: bool,
    pub(crate) wanted: bool,
}

/// A person with one device.
pub struct Person {
    /// Their handle.
    pub handle: Handle,
    pub(crate) engine: Engine,
    pub(crate) account: Socket,
    pub(crate) topic: Socket,
    pub(crate) inputs: VecDeque<Input>,
    pub(crate) wake_at: Option<Millis>,
    pub(crate) clock_offset_ms: i64,
    next_command: u64,
    /// Every event so far.
    pub events: Vec<Event>,
    /// Every answer so far.
    pub replies: Vec<(CommandId, Result<Reply, Refusal>)>,
}

impl Person {
    pub(crate) fn new(name: &str) -> Self {
        let connection = Connection::open_in_memory().expect("an in-memory database opens");
        Self {
            handle: Handle::parse(name).expect("a good handle"),
            engine: Engine::open(connection).expect("fresh tables"),
            account: Socket::default(),
            topic: Socket::default(),
            inputs: VecDeque::new(),
            wake_at: None,
            clock_offset_ms: 0,
            next_command: 1,
            events: Vec::new(),
            replies: Vec::new(),
        }
    }

    /// Gives the engine a command; it is handled when the world runs.
    pub fn ask(&mut self, command: Command) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.inputs.push_back(Input::Command(id, command));
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
        self.engine.history(with, usize::MAX >> 1, None).expect("history reads")
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
        self.engine.message(id).expect("message reads")
    }

    /// What is still to leave.
    pub fn outbox(&self) -> Vec<OutboxItem> {
        self.engine.outbox().expect("outbox reads")
    }

    /// The engine, for its queries.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Kills the process and starts it again on the same database: everything in memory is gone.
    pub fn restart(mut self) -> Self {
        let engine = self.engine.into_connection();
        self.engine = Engine::open(engine).expect("the tables open again");
        self.account.wanted = false;
        self.topic.wanted = false;
        self.inputs.clear();
        self.inputs.push_back(Input::Command(CommandId(0), Command::SetOnline { online: true }));
        self.wake_at = None;
        self
    }

    pub(crate) fn socket(&mut self, plane: Plane) -> &mut Socket {
        match plane {
            Plane::Account => &mut self.account,
            Plane::Topic => &mut self.topic,
        }
    }

    pub(crate) fn clock(&self, now: Millis) -> Millis {
        Millis(now.0.saturating_add_signed(self.clock_offset_ms))
    }

    pub(crate) fn note(&mut self, output: Output) -> Option<Output> {
        match output {
            Output::Reply(id, reply) => self.replies.push((id, reply)),
            Output::Event(event) => self.events.push(event),
            Output::WakeAt(at) => self.wake_at = Some(at),
            Output::Continue => self.inputs.push_front(Input::Continue),
            other => return Some(other),
        }
        None
    }
}
