//! A machine for tests: remembers texts on a "disk" that outlives it, and answers what it is told to.

use std::sync::{Arc, Mutex};

use rand_core::CryptoRngCore;
use sotto_engine::api::{
    Command, CommandId, Event, Input, MessageState, MessageView, Output, Plane, Reply, Target,
};
use sotto_wire::ids::{AccountId, Handle, MessageId, Millis};

use crate::database::StorageTrouble;
use crate::exchange::{Answer, Question};
use crate::machine::{Handled, Machine};

/// What outlives a machine, and what a test looks at.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) messages: Vec<MessageView>,
    pub(crate) inputs: Vec<String>,
    pub(crate) server: Option<String>,
    /// What is wrong with it, if anything.
    pub(crate) trouble: Option<StorageTrouble>,
    /// Whether `Sync` is answered; else it stays under way.
    pub(crate) answers_sync: bool,
    /// Frames sent as soon as the topic plane is open, one a continuation.
    pub(crate) frames_to_send: usize,
}

pub(crate) type SharedDisk = Arc<Mutex<Disk>>;

pub(crate) struct Fake(pub(crate) SharedDisk);

pub(crate) fn bob() -> Target {
    Target::Handle(Handle::parse("bob").unwrap())
}

impl Disk {
    pub(crate) fn store(&mut self, now: Millis, text: String) -> MessageId {
        let number = u8::try_from(self.messages.len()).unwrap();
        let id = MessageId::new([number; 16]);
        self.messages.push(MessageView {
            id,
            conversation: None,
            sender: AccountId::new([1; 32]),
            sender_handle: None,
            own: true,
            text: Some(text),
            sent_at: now,
            minute: None,
            state: MessageState::Queued,
            failure: None,
        });
        id
    }

    fn command(&mut self, now: Millis, id: CommandId, command: Command) -> Vec<Output> {
        match command {
            Command::Send { text, .. } => {
                let message = self.store(now, text);
                let event = Event::MessageState { message, state: MessageState::Queued, failure: None };
                vec![Output::Event(event), Output::Reply(id, Ok(Reply::Queued { message }))]
            }
            Command::SetOnline { online: true } => {
                vec![Output::Reply(id, Ok(Reply::Done)), Output::Connect(Plane::Topic)]
            }
            Command::Sync if self.answers_sync => vec![Output::Reply(id, Ok(Reply::Synced { waiting: 0 }))],
            Command::Sync | Command::StartOver { .. } => Vec::new(),
            _ => vec![Output::Reply(id, Ok(Reply::Done))],
        }
    }

    fn next_frame(&mut self) -> Vec<Output> {
        if self.frames_to_send == 0 {
            return Vec::new();
        }
        self.frames_to_send -= 1;
        vec![Output::Frame(Plane::Topic, vec![7; 10].into()), Output::Continue]
    }
}

impl Machine for Fake {
    fn handle(&mut self, now: Millis, _: &mut dyn CryptoRngCore, input: Input) -> Handled {
        let mut disk = self.0.lock().unwrap();
        if let Some(trouble) = disk.trouble.clone() {
            return Handled { outputs: Vec::new(), trouble: Some(trouble) };
        }
        let seen = match &input {
            Input::Command(_, command) => format!("{command:?}"),
            Input::Opened(plane) => format!("opened {plane:?}"),
            Input::Frame(plane, frame) => format!("frame {plane:?} {}", frame.len()),
            Input::Closed(plane) => format!("closed {plane:?}"),
            Input::Tick => "tick".to_owned(),
            Input::Continue => "continue".to_owned(),
        };
        disk.inputs.push(seen);
        let outputs = match input {
            Input::Command(id, command) => disk.command(now, id, command),
            Input::Opened(_) => {
                std::iter::once(Output::Event(Event::Online)).chain(disk.next_frame()).collect()
            }
            Input::Continue => disk.next_frame(),
            // What comes is sent back.
            Input::Frame(plane, frame) => vec![Output::Frame(plane, frame), Output::Event(Event::Online)],
            Input::Closed(plane) => vec![Output::Event(Event::Offline { plane, retry_at: None })],
            Input::Tick => Vec::new(),
        };
        Handled { outputs, trouble: None }
    }

    fn answer(&self, question: &Question) -> Result<Answer, StorageTrouble> {
        let disk = self.0.lock().unwrap();
        Ok(match question {
            Question::History { .. } => Answer::Messages(disk.messages.clone()),
            Question::Account => Answer::Account(None),
            _ => Answer::Alarms(Vec::new()),
        })
    }

    fn server(&self) -> Option<String> {
        self.0.lock().unwrap().server.clone()
    }
}
