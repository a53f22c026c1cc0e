//! An alarm: what a hostile server might have done.

use serde::Serialize;
use sotto_engine::api::{Alarm, AlarmKind};
use sotto_wire::ids::{ConversationId, Millis};

use crate::instant;
use crate::screen::{Screen, Style};

/// `{"type":"alarm", …}`.
#[derive(Debug, Serialize)]
pub(crate) struct AlarmRecord {
    r#type: &'static str,
    id: i64,
    kind: AlarmKind,
    conversation: Option<ConversationId>,
    at_ms: Millis,
    seen: bool,
}

impl From<&Alarm> for AlarmRecord {
    fn from(alarm: &Alarm) -> Self {
        let Alarm { id, kind, conversation, at, acknowledged } = *alarm;
        Self { r#type: "alarm", id, kind, conversation, at_ms: at, seen: acknowledged }
    }
}

impl AlarmRecord {
    pub(crate) fn text(&self, screen: Screen) -> String {
        let seen = if self.seen { " (seen)" } else { "" };
        let head = format!("ALARM {} {}{seen}:", self.id, instant::millis(self.at_ms));
        format!("{} {}", screen.paint(Style::Warning, &head), explanation(self.kind))
    }
}

fn explanation(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::LogFork => {
            "the server shows two different histories of one conversation. Sending there has stopped."
        }
        AlarmKind::EntryWithheld => "the server left out entries in the middle of a conversation.",
        AlarmKind::TrimmedTooEarly => "the server dropped entries before this device had read them.",
        AlarmKind::ServerSignatureWrong => "a signature of the server is missing or wrong.",
        AlarmKind::ServerKeyChanged => {
            "the server signs with another key than before: it is another server, or was set up anew."
        }
        AlarmKind::ContactKeyRefused => {
            "keys that the server gave for a contact did not verify. They were not used."
        }
        AlarmKind::ContactListConflict => "the server shows a contact's devices differently than before.",
        AlarmKind::InboxItemRefused => {
            "something in this device's inbox could not be opened or contradicts what is known."
        }
        AlarmKind::CloneSuspected => {
            "somebody else acted with this device's keys: a copy of this profile may be in use."
        }
        AlarmKind::JunkHandshake => {
            "the server holds something that no member could have sent. It was skipped."
        }
        AlarmKind::ForeignEntry => "the server delivered a message that no member wrote. It was skipped.",
        AlarmKind::WelcomeRefused => {
            "the server refused to pass on an invitation that it had agreed to take."
        }
        AlarmKind::StaleAppend => "the server accepted a message it should have sent back to be made again.",
    }
}
