//! What happened, as `sotto listen` prints it.

use serde::Serialize;
use sotto_engine::api::{Event, Failure, MessageState, OutboxKind, OutboxState, Plane, Refusal};
use sotto_native::{ConnectTrouble, Notice, StorageTrouble};
use sotto_wire::ids::{MessageId, Millis, Minute, TopicId};

use super::{AlarmRecord, ConversationRecord, MessageRecord, failure_reason};
use crate::instant;
use crate::screen::Screen;

/// One object of `sotto listen --json`; `type` says which.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum EventRecord<'e> {
    /// `message`.
    Message(MessageRecord<'e>),
    /// `request`, `conversation`.
    Conversation(ConversationRecord<'e>),
    /// `alarm`.
    Alarm(AlarmRecord),
    /// Everything else.
    Other(Other<'e>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub(crate) enum Other<'e> {
    Online,
    Offline { plane: Plane, retry_at_ms: Option<Millis> },
    Connection { plane: Plane, problem: &'e ConnectTrouble },
    MessageState { message: MessageId, state: MessageState, failure: Option<Failure> },
    ClockOff { local_minute: Minute, server_minute: Minute },
    ServerRefused { refusal: &'e Refusal },
    Storage { problem: &'e StorageTrouble },
    Outbox { item: i64, kind: OutboxKind, state: OutboxState, topic: Option<TopicId> },
    Missed,
    Resumed,
}

/// What a notice is about, for those who choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A message or request of somebody else's, or an alarm: what a person or bot acts on.
    News,
    /// Everything else that people may want to see.
    State,
    /// For tests and the curious.
    Inner,
}

/// See [`About`].
pub(crate) fn about(notice: &Notice) -> About {
    match notice.event() {
        Some(Event::Message { message }) if !message.own => About::News,
        Some(Event::Request { .. } | Event::Alarm { .. }) => About::News,
        Some(Event::Outbox { .. }) => About::Inner,
        _ => About::State,
    }
}

impl<'e> From<&'e Notice> for EventRecord<'e> {
    fn from(notice: &'e Notice) -> Self {
        match notice {
            Notice::Event { event } => Self::from(event.as_ref()),
            Notice::Connection { plane, trouble } => {
                Self::Other(Other::Connection { plane: *plane, problem: trouble })
            }
            Notice::Storage { trouble } => Self::Other(Other::Storage { problem: trouble }),
            Notice::Missed => Self::Other(Other::Missed),
            Notice::Resumed => Self::Other(Other::Resumed),
        }
    }
}

impl<'e> From<&'e Event> for EventRecord<'e> {
    fn from(event: &'e Event) -> Self {
        Self::Other(match event {
            Event::Message { message } => return Self::Message(message.into()),
            Event::Request { conversation } => {
                return Self::Conversation(ConversationRecord::of_type("request", conversation));
            }
            Event::Conversation { conversation } => {
                return Self::Conversation(ConversationRecord::new(conversation));
            }
            Event::Alarm { alarm } => return Self::Alarm(alarm.into()),
            Event::Online => Other::Online,
            Event::Offline { plane, retry_at } => Other::Offline { plane: *plane, retry_at_ms: *retry_at },
            Event::MessageState { message, state, failure } => {
                Other::MessageState { message: *message, state: *state, failure: *failure }
            }
            Event::ClockOff { local, server } => {
                Other::ClockOff { local_minute: *local, server_minute: *server }
            }
            Event::ServerRefused { refusal } => Other::ServerRefused { refusal },
            Event::Outbox { item, kind, state, topic } => {
                Other::Outbox { item: *item, kind: *kind, state: *state, topic: *topic }
            }
        })
    }
}

impl EventRecord<'_> {
    /// The `type`.
    pub(crate) fn name(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        json["type"].as_str().unwrap_or_default().to_owned()
    }

    /// A line for people; none for what only programs want.
    pub(crate) fn text(&self, screen: Screen) -> Option<String> {
        match self {
            Self::Message(message) => Some(message.as_news(screen)),
            Self::Conversation(conversation) if conversation.is_request() => {
                Some(format!("message request from {}", conversation.text(screen)))
            }
            Self::Conversation(_) => None,
            Self::Alarm(alarm) => Some(alarm.text(screen)),
            Self::Other(other) => other.text(),
        }
    }
}

impl Other<'_> {
    fn text(&self) -> Option<String> {
        Some(match self {
            Self::MessageState { state: MessageState::Failed, message, failure } => {
                format!("message {message} was not sent: {}", failure_reason(*failure))
            }
            Self::ClockOff { local_minute, server_minute } => format!(
                "this device's clock says {}, the server's {}: set this device's clock",
                instant::minute(*local_minute),
                instant::minute(*server_minute)
            ),
            Self::ServerRefused { refusal } => refusal.to_string(),
            Self::Storage { problem } => problem.to_string(),
            Self::Connection { problem, .. } => problem.to_string(),
            Self::Missed => "too slow to show everything: see `sotto history`".to_owned(),
            Self::Online
            | Self::Offline { .. }
            | Self::MessageState { .. }
            | Self::Outbox { .. }
            | Self::Resumed => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_names_its_type() {
        let notice = |event| Notice::Event { event: Box::new(event) };
        let state = Event::MessageState {
            message: MessageId::new([1; 16]),
            state: MessageState::Accepted,
            failure: None,
        };
        let offline = Event::Offline { plane: Plane::Topic, retry_at: Some(Millis(5)) };
        for (notice, json) in [
            (notice(Event::Online), r#"{"type":"online"}"#.to_owned()),
            (notice(offline), r#"{"type":"offline","plane":"topic","retry_at_ms":5}"#.to_owned()),
            (
                notice(state),
                format!(
                    r#"{{"type":"message_state","message":"{}","state":"accepted","failure":null}}"#,
                    "01".repeat(16)
                ),
            ),
            (
                Notice::Connection { plane: Plane::Account, trouble: ConnectTrouble::Refused },
                r#"{"type":"connection","plane":"account","problem":{"trouble":"refused"}}"#.to_owned(),
            ),
            (Notice::Missed, r#"{"type":"missed"}"#.to_owned()),
        ] {
            assert_eq!(serde_json::to_string(&EventRecord::from(&notice)).unwrap(), json);
        }
    }
}
