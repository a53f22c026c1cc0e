//! Inbox items dealt with and not yet forgotten by the server.

use sotto_wire::ids::InboxKey;

use super::Db;
use crate::error::Step;

impl Db<'_> {
    /// Whether an item was dealt with before; from now on it was.
    pub(crate) fn inbox_item_is_new(&self, key: InboxKey) -> Step<bool> {
        let added = self
            .0
            .prepare_cached("INSERT INTO inbox_done (key) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([key.as_bytes().as_slice()])?;
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
