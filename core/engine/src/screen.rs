//! What only a screen asks for: drafts, what was seen, pages of a timeline in both directions. All of it stays here.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::{Handle, Millis};

use crate::api::{ConversationView, MessageView, Refusal, Reply, Target};
use crate::commands::Outcome;
use crate::engine::Work;
use crate::error::Step;
use crate::query;
use crate::store::Db;
use crate::store::conversations::{Conversation, ConversationKey};

/// A draft, in bytes: more than a message can be, so that nothing pasted is lost.
pub const DRAFT_BYTES_MAX: usize = 1024 * 1024;

/// Number of a conversation in this profile: there from its first draft on, before the other's account is known. When
/// it turns out to be with somebody already known, one of the two numbers is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationNumber(pub i64);

/// Number of a line in this profile, in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineNumber(pub i64);

/// A conversation with what only a screen asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationState {
    /// Its number.
    pub number: ConversationNumber,
    /// What everybody asks for.
    pub view: ConversationView,
    /// Lines from others that were not seen.
    pub unread: u64,
    /// Lines of one's own that failed.
    pub failed: u64,
    /// Begun and not sent.
    pub draft: Option<String>,
}

/// A line with what only a screen asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub number: LineNumber,
    /// What everybody asks for.
    pub view: MessageView,
    /// Somebody else's, and not seen.
    pub unread: bool,
}

/// Which lines of a timeline. A line that is not there has none before or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    Newest,
    /// The nearest before a line.
    Before(LineNumber),
    /// A line and the nearest after it.
    From(LineNumber),
    /// The first that was not seen, and the nearest after it.
    FromUnread,
}

/// How the connections stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// They are not wanted.
    Off,
    /// One is being opened.
    Connecting,
    /// Both are up and signed in.
    Online,
    /// The next try comes then.
    Waiting {
        /// The later of the two planes.
        retry_at: Millis,
    },
    /// The server cannot be used, whatever is tried.
    Refused,
}

pub(crate) fn states(db: Db<'_>) -> Step<Vec<ConversationState>> {
    db.conversations()?.iter().map(|conversation| state_of(db, conversation)).collect()
}

pub(crate) fn state(db: Db<'_>, number: ConversationNumber) -> Step<Option<ConversationState>> {
    db.conversation_numbered(number)?.map(|conversation| state_of(db, &conversation)).transpose()
}

pub(crate) fn number(db: Db<'_>, target: &Target) -> Step<Option<ConversationNumber>> {
    Ok(db.find_conversation(target)?.map(|conversation| ConversationNumber(conversation.key.0)))
}

fn state_of(db: Db<'_>, conversation: &Conversation) -> Step<ConversationState> {
    Ok(ConversationState {
        number: ConversationNumber(conversation.key.0),
        view: query::view(db, conversation)?,
        unread: db.unread_count(conversation.key)?,
        failed: db.failed_count(conversation.key)?,
        draft: db.text_begun(conversation.key)?,
    })
}

impl Work<'_> {
    pub(crate) fn open_conversation(&mut self, with: &Handle) -> Step<Outcome> {
        let Some(account) = self.registered() else { return Ok(Err(Refusal::NoAccount)) };
        if account.handle == *with {
            return Ok(Err(Refusal::Myself));
        }
        let known = self.db.find_conversation(&Target::Handle(with.clone()))?;
        let key = match known {
            Some(conversation) => conversation.key,
            None => self.db.add_conversation_by_handle(with, self.now)?,
        };
        self.show_conversation(key)?;
        Ok(Ok(Some(Reply::Done)))
    }

    pub(crate) fn save_draft(&mut self, conversation: &Target, text: &str) -> Step<Outcome> {
        if text.len() > DRAFT_BYTES_MAX {
            return Ok(Err(Refusal::TextTooLong { found: text.len(), max: DRAFT_BYTES_MAX }));
        }
        let found = match self.find(conversation)? {
            Ok(found) => found.key,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.db.set_draft(found, (!text.is_empty()).then_some(text))? {
            self.show_conversation(found)?;
        }
        Ok(Ok(Some(Reply::Done)))
    }

    /// What was sent is no draft any more; what another window began stays.
    pub(crate) fn forget_draft(&mut self, conversation: ConversationKey, sent: &str) -> Step<()> {
        let begun = self.db.text_begun(conversation)?;
        if begun.is_some_and(|begun| begun.trim() == sent.trim()) {
            self.db.set_draft(conversation, None)?;
        }
        Ok(())
    }

    pub(crate) fn mark_read(&mut self, conversation: &Target, up_to: LineNumber) -> Step<Outcome> {
        let found = match self.find(conversation)? {
            Ok(found) => found.key,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.db.set_read(found, up_to)? {
            self.show_conversation(found)?;
        }
        Ok(Ok(Some(Reply::Done)))
    }

    pub(crate) fn discard_failed(&mut self, conversation: &Target, line: LineNumber) -> Step<Outcome> {
        let found = match self.find(conversation)? {
            Ok(found) => found.key,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.db.remove_failed(found, line)? {
            self.show_conversation(found)?;
        }
        Ok(Ok(Some(Reply::Done)))
    }
}
