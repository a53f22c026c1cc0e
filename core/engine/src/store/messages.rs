//! Messages as they stand in a timeline.

use rusqlite::{OptionalExtension, Row, params};
use sotto_wire::ids::{AccountId, ConversationId, DeviceId, MessageId, Millis, Minute, Seq, TopicId};

use super::account::handle;
use super::conversations::ConversationKey;
use super::{Blob, Db, code, id, id_opt, int, uint, uint_opt};
use crate::api::{Failure, MessageState, MessageView};
use crate::error::Step;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageKind {
    /// A line people read.
    Text,
    /// Tells the peer a new display name; no line of its own.
    Profile,
    /// A line that stands for what could not be read.
    Placeholder,
}

const KINDS: [MessageKind; 3] = [MessageKind::Text, MessageKind::Profile, MessageKind::Placeholder];
pub(super) const STATES: [MessageState; 5] = [
    MessageState::Queued,
    MessageState::WaitingForKey,
    MessageState::Accepted,
    MessageState::Failed,
    MessageState::Received,
];
const FAILURES: [Failure; 6] = [
    Failure::HandleUnknown,
    Failure::KeyRefused,
    Failure::Undecryptable,
    Failure::Expired,
    Failure::NeedsNewerSotto,
    Failure::LogFork,
];

pub(super) fn encode<T: PartialEq>(all: &[T], value: &T) -> i64 {
    all.iter().position(|known| known == value).map_or(-1, |index| index as i64)
}

fn decode<T: Copy>(all: &[T], code: i64) -> Option<T> {
    usize::try_from(code).ok().and_then(|index| all.get(index)).copied()
}

/// Local number of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MessageKey(pub(crate) i64);

/// A message to store.
pub(crate) struct NewMessage<'m> {
    pub(crate) conversation: ConversationKey,
    pub(crate) message: MessageId,
    pub(crate) sender: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) own: bool,
    pub(crate) kind: MessageKind,
    pub(crate) text: Option<&'m str>,
    pub(crate) sent_at: Millis,
    pub(crate) state: MessageState,
    pub(crate) failure: Option<Failure>,
    pub(crate) place: Option<Place>,
    /// Encoded `ApplicationPayload`.
    pub(crate) payload: Option<&'m [u8]>,
}

/// Where a message stands on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) topic: TopicId,
    pub(crate) leg_no: u32,
    pub(crate) seq: Seq,
    pub(crate) minute: Minute,
    /// Orders lines across legs: see [`Leg::place_line`](super::legs::Leg::place_line).
    pub(crate) sort_at: Millis,
}

/// Where a page of a timeline ends: before this line. No place: it is not accepted yet.
struct Anchor {
    id: i64,
    place: Option<(i64, i64, Vec<u8>, i64)>,
}

/// What is needed to send a message.
pub(crate) struct Draft {
    pub(crate) message: MessageId,
    pub(crate) kind: MessageKind,
    pub(crate) text: Option<String>,
    pub(crate) sent_at: Millis,
}

pub(super) const SELECT: &str = "SELECT messages.*, conversations.conversation AS conversation_id,
         CASE WHEN own THEN (SELECT handle FROM account) ELSE conversations.handle END AS sender_handle
     FROM messages JOIN conversations ON conversations.id = messages.conversation";

pub(super) fn view(row: &Row<'_>) -> rusqlite::Result<MessageView> {
    let failure: Option<i64> = row.get("failure")?;
    Ok(MessageView {
        id: id(row, "message")?,
        conversation: id_opt::<ConversationId>(row, "conversation_id")?,
        sender: id(row, "sender")?,
        sender_handle: handle(row, "sender_handle")?,
        own: row.get("own")?,
        text: row.get("text")?,
        sent_at: Millis(uint(row, "sent_at")?),
        minute: uint_opt(row, "minute")?.map(Minute),
        state: code(row, "state", |value| decode(&STATES, value))?,
        failure: failure.and_then(|value| decode(&FAILURES, value)),
    })
}

