//! Accounts and their chains of lists.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sotto_ports::directory::{
    Account, Admission, ListRefused, PutList, Register, RegisterRefused, Registered,
};
use sotto_wire::ids::{AccountId, DeviceId, Handle};
use sotto_wire::signed::{Pin, SignedList};

use super::invitations;
use crate::error::{Contradiction, Failure, Stop};
use crate::row::{bytes, id, limit};

pub(super) fn named(db: &Connection, handle: &Handle) -> Result<Option<AccountId>, Failure> {
    let mut select = db.prepare_cached("SELECT id FROM accounts WHERE handle = ?1")?;
    Ok(select.query_row([handle.as_str()], |row| id(row, 0)).optional()?)
}

pub(super) fn account(db: &Connection, account: AccountId) -> Result<Option<Account>, Failure> {
    let Some(handle) = handle(db, account)? else { return Ok(None) };
    let mut select = db.prepare_cached(
        "SELECT era, version, hash, list, signature FROM lists
         WHERE account = ?1 ORDER BY era DESC, version DESC LIMIT 1",
    )?;
    let newest = select.query_row([account.as_bytes()], |row| Ok((pin(row)?, list(row, 3)?))).optional()?;
    let (pin, newest) = newest.ok_or(Contradiction::AccountWithoutList)?;
    Ok(Some(Account { handle, pin, newest }))
}

pub(super) fn lists(
    db: &Connection,
    account: AccountId,
    after: Option<(u32, u32)>,
    at_most: usize,
) -> Result<Option<Vec<SignedList>>, Failure> {
    if handle(db, account)?.is_none() {
        return Ok(None);
    }
    // Before every place there is.
    let (era, version) = after.map_or((-1, -1), |(era, version)| (i64::from(era), i64::from(version)));
    let mut select = db.prepare_cached(
        "SELECT list, signature FROM lists
         WHERE account = ?1 AND (era, version) > (?2, ?3) ORDER BY era, version LIMIT ?4",
    )?;
    let lists =
        select.query_map(params![account.as_bytes(), era, version, limit(at_most)], |row| list(row, 0))?;
    Ok(Some(lists.collect::<Result<_, _>>()?))
}

pub(super) fn register(db: &Connection, op: &Register) -> Result<Registered, Stop<RegisterRefused>> {
    if let Some(handle) = handle(db, op.account)? {
        let same = handle == op.handle && first_pin(db, op.account)? == Some(op.pin);
        return if same {
            Ok(Registered::Already)
        } else {
            Err(Stop::Refused(RegisterRefused::AccountExists))
        };
    }
    if named(db, &op.handle)?.is_some() {
        return Err(Stop::Refused(RegisterRefused::HandleTaken));
    }
    if let Admission::Invitation(hash) = op.admission
        && !invitations::spend(db, hash, op.today)?
    {
        return Err(Stop::Refused(RegisterRefused::InvitationInvalid));
    }
    let mut insert = db.prepare_cached("INSERT INTO accounts (id, handle) VALUES (?1, ?2)")?;
    insert.execute(params![op.account.as_bytes(), op.handle.as_str()])?;
    insert_list(db, op.account, op.pin, &op.genesis)?;
    Ok(Registered::New)
}

pub(super) fn put_list(db: &Connection, op: &PutList) -> Result<(), Stop<ListRefused>> {
    let newest = account(db, op.account)?.ok_or(Stop::Refused(ListRefused::AccountUnknown))?.pin;
    if newest == op.pin {
        return Ok(());
    }
    if newest != op.follows || op.pin.place() <= op.follows.place() {
        return Err(Stop::Refused(ListRefused::NotNewest));
    }
    insert_list(db, op.account, op.pin, &op.list)?;
    keep_devices(db, op.account, &op.devices)?;
    Ok(())
}

fn handle(db: &Connection, account: AccountId) -> Result<Option<Handle>, Failure> {
    let mut select = db.prepare_cached("SELECT handle FROM accounts WHERE id = ?1")?;
    let handle: Option<String> = select.query_row([account.as_bytes()], |row| row.get(0)).optional()?;
    let handle = handle.map(|handle| Handle::parse(&handle)).transpose();
    Ok(handle.map_err(|_| Contradiction::Handle)?)
}

fn first_pin(db: &Connection, account: AccountId) -> rusqlite::Result<Option<Pin>> {
    let mut select = db.prepare_cached(
        "SELECT era, version, hash FROM lists WHERE account = ?1 ORDER BY era, version LIMIT 1",
    )?;
    select.query_row([account.as_bytes()], pin).optional()
}

fn insert_list(db: &Connection, account: AccountId, pin: Pin, list: &SignedList) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO lists (account, era, version, hash, list, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let row = params![
        account.as_bytes(),
        pin.era,
        pin.version,
        pin.hash.as_bytes(),
        &*list.list,
        list.signature.as_bytes()
    ];
    insert.execute(row).map(drop)
}

/// What belongs to any other device of the account goes.
fn keep_devices(db: &Connection, account: AccountId, keep: &[DeviceId]) -> rusqlite::Result<()> {
    let mut select = db.prepare_cached(
        "SELECT device FROM key_packages WHERE account = ?1
         UNION SELECT device FROM last_resort_packages WHERE account = ?1
         UNION SELECT device FROM uploads WHERE account = ?1
         UNION SELECT device FROM drop_capabilities WHERE account = ?1
         UNION SELECT device FROM inbox WHERE account = ?1",
    )?;
    let devices = select.query_map([account.as_bytes()], |row| id::<DeviceId>(row, 0))?;
    let devices: Vec<_> = devices.collect::<Result<_, _>>()?;
    devices
        .iter()
        .filter(|device| !keep.contains(device))
        .try_for_each(|gone| forget_device(db, account, *gone))
}

fn forget_device(db: &Connection, account: AccountId, device: DeviceId) -> rusqlite::Result<()> {
    for delete in [
        "DELETE FROM key_packages WHERE account = ?1 AND device = ?2",
        "DELETE FROM last_resort_packages WHERE account = ?1 AND device = ?2",
        "DELETE FROM uploads WHERE account = ?1 AND device = ?2",
        "DELETE FROM drop_capabilities WHERE account = ?1 AND device = ?2",
        "DELETE FROM inbox WHERE account = ?1 AND device = ?2",
    ] {
        db.prepare_cached(delete)?.execute(params![account.as_bytes(), device.as_bytes()])?;
    }
    Ok(())
}

fn pin(row: &Row<'_>) -> rusqlite::Result<Pin> {
    Ok(Pin { era: row.get(0)?, version: row.get(1)?, hash: id(row, 2)? })
}

fn list(row: &Row<'_>, at: usize) -> rusqlite::Result<SignedList> {
    Ok(SignedList { list: bytes(row, at)?, signature: id(row, at + 1)? })
}
