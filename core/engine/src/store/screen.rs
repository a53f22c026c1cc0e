//! Drafts, what was seen, and pages of a timeline in both directions.

use rusqlite::{OptionalExtension, Row, params};
use sotto_wire::ids::MessageId;

use super::conversations::{Conversation, ConversationKey};
use super::messages::{SELECT, STATES, encode, view};
use super::{Blob, Db, int};
use crate::api::MessageState;
use crate::error::Step;
use crate::screen::{ConversationNumber, Line, LineNumber, Page};

/// Where a line stands. Not accepted yet: after everything that is, in the order it was written.
enum Place {
    Waiting { id: i64 },
    Placed { sort_at: i64, leg_no: i64, topic: Vec<u8>, seq: i64, id: i64 },
}

const PLACE: &str = "SELECT sort_at, leg_no, topic, seq, id FROM messages";

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    let id = row.get("id")?;
    let sort_at: Option<i64> = row.get("sort_at")?;
    match sort_at {
        None => Ok(Place::Waiting { id }),
        Some(sort_at) => Ok(Place::Placed {
            sort_at,
            leg_no: row.get("leg_no")?,
            topic: row.get("topic")?,
            seq: row.get("seq")?,
            id,
        }),
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line { number: LineNumber(row.get("id")?), unread: row.get("unread")?, view: view(row)? })
}

