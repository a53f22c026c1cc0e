//! What a session can read from a profile: answered from what is on disk here.

use sotto_engine::OutboxItem;
use sotto_engine::api::{AccountView, Alarm, ConversationView, MessageView, Target};
use sotto_wire::ids::MessageId;

use super::{Session, SessionError};
use crate::exchange::{Answer, Question};

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $result:ty: $question:expr => $pattern:pat => $value:expr;)*) => {
        impl Session {
            $($(#[$doc])*
            ///
            /// # Errors
            /// When the database cannot be read, or the holder is gone for good.
            pub async fn $name(&mut self, $($arg: $kind),*) -> Result<$result, SessionError> {
                match self.question($question).await? {
                    $pattern => Ok($value),
                    // A holder of the same socket version answers what was asked.
                    _ => Err(SessionError::Interrupted),
                }
            })*
        }
    };
}

questions! {
    /// This profile's account.
    account() -> Option<AccountView>:
        Question::Account => Answer::Account(view) => view;
    /// All conversations, newest first.
    conversations() -> Vec<ConversationView>:
        Question::Conversations => Answer::Conversations(views) => views;
    /// Message requests.
    requests() -> Vec<ConversationView>:
        Question::Requests => Answer::Conversations(views) => views;
    /// One conversation.
    resolve(target: Target) -> Option<ConversationView>:
        Question::Resolve(target) => Answer::Conversation(view) => view.map(|view| *view);
    /// A page of a timeline, oldest first; at most [`HISTORY_PAGE_MAX`](crate::HISTORY_PAGE_MAX) lines.
    history(of: Target, limit: usize, before: Option<MessageId>) -> Vec<MessageView>:
        Question::History { of, limit, before } => Answer::Messages(lines) => lines;
    /// One message.
    message(id: MessageId) -> Option<MessageView>:
        Question::Message(id) => Answer::Message(view) => view.map(|view| *view);
    /// All alarms.
    alarms() -> Vec<Alarm>:
        Question::Alarms => Answer::Alarms(alarms) => alarms;
    /// What has not reached the server.
    outbox() -> Vec<OutboxItem>:
        Question::Outbox => Answer::Outbox(items) => items;
}
