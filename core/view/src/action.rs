//! What a person does on a screen.

use serde::{Deserialize, Serialize};

use crate::keys::{AlarmKey, ConversationKey, LineKey, NoticeKey};
use crate::settings::Storage;

/// One thing a person did. [`Action::Profile`] is for the shell that holds the profile; all others are for the view.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// About the profile's file and its key.
    Profile(ProfileAction),
    /// A screen begins, or lost its place: answered with everything it shows.
    Refresh,

    /// Sign-up: make keys for this account.
    Prepare {
        /// As typed; `https://` is added where nothing stands.
        server: String,
        /// As typed.
        handle: String,
        /// As typed; empty is none.
        invite: String,
    },
    /// Sign-up: the words are written down.
    WordsWritten,
    /// Sign-up: the words that were asked for, in that order.
    ConfirmWords {
        /// As typed.
        words: Vec<String>,
    },
    /// Sign-up: one step back.
    Back,

    /// Open a conversation. It is being read from now on.
    Open {
        /// Which.
        conversation: ConversationKey,
    },
    /// Write to somebody by handle: opens the conversation, or an empty one.
    OpenHandle {
        /// As typed.
        handle: String,
    },
    /// Close the open conversation.
    Close,
    /// More lines before the first one shown.
    LoadOlder,
    /// More lines after the last one shown.
    LoadNewer,
    /// To the newest line.
    JumpToNewest,
    /// What is on the screen was seen up to this line: the window has focus and shows it.
    Seen {
        /// The last line shown.
        line: LineKey,
    },

    /// The window lost focus or was hidden: what arrives from now on is new when the person comes back.
    Away,

    /// What stands in the composer now: sent when typing pauses, and before leaving.
    Draft {
        /// Of which conversation.
        conversation: ConversationKey,
        /// All of it.
        text: String,
    },
    /// Empty the composer; can be taken back.
    DiscardDraft {
        /// Of which conversation.
        conversation: ConversationKey,
    },
    /// Send this to the open conversation.
    Send {
        /// The text.
        text: String,
    },
    /// Try what failed in a conversation again.
    Retry {
        /// Which.
        conversation: ConversationKey,
    },
    /// Remove a line that was not sent; can be taken back for a moment.
    DiscardLine {
        /// Which.
        line: LineKey,
    },

    /// Accept a request.
    Accept {
        /// Whose.
        conversation: ConversationKey,
    },
    /// Decline a request; can be taken back for a moment.
    Decline {
        /// Whose.
        conversation: ConversationKey,
    },
    /// Block somebody; can be taken back.
    Block {
        /// Whom.
        conversation: ConversationKey,
    },
    /// Unblock somebody.
    Unblock {
        /// Whom.
        conversation: ConversationKey,
    },
    /// Set up a conversation anew with fresh keys; its history stays.
    StartOver {
        /// Which.
        conversation: ConversationKey,
    },

    /// Open the page about a person.
    OpenContact {
        /// With whom that conversation is.
        conversation: ConversationKey,
    },
    /// Close it.
    CloseContact,
    /// Change the name others see; empty removes it.
    SetName {
        /// As typed.
        name: String,
    },
    /// Be connected, or not.
    SetOnline {
        /// Whether.
        online: bool,
    },

    /// An alarm was read.
    AlarmSeen {
        /// Which.
        alarm: AlarmKey,
    },
    /// Show the technical record of an alarm.
    OpenAlarmDetails {
        /// Which.
        alarm: AlarmKey,
    },

    /// Take back what a notice tells.
    Undo {
        /// Which.
        notice: NoticeKey,
    },
    /// Put a notice away.
    Dismiss {
        /// Which.
        notice: NoticeKey,
    },

    /// From the shell: how the profile is stored.
    StorageIs(Storage),
}

/// What a person does about the profile's file and its key: the shell answers with
/// [`Stage`](crate::start::Stage)s.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileAction {
    /// Make a profile locked by a passphrase.
    LockWithPassphrase {
        /// As typed.
        passphrase: String,
    },
    /// Make a profile locked by a key that this device keeps.
    TrustDevice,
    /// Open the profile.
    Unlock {
        /// As typed.
        passphrase: String,
    },
    /// Close the profile.
    LockNow,
    /// Ask the browser again to keep what is stored.
    AskToKeep,
    /// Remove everything from this device.
    Erase,
    /// Try again what did not work.
    TryAgain,
}

// Actions carry texts, names, words and passphrases of a person.
impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Action")
    }
}

impl std::fmt::Debug for ProfileAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProfileAction")
    }
}