impl Db<'_> {
    /// The conversation with this number, if it is there.
    pub(crate) fn conversation_numbered(&self, number: ConversationNumber) -> Step<Option<Conversation>> {
        Ok(self
            .0
            .prepare_cached("SELECT * FROM conversations WHERE id = ?1")?
            .query_row([number.0], Conversation::from_row)
            .optional()?)
    }

    /// Conversations with a line of this id.
    pub(crate) fn conversations_with(&self, message: MessageId) -> Step<Vec<ConversationNumber>> {
        let mut statement =
            self.0.prepare_cached("SELECT DISTINCT conversation FROM messages WHERE message = ?1")?;
        let rows = statement.query_map(params![Blob(message.as_bytes())], |row| row.get(0))?;
        Ok(rows.map(|row| row.map(ConversationNumber)).collect::<Result<_, _>>()?)
    }

    /// What was begun and not sent.
    pub(crate) fn text_begun(&self, conversation: ConversationKey) -> Step<Option<String>> {
        Ok(self
            .0
            .prepare_cached("SELECT draft FROM conversations WHERE id = ?1")?
            .query_row([conversation.0], |row| row.get(0))?)
    }

    /// Keeps or forgets it; whether that changed anything.
    pub(crate) fn set_draft(&self, conversation: ConversationKey, text: Option<&str>) -> Step<bool> {
        let changed = self
            .0
            .prepare_cached("UPDATE conversations SET draft = ?2 WHERE id = ?1 AND draft IS NOT ?2")?
            .execute(params![conversation.0, text])?;
        Ok(changed > 0)
    }

    /// Lines from others that were not seen.
    pub(crate) fn unread_count(&self, conversation: ConversationKey) -> Step<u64> {
        let count: i64 = self
            .0
            .prepare_cached("SELECT count(*) FROM messages WHERE conversation = ?1 AND unread = 1")?
            .query_row([conversation.0], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// What arrived up to this line was seen; whether that changed anything.
    pub(crate) fn set_read(&self, conversation: ConversationKey, up_to: LineNumber) -> Step<bool> {
        let changed = self
            .0
            .prepare_cached(
                "UPDATE messages SET unread = 0 WHERE conversation = ?1 AND unread = 1 AND id <= ?2",
            )?
            .execute(params![conversation.0, up_to.0])?;
        Ok(changed > 0)
    }

    /// Lines of one's own that failed.
    pub(crate) fn failed_count(&self, conversation: ConversationKey) -> Step<u64> {
        let count: i64 = self
            .0
            .prepare_cached(
                "SELECT count(*) FROM messages WHERE conversation = ?1 AND own = 1 AND state = 3",
            )?
            .query_row([conversation.0], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Removes a line of one's own that failed; whether there was one.
    pub(crate) fn remove_failed(&self, conversation: ConversationKey, line: LineNumber) -> Step<bool> {
        let removed = self
            .0
            .prepare_cached(
                "DELETE FROM messages WHERE conversation = ?1 AND id = ?2 AND own = 1 AND state = ?3",
            )?
            .execute(params![conversation.0, line.0, encode(&STATES, &MessageState::Failed)])?;
        Ok(removed > 0)
    }

    /// What is kept of an alarm to show to others.
    pub(crate) fn evidence(&self, alarm: i64) -> Step<Option<Vec<u8>>> {
        Ok(self
            .0
            .prepare_cached("SELECT evidence FROM alarms WHERE id = ?1")?
            .query_row([alarm], |row| row.get(0))
            .optional()?)
    }

    /// Lines of a timeline, oldest first.
    pub(crate) fn lines(
        &self,
        conversation: ConversationNumber,
        page: Page,
        limit: usize,
    ) -> Step<Vec<Line>> {
        match page {
            Page::Newest => self.lines_before(conversation, &Place::Waiting { id: i64::MAX }, limit),
            Page::Before(line) => match self.place_of(conversation, line)? {
                Some(place) => self.lines_before(conversation, &place, limit),
                None => Ok(Vec::new()),
            },
            Page::From(line) => match self.place_of(conversation, line)? {
                Some(place) => self.lines_from(conversation, &place, limit),
                None => Ok(Vec::new()),
            },
            Page::FromUnread => match self.first_unread(conversation)? {
                Some(place) => self.lines_from(conversation, &place, limit),
                None => Ok(Vec::new()),
            },
        }
    }

    fn lines_before(&self, within: ConversationNumber, end: &Place, limit: usize) -> Step<Vec<Line>> {
        let mut lines = match end {
            Place::Waiting { id } => self.waiting(within, "messages.id < ?2", "DESC", *id, limit)?,
            Place::Placed { .. } => Vec::new(),
        };
        let rest = limit.saturating_sub(lines.len());
        lines.extend(self.placed(within, "<", "DESC", end, rest)?);
        lines.reverse();
        Ok(lines)
    }

    fn lines_from(&self, within: ConversationNumber, start: &Place, limit: usize) -> Step<Vec<Line>> {
        let (mut lines, from) = match start {
            Place::Waiting { id } => (Vec::new(), *id),
            Place::Placed { .. } => (self.placed(within, ">=", "ASC", start, limit)?, 0),
        };
        let rest = limit.saturating_sub(lines.len());
        lines.extend(self.waiting(within, "messages.id >= ?2", "ASC", from, rest)?);
        Ok(lines)
    }

    fn waiting(
        &self,
        within: ConversationNumber,
        holds: &'static str,
        order: &'static str,
        id: i64,
        limit: usize,
    ) -> Step<Vec<Line>> {
        let sql = format!(
            "{SELECT} WHERE messages.conversation = ?1 AND sort_at IS NULL AND {holds} AND kind <> 1
             ORDER BY messages.id {order} LIMIT ?3"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![within.0, id, int(limit as u64)], line)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn placed(
        &self,
        within: ConversationNumber,
        compare: &'static str,
        order: &'static str,
        place: &Place,
        limit: usize,
    ) -> Step<Vec<Line>> {
        let (sort_at, leg_no, topic, seq, id) = match place {
            Place::Waiting { .. } => (i64::MAX, i64::MAX, &[][..], 0, 0),
            Place::Placed { sort_at, leg_no, topic, seq, id } => (*sort_at, *leg_no, &topic[..], *seq, *id),
        };
        let sql = format!(
            "{SELECT} WHERE messages.conversation = ?1 AND sort_at IS NOT NULL AND kind <> 1
             AND (sort_at, leg_no, topic, seq, messages.id) {compare} (?2, ?3, ?4, ?5, ?6)
             ORDER BY sort_at {order}, leg_no {order}, topic {order}, seq {order}, messages.id {order} LIMIT ?7"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement
            .query_map(params![within.0, sort_at, leg_no, topic, seq, id, int(limit as u64)], line)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn place_of(&self, conversation: ConversationNumber, line: LineNumber) -> Step<Option<Place>> {
        let sql = format!("{PLACE} WHERE conversation = ?1 AND id = ?2");
        Ok(self.0.prepare_cached(&sql)?.query_row([conversation.0, line.0], place).optional()?)
    }

    fn first_unread(&self, conversation: ConversationNumber) -> Step<Option<Place>> {
        let sql = format!(
            "{PLACE} WHERE conversation = ?1 AND unread = 1 ORDER BY sort_at, leg_no, topic, seq, id LIMIT 1"
        );
        Ok(self.0.prepare_cached(&sql)?.query_row([conversation.0], place).optional()?)
    }
}
