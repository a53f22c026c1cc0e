//! Before the conversations: making an account, unlocking a profile, what is wrong with it.
//!
//! Two hands drive this stage. What concerns the profile's file and its key ([`Stage::Opening`], [`Stage::Lock`],
//! [`Stage::Unlock`], [`Stage::Broken`]) comes from the shell that holds it, before there is an engine; sign-up comes from
//! the view. Both use these types.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::Handle;

use crate::refusal::Refusal;

/// What fills the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The profile is being looked for or opened.
    Opening,
    /// No profile yet: how shall it be locked?
    Lock(Lock),
    /// A profile is here and locked.
    Unlock(Unlock),
    /// The profile is open and has no account.
    SignUp(SignUp),
    /// A profile is being brought back from recovery words or a backup.
    Restoring(Restoring),
    /// The profile cannot be used.
    Broken(Broken),
    /// The account is there: conversations.
    Ready,
}

/// How a new profile can be locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Whether this device can keep a key that cannot be read out of it.
    pub can_trust_device: bool,
    /// Something is being done.
    pub busy: bool,
    /// Why the last try did not do it.
    pub refusal: Option<Refusal>,
}

/// Opening a locked profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlock {
    /// The key is being derived and tried.
    pub busy: bool,
    /// Why the last try did not open it.
    pub refusal: Option<Refusal>,
}

/// Making an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    /// Server, handle, invitation.
    Form {
        /// Server to suggest, if there is one.
        server: Option<String>,
        /// Handle typed before, if any.
        handle: Option<Handle>,
        /// Whether an invitation is asked for: the server said so.
        invite_wanted: bool,
        /// Keys are being made.
        busy: bool,
        /// Why the last try did not do it.
        refusal: Option<Refusal>,
    },
    /// Twelve words to write down. They are nowhere else.
    Words {
        /// In order.
        words: RecoveryWords,
    },
    /// Some of the words, typed again.
    Confirm {
        /// Which are asked for: 1 is the first.
        asked: Vec<u8>,
        /// They were wrong the last time.
        refusal: Option<Refusal>,
    },
    /// The server is being asked; `waiting` says that it cannot be reached right now.
    Registering {
        /// The handle asked for.
        handle: Option<Handle>,
        /// The server is out of reach; it goes on by itself.
        waiting: bool,
    },
}

/// Recovery words: shown once, never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryWords(pub Vec<String>);

impl std::fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryWords")
    }
}

/// Bringing a profile back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoring {
    /// Parts of a thousand done, where that is known.
    pub done_permille: Option<u16>,
}

/// Why a profile cannot be used. Nothing was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// This browser or system has no storage Sotto can use (a private window, for one).
    NoStorage,
    /// A newer Sotto wrote it.
    Newer,
    /// It is damaged.
    Damaged,
    /// It was here and the browser has removed it.
    Evicted,
    /// There is no room left.
    Full,
    /// Another program holds it.
    InUse,
    /// Reading or writing failed, and nothing says that what is stored is wrong.
    StorageFailed,
    /// A network connection of the needed kind is not there.
    NoWebSocket,
    /// The core could not be started.
    CoreMissing,
}
