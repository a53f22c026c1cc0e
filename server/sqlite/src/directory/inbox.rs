//! Inboxes, and the drop capabilities that admit to them.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use sotto_ports::directory::{AckInbox, DropItem, DropRefused, Dropped, ItemHash};
use sotto_wire::ids::{AccountId, DeviceId, InboxKey};
use sotto_wire::limits::INBOX_ITEMS_MAX;

use crate::error::{Failure, Stop};
use crate::row::{bytes, count, id};

pub(super) fn keys(db: &Connection, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, Failure> {
    let mut select =
        db.prepare_cached("SELECT key FROM inbox WHERE account = ?1 AND device = ?2 ORDER BY key")?;
    let keys = select.query_map(params![account.as_bytes(), device.as_bytes()], |row| id(row, 0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

pub(super) fn item(
    db: &Connection,
    account: AccountId,
    device: DeviceId,
    key: InboxKey,
) -> Result<Option<Bytes>, Failure> {
    let mut select =
        db.prepare_cached("SELECT sealed FROM inbox WHERE account = ?1 AND device = ?2 AND key = ?3")?;
    let key = params![account.as_bytes(), device.as_bytes(), key.as_bytes()];
    Ok(select.query_row(key, |row| bytes(row, 0)).optional()?)
}

pub(super) fn drop_item(db: &Connection, op: &DropItem) -> Result<Dropped, Stop<DropRefused>> {
    match spent_on(db, op)?.ok_or(Stop::Refused(DropRefused::Capability))? {
        Some(hash) if hash == op.hash => return Ok(Dropped::Already),
        Some(_) => return Err(Stop::Refused(DropRefused::Capability)),
        None => {}
    }
    if waiting(db, op)? >= INBOX_ITEMS_MAX {
        return Err(Stop::Refused(DropRefused::Full));
    }
    let mut update = db.prepare_cached("UPDATE drop_capabilities SET spent_on = ?2 WHERE hash = ?1")?;
    update.execute(params![op.capability.as_bytes(), op.hash.0])?;
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO inbox (account, device, key, day, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let row =
        params![op.account.as_bytes(), op.device.as_bytes(), op.key.as_bytes(), op.today.0, &*op.sealed];
    insert.execute(row)?;
    Ok(Dropped::New)
}

pub(super) fn ack(db: &Connection, op: &AckInbox) -> Result<u32, Failure> {
    let mut delete =
        db.prepare_cached("DELETE FROM inbox WHERE account = ?1 AND device = ?2 AND key = ?3")?;
    let mut gone = 0;
    for key in &op.keys {
        gone += delete.execute(params![op.account.as_bytes(), op.device.as_bytes(), key.as_bytes()])?;
    }
    Ok(gone as u32)
}

/// What the capability was spent on, if it is one for this inbox and has not expired.
fn spent_on(db: &Connection, op: &DropItem) -> rusqlite::Result<Option<Option<ItemHash>>> {
    let mut select = db.prepare_cached(
        "SELECT spent_on FROM drop_capabilities
         WHERE hash = ?1 AND account = ?2 AND device = ?3 AND not_after_day >= ?4",
    )?;
    let key = params![op.capability.as_bytes(), op.account.as_bytes(), op.device.as_bytes(), op.today.0];
    select.query_row(key, |row| Ok(row.get::<_, Option<_>>(0)?.map(ItemHash))).optional()
}

fn waiting(db: &Connection, op: &DropItem) -> rusqlite::Result<usize> {
    let mut select = db.prepare_cached("SELECT count(*) FROM inbox WHERE account = ?1 AND device = ?2")?;
    select.query_row(params![op.account.as_bytes(), op.device.as_bytes()], count)
}
