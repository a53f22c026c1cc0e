//! Inbox items dealt with that may come again.

use rusqlite::params;
use sha2::{Digest, Sha256};
use sotto_wire::account::InboxItem;
use sotto_wire::ids::{InboxKey, Millis};
use sotto_wire::limits::INBOX_ITEM_DAYS;

use super::{Blob, Db, int};
use crate::error::Step;

impl Db<'_> {
    /// Whether an item was dealt with before; from now on it was. Items are told apart by their bytes: the key is only
    /// the server's word.
    pub(crate) fn inbox_item_is_new(&self, item: &InboxItem) -> Step<bool> {
        let digest: [u8; 32] = Sha256::digest(&item.sealed).into();
        let added = self
            .0
            .prepare_cached("INSERT INTO inbox_done (digest, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![Blob(digest), Blob(item.key.as_bytes())])?;
        Ok(added > 0)
    }

    /// The server has forgotten these. They are known for a while longer: a copy may be on its way.
    pub(crate) fn inbox_items_acked(&self, keys: &[InboxKey], now: Millis) -> Step<()> {
        let mut statement = self.0.prepare_cached("UPDATE inbox_done SET acked_at = ?2 WHERE key = ?1")?;
        for key in keys {
            statement.execute(params![Blob(key.as_bytes()), int(now.0)])?;
        }
        let gone = now.0.saturating_sub(u64::from(INBOX_ITEM_DAYS) * 24 * 3_600_000);
        self.0.prepare_cached("DELETE FROM inbox_done WHERE acked_at < ?1")?.execute([int(gone)])?;
        Ok(())
    }
}
