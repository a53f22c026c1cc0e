//! Inbox items dealt with and not yet forgotten by the server.

use rusqlite::params;
use sha2::{Digest, Sha256};
use sotto_wire::account::InboxItem;
use sotto_wire::ids::InboxKey;

use super::{Blob, Db};
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

    /// The server has forgotten these.
    pub(crate) fn inbox_items_acked(&self, keys: &[InboxKey]) -> Step<()> {
        let mut statement = self.0.prepare_cached("DELETE FROM inbox_done WHERE key = ?1")?;
        for key in keys {
            statement.execute([key.as_bytes().as_slice()])?;
        }
        Ok(())
    }
}
