//! What stands around the timeline of the open conversation.

use serde::{Deserialize, Serialize};

use crate::keys::ConversationKey;
use crate::name::Person;

/// The head of the open conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Which.
    pub key: ConversationKey,
    /// With whom.
    pub person: Person,
    /// Where it stands.
    pub standing: Standing,
    /// An alarm about it was not seen.
    pub alarm: bool,
    /// Lines of one's own that could not be sent: "Try again" tries them all.
    pub failed: bool,
}

/// Where a conversation stands between two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Both may write.
    Open,
    /// They wrote first; nothing leaves until accepted.
    Request,
    /// Declined here.
    Declined,
    /// Blocked here.
    Blocked,
}
