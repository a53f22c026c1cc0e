//! The timeline: lines of one conversation with what stands between them.
//!
//! A window holds part of a long history. Steps never touch what they need not: a new line is one insert at the end, a
//! sent mark is one update, older lines are inserts at the front. Keeping the reader's place while lines come in above
//! is the screen's part.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::MessageId;

use crate::calendar::{CalendarDay, LocalTime};
use crate::diff::{Keyed, Step};
use crate::keys::{ConversationKey, LineKey};
use crate::name::Person;

/// A change to the timeline that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineUpdate {
    /// Of which conversation.
    pub conversation: ConversationKey,
    /// To the list of [`Item`]s, oldest first.
    pub steps: Vec<Step<Item>>,
    /// What is before the first item.
    pub older: Edge,
    /// What is after the last item.
    pub newer: Edge,
    /// Lines from others after the new-messages line: for "3 new ↓".
    pub unread: u64,
}

/// What is beyond an end of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Nothing: this is the end of the history.
    End,
    /// More: ask with [`Action::LoadOlder`](crate::Action::LoadOlder) or [`LoadNewer`](crate::Action::LoadNewer).
    More,
}

/// One item of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// The day of what follows.
    Day(CalendarDay),
    /// What follows is new since this window was last here.
    New,
    /// Something that happened, in words.
    System(System),
    /// A line somebody wrote.
    Message(Box<Message>),
}

/// Key of an [`Item`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKey {
    /// A day separator; a day has at most one.
    Day(CalendarDay),
    /// The new-messages line; there is at most one.
    New,
    /// A system line.
    System(SystemKey),
    /// A line.
    Line(LineKey),
}

impl Keyed for Item {
    type Key = ItemKey;

    fn key(&self) -> ItemKey {
        match self {
            Item::Day(day) => ItemKey::Day(*day),
            Item::New => ItemKey::New,
            Item::System(system) => ItemKey::System(system.key()),
            Item::Message(message) => ItemKey::Line(message.key),
        }
    }
}

/// A line that nobody wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// The first line of a history: with whom one talks, and that comparing numbers makes it certain.
    Beginning {
        /// With whom.
        person: Person,
    },
}

/// Key of a [`System`] line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemKey {
    /// [`System::Beginning`].
    Beginning,
}

impl System {
    /// Its key.
    pub fn key(&self) -> SystemKey {
        match self {
            System::Beginning { .. } => SystemKey::Beginning,
        }
    }
}

/// A line somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// For actions about it.
    pub key: LineKey,
    /// Its id on both ends; none until it is stored.
    pub id: Option<MessageId>,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub body: Body,
    /// When: by the writer's clock, held within the server's minute.
    pub at: LocalTime,
    /// First of its group: draw the avatar and, in groups, the name.
    pub first: bool,
    /// Last of its group: draw the time and the state.
    pub last: bool,
}

/// Who wrote a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The person at the screen.
    Me(OwnState),
    /// Somebody else.
    Them(Person),
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A text.
    Text(Text),
    /// It cannot be read; why, and what is being done.
    Unreadable(Unreadable),
}

/// A text as it may be drawn: line breaks and tabs, no other control characters; direction marks are closed where they
/// were opened. `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub text: String,
    /// A few emoji and nothing else: draw it large.
    pub large: bool,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text")
    }
}

/// How a line of one's own fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnState {
    /// On this device; it leaves by itself.
    Queued,
    /// Queued, and no device of theirs can take it yet; it leaves by itself once one can.
    WaitingForKey,
    /// The server has it.
    Sent,
    /// A device of theirs has it. Not told apart from sent yet.
    Delivered,
    /// They have seen it. Not told apart from sent yet.
    Read,
    /// It was not sent.
    Failed(SendFailure),
}

/// Why a line of one's own was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendFailure {
    /// Nobody has the handle: trying again helps once somebody has.
    HandleUnknown,
    /// Their keys did not verify: see the alarm.
    KeyRefused,
    /// The server contradicts itself: see the alarm.
    LogFork,
    /// It was still waiting when the person was blocked.
    GivenUp,
    /// Another reason: try again.
    Other,
}

/// Why a line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// It could not be decrypted; fresh keys are being set up, and what comes next will be readable.
    Undecryptable,
    /// The server dropped it before this device came to read it.
    Expired,
    /// A newer Sotto made it: update to read it.
    NeedsNewerSotto,
    /// The server contradicts itself: see the alarm.
    LogFork,
    /// Their keys did not verify: see the alarm.
    KeyRefused,
}
