//! The open conversation: the window on its timeline, lines that are being written, what was seen.

use std::collections::BTreeMap;

use sotto_engine::EngineError;
use sotto_engine::screen::{ConversationNumber, Line, LineNumber, Page};
use sotto_wire::ids::{MessageId, Millis};

use super::assemble::{self, Written};
use super::{Moment, convert};
use crate::calendar::LocalTime;
use crate::diff;
use crate::keys::{ConversationKey, LineKey};
use crate::limits::{PAGE_LINES, WINDOW_LINES_MAX};
use crate::name::Person;
use crate::text;
use crate::timeline::{Body, Edge, Item, OwnState, TimelineUpdate};

/// The open conversation.
pub(super) struct Open {
    pub(super) number: ConversationNumber,
    lines: Vec<Line>,
    older: Edge,
    pub(super) newer: Edge,
    /// The new-messages line stands before this one.
    new_from: Option<LineNumber>,
    /// The newest line was on a screen with focus.
    seen_to_end: bool,
    /// The same, reported to the engine.
    read_to: Option<LineNumber>,
    /// Texts on their way into the tables.
    echoes: Vec<Echo>,
    /// Stored lines that keep the key under which they were written.
    keys: BTreeMap<MessageId, u64>,
    /// What stands in the composer, as last told.
    pub(super) draft: String,
    /// The composer is to be told.
    pub(super) tell_draft: bool,
    changed: bool,
    shown: Option<TimelineShown>,
}

struct TimelineShown {
    items: Vec<Item>,
    older: Edge,
    newer: Edge,
    unread: u64,
    peer: Person,
    discarded: Vec<LineNumber>,
}

struct Echo {
    key: u64,
    text: String,
    at: Millis,
}

impl Open {
    /// Reads a window: around the first line that was not seen, else the newest lines.
    pub(super) fn read(
        at: Moment<'_>,
        number: ConversationNumber,
        unread: bool,
        draft: String,
    ) -> Result<Self, EngineError> {
        let mut open = Self {
            number,
            lines: Vec::new(),
            older: Edge::End,
            newer: Edge::End,
            new_from: None,
            seen_to_end: false,
            read_to: None,
            echoes: Vec::new(),
            keys: BTreeMap::new(),
            draft,
            tell_draft: true,
            changed: true,
            shown: None,
        };
        if unread {
            let from = at.engine.lines(number, Page::FromUnread, PAGE_LINES + 1)?;
            if let Some(first) = from.first() {
                open.new_from = Some(first.number);
                let before = at.engine.lines(number, Page::Before(first.number), PAGE_LINES + 1)?;
                open.set(before, from);
                return Ok(open);
            }
        }
        open.newest(at)?;
        Ok(open)
    }

    // Each list holds one line more than is shown, where there is more.
    fn set(&mut self, mut before: Vec<Line>, mut from: Vec<Line>) {
        self.older = if before.len() > PAGE_LINES { Edge::More } else { Edge::End };
        self.newer = if from.len() > PAGE_LINES { Edge::More } else { Edge::End };
        from.truncate(PAGE_LINES);
        before.drain(..before.len().saturating_sub(PAGE_LINES));
        before.extend(from);
        self.lines = before;
        self.changed = true;
    }

    pub(super) fn newest(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        let newest = at.engine.lines(self.number, Page::Newest, PAGE_LINES + 1)?;
        self.set(newest, Vec::new());
        Ok(())
    }

    pub(super) fn older(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        let Some(first) = self.lines.first() else { return Ok(()) };
        let mut older = at.engine.lines(self.number, Page::Before(first.number), PAGE_LINES + 1)?;
        self.older = if older.len() > PAGE_LINES { Edge::More } else { Edge::End };
        older.drain(..older.len().saturating_sub(PAGE_LINES));
        self.lines.splice(0..0, older);
        if self.lines.len() > WINDOW_LINES_MAX {
            self.lines.truncate(WINDOW_LINES_MAX);
            self.newer = Edge::More;
            self.seen_to_end = false;
        }
        self.changed = true;
        Ok(())
    }

    pub(super) fn newer(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        let Some(last) = self.lines.last() else { return self.newest(at) };
        let mut newer = at.engine.lines(self.number, Page::From(last.number), PAGE_LINES + 2)?;
        if newer.is_empty() {
            return self.newest(at);
        }
        newer.remove(0);
        self.newer = if newer.len() > PAGE_LINES { Edge::More } else { Edge::End };
        newer.truncate(PAGE_LINES);
        self.lines.extend(newer);
        self.hold_to_newest();
        self.changed = true;
        Ok(())
    }

    fn hold_to_newest(&mut self) {
        let beyond = self.lines.len().saturating_sub(WINDOW_LINES_MAX);
        if beyond > 0 {
            self.lines.drain(..beyond);
            self.older = Edge::More;
        }
    }

    /// Reads the window again: something in this conversation changed.
    pub(super) fn look(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        self.changed = true;
        // A line with a place keeps it; one that waits may still go anywhere.
        let Some(anchor) = self.lines.iter().find(|line| line.view.minute.is_some()) else {
            return self.newest_with_own(at);
        };
        let at_end = self.newer == Edge::End;
        let limit = if at_end { WINDOW_LINES_MAX * 2 } else { self.lines.len() } + 1;
        let mut lines = at.engine.lines(self.number, Page::From(anchor.number), limit)?;
        if lines.is_empty() {
            return self.newest(at);
        }
        if lines.len() == limit {
            lines.pop();
            self.newer = Edge::More;
        } else {
            self.newer = Edge::End;
        }
        self.lines = lines;
        if self.newer == Edge::End && (self.seen_to_end || self.lines.len() <= WINDOW_LINES_MAX) {
            self.hold_to_newest();
        } else if self.lines.len() > WINDOW_LINES_MAX {
            // What is being read stays; the newest are one jump away.
            self.lines.truncate(WINDOW_LINES_MAX);
            self.newer = Edge::More;
        }
        self.note_new();
        Ok(())
    }