impl Db<'_> {
    /// Stores a message; one that is there already (same device, same id) stays as it is. None then.
    pub(crate) fn add_message(&self, new: &NewMessage<'_>) -> Step<Option<MessageKey>> {
        let added = self
            .0
            .prepare_cached(
                "INSERT INTO messages (conversation, message, sender, device, own, kind, text, sent_at, state, failure,
                     topic, leg_no, seq, minute, sort_at, payload, unread)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, NOT ?5)
                 ON CONFLICT (conversation, device, message) DO NOTHING",
            )?
            .execute(params![
                new.conversation.0,
                Blob(new.message.as_bytes()),
                Blob(new.sender.as_bytes()),
                Blob(new.device.as_bytes()),
                new.own,
                encode(&KINDS, &new.kind),
                new.text,
                int(new.sent_at.0),
                encode(&STATES, &new.state),
                new.failure.map(|failure| encode(&FAILURES, &failure)),
                new.place.map(|place| place.topic.to_vec()),
                new.place.map(|place| place.leg_no),
                new.place.map(|place| int(place.seq.0)),
                new.place.map(|place| int(place.minute.0)),
                new.place.map(|place| int(place.sort_at.0)),
                new.payload,
            ])?;
        Ok((added > 0).then(|| MessageKey(self.0.last_insert_rowid())))
    }

    /// One message as people see it.
    pub(crate) fn message_view(&self, key: MessageKey) -> Step<MessageView> {
        Ok(self.0.prepare_cached(&format!("{SELECT} WHERE messages.id = ?1"))?.query_row([key.0], view)?)
    }

    /// The message with this id, if it is a line of a timeline.
    pub(crate) fn find_message(&self, message: MessageId) -> Step<Option<MessageView>> {
        Ok(self
            .0
            .prepare_cached(&format!("{SELECT} WHERE messages.message = ?1 AND messages.kind <> 1"))?
            .query_row([message.as_bytes().as_slice()], view)
            .optional()?)
    }

    /// What is needed to send a message.
    pub(crate) fn draft(&self, key: MessageKey) -> Step<Draft> {
        Ok(self.0.prepare_cached("SELECT * FROM messages WHERE id = ?1")?.query_row([key.0], |row| {
            Ok(Draft {
                message: id(row, "message")?,
                kind: code(row, "kind", |value| decode(&KINDS, value))?,
                text: row.get("text")?,
                sent_at: Millis(uint(row, "sent_at")?),
            })
        })?)
    }

    /// Lines of a timeline, oldest first: the last `limit` before `before`. Server order within a leg; across legs
    /// the writer's clock within the server's minute; what is not accepted yet comes last, in the order it was written.
    pub(crate) fn timeline(
        &self,
        conversation: ConversationKey,
        limit: usize,
        before: Option<MessageId>,
    ) -> Step<Vec<MessageView>> {
        let anchor = match before {
            Some(message) => self.anchor(conversation, message)?,
            None => Some(Anchor { id: i64::MAX, place: None }),
        };
        let Some(anchor) = anchor else { return Ok(Vec::new()) };
        let mut lines = match anchor.place {
            None => self.unplaced_before(conversation, limit, anchor.id)?,
            Some(_) => Vec::new(),
        };
        let rest = limit.saturating_sub(lines.len());
        lines.extend(self.placed_before(conversation, rest, &anchor)?);
        lines.reverse();
        Ok(lines)
    }

    fn anchor(&self, conversation: ConversationKey, message: MessageId) -> Step<Option<Anchor>> {
        Ok(self
            .0
            .prepare_cached(
                "SELECT id, sort_at, leg_no, topic, seq FROM messages WHERE message = ?1 AND conversation = ?2",
            )?
            .query_row(params![Blob(message.as_bytes()), conversation.0], |row| {
                let sort_at: Option<i64> = row.get("sort_at")?;
                let place = match sort_at {
                    Some(sort_at) => Some((sort_at, row.get("leg_no")?, row.get("topic")?, row.get("seq")?)),
                    None => None,
                };
                Ok(Anchor { id: row.get("id")?, place })
            })
            .optional()?)
    }

    fn unplaced_before(
        &self,
        conversation: ConversationKey,
        limit: usize,
        id: i64,
    ) -> Step<Vec<MessageView>> {
        let sql = format!(
            "{SELECT} WHERE messages.conversation = ?1 AND sort_at IS NULL AND messages.id < ?2 AND kind <> 1
             ORDER BY messages.id DESC LIMIT ?3"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![conversation.0, id, int(limit as u64)], view)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn placed_before(
        &self,
        conversation: ConversationKey,
        limit: usize,
        anchor: &Anchor,
    ) -> Step<Vec<MessageView>> {
        let (sort_at, leg_no, topic, seq) =
            anchor.place.clone().unwrap_or((i64::MAX, i64::MAX, Vec::new(), 0));
        let sql = format!(
            "{SELECT} WHERE messages.conversation = ?1 AND sort_at IS NOT NULL AND kind <> 1
             AND (sort_at, leg_no, topic, seq, messages.id) < (?2, ?3, ?4, ?5, ?6)
             ORDER BY sort_at DESC, leg_no DESC, topic DESC, seq DESC, messages.id DESC LIMIT ?7"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![conversation.0, sort_at, leg_no, topic, seq, anchor.id, int(limit as u64)],
            view,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Newest line of a timeline.
    pub(crate) fn last_line(&self, conversation: ConversationKey) -> Step<Option<MessageView>> {
        Ok(self.timeline(conversation, 1, None)?.pop())
    }

    /// Changes how an own message fares; none when it was so already.
    pub(crate) fn set_message_state(
        &self,
        key: MessageKey,
        state: MessageState,
        failure: Option<Failure>,
    ) -> Step<bool> {
        let failure = failure.map(|failure| encode(&FAILURES, &failure));
        let changed = self
            .0
            .prepare_cached(
                "UPDATE messages SET state = ?2, failure = ?3
                 WHERE id = ?1 AND (state <> ?2 OR failure IS NOT ?3)",
            )?
            .execute(params![key.0, encode(&STATES, &state), failure])?;
        Ok(changed > 0)
    }

    /// A message stands here in the log. One that was sent again stands where it was sent last: both sides see the same.
    /// Whether that is a change.
    pub(crate) fn set_message_place(&self, key: MessageKey, place: Place) -> Step<bool> {
        let moved = self
            .0
            .prepare_cached(
                "UPDATE messages SET topic = ?2, leg_no = ?3, seq = ?4, minute = ?5, sort_at = ?6
                 WHERE id = ?1 AND (seq IS NULL OR (leg_no, topic, seq) < (?3, ?2, ?4))",
            )?
            .execute(params![
                key.0,
                Blob(place.topic.as_bytes()),
                place.leg_no,
                int(place.seq.0),
                int(place.minute.0),
                int(place.sort_at.0)
            ])?;
        Ok(moved > 0)
    }

    /// The line that is there already under this line's ids.
    pub(crate) fn message_like(&self, new: &NewMessage<'_>) -> Step<Option<MessageKey>> {
        Ok(self
            .0
            .prepare_cached(
                "SELECT id FROM messages WHERE conversation = ?1 AND device = ?2 AND message = ?3",
            )?
            .query_row(
                params![new.conversation.0, Blob(new.device.as_bytes()), Blob(new.message.as_bytes())],
                |row| row.get(0).map(MessageKey),
            )
            .optional()?)
    }

    /// Keeps what a report of this message would reveal.
    pub(crate) fn set_message_payload(&self, key: MessageKey, payload: &[u8]) -> Step<()> {
        self.0
            .prepare_cached("UPDATE messages SET payload = ?2 WHERE id = ?1")?
            .execute(params![key.0, payload])?;
        Ok(())
    }

    /// Own messages of a conversation that failed.
    pub(crate) fn failed_messages(&self, conversation: ConversationKey) -> Step<Vec<MessageKey>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id FROM messages WHERE conversation = ?1 AND own = 1 AND state = ?2 ORDER BY id",
        )?;
        let rows = statement
            .query_map(params![conversation.0, encode(&STATES, &MessageState::Failed)], |row| {
                row.get(0).map(MessageKey)
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Own lines of a conversation that are not at the server yet.
    pub(crate) fn waiting_count(&self, conversation: Option<ConversationKey>) -> Step<u64> {
        let count: i64 = self
            .0
            .prepare_cached(
                "SELECT count(*) FROM messages JOIN outbox ON outbox.message = messages.id
                 WHERE messages.kind = 0 AND messages.state < 2 AND (?1 IS NULL OR messages.conversation = ?1)",
            )?
            .query_row([conversation.map(|key| key.0)], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

impl Db<'_> {
    /// Own messages that stand on a topic after this entry, the newest `limit`, lose their place there. Those that are
    /// not in the outbox anyway, oldest first.
    pub(crate) fn take_own_messages_on(
        &self,
        topic: TopicId,
        after: Seq,
        limit: usize,
    ) -> Step<Vec<MessageKey>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, EXISTS (SELECT 1 FROM outbox WHERE outbox.message = messages.id) FROM messages
             WHERE own = 1 AND topic = ?1 AND seq > ?2 ORDER BY seq DESC LIMIT ?3",
        )?;
        let rows = statement
            .query_map(params![Blob(topic.as_bytes()), int(after.0), int(limit as u64)], |row| {
                Ok((MessageKey(row.get(0)?), row.get::<_, bool>(1)?))
            })?;
        let mut displace = self.0.prepare_cached(
            "UPDATE messages SET topic = NULL, leg_no = NULL, seq = NULL, minute = NULL, sort_at = NULL WHERE id = ?1",
        )?;
        let mut taken = Vec::new();
        for row in rows {
            let (message, waiting) = row?;
            displace.execute([message.0])?;
            if !waiting {
                taken.push(message);
            }
        }
        taken.reverse();
        Ok(taken)
    }

    /// What was made for a message when it was first staged.
    pub(crate) fn message_payload(&self, key: MessageKey) -> Step<Option<Vec<u8>>> {
        Ok(self
            .0
            .prepare_cached("SELECT payload FROM messages WHERE id = ?1")?
            .query_row([key.0], |row| row.get(0))?)
    }
}
