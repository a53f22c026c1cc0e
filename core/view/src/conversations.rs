//! The conversation list and the requests.

use serde::{Deserialize, Serialize};

use crate::calendar::LocalTime;
use crate::diff::Keyed;
use crate::keys::ConversationKey;
use crate::name::Person;
use crate::timeline::{OwnState, Unreadable};

/// One row of the conversation list, newest activity first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    /// Which.
    pub key: ConversationKey,
    /// With whom.
    pub person: Person,
    /// Newest line; none: nothing was written yet.
    pub last: Option<LastLine>,
    /// Lines from others that were not seen.
    pub unread: u64,
    /// Text that was begun and not sent: one line of it, cut.
    pub draft: Option<Preview>,
    /// Lines of one's own that could not be sent.
    pub failed: bool,
    /// An alarm about this conversation was not seen.
    pub alarm: bool,
}

impl Keyed for ConversationRow {
    type Key = ConversationKey;

    fn key(&self) -> ConversationKey {
        self.key
    }
}

/// The newest line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLine {
    /// What it says.
    pub says: LastSays,
    /// Its state, if it is one's own.
    pub own: Option<OwnState>,
    /// When.
    pub at: LocalTime,
}

/// What the newest line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastSays {
    /// A text: one line of it, cut.
    Text(Preview),
    /// It cannot be read.
    Unreadable(Unreadable),
}

/// One line of a text, at most [`PREVIEW_CHARS_MAX`](crate::limits::PREVIEW_CHARS_MAX) characters; no line breaks, no
/// control characters, nothing that turns the text around it. `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Preview(pub String);

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Preview")
    }
}

/// Somebody new who wrote. They learn nothing until the request is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Which.
    pub key: ConversationKey,
    /// Who.
    pub person: Person,
    /// Newest line.
    pub last: Option<LastLine>,
    /// Lines they sent so far.
    pub unread: u64,
}

impl Keyed for RequestRow {
    type Key = ConversationKey;

    fn key(&self) -> ConversationKey {
        self.key
    }
}

/// Numbers for the rail, the window's title and the app's icon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badges {
    /// Lines not seen, in all conversations of the list.
    pub unread: u64,
    /// Requests.
    pub requests: u64,
    /// Alarms not seen.
    pub alarms: u64,
}
