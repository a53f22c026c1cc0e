//! What screens name things by: stable for as long as the thing is on a screen, and meaningless elsewhere.

use serde::{Deserialize, Serialize};

/// A conversation of this profile. Stays the same over restarts; another profile has other numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationKey(pub i64);

/// An alarm of this profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmKey(pub i64);

/// A notice of this window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeKey(pub u64);

/// One line of a timeline: the key under which actions about a message name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKey {
    /// A line that was stored when this window first saw it.
    Stored(i64),
    /// A line written in this window: it keeps this key when it is stored, sent and read.
    Written(u64),
}
