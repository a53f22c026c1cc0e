//! The page about a person.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::AccountId;

use crate::keys::ConversationKey;
use crate::name::Person;
use crate::thread::Standing;

/// What is known of a person, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPage {
    /// The conversation with them.
    pub key: ConversationKey,
    /// How they are called.
    pub person: Person,
    /// Their account; none until the handle is looked up. A detail, not a name.
    pub account: Option<AccountId>,
    /// Where the conversation stands.
    pub standing: Standing,
    /// Numbers to compare; none as long as this Sotto cannot make them.
    pub numbers: Option<Numbers>,
    /// Alarms about them that were not seen.
    pub alarms: u64,
}

/// The number two people compare: 60 digits in 12 groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Groups of 5 digits.
    pub groups: Vec<String>,
    /// Whether the person marked them as compared.
    pub compared: bool,
}
