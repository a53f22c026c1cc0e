//! Inboxes: random keys, days, and the capability each item was dropped with.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Result, params};
use sotto_ports::directory::{AckInbox, DropItem, DropRefused, Dropped};
use sotto_wire::ids::{AccountId, DeviceId, InboxKey};
use sotto_wire::limits::INBOX_ITEMS_MAX;

use crate::row::id;

pub(super) fn keys(connection: &Connection, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>> {
    let mut find = connection
        .prepare_cached("SELECT item FROM inbox WHERE account = ?1 AND device = ?2 ORDER BY item")?;
    find.query_map(params![account.as_bytes(), device.as_bytes()], |row| id(row, 0))?.collect()
}

pub(super) fn item(
    connection: &Connection,
    account: AccountId,
    device: DeviceId,
    key: InboxKey,
) -> Result<Option<Bytes>> {
    let mut find = connection
        .prepare_cached("SELECT sealed FROM inbox WHERE account = ?1 AND device = ?2 AND item = ?3")?;
    let of_item = params![account.as_bytes(), device.as_bytes(), key.as_bytes()];
    find.query_row(of_item, |row| row.get::<_, Vec<u8>>(0)).optional().map(|sealed| sealed.map(Bytes::from))
}

pub(super) fn drop_item(
    connection: &Connection,
    op: &DropItem,
) -> Result<std::result::Result<Dropped, DropRefused>> {
    match spent_on(connection, op)? {
        None => return Ok(Err(DropRefused::Capability)),
        Some(Some(hash)) if hash == op.hash.0 => return Ok(Ok(Dropped::Already)),
        Some(Some(_)) => return Ok(Err(DropRefused::Capability)),
        Some(None) => {}
    }
    let mut waiting =
        connection.prepare_cached("SELECT count(*) FROM inbox WHERE account = ?1 AND device = ?2")?;
    let waiting: i64 =
        waiting.query_row(params![op.account.as_bytes(), op.device.as_bytes()], |row| row.get(0))?;
    if waiting >= INBOX_ITEMS_MAX as i64 {
        return Ok(Err(DropRefused::Full));
    }
    connection
        .prepare_cached("UPDATE drops SET spent_on = ?2 WHERE capability = ?1")?
        .execute(params![op.capability.as_bytes(), op.hash.0])?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO inbox (account, device, item, sealed, day) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            op.account.as_bytes(),
            op.device.as_bytes(),
            op.key.as_bytes(),
            &op.sealed[..],
            op.today.0,
        ])?;
    Ok(Ok(Dropped::New))
}

/// What the capability was spent on, if it is one for this inbox and still good.
fn spent_on(connection: &Connection, op: &DropItem) -> Result<Option<Option<[u8; 32]>>> {
    connection
        .prepare_cached(
            "SELECT spent_on FROM drops
             WHERE capability = ?1 AND account = ?2 AND device = ?3 AND not_after >= ?4",
        )?
        .query_row(
            params![op.capability.as_bytes(), op.account.as_bytes(), op.device.as_bytes(), op.today.0],
            |row| row.get(0),
        )
        .optional()
}

pub(super) fn ack(connection: &Connection, op: &AckInbox) -> Result<u32> {
    let mut delete =
        connection.prepare_cached("DELETE FROM inbox WHERE account = ?1 AND device = ?2 AND item = ?3")?;
    op.keys.iter().try_fold(0, |gone, key| {
        let one = delete.execute(params![op.account.as_bytes(), op.device.as_bytes(), key.as_bytes()])?;
        Ok(gone + one as u32)
    })
}
