//! Alarms: what a hostile server might have done, in plain words.
//!
//! A sheet says what happened, what it may mean, what Sotto did already and what one can do; the words are in the
//! catalogue under the kind's name. "Details" holds the technical record.

use serde::{Deserialize, Serialize};

use crate::calendar::LocalTime;
use crate::diff::Keyed;
use crate::keys::{AlarmKey, ConversationKey};
use crate::name::Person;

/// One alarm, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmCard {
    /// Which.
    pub key: AlarmKey,
    /// What happened.
    pub kind: AlarmKind,
    /// In which conversation.
    pub conversation: Option<ConversationKey>,
    /// With whom that is.
    pub person: Option<Person>,
    /// When it was noticed, by this device's clock.
    pub at: LocalTime,
    /// Whether the person marked it as seen. Unseen and [`AlarmKind::is_grave`]: it takes the whole width.
    pub seen: bool,
}

impl Keyed for AlarmCard {
    type Key = AlarmKey;

    fn key(&self) -> AlarmKey {
        self.key
    }
}

/// The technical record of one alarm, on request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmDetails {
    /// Which.
    pub key: AlarmKey,
    /// What the evidence is called in the protocol's words.
    pub kind: String,
    /// The record as kept, in hex: what an export contains.
    pub evidence: String,
}

/// Kinds of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The server's log contradicts what this device, or the other side, saw before.
    LogFork,
    /// Entries are missing in the middle of what the server delivered.
    EntryWithheld,
    /// Entries are gone that this device had not read yet.
    TrimmedTooEarly,
    /// A signature of the server is missing or wrong.
    ServerSignatureWrong,
    /// The server shows another key than before.
    ServerKeyChanged,
    /// Somebody's keys did not verify.
    ContactKeyRefused,
    /// Somebody's list of devices contradicts the one known before.
    ContactListConflict,
    /// An invitation could not be opened, or contradicts what is known.
    InboxItemRefused,
    /// Something was done with this device's keys that this device did not do.
    CloneSuspected,
    /// A stranger's bytes where keys should be exchanged.
    JunkHandshake,
    /// Bytes no member made where a message should be.
    ForeignEntry,
    /// The server took a message it should have sent back.
    StaleAppend,
    /// The server refused to deliver an invitation it had agreed to take.
    WelcomeRefused,
}

impl AlarmKind {
    /// Whether it may mean that the server lies or that keys are in other hands: shown as a sheet that is not passed
    /// over. The others are noted and listed.
    pub fn is_grave(self) -> bool {
        !matches!(
            self,
            Self::InboxItemRefused | Self::JunkHandshake | Self::ForeignEntry | Self::WelcomeRefused
        )
    }
}
