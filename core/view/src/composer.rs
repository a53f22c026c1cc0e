//! Writing a message.

use serde::{Deserialize, Serialize};
use sotto_wire::limits::TEXT_BYTES_MAX;

use crate::keys::ConversationKey;
use crate::limits::BYTES_LEFT_SHOWN;
use crate::thread::Standing;

/// The composer of the open conversation. Told when a conversation opens and when the text has to be replaced, not while
/// the person types.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composer {
    /// Of which conversation.
    pub conversation: ConversationKey,
    /// What stands in it from now on: what was begun earlier, or what could not be sent and comes back.
    pub text: String,
    /// Whether one can write here, or why not, as of now. What changes later comes with
    /// [`Thread::standing`](crate::thread::Thread::standing), so that what is being typed is left alone.
    pub writing: Writing,
}

// The text is a person's.
impl std::fmt::Debug for Composer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composer").field("conversation", &self.conversation).finish_non_exhaustive()
    }
}

/// Whether one can write in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writing {
    /// Yes.
    Open,
    /// They asked first: accept, decline or block stands here; writing accepts.
    Request,
    /// Declined: writing opens the conversation again.
    Declined,
    /// Blocked: unblock first.
    Blocked,
}

impl From<Standing> for Writing {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Open => Self::Open,
            Standing::Request => Self::Request,
            Standing::Declined => Self::Declined,
            Standing::Blocked => Self::Blocked,
        }
    }
}

/// Whether a text can be sent: to be asked at every keystroke, without a round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// There is nothing to send.
    Empty,
    /// It can be sent.
    Fits,
    /// It can be sent, and this many bytes more.
    NearlyFull {
        /// Bytes left.
        left: usize,
    },
    /// It is too long by this many bytes.
    TooLong {
        /// Bytes beyond the limit.
        over: usize,
    },
}

impl Weight {
    /// Weighs a text. White space alone is nothing.
    pub fn of(text: &str) -> Self {
        let bytes = text.len();
        match TEXT_BYTES_MAX.checked_sub(bytes) {
            None => Self::TooLong { over: bytes - TEXT_BYTES_MAX },
            Some(_) if text.trim().is_empty() => Self::Empty,
            Some(left) if left <= BYTES_LEFT_SHOWN => Self::NearlyFull { left },
            Some(_) => Self::Fits,
        }
    }

    /// Whether it can be sent.
    pub fn can_send(self) -> bool {
        matches!(self, Self::Fits | Self::NearlyFull { .. })
    }
}
