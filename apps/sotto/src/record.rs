//! What commands print: the JSON records that scripts rely on (docs/cli.md), and the same for people.

mod alarm;
mod conversation;
mod event;
mod message;
mod outcome;

pub(crate) use self::alarm::AlarmRecord;
pub(crate) use self::conversation::ConversationRecord;
pub(crate) use self::event::{About, EventRecord, Other, about};
pub(crate) use self::message::{MessageRecord, failure_reason};
pub(crate) use self::outcome::Outcome;
