//! One person: an engine, its two sockets, and how much time the engine has taken.

use std::collections::{BTreeMap, VecDeque};

use anyhow::anyhow;
use bytes::Bytes;
use rand_core::CryptoRngCore;
use rusqlite::Connection;
use sotto_engine::api::{
    Command, CommandId, Event, Input, MessageState, OutboxState, Output, Plane, Refusal, Reply, Target,
};
use sotto_engine::{Engine, EngineError};
use sotto_service::ConnectionId;
use sotto_wire::ids::{Handle, Millis};

use crate::samples::Stopwatch;

/// A plane's connection as the person's shell sees it.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) inbound: VecDeque<Bytes>,
    pub(crate) wanted: bool,
}

/// A person with one device.
pub struct Person {
    handle: Handle,
    engine: Engine,
    watch: Stopwatch,
    pub(crate) account: Socket,
    pub(crate) topic: Socket,
    pub(crate) continues: usize,
    pub(crate) wake_at: Option<Millis>,
    last_command: u64,
    replies: BTreeMap<CommandId, Result<Reply, Refusal>>,
    /// Whether a profiler is to count this engine's work: see `work_for_profiler` below.
    pub profiled: bool,
    /// Microseconds in the engine so far.
    pub spent_us: f64,
    /// `spent_us` when the last frame left on the topic plane.
    pub spent_us_at_frame: f64,
    /// `spent_us` when the last line of somebody else was shown.
    pub spent_us_at_line: f64,
    /// Lines of others so far.
    pub lines: usize,
    /// Own messages that the server has taken so far.
    pub accepted: usize,
    /// Outbox items that are done.
    pub done: usize,
    /// Alarms so far: there is to be none.
    pub alarms: usize,
}

impl Person {
    /// Somebody over a database that is keyed already.
    ///
    /// # Errors
    /// When the tables cannot be made or read.
    pub fn new(name: &str, database: Connection, watch: Stopwatch) -> anyhow::Result<Self> {
        Ok(Self {
            handle: Handle::parse(name)?,
            engine: Engine::open(database)?,
            watch,
            account: Socket::default(),
            topic: Socket::default(),
            continues: 0,
            wake_at: None,
            last_command: 0,
            replies: BTreeMap::new(),
            profiled: false,
            spent_us: 0.0,
            spent_us_at_frame: 0.0,
            spent_us_at_line: 0.0,
            lines: 0,
            accepted: 0,
            done: 0,
            alarms: 0,
        })
    }

    /// The person as others address them.
    pub fn target(&self) -> Target {
        Target::Handle(self.handle.clone())
    }

    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The engine, for its questions.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The database, closed to the engine.
    pub fn into_database(self) -> Connection {
        self.engine.into_connection()
    }

    pub(crate) fn next_command(&mut self, command: Command) -> (CommandId, Input) {
        self.last_command += 1;
        let id = CommandId(self.last_command);
        (id, Input::Command(id, command))
    }

    /// The answer to a command, once.
    pub(crate) fn take_reply(&mut self, id: CommandId) -> Option<Result<Reply, Refusal>> {
        self.replies.remove(&id)
    }

    pub(crate) fn socket(&mut self, plane: Plane) -> &mut Socket {
        match plane {
            Plane::Account => &mut self.account,
            Plane::Topic => &mut self.topic,
        }
    }

    /// Gives the engine an input; returns what is for the network.
    pub(crate) fn feed(
        &mut self,
        now: Millis,
        entropy: &mut dyn CryptoRngCore,
        input: Input,
    ) -> anyhow::Result<Vec<Output>> {
        let start = (self.watch)();
        let handled = if self.profiled {
            self.work_for_profiler(now, entropy, input)
        } else {
            self.engine.handle(now, entropy, input)
        };
        self.spent_us += (self.watch)() - start;
        let outputs = handled.map_err(|error| anyhow!("the engine failed: {error}"))?;
        Ok(outputs.into_iter().filter_map(|output| self.note(output)).collect())
    }

    /// A function of its own, so that `callgrind --toggle-collect` counts what one engine does and nothing else.
    #[inline(never)]
    fn work_for_profiler(
        &mut self,
        now: Millis,
        entropy: &mut dyn CryptoRngCore,
        input: Input,
    ) -> Result<Vec<Output>, EngineError> {
        self.engine.handle(now, entropy, input)
    }

    fn note(&mut self, output: Output) -> Option<Output> {
        match output {
            Output::Reply(id, reply) => drop(self.replies.insert(id, reply)),
            Output::WakeAt(at) => self.wake_at = Some(at),
            Output::Continue => self.continues += 1,
            Output::Event(event) => self.happened(&event),
            Output::Frame(Plane::Topic, _) => {
                self.spent_us_at_frame = self.spent_us;
                return Some(output);
            }
            other => return Some(other),
        }
        None
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::Message { message } if !message.own => {
                self.lines += 1;
                self.spent_us_at_line = self.spent_us;
            }
            Event::MessageState { state: MessageState::Accepted, .. } => self.accepted += 1,
            Event::Outbox { state: OutboxState::Done, .. } => self.done += 1,
            Event::Alarm { .. } => self.alarms += 1,
            _ => {}
        }
    }
}
