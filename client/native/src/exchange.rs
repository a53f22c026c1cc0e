//! What a program says to the process that holds a profile, and hears from it: the same in memory and on the socket.

use serde::{Deserialize, Serialize};
use sotto_engine::OutboxItem;
use sotto_engine::api::{
    AccountView, Alarm, Command, ConversationView, Event, MessageView, Plane, Refusal, Reply, Target,
};
use sotto_wire::ids::MessageId;

use crate::database::StorageTrouble;
use crate::network::ConnectTrouble;

/// Something to do or to tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Changes something.
    Command(Command),
    /// Only reads.
    Question(Question),
}

/// What can be read from a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// See [`Engine::account`](sotto_engine::Engine::account).
    Account,
    /// See [`Engine::conversations`](sotto_engine::Engine::conversations).
    Conversations,
    /// See [`Engine::requests`](sotto_engine::Engine::requests).
    Requests,
    /// See [`Engine::resolve`](sotto_engine::Engine::resolve).
    Resolve(Target),
    /// See [`Engine::history`](sotto_engine::Engine::history).
    History {
        /// Whose.
        of: Target,
        /// At most `HISTORY_PAGE_MAX`.
        limit: usize,
        /// Only what is older than this message.
        before: Option<MessageId>,
    },
    /// See [`Engine::message`](sotto_engine::Engine::message).
    Message(MessageId),
    /// See [`Engine::alarms`](sotto_engine::Engine::alarms).
    Alarms,
    /// See [`Engine::outbox`](sotto_engine::Engine::outbox).
    Outbox,
}

/// The good answer to a [`Request`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// To a command.
    Reply(Reply),
    /// To [`Question::Account`].
    Account(Option<AccountView>),
    /// To [`Question::Conversations`] and [`Question::Requests`].
    Conversations(Vec<ConversationView>),
    /// To [`Question::Resolve`].
    Conversation(Option<Box<ConversationView>>),
    /// To [`Question::History`], oldest first.
    Messages(Vec<MessageView>),
    /// To [`Question::Message`].
    Message(Option<Box<MessageView>>),
    /// To [`Question::Alarms`].
    Alarms(Vec<Alarm>),
    /// To [`Question::Outbox`].
    Outbox(Vec<OutboxItem>),
}

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Failed {
    /// The engine refused; nothing was changed.
    #[error(transparent)]
    Refused(Refusal),
    /// The disk did not do its part; nothing was changed.
    #[error(transparent)]
    Storage(StorageTrouble),
    /// The holder of the profile left before it began with this; nothing was changed.
    #[error("the process that held the profile stopped before it began")]
    NotStarted,
    /// The holder of the profile is gone and nobody knows how far it came.
    #[error("the process that held the profile stopped half-way")]
    Interrupted,
}

/// Something that happened, whoever caused it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// From the engine.
    Event {
        /// What.
        event: Box<Event>,
    },
    /// Why a connection could not be made or was lost. An [`Event::Offline`] follows.
    Connection {
        /// Which.
        plane: Plane,
        /// Why.
        trouble: ConnectTrouble,
    },
    /// The disk did not do its part; the engine keeps what it had and tries again.
    Storage {
        /// What is wrong.
        trouble: StorageTrouble,
    },
    /// This reader was too slow and missed some notices: look again at what matters.
    Missed,
    /// Another process holds the profile now; notices in between are missing: look again at what matters.
    Resumed,
}

/// One message from the holder of a profile to one of its users, in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outward {
    /// The one answer to the request with this number.
    Answer {
        id: u64,
        result: Result<Answer, Failed>,
    },
    Notice(Notice),
}

/// One request with the number its answer will carry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Numbered {
    pub(crate) id: u64,
    pub(crate) request: Request,
}
