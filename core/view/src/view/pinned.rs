//! Notices on the screen, and what can be taken back while they stand there.
//!
//! What cannot be undone (declining, removing a line) is done when its notice goes. Should the window close before,
//! it is not done: nobody loses anything by that. What can be undone (blocking, emptying a composer) is done at once.

use sotto_engine::api::Command;
use sotto_engine::screen::LineNumber;
use sotto_wire::ids::Millis;

use super::{Moment, View};
use crate::keys::{ConversationKey, NoticeKey};
use crate::limits::{NOTICES_MAX, UNDO_MS};
use crate::notice::{Notice, Says};

/// A notice and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pinned {
    key: NoticeKey,
    says: Says,
    pub(super) until: Option<Millis>,
    undo: Option<Undo>,
}

/// What can be taken back.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Undo {
    Decline { conversation: ConversationKey },
    Line { conversation: ConversationKey, line: LineNumber },
    Block { conversation: ConversationKey },
    Draft { conversation: ConversationKey, text: String },
}

// A draft is a person's.
impl std::fmt::Debug for Undo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Undo")
    }
}

impl Pinned {
    pub(super) fn shown(&self) -> Notice {
        Notice { key: self.key, says: self.says.clone(), undo_until: self.until }
    }
}

impl View {
    /// A notice that stays until it is put away or others push it out.
    pub(super) fn notice(&mut self, says: Says) {
        self.push(says, None, None);
    }

    /// A notice with a way back.
    pub(super) fn pin(&mut self, at: Moment<'_>, says: Says, undo: Undo) {
        self.push(says, Some(Millis(at.now.0 + UNDO_MS)), Some(undo));
        self.everything_changed = true;
    }

    fn push(&mut self, says: Says, until: Option<Millis>, undo: Option<Undo>) {
        let key = NoticeKey(self.number());
        self.notices.push(Pinned { key, says, until, undo });
        while self.notices.len() > NOTICES_MAX {
            let oldest = self.notices.remove(0);
            self.carry_out(oldest);
        }
    }

    /// What can no longer be taken back is done.
    pub(super) fn let_go(&mut self, at: Moment<'_>) {
        let due = |notice: &Pinned| notice.until.is_some_and(|until| until <= at.now);
        while let Some(place) = self.notices.iter().position(due) {
            let notice = self.notices.remove(place);
            self.carry_out(notice);
        }
    }

    pub(super) fn dismiss(&mut self, key: NoticeKey) {
        if let Some(place) = self.notices.iter().position(|notice| notice.key == key) {
            let notice = self.notices.remove(place);
            self.carry_out(notice);
        }
    }

    fn carry_out(&mut self, notice: Pinned) {
        match notice.undo {
            Some(Undo::Decline { conversation }) => self.about(conversation, |who| Command::Decline { who }),
            Some(Undo::Line { conversation, line }) => {
                self.about(conversation, |conversation| Command::DiscardFailed { conversation, line });
            }
            Some(Undo::Block { .. } | Undo::Draft { .. }) | None => return,
        }
        self.everything_changed = true;
    }

    pub(super) fn undo(&mut self, key: NoticeKey) {
        let Some(place) = self.notices.iter().position(|notice| notice.key == key) else { return };
        match self.notices.remove(place).undo {
            Some(Undo::Block { conversation }) => self.about(conversation, |who| Command::Unblock { who }),
            Some(Undo::Draft { conversation, text }) => self.set_draft(conversation, &text),
            Some(Undo::Decline { .. } | Undo::Line { .. }) | None => {}
        }
        self.everything_changed = true;
    }

    /// Another decision about a request replaces the one to decline it.
    pub(super) fn keep(&mut self, conversation: ConversationKey) {
        self.notices.retain(|notice| notice.undo != Some(Undo::Decline { conversation }));
        self.everything_changed = true;
    }

    pub(super) fn is_being_declined(&self, conversation: ConversationKey) -> bool {
        self.notices.iter().any(|notice| notice.undo == Some(Undo::Decline { conversation }))
    }

    pub(super) fn discarded_lines(&self) -> Vec<LineNumber> {
        let line = |notice: &Pinned| match notice.undo {
            Some(Undo::Line { line, .. }) => Some(line),
            _ => None,
        };
        self.notices.iter().filter_map(line).collect()
    }
}
