//! Conversations and the people in them.

use rusqlite::{OptionalExtension, Row, params};
use sotto_wire::ids::{AccountId, ConversationId, Handle, Millis};

use super::account::handle;
use super::{Blob, Db, code, id_opt, int, uint};
use crate::api::{Standing, Target};
use crate::error::Step;

/// Local number of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConversationKey(pub(crate) i64);

/// A conversation row.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) key: ConversationKey,
    /// None until the handle has been looked up.
    pub(crate) id: Option<ConversationId>,
    pub(crate) peer: Option<AccountId>,
    pub(crate) handle: Option<Handle>,
    pub(crate) display_name: Option<String>,
    pub(crate) standing: Standing,
    pub(crate) name_sent: Option<String>,
    pub(crate) repaired_at: Millis,
}

const STANDINGS: [Standing; 4] = [Standing::Open, Standing::Request, Standing::Declined, Standing::Blocked];

fn standing_code(standing: Standing) -> i64 {
    STANDINGS.iter().position(|known| *known == standing).map_or(-1, |index| index as i64)
}

fn standing_from(code: i64) -> Option<Standing> {
    usize::try_from(code).ok().and_then(|index| STANDINGS.get(index)).copied()
}

impl Conversation {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: ConversationKey(row.get("id")?),
            id: id_opt(row, "conversation")?,
            peer: id_opt(row, "peer")?,
            handle: handle(row, "handle")?,
            display_name: row.get("display_name")?,
            standing: code(row, "standing", standing_from)?,
            name_sent: row.get("name_sent")?,
            repaired_at: Millis(uint(row, "repaired_at")?),
        })
    }
}