    fn newest_with_own(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        self.newest(at)?;
        self.note_new();
        Ok(())
    }

    /// What arrives while nobody looks is new.
    fn note_new(&mut self) {
        if self.new_from.is_none() && !self.seen_to_end {
            self.new_from = self.lines.iter().find(|line| line.unread).map(|line| line.number);
        }
    }

    /// A line was on the screen, with focus: the newest arrival up to there, if that is news to the engine.
    pub(super) fn seen(&mut self, key: LineKey) -> Option<LineNumber> {
        let place = self.lines.iter().position(|line| self.key_of(line) == key)?;
        self.seen_to_end = self.newer == Edge::End && place + 1 == self.lines.len();
        let seen = &self.lines[..=place];
        let newest = seen.iter().filter(|line| line.unread).map(|line| line.number).max()?;
        if self.read_to >= Some(newest) {
            return None;
        }
        self.read_to = Some(newest);
        Some(newest)
    }

    pub(super) fn away(&mut self) {
        self.seen_to_end = false;
        if !self.lines.iter().any(|line| line.unread) {
            self.changed |= self.new_from.take().is_some();
        }
    }

    /// The person wrote something: it stands there at once.
    pub(super) fn write(&mut self, at: Moment<'_>, key: u64, text: &str) {
        self.echoes.push(Echo { key, text: text.to_owned(), at: at.now });
        self.new_from = None;
        self.seen_to_end = true;
        self.draft.clear();
        self.changed = true;
    }

    /// What was written is stored: the line keeps its key.
    pub(super) fn stored_as(&mut self, written: u64, message: MessageId) {
        self.echoes.retain(|echo| echo.key != written);
        self.keys.insert(message, written);
        self.changed = true;
    }

    /// What was written is not stored, and stands there no more; what was begun since.
    pub(super) fn take_back(&mut self, written: u64) -> String {
        self.echoes.retain(|echo| echo.key != written);
        self.changed = true;
        self.draft.clone()
    }

    pub(super) fn put_draft(&mut self, text: &str) {
        text.clone_into(&mut self.draft);
        self.tell_draft = true;
    }

    /// The number under which the engine knows a line.
    pub(super) fn stored(&self, key: LineKey) -> Option<LineNumber> {
        self.lines.iter().find(|line| self.key_of(line) == key).map(|line| line.number)
    }

    fn key_of(&self, line: &Line) -> LineKey {
        // Somebody else's line with the id of one's own is somebody else's line.
        match self.keys.get(&line.view.id) {
            Some(written) if line.view.own => LineKey::Written(*written),
            _ => LineKey::Stored(line.number.0),
        }
    }

    /// The screen has nothing any more.
    pub(super) fn tell_all(&mut self) {
        self.shown = None;
        self.tell_draft = true;
        self.changed = true;
    }

    /// What changed since the screen was last told.
    pub(super) fn tell(
        &mut self,
        at: Moment<'_>,
        peer: &Person,
        unread: u64,
        discarded: &[LineNumber],
    ) -> Option<TimelineUpdate> {
        let same = self.shown.as_ref().is_some_and(|shown| {
            shown.peer == *peer && shown.discarded == discarded && shown.unread == unread
        });
        if !std::mem::take(&mut self.changed) && same {
            return None;
        }
        let items = self.items(at, peer, discarded);
        let (older, newer) = (self.older, self.newer);
        let steps = match &self.shown {
            None => vec![diff::Step::Reset { items: items.clone() }],
            Some(shown) => diff::between(&shown.items, &items),
        };
        let same = self.shown.as_ref().is_some_and(|shown| {
            steps.is_empty() && (shown.older, shown.newer, shown.unread) == (older, newer, unread)
        });
        let (peer, discarded) = (peer.clone(), discarded.to_vec());
        self.shown = Some(TimelineShown { items, older, newer, unread, peer, discarded });
        let conversation = ConversationKey(self.number.0);
        (!same).then_some(TimelineUpdate { conversation, steps, older, newer, unread })
    }

    fn items(&self, at: Moment<'_>, peer: &Person, discarded: &[LineNumber]) -> Vec<Item> {
        let kept = self.lines.iter().filter(|line| !discarded.contains(&line.number));
        let mut lines: Vec<Written> =
            kept.map(|line| convert::written(line, self.key_of(line), at.zone)).collect();
        if self.at_end() {
            lines.extend(self.echoes.iter().map(|echo| Written {
                key: LineKey::Written(echo.key),
                id: None,
                own: Some(OwnState::Queued),
                body: Body::Text(text::message(&echo.text)),
                at: LocalTime::new(echo.at, at.zone),
            }));
        }
        let new_from = self.lines.iter().find(|line| Some(line.number) == self.new_from);
        let new_from = new_from.map(|line| self.key_of(line));
        assemble::items(&lines, peer, self.older == Edge::End, new_from)
    }
}
