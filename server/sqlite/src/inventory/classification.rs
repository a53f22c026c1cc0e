//! What there is to say of a column: what it is for, how long it is kept, who may be shown it.

use std::fmt;

use sotto_ports::limits::{CLOSED_TOPIC_DAYS, INBOX_ITEM_DAYS};
use sotto_wire::limits::{
    HANDSHAKE_DAYS_MAX, KEY_PACKAGE_DAYS, SLOT_HOLD_DAYS, TTL_DAYS_DEFAULT, TTL_DAYS_MAX,
};

use crate::database::DatabaseFile;

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its file.
    pub file: DatabaseFile,
    /// Its name.
    pub name: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// The column that names the account a row belongs to, if rows belong to accounts.
    pub account: Option<&'static str>,
    /// Its columns, in their order.
    pub fields: &'static [Field],
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub column: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// How long it is kept.
    pub retention: Retention,
    /// Who may be shown it.
    pub tier: Tier,
}

/// How long a field is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// As long as the account.
    Account,
    /// Until somebody claims it.
    UntilClaimed,
    /// Until the device replaces it.
    UntilReplaced,
    /// For days after it came.
    Days(u32),
    /// Until the device has it.
    UntilAcked,
    /// Until it has admitted as many as it may.
    UntilUsedUp,
    /// As long as the topic.
    Topic,
    /// As long as entries of its time are there.
    Generation,
    /// Until its reader gives it up.
    Slot,
    /// Until every reader has it.
    UntilRead,
    /// The body of an entry.
    Body,
    /// What takes the place of a body.
    AfterBody,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("as long as the account"),
            Self::UntilClaimed => {
                write!(f, "until claimed, at most {KEY_PACKAGE_DAYS} days; gone with its device")
            }
            Self::UntilReplaced => {
                write!(f, "until replaced, at most {KEY_PACKAGE_DAYS} days; gone with its device")
            }
            Self::Days(days) => write!(f, "{days} days; gone with its device"),
            Self::UntilAcked => {
                write!(f, "until the device has it, at most {INBOX_ITEM_DAYS} days; gone with its device")
            }
            Self::UntilUsedUp => f.write_str("until used up, withdrawn or expired"),
            Self::Topic => write!(
                f,
                "as long as the topic: until it is closed, its entries are gone and {CLOSED_TOPIC_DAYS} days have passed"
            ),
            Self::Generation => {
                f.write_str("until the last entry of its time is gone; the current one as long as the topic")
            }
            Self::Slot => write!(
                f,
                "until its reader gives it up, or has lost the right to read for {SLOT_HOLD_DAYS} days"
            ),
            Self::UntilRead => write!(
                f,
                "until every reader has it: a reader holds it for {SLOT_HOLD_DAYS} days from its last sign of life; at most \
                 {HANDSHAKE_DAYS_MAX} days, or the time-to-live where that is longer"
            ),
            Self::Body => write!(
                f,
                "as the entry; of an application entry at most the topic's time-to-live, {TTL_DAYS_DEFAULT} days unless the \
                 topic says otherwise, {TTL_DAYS_MAX} at most"
            ),
            Self::AfterBody => f.write_str("from the day the body goes until the entry goes"),
        }
    }
}

/// Who may be shown a field. Whatever the tier, the operator's program reads all of them: that is why bodies are
/// ciphertext and secrets are hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Whoever asks the server.
    Public,
    /// The account itself; under a lawful request, with data about a subscriber.
    Account,
    /// Whoever holds the topic's capability or the slot's secret; under a lawful request, with records that are not
    /// content, and only if the request names the topic.
    Record,
    /// Ciphertext: the device or the topic's readers; under a lawful request for content. The server cannot open it.
    Ciphertext,
    /// Nobody: it keeps the server working and says nothing about a person.
    Operational,
}

impl Tier {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Public, Self::Account, Self::Record, Self::Ciphertext, Self::Operational];

    /// What it means.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Public => "shown to whoever asks the server",
            Self::Account => {
                "shown to the account itself; under a lawful request for data about a subscriber"
            }
            Self::Record => {
                "shown to whoever holds the topic's capability or the slot's secret; under a lawful request for records \
                 that names the topic"
            }
            Self::Ciphertext => {
                "given to the device or the readers it is for; under a lawful request for content, as it is: the server \
                 cannot open it"
            }
            Self::Operational => {
                "shown to nobody: it keeps the server working and says nothing about a person"
            }
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Account => "account",
            Self::Record => "record",
            Self::Ciphertext => "ciphertext",
            Self::Operational => "operational",
        })
    }
}
