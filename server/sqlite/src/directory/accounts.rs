//! Accounts, their names and their chains of lists.

use std::collections::BTreeSet;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use sotto_ports::directory::{
    Account, Admission, ListRefused, PutList, Register, RegisterRefused, Registered,
};
use sotto_wire::ids::{AccountId, DeviceId, Handle};
use sotto_wire::signed::{Pin, SignedList};

use super::invitations;
use crate::row::{conversion, id, small};

/// Tables whose rows belong to one device of an account.
const OF_DEVICES: [&str; 5] = ["key_packages", "last_resorts", "uploads", "drops", "inbox"];

pub(super) fn named(connection: &Connection, handle: &Handle) -> Result<Option<AccountId>> {
    let mut find = connection.prepare_cached("SELECT account FROM accounts WHERE handle = ?1")?;
    find.query_row([handle.as_str()], |row| id(row, 0)).optional()
}

pub(super) fn account(connection: &Connection, account: AccountId) -> Result<Option<Account>> {
    let Some(handle) = handle_of(connection, account)? else { return Ok(None) };
    let newest = newest(connection, account)?;
    Ok(newest.map(|(pin, newest)| Account { handle, pin, newest }))
}

pub(super) fn lists(
    connection: &Connection,
    account: AccountId,
    after: Option<(u32, u32)>,
    at_most: usize,
) -> Result<Option<Vec<SignedList>>> {
    if handle_of(connection, account)?.is_none() {
        return Ok(None);
    }
    let (era, version) = after.map_or((-1, -1), |(era, version)| (i64::from(era), i64::from(version)));
    let mut find = connection.prepare_cached(
        "SELECT era, version, hash, list, signature FROM device_lists
         WHERE account = ?1 AND (era, version) > (?2, ?3) ORDER BY era, version LIMIT ?4",
    )?;
    let lists = find.query_map(params![account.as_bytes(), era, version, at_most as i64], list)?;
    lists.map(|list| Ok(list?.1)).collect::<Result<_>>().map(Some)
}

pub(super) fn register(
    connection: &Connection,
    op: &Register,
) -> Result<std::result::Result<Registered, RegisterRefused>> {
    if let Some(handle) = handle_of(connection, op.account)? {
        let same = handle == op.handle && oldest(connection, op.account)? == Some(op.pin);
        return Ok(if same { Ok(Registered::Already) } else { Err(RegisterRefused::AccountExists) });
    }
    if named(connection, &op.handle)?.is_some() {
        return Ok(Err(RegisterRefused::HandleTaken));
    }
    if let Admission::Invitation(hash) = op.admission
        && !invitations::spend(connection, hash, op.today)?
    {
        return Ok(Err(RegisterRefused::InvitationInvalid));
    }
    connection
        .prepare_cached("INSERT INTO accounts (account, handle) VALUES (?1, ?2)")?
        .execute(params![op.account.as_bytes(), op.handle.as_str()])?;
    insert_list(connection, op.account, op.pin, &op.genesis)?;
    Ok(Ok(Registered::New))
}

pub(super) fn put_list(
    connection: &Connection,
    op: &PutList,
) -> Result<std::result::Result<(), ListRefused>> {
    let Some((newest, _)) = newest(connection, op.account)? else {
        return Ok(Err(ListRefused::AccountUnknown));
    };
    if newest == op.pin {
        return Ok(Ok(()));
    }
    if newest != op.follows || op.pin.place() <= op.follows.place() {
        return Ok(Err(ListRefused::NotNewest));
    }
    insert_list(connection, op.account, op.pin, &op.list)?;
    keep_devices(connection, op.account, &op.devices)?;
    Ok(Ok(()))
}

/// Deletes what belongs to any other device of the account.
fn keep_devices(connection: &Connection, account: AccountId, devices: &[DeviceId]) -> Result<()> {
    for table in OF_DEVICES {
        let mut find =
            connection.prepare_cached(&format!("SELECT DISTINCT device FROM {table} WHERE account = ?1"))?;
        let found = find.query_map([account.as_bytes()], |row| id(row, 0))?;
        let gone: BTreeSet<DeviceId> = found.collect::<Result<_>>()?;
        let delete = format!("DELETE FROM {table} WHERE account = ?1 AND device = ?2");
        for device in gone.iter().filter(|device| !devices.contains(device)) {
            connection.prepare_cached(&delete)?.execute(params![account.as_bytes(), device.as_bytes()])?;
        }
    }
    Ok(())
}

fn handle_of(connection: &Connection, account: AccountId) -> Result<Option<Handle>> {
    let mut find = connection.prepare_cached("SELECT handle FROM accounts WHERE account = ?1")?;
    let handle = |row: &Row<'_>| {
        let text = row.get_ref(0)?.as_str().map_err(|error| conversion(0, error))?;
        Handle::parse(text).map_err(|error| conversion(0, error))
    };
    find.query_row([account.as_bytes()], handle).optional()
}

fn newest(connection: &Connection, account: AccountId) -> Result<Option<(Pin, SignedList)>> {
    let mut find = connection.prepare_cached(
        "SELECT era, version, hash, list, signature FROM device_lists
         WHERE account = ?1 ORDER BY era DESC, version DESC LIMIT 1",
    )?;
    find.query_row([account.as_bytes()], list).optional()
}

fn oldest(connection: &Connection, account: AccountId) -> Result<Option<Pin>> {
    let mut find = connection.prepare_cached(
        "SELECT era, version, hash, list, signature FROM device_lists
         WHERE account = ?1 ORDER BY era, version LIMIT 1",
    )?;
    find.query_row([account.as_bytes()], |row| Ok(list(row)?.0)).optional()
}

fn list(row: &Row<'_>) -> Result<(Pin, SignedList)> {
    let pin = Pin { era: small(row, 0)?, version: small(row, 1)?, hash: id(row, 2)? };
    Ok((pin, SignedList { list: Bytes::from(row.get::<_, Vec<u8>>(3)?), signature: id(row, 4)? }))
}

fn insert_list(connection: &Connection, account: AccountId, pin: Pin, list: &SignedList) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO device_lists (account, era, version, hash, list, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            account.as_bytes(),
            pin.era,
            pin.version,
            pin.hash.as_bytes(),
            &list.list[..],
            list.signature.as_bytes(),
        ])
        .map(drop)
}
