//! One person: an engine with its database, and the two sockets of its shell.

use std::collections::{BTreeSet, VecDeque};

use rusqlite::Connection;
use sotto_engine::Engine;
use sotto_engine::api::{Command, CommandId, Failure, Input, MessageState, Output, Plane, Reply, Target};
use sotto_service::ConnectionId;
use sotto_wire::Bytes;
use sotto_wire::ids::{AppendId, Handle, MessageId, Millis};

use super::world::MARKER;

/// A plane's socket as the shell sees it.
#[derive(Default)]
pub(super) struct Socket {
    pub(super) connection: Option<ConnectionId>,
    /// On the way to the engine.
    pub(super) inbound: VecDeque<Bytes>,
    pub(super) wanted: bool,
    /// It broke, and the engine does not know yet.
    pub(super) broken: bool,
}

/// A message that the engine said it has, and its text.
#[derive(Clone)]
pub(super) struct Acknowledged {
    pub(super) message: MessageId,
    pub(super) text: String,
}

pub(super) struct Person {
    pub(super) handle: Handle,
    engine: Option<Engine>,
    pub(super) account: Socket,
    pub(super) topic: Socket,
    pub(super) wake_at: Option<Millis>,
    pub(super) owed: usize,
    pub(super) clock_offset_ms: i64,
    last_command: u64,
    /// Sends under way, with their texts.
    sending: Vec<(CommandId, String)>,
    pub(super) acknowledged: Vec<Acknowledged>,
    pub(super) registered: bool,
    /// Frames that came earlier: what a lying server could send again.
    pub(super) heard: Vec<(Plane, Bytes)>,
    /// Appends of messages that the server took.
    pub(super) taken: BTreeSet<AppendId>,
}

impl Person {
    pub(super) fn new(handle: &str, database: Connection) -> Self {
        Self {
            handle: Handle::parse(handle).expect("a good handle"),
            engine: Some(Engine::open(database).expect("the tables open")),
            account: Socket::default(),
            topic: Socket::default(),
            wake_at: None,
            owed: 0,
            clock_offset_ms: 0,
            last_command: 0,
            sending: Vec::new(),
            acknowledged: Vec::new(),
            registered: false,
            heard: Vec::new(),
            taken: BTreeSet::new(),
        }
    }

    pub(super) fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("an engine")
    }

    pub(super) fn into_connection(mut self) -> Connection {
        self.engine.take().expect("an engine").into_connection()
    }

    pub(super) fn socket(&mut self, plane: Plane) -> &mut Socket {
        match plane {
            Plane::Account => &mut self.account,
            Plane::Topic => &mut self.topic,
        }
    }

    pub(super) fn command(&mut self, command: Command) -> Input {
        self.last_command += 1;
        let id = CommandId(self.last_command);
        if let Command::Send { text, .. } = &command {
            self.sending.push((id, text.clone()));
        }
        Input::Command(id, command)
    }

    /// Keeps what only the person looks at; returns what the shell has to carry out.
    pub(super) fn note(&mut self, output: Output) -> Option<Output> {
        match output {
            Output::Reply(id, Ok(Reply::Queued { message })) => {
                let at = self.sending.iter().position(|(sending, _)| *sending == id);
                let (_, text) = self.sending.remove(at.expect("a reply to nothing"));
                self.acknowledged.push(Acknowledged { message, text });
            }
            Output::Reply(id, reply) => {
                self.sending.retain(|(sending, _)| *sending != id);
                self.registered |= matches!(reply, Ok(Reply::Registered { .. }));
            }
            Output::WakeAt(at) => self.wake_at = Some(at),
            Output::Continue => self.owed += 1,
            Output::Event(_) => {}
            other => return Some(other),
        }
        None
    }

    /// Texts of the timeline with somebody: what is shown, whoever wrote it.
    pub(super) fn lines(&mut self, with: &Handle) -> Vec<(bool, String)> {
        let lines =
            self.engine().history(&Target::Handle(with.clone()), 10_000, None).expect("history reads");
        lines.into_iter().filter_map(|line| Some((line.own, line.text?))).collect()
    }

    /// What must hold at any moment: nothing acknowledged is lost, and nothing counts as accepted that the server never
    /// took.
    pub(super) fn keeps_its_word(&mut self) {
        let mut accepted = 0;
        for Acknowledged { message, text } in self.acknowledged.clone() {
            let line = self.engine().message(message).expect("message reads");
            let line = line.expect("an acknowledged message is lost");
            assert!(line.own && line.text.as_ref() == Some(&text), "an acknowledged message is another one");
            assert_ne!(line.state, MessageState::Received, "a message of one's own was received");
            accepted += usize::from(line.state == MessageState::Accepted);
        }
        assert!(accepted <= self.taken.len(), "a message counts as accepted, and the server never took it");
    }

    /// How many acknowledged texts to the other are not among those that the other was shown. Only what was written to
    /// somebody who had no account yet may be: it failed, and says so.
    pub(super) fn missing(&mut self, shown: &BTreeSet<String>) -> usize {
        let to_the_other = self.acknowledged.iter().filter(|line| line.text.contains(MARKER));
        let not_shown: Vec<_> = to_the_other.filter(|line| !shown.contains(&line.text)).cloned().collect();
        let lost = |line: &&Acknowledged| {
            let found = self.engine().message(line.message).expect("message reads");
            found.is_none_or(|found| found.failure != Some(Failure::HandleUnknown))
        };
        not_shown.iter().filter(lost).count()
    }

    /// Everything that can be asked is answered.
    pub(super) fn answers(&mut self) {
        let engine = self.engine();
        engine.account().expect("account reads");
        engine.conversations().expect("conversations read");
        engine.requests().expect("requests read");
        engine.alarms().expect("alarms read");
        engine.outbox().expect("outbox reads");
    }

    /// The process is killed and started again: everything in memory is gone, and nothing else.
    pub(super) fn restart(&mut self, other: &Handle) {
        let before = self.lines(other);
        let connection = self.engine.take().expect("an engine").into_connection();
        self.engine = Some(Engine::open(connection).expect("the tables open again"));
        assert!(self.lines(other) == before, "a restart changed what is on disk");
        (self.account, self.topic) = (Socket::default(), Socket::default());
        (self.wake_at, self.owed) = (None, 0);
        self.sending.clear();
    }
}
