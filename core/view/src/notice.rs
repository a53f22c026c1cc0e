//! Notices: one line at the edge of the screen, often with a way back.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::Millis;

use crate::keys::{ConversationKey, NoticeKey};
use crate::name::Person;
use crate::refusal::Refusal;

/// A notice on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which: for [`Action::Undo`](crate::Action::Undo) and [`Action::Dismiss`](crate::Action::Dismiss).
    pub key: NoticeKey,
    /// What it says.
    pub says: Says,
    /// Until when it can be taken back; none: it cannot.
    pub undo_until: Option<Millis>,
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// A request is about to be declined.
    Declined {
        /// Of whom.
        person: Person,
    },
    /// Somebody was blocked.
    Blocked {
        /// Whom.
        person: Person,
    },
    /// A message that was not sent is about to be removed.
    Discarded,
    /// A draft was removed.
    DraftDiscarded {
        /// Of which conversation.
        conversation: ConversationKey,
    },
    /// A message could not be queued; its text is back in the composer.
    NotSent(Refusal),
    /// Something else was not done.
    Refused(Refusal),
    /// The browser did not promise to keep what is stored.
    NotKept,
    /// There is hardly any room left.
    NearlyFull,
    /// Nothing can be stored: what arrives stays with the server, what is written stays in the composer.
    Failing,
    /// The name others see was changed.
    NameSaved,
}
