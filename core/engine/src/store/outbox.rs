//! The outbox: what is to leave this device, and the Welcomes that follow a commit. Protocol §6.

use bytes::Bytes;
use rusqlite::{OptionalExtension, Row, params};
use sotto_wire::ids::{
    AccountId, AppendId, DeviceId, DropCapability, Millis, Seq, SlotId, SlotSecretHash, TopicId,
};

use super::conversations::ConversationKey;
use super::messages::MessageKey;
use super::{Blob, Db, code, id, id_opt, int, uint, uint_opt};
use crate::api::{OutboxKind, OutboxState};
use crate::error::Step;

const KINDS: [OutboxKind; 3] = [OutboxKind::Message, OutboxKind::OpenLeg, OutboxKind::SelfUpdate];
const STATES: [OutboxState; 6] = [
    OutboxState::Queued,
    OutboxState::Staged,
    OutboxState::Sent,
    OutboxState::Applied,
    OutboxState::Posted,
    OutboxState::Done,
];

fn encode<T: PartialEq>(all: &[T], value: &T) -> i64 {
    all.iter().position(|known| known == value).map_or(-1, |index| index as i64)
}

fn decode<T: Copy>(all: &[T], code: i64) -> Option<T> {
    usize::try_from(code).ok().and_then(|index| all.get(index)).copied()
}

/// Number of an outbox item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ItemKey(pub(crate) i64);

/// An outbox row.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) key: ItemKey,
    pub(crate) kind: OutboxKind,
    pub(crate) state: OutboxState,
    pub(crate) conversation: ConversationKey,
    pub(crate) message: Option<MessageKey>,
    pub(crate) topic: Option<TopicId>,
    /// What was staged; none while queued.
    pub(crate) staged: Option<StagedItem>,
    /// Where the server put it.
    pub(crate) seq: Option<Seq>,
    /// The server's signed receipt.
    pub(crate) receipt: Option<Vec<u8>>,
    pub(crate) not_before: Millis,
    pub(crate) attempts: u32,
}

/// The bytes of a staged item.
#[derive(Clone)]
pub(crate) struct StagedItem {
    pub(crate) append_id: AppendId,
    pub(crate) head: Seq,
    pub(crate) body: Bytes,
    /// Inner MLS bytes: for sealing again under another head, and for recognising the echo.
    pub(crate) mls_message: Vec<u8>,
    /// The commit to merge; none for a message.
    pub(crate) commit: Option<(Vec<u8>, u64)>,
}

/// A message in the outbox without its bytes: what is looked at after every input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitingMessage {
    pub(crate) key: ItemKey,
    pub(crate) state: OutboxState,
    pub(crate) message: MessageKey,
    pub(crate) topic: Option<TopicId>,
    pub(crate) not_before: Millis,
}

/// An append of this device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnAppend {
    /// None for a commit.
    pub(crate) message: Option<MessageKey>,
}

/// A Welcome to deliver once its commit is accepted.
pub(crate) struct WelcomeRow {
    pub(crate) key: i64,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) drop_capability: DropCapability,
    pub(crate) seal_key: Vec<u8>,
    pub(crate) slot: SlotId,
    pub(crate) slot_hash: SlotSecretHash,
    pub(crate) welcome: Vec<u8>,
    pub(crate) sealed: Option<Bytes>,
    /// About when the right to drop it was given, by this device's clock.
    pub(crate) claimed_at: Millis,
}

impl Item {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let append_id: Option<AppendId> = id_opt(row, "append_id")?;
        let staged = append_id.map(|append_id| StagedItem::from_row(row, append_id)).transpose()?;
        Ok(Self {
            key: ItemKey(row.get("id")?),
            kind: code(row, "kind", |value| decode(&KINDS, value))?,
            state: code(row, "state", |value| decode(&STATES, value))?,
            conversation: ConversationKey(row.get("conversation")?),
            message: row.get::<_, Option<i64>>("message")?.map(MessageKey),
            topic: id_opt(row, "topic")?,
            staged,
            seq: uint_opt(row, "seq")?.map(Seq),
            receipt: row.get("receipt")?,
            not_before: Millis(uint(row, "not_before")?),
            attempts: row.get("attempts")?,
        })
    }
}