impl Db<'_> {
    /// The conversation with this local number.
    pub(crate) fn conversation(&self, key: ConversationKey) -> Step<Conversation> {
        Ok(self
            .0
            .prepare_cached("SELECT * FROM conversations WHERE id = ?1")?
            .query_row([key.0], Conversation::from_row)?)
    }

    /// What a person means by a target, if it is known here.
    pub(crate) fn find_conversation(&self, target: &Target) -> Step<Option<Conversation>> {
        let found = match target {
            Target::Handle(handle) => self
                .0
                .prepare_cached("SELECT * FROM conversations WHERE handle = ?1")?
                .query_row([handle.as_str()], Conversation::from_row),
            Target::Account(account) => self
                .0
                .prepare_cached("SELECT * FROM conversations WHERE peer = ?1")?
                .query_row([account.as_bytes().as_slice()], Conversation::from_row),
            Target::Conversation(id) => self
                .0
                .prepare_cached("SELECT * FROM conversations WHERE conversation = ?1")?
                .query_row([id.as_bytes().as_slice()], Conversation::from_row),
        };
        Ok(found.optional()?)
    }

    /// All conversations, the longest known first.
    pub(crate) fn conversations(&self) -> Step<Vec<Conversation>> {
        let mut statement = self.0.prepare_cached("SELECT * FROM conversations ORDER BY opened_at, id")?;
        let rows = statement.query_map([], Conversation::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A conversation with somebody of whom only the handle is known.
    pub(crate) fn add_conversation_by_handle(&self, handle: &Handle, now: Millis) -> Step<ConversationKey> {
        self.0.execute(
            "INSERT INTO conversations (handle, standing, opened_at) VALUES (?1, ?2, ?3)",
            params![handle.as_str(), standing_code(Standing::Open), int(now.0)],
        )?;
        Ok(ConversationKey(self.0.last_insert_rowid()))
    }

    /// A conversation with a known account.
    pub(crate) fn add_conversation(
        &self,
        id: ConversationId,
        peer: AccountId,
        standing: Standing,
        now: Millis,
    ) -> Step<ConversationKey> {
        self.0.execute(
            "INSERT INTO conversations (conversation, peer, standing, opened_at) VALUES (?1, ?2, ?3, ?4)",
            params![Blob(id.as_bytes()), Blob(peer.as_bytes()), standing_code(standing), int(now.0)],
        )?;
        Ok(ConversationKey(self.0.last_insert_rowid()))
    }

    /// The handle's account is known now. Where a conversation with that account exists already, what waited
    /// under the handle moves there; the key of the one that stays is returned.
    pub(crate) fn resolve_conversation(
        &self,
        key: ConversationKey,
        id: ConversationId,
        peer: AccountId,
    ) -> Step<ConversationKey> {
        let Some(existing) = self.find_conversation(&Target::Account(peer))? else {
            self.0.execute(
                "UPDATE conversations SET conversation = ?2, peer = ?3 WHERE id = ?1",
                params![key.0, Blob(id.as_bytes()), Blob(peer.as_bytes())],
            )?;
            return Ok(key);
        };
        if existing.key != key {
            let handle = self.conversation(key)?.handle;
            for table in ["messages", "outbox", "alarms"] {
                let sql = format!("UPDATE {table} SET conversation = ?2 WHERE conversation = ?1");
                self.0.execute(&sql, [key.0, existing.key.0])?;
            }
            self.0.execute(
                "UPDATE conversations SET draft = (SELECT draft FROM conversations WHERE id = ?1)
                 WHERE id = ?2 AND draft IS NULL",
                [key.0, existing.key.0],
            )?;
            self.0.execute("DELETE FROM conversations WHERE id = ?1", [key.0])?;
            if let Some(handle) = handle {
                self.set_conversation_handle(existing.key, &handle)?;
            }
        }
        Ok(existing.key)
    }

    /// The server says that this handle is this peer's.
    pub(crate) fn set_conversation_handle(&self, key: ConversationKey, handle: &Handle) -> Step<()> {
        self.0.execute(
            "UPDATE conversations SET handle = ?2 WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM conversations WHERE handle = ?2 AND id <> ?1)",
            params![key.0, handle.as_str()],
        )?;
        Ok(())
    }

    /// Moves a conversation to another standing.
    pub(crate) fn set_standing(&self, key: ConversationKey, standing: Standing) -> Step<()> {
        self.0.execute(
            "UPDATE conversations SET standing = ?2 WHERE id = ?1",
            params![key.0, standing_code(standing)],
        )?;
        Ok(())
    }

    /// The name the peer chose.
    pub(crate) fn set_peer_name(&self, key: ConversationKey, name: Option<&str>) -> Step<()> {
        self.0.execute("UPDATE conversations SET display_name = ?2 WHERE id = ?1", params![key.0, name])?;
        Ok(())
    }

    /// The own display name the peer has been told.
    pub(crate) fn set_name_sent(&self, key: ConversationKey, name: &str) -> Step<()> {
        self.0.execute("UPDATE conversations SET name_sent = ?2 WHERE id = ?1", params![key.0, name])?;
        Ok(())
    }

    /// When a leg was last replaced without being asked.
    pub(crate) fn set_repaired_at(&self, key: ConversationKey, now: Millis) -> Step<()> {
        self.0
            .execute("UPDATE conversations SET repaired_at = ?2 WHERE id = ?1", params![key.0, int(now.0)])?;
        Ok(())
    }
}

impl Db<'_> {
    /// A Welcome says that this is the peer's handle: to be looked up before it is shown.
    pub(crate) fn set_claimed_handle(&self, key: ConversationKey, handle: Option<&Handle>) -> Step<()> {
        self.0.execute(
            "UPDATE conversations SET claimed = ?2 WHERE id = ?1",
            params![key.0, handle.map(Handle::as_str)],
        )?;
        Ok(())
    }

    /// Handles that were claimed and not looked up yet.
    pub(crate) fn claimed_handles(&self) -> Step<Vec<(ConversationKey, Handle)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, claimed FROM conversations WHERE claimed IS NOT NULL AND handle IS NULL",
        )?;
        let rows =
            statement.query_map([], |row| Ok((ConversationKey(row.get("id")?), handle(row, "claimed")?)))?;
        let mut claimed = Vec::new();
        for row in rows {
            let (key, handle) = row?;
            claimed.extend(handle.map(|handle| (key, handle)));
        }
        Ok(claimed)
    }

    /// Blocks, remembering where the conversation stood.
    pub(crate) fn block_conversation(&self, key: ConversationKey) -> Step<()> {
        self.0.execute(
            "UPDATE conversations SET unblocked = standing, standing = ?2 WHERE id = ?1 AND standing <> ?2",
            params![key.0, standing_code(Standing::Blocked)],
        )?;
        Ok(())
    }

    /// Back to where it stood before the block.
    pub(crate) fn unblock_conversation(&self, key: ConversationKey) -> Step<()> {
        self.0.execute(
            "UPDATE conversations SET standing = coalesce(unblocked, ?2), unblocked = NULL WHERE id = ?1",
            params![key.0, standing_code(Standing::Open)],
        )?;
        Ok(())
    }
}
