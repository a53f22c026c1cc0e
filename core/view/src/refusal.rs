//! Why something a person asked for was not done: what a screen says beside the control that asked.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::Minute;

/// Why it was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The handle is shorter or longer than handles are.
    HandleLength,
    /// The handle has a character that handles do not have.
    HandleCharacter,
    /// The handle has a dot at an end, or two in a row.
    HandleDots,
    /// Somebody has the handle.
    HandleTaken,
    /// Nobody has the handle.
    HandleUnknown,
    /// That is the person at the screen.
    Myself,
    /// The server's address is none.
    ServerAddress,
    /// The server takes no new accounts.
    RegistrationClosed,
    /// The server wants an invitation, and this is not a good one.
    InviteInvalid,
    /// The words typed again are not the ones that were shown.
    WordsDiffer,
    /// Too short to protect anything.
    PassphraseShort,
    /// It does not open this profile.
    PassphraseWrong,
    /// The server wants this later.
    Later {
        /// Seconds, rounded up.
        seconds: u64,
    },
    /// The server needs a newer Sotto.
    ServerTooNew,
    /// The server is older than this Sotto can talk to.
    ServerTooOld,
    /// The server is not the one this profile knows.
    ServerChanged,
    /// Clocks differ by more than a day.
    ClockOff {
        /// By this device.
        local: Minute,
        /// By the server.
        server: Minute,
    },
    /// There is nothing to send.
    TextEmpty,
    /// The text is too long.
    TextTooLong {
        /// Bytes beyond the limit.
        over: usize,
    },
    /// The name is too long.
    NameTooLong,
    /// The name has characters that cannot be shown.
    NameUnfit,
    /// The conversation is not here any more.
    ConversationUnknown,
    /// The person is blocked.
    Blocked,
    /// There is no request from them any more.
    NoRequest,
    /// This profile has no account yet.
    NoAccount,
    /// This profile has an account already.
    AccountExists,
    /// Given up meanwhile: the person was blocked, or their keys did not verify.
    GivenUp,
    /// The server refused for a reason of its own.
    Server {
        /// Name of the protocol's error code: a detail, not the sentence.
        code: String,
    },
    /// This device could not store it: no room.
    StorageFull,
    /// This device could not store it: the storage failed.
    StorageFailed,
}