impl StagedItem {
    fn from_row(row: &Row<'_>, append_id: AppendId) -> rusqlite::Result<Self> {
        let commit: Option<Vec<u8>> = row.get("staged")?;
        let base_epoch = uint_opt(row, "base_epoch")?;
        Ok(Self {
            append_id,
            head: Seq(uint(row, "head")?),
            body: Bytes::from(row.get::<_, Vec<u8>>("body")?),
            mls_message: row.get("mls_message")?,
            commit: commit.zip(base_epoch),
        })
    }
}

impl Db<'_> {
    /// Queues an intent.
    pub(crate) fn add_item(
        &self,
        kind: OutboxKind,
        conversation: ConversationKey,
        message: Option<MessageKey>,
        topic: Option<TopicId>,
    ) -> Step<ItemKey> {
        self.0
            .prepare_cached(
                "INSERT INTO outbox (kind, state, conversation, message, topic) VALUES (?1, 0, ?2, ?3, ?4)",
            )?
            .execute(params![
                encode(&KINDS, &kind),
                conversation.0,
                message.map(|message| message.0),
                topic.map(|topic| topic.to_vec())
            ])?;
        Ok(ItemKey(self.0.last_insert_rowid()))
    }

    /// One item; none once it is done.
    pub(crate) fn item(&self, key: ItemKey) -> Step<Option<Item>> {
        Ok(self
            .0
            .prepare_cached("SELECT * FROM outbox WHERE id = ?1")?
            .query_row([key.0], Item::from_row)
            .optional()?)
    }

    /// The item that made this append.
    pub(crate) fn item_by_append(&self, topic: TopicId, append_id: AppendId) -> Step<Option<Item>> {
        Ok(self
            .0
            .prepare_cached("SELECT * FROM outbox WHERE topic = ?1 AND append_id = ?2")?
            .query_row(params![Blob(topic.as_bytes()), Blob(append_id.as_bytes())], Item::from_row)
            .optional()?)
    }

    /// Conversations with anything in the outbox, in the order their oldest item was queued.
    pub(crate) fn outbox_conversations(&self) -> Step<Vec<ConversationKey>> {
        // From one conversation to the next, however many items each has.
        let mut statement = self.0.prepare_cached(
            "WITH RECURSIVE found (conversation) AS (
                 SELECT min(conversation) FROM outbox
                 UNION ALL
                 SELECT (SELECT min(conversation) FROM outbox WHERE conversation > found.conversation) FROM found
                 WHERE found.conversation IS NOT NULL)
             SELECT conversation FROM found WHERE conversation IS NOT NULL
             ORDER BY (SELECT min(id) FROM outbox WHERE outbox.conversation = found.conversation)",
        )?;
        let rows = statement.query_map([], |row| row.get(0).map(ConversationKey))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first `limit` items of a conversation, oldest first.
    pub(crate) fn items_of(&self, conversation: ConversationKey, limit: usize) -> Step<Vec<Item>> {
        let mut statement =
            self.0.prepare_cached("SELECT * FROM outbox WHERE conversation = ?1 ORDER BY id LIMIT ?2")?;
        let rows = statement.query_map(params![conversation.0, int(limit as u64)], Item::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first `limit` messages of a conversation that are in the outbox, oldest first.
    pub(crate) fn messages_of(
        &self,
        conversation: ConversationKey,
        limit: usize,
    ) -> Step<Vec<WaitingMessage>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, state, message, topic, not_before FROM outbox
             WHERE conversation = ?1 AND kind = 0 ORDER BY id LIMIT ?2",
        )?;
        let rows = statement.query_map(params![conversation.0, int(limit as u64)], |row| {
            Ok(WaitingMessage {
                key: ItemKey(row.get("id")?),
                state: code(row, "state", |value| decode(&STATES, value))?,
                message: MessageKey(row.get("message")?),
                topic: id_opt(row, "topic")?,
                not_before: Millis(uint(row, "not_before")?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The conversation's commits under way: opening a leg or updating keys.
    pub(crate) fn commits_of(&self, conversation: ConversationKey) -> Step<Vec<Item>> {
        let mut statement = self
            .0
            .prepare_cached("SELECT * FROM outbox WHERE conversation = ?1 AND kind <> 0 ORDER BY id")?;
        let rows = statement.query_map([conversation.0], Item::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Commits on a topic whose Welcomes are delivered, up to an acknowledged entry.
    pub(crate) fn posted_items(&self, topic: TopicId, acked: Seq) -> Step<Vec<Item>> {
        let mut statement =
            self.0.prepare_cached("SELECT * FROM outbox WHERE topic = ?1 AND state = 4 AND seq <= ?2")?;
        let rows = statement.query_map(params![Blob(topic.as_bytes()), int(acked.0)], Item::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every item, for people and tests.
    pub(crate) fn all_items(&self) -> Step<Vec<Item>> {
        let mut statement = self.0.prepare_cached("SELECT * FROM outbox ORDER BY id")?;
        let rows = statement.query_map([], Item::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// `QUEUED → STAGED`: the bytes, and the append id by which their echo is known for good.
    pub(crate) fn stage_item(&self, key: ItemKey, topic: TopicId, staged: &StagedItem) -> Step<()> {
        self.0
            .prepare_cached(
                "UPDATE outbox SET state = 1, topic = ?2, append_id = ?3, head = ?4, body = ?5, mls_message = ?6,
                     staged = ?7, base_epoch = ?8, seq = NULL, receipt = NULL WHERE id = ?1",
            )?
            .execute(params![
                key.0,
                Blob(topic.as_bytes()),
                Blob(staged.append_id.as_bytes()),
                int(staged.head.0),
                staged.body.as_ref(),
                staged.mls_message,
                staged.commit.as_ref().map(|(bytes, _)| bytes.as_slice()),
                staged.commit.as_ref().map(|(_, epoch)| int(*epoch)),
            ])?;
        self.0
            .prepare_cached(
                "INSERT OR IGNORE INTO own_appends (topic, append_id, message)
                 SELECT ?1, ?2, message FROM outbox WHERE id = ?3",
            )?
            .execute(params![Blob(topic.as_bytes()), Blob(staged.append_id.as_bytes()), key.0])?;
        Ok(())
    }

    /// What this device once appended under this id, if it did.
    pub(crate) fn own_append(&self, topic: TopicId, append_id: AppendId) -> Step<Option<OwnAppend>> {
        Ok(self
            .0
            .prepare_cached("SELECT message FROM own_appends WHERE topic = ?1 AND append_id = ?2")?
            .query_row(params![Blob(topic.as_bytes()), Blob(append_id.as_bytes())], |row| {
                Ok(OwnAppend { message: row.get::<_, Option<i64>>("message")?.map(MessageKey) })
            })
            .optional()?)
    }

    /// Back to an intent: the bytes are given up.
    pub(crate) fn requeue_item(&self, key: ItemKey, keep_topic: bool) -> Step<()> {
        self.0
            .prepare_cached(
                "UPDATE outbox SET state = 0, topic = CASE WHEN ?2 THEN topic END, append_id = NULL, head = NULL,
                     body = NULL, mls_message = NULL, staged = NULL, base_epoch = NULL, seq = NULL, receipt = NULL
                 WHERE id = ?1",
            )?
            .execute(params![key.0, keep_topic])?;
        self.0.prepare_cached("DELETE FROM welcomes WHERE outbox = ?1")?.execute([key.0])?;
        Ok(())
    }

    /// Moves an item on.
    pub(crate) fn set_item_state(&self, key: ItemKey, state: OutboxState) -> Step<()> {
        self.0
            .prepare_cached("UPDATE outbox SET state = ?2 WHERE id = ?1")?
            .execute(params![key.0, encode(&STATES, &state)])?;
        Ok(())
    }

    /// The server accepted it.
    pub(crate) fn set_item_receipt(&self, key: ItemKey, seq: Seq, receipt: &[u8]) -> Step<()> {
        self.0.prepare_cached("UPDATE outbox SET seq = ?2, receipt = ?3 WHERE id = ?1")?.execute(params![
            key.0,
            int(seq.0),
            receipt
        ])?;
        Ok(())
    }

    /// Its echo stands at this entry.
    pub(crate) fn set_item_seq(&self, key: ItemKey, seq: Seq) -> Step<()> {
        self.0
            .prepare_cached("UPDATE outbox SET seq = ?2 WHERE id = ?1")?
            .execute(params![key.0, int(seq.0)])?;
        Ok(())
    }

    /// Not to be tried before then.
    pub(crate) fn delay_item(&self, key: ItemKey, until: Millis) -> Step<()> {
        self.0
            .prepare_cached("UPDATE outbox SET not_before = ?2, attempts = attempts + 1 WHERE id = ?1")?
            .execute(params![key.0, int(until.0)])?;
        Ok(())
    }

    /// To be tried at once.
    pub(crate) fn hurry_items(&self, conversation: ConversationKey) -> Step<()> {
        self.0
            .prepare_cached("UPDATE outbox SET not_before = 0, attempts = 0 WHERE conversation = ?1")?
            .execute([conversation.0])?;
        Ok(())
    }

    /// The earliest time at which a delayed item may be tried.
    pub(crate) fn next_item_time(&self, after: Millis) -> Step<Option<Millis>> {
        let next: Option<i64> = self
            .0
            .prepare_cached("SELECT min(not_before) FROM outbox WHERE not_before > 0 AND not_before > ?1")?
            .query_row([int(after.0)], |row| row.get(0))?;
        Ok(next.map(|next| Millis(next.unsigned_abs())))
    }

    /// Nothing is left to do for it.
    pub(crate) fn remove_item(&self, key: ItemKey) -> Step<()> {
        self.0.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([key.0])?;
        Ok(())
    }

    /// A Welcome to deliver once the item's commit is accepted. `welcome` is the encoded wire message.
    pub(crate) fn add_welcome(&self, item: ItemKey, row: &WelcomeRow) -> Step<()> {
        self.0.execute(
            "INSERT INTO welcomes (outbox, account, device, drop_capability, seal_key, slot, slot_hash, welcome,
                 claimed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                item.0,
                Blob(row.account.as_bytes()),
                Blob(row.device.as_bytes()),
                Blob(row.drop_capability.expose()),
                row.seal_key,
                Blob(row.slot.as_bytes()),
                Blob(row.slot_hash.as_bytes()),
                row.welcome,
                int(row.claimed_at.0),
            ],
        )?;
        Ok(())
    }

    /// Welcomes an item still has to deliver.
    pub(crate) fn welcomes_of(&self, item: ItemKey) -> Step<Vec<WelcomeRow>> {
        let mut statement = self.0.prepare_cached("SELECT * FROM welcomes WHERE outbox = ?1 ORDER BY id")?;
        let rows = statement.query_map([item.0], |row| {
            Ok(WelcomeRow {
                key: row.get("id")?,
                account: id(row, "account")?,
                device: id(row, "device")?,
                drop_capability: id(row, "drop_capability")?,
                seal_key: row.get("seal_key")?,
                slot: id(row, "slot")?,
                slot_hash: id(row, "slot_hash")?,
                welcome: row.get("welcome")?,
                sealed: row.get::<_, Option<Vec<u8>>>("sealed")?.map(Bytes::from),
                claimed_at: Millis(uint(row, "claimed_at")?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps the sealed bytes, so that a repeat is the same.
    pub(crate) fn seal_welcome(&self, key: i64, sealed: &[u8]) -> Step<()> {
        self.0.execute("UPDATE welcomes SET sealed = ?2 WHERE id = ?1", params![key, sealed])?;
        Ok(())
    }

    /// A Welcome cannot be delivered: it goes, and says when it was made.
    pub(crate) fn take_welcome(&self, key: i64) -> Step<Millis> {
        let claimed_at = self
            .0
            .prepare_cached("DELETE FROM welcomes WHERE id = ?1 RETURNING claimed_at")?
            .query_row([key], |row| uint(row, "claimed_at"))
            .optional()?;
        Ok(Millis(claimed_at.unwrap_or_default()))
    }

    /// A Welcome was delivered.
    pub(crate) fn remove_welcome(&self, key: i64) -> Step<()> {
        self.0.execute("DELETE FROM welcomes WHERE id = ?1", [key])?;
        Ok(())
    }
}

impl Db<'_> {
    /// Items the server promised this place to, under another append id than the entry that stands there.
    pub(crate) fn promised_at(&self, topic: TopicId, seq: Seq, append_id: AppendId) -> Step<Vec<Item>> {
        let mut statement = self.0.prepare_cached(
            "SELECT * FROM outbox WHERE topic = ?1 AND seq = ?2 AND receipt IS NOT NULL AND append_id <> ?3",
        )?;
        let rows = statement.query_map(
            params![Blob(topic.as_bytes()), int(seq.0), Blob(append_id.as_bytes())],
            Item::from_row,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Newest place on a topic that the server promised to something of ours.
    pub(crate) fn promised(&self, topic: TopicId) -> Step<Seq> {
        let newest: Option<i64> = self
            .0
            .prepare_cached("SELECT max(seq) FROM outbox WHERE topic = ?1 AND receipt IS NOT NULL")?
            .query_row([topic.as_bytes().as_slice()], |row| row.get(0))?;
        Ok(Seq(newest.unwrap_or(0).unsigned_abs()))
    }
}
