//! Key packages, and the drop capability that goes out with each.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use sotto_ports::directory::{Claim, Claimed, NoKeyPackage, Publish, PublishRefused, StoredPackage};
use sotto_wire::account::{KeyPackageCount, LastResort};
use sotto_wire::ids::{AccountId, DeviceId};
use sotto_wire::limits::{DROP_CAPABILITY_DAYS, KEY_PACKAGES_STORED_MAX};
use sotto_wire::signed::SignedKeyPackage;

use crate::row::{id, small};

pub(super) fn count(
    connection: &Connection,
    account: AccountId,
    device: DeviceId,
) -> Result<KeyPackageCount> {
    let mut find =
        connection.prepare_cached("SELECT used FROM last_resorts WHERE account = ?1 AND device = ?2")?;
    let used = find.query_row(params![account.as_bytes(), device.as_bytes()], |row| row.get(0)).optional()?;
    let last_resort = match used {
        None => LastResort::Absent,
        Some(false) => LastResort::Unused,
        Some(true) => LastResort::Used,
    };
    Ok(KeyPackageCount { one_time_left: one_time_left(connection, account, device)?, last_resort })
}

pub(super) fn publish(
    connection: &Connection,
    op: &Publish,
) -> Result<std::result::Result<u32, PublishRefused>> {
    let before = one_time_left(connection, op.account, op.device)?;
    let of_upload = params![op.account.as_bytes(), op.device.as_bytes(), op.upload.as_bytes()];
    let mut known = connection
        .prepare_cached("SELECT 1 FROM uploads WHERE account = ?1 AND device = ?2 AND upload = ?3")?;
    if known.exists(of_upload)? {
        return Ok(Ok(before));
    }
    let mut new = Vec::new();
    for package in &op.one_time {
        if !is_there(connection, op, package)? {
            new.push(package);
        }
    }
    if before as usize + new.len() > KEY_PACKAGES_STORED_MAX {
        return Ok(Err(PublishRefused::TooMany));
    }
    connection
        .prepare_cached("INSERT INTO uploads (account, device, upload, day) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![op.account.as_bytes(), op.device.as_bytes(), op.upload.as_bytes(), op.today.0])?;
    new.iter().try_for_each(|package| insert_one_time(connection, op, package))?;
    op.last_resort.iter().try_for_each(|package| replace_last_resort(connection, op, package))?;
    one_time_left(connection, op.account, op.device).map(Ok)
}

pub(super) fn claim(
    connection: &Connection,
    op: &Claim,
) -> Result<std::result::Result<Claimed, NoKeyPackage>> {
    let claimed = match take_one_time(connection, op)? {
        Some(package) => Claimed { package, last_resort: false },
        None => match use_last_resort(connection, op)? {
            Some(package) => Claimed { package, last_resort: true },
            None => return Ok(Err(NoKeyPackage)),
        },
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO drops (capability, account, device, not_after, spent_on)
             VALUES (?1, ?2, ?3, ?4, NULL)",
        )?
        .execute(params![
            op.drop.as_bytes(),
            op.account.as_bytes(),
            op.device.as_bytes(),
            op.today.0.saturating_add(DROP_CAPABILITY_DAYS),
        ])?;
    Ok(Ok(claimed))
}

fn take_one_time(connection: &Connection, op: &Claim) -> Result<Option<SignedKeyPackage>> {
    connection
        .prepare_cached(
            "DELETE FROM key_packages WHERE account = ?1 AND device = ?2 AND package = (
                SELECT package FROM key_packages WHERE account = ?1 AND device = ?2 AND not_after >= ?3
                ORDER BY package LIMIT 1)
             RETURNING body, signature",
        )?
        .query_row(params![op.account.as_bytes(), op.device.as_bytes(), op.today.0], package)
        .optional()
}

fn use_last_resort(connection: &Connection, op: &Claim) -> Result<Option<SignedKeyPackage>> {
    connection
        .prepare_cached(
            "UPDATE last_resorts SET used = 1 WHERE account = ?1 AND device = ?2 AND not_after >= ?3
             RETURNING body, signature",
        )?
        .query_row(params![op.account.as_bytes(), op.device.as_bytes(), op.today.0], package)
        .optional()
}

fn package(row: &Row<'_>) -> Result<SignedKeyPackage> {
    Ok(SignedKeyPackage { body: Bytes::from(row.get::<_, Vec<u8>>(0)?), signature: id(row, 1)? })
}

fn one_time_left(connection: &Connection, account: AccountId, device: DeviceId) -> Result<u32> {
    connection
        .prepare_cached("SELECT count(*) FROM key_packages WHERE account = ?1 AND device = ?2")?
        .query_row(params![account.as_bytes(), device.as_bytes()], |row| small(row, 0))
}

fn is_there(connection: &Connection, op: &Publish, new: &StoredPackage) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM key_packages WHERE account = ?1 AND device = ?2 AND package = ?3")?
        .exists(params![op.account.as_bytes(), op.device.as_bytes(), new.key.0])
}

// A package that stands twice in one upload is one package.
fn insert_one_time(connection: &Connection, op: &Publish, new: &StoredPackage) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO key_packages (account, device, package, body, signature, not_after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            op.account.as_bytes(),
            op.device.as_bytes(),
            new.key.0,
            &new.package.body[..],
            new.package.signature.as_bytes(),
            new.not_after.0,
        ])
        .map(drop)
}

fn replace_last_resort(connection: &Connection, op: &Publish, new: &StoredPackage) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO last_resorts (account, device, body, signature, not_after, used)
             VALUES (?1, ?2, ?3, ?4, ?5, 0)",
        )?
        .execute(params![
            op.account.as_bytes(),
            op.device.as_bytes(),
            &new.package.body[..],
            new.package.signature.as_bytes(),
            new.not_after.0,
        ])
        .map(drop)
}
