//! Key packages: published in bulk, claimed one by one.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sotto_ports::directory::{Claim, Claimed, NoKeyPackage, Publish, PublishRefused, StoredPackage};
use sotto_wire::account::{KeyPackageCount, LastResort};
use sotto_wire::ids::{AccountId, Day, DeviceId};
use sotto_wire::limits::{DROP_CAPABILITY_DAYS, KEY_PACKAGES_STORED_MAX};
use sotto_wire::signed::SignedKeyPackage;

use crate::error::{Failure, Stop};
use crate::row::{bytes, id};

pub(super) fn count(
    db: &Connection,
    account: AccountId,
    device: DeviceId,
) -> Result<KeyPackageCount, Failure> {
    let mut select =
        db.prepare_cached("SELECT used FROM last_resort_packages WHERE account = ?1 AND device = ?2")?;
    let used =
        select.query_row(params![account.as_bytes(), device.as_bytes()], |row| row.get(0)).optional()?;
    let last_resort = match used {
        None => LastResort::Absent,
        Some(true) => LastResort::Used,
        Some(false) => LastResort::Unused,
    };
    Ok(KeyPackageCount { one_time_left: one_time_left(db, account, device)?, last_resort })
}

pub(super) fn publish(db: &Connection, op: &Publish) -> Result<u32, Stop<PublishRefused>> {
    let left = one_time_left(db, op.account, op.device)?;
    if was_uploaded(db, op)? {
        return Ok(left);
    }
    let mut new = 0;
    for package in &op.one_time {
        new += usize::from(!is_stored(db, op, package)?);
    }
    if left as usize + new > KEY_PACKAGES_STORED_MAX {
        return Err(Stop::Refused(PublishRefused::TooMany));
    }
    let mut insert =
        db.prepare_cached("INSERT INTO uploads (account, device, upload, day) VALUES (?1, ?2, ?3, ?4)")?;
    insert.execute(params![op.account.as_bytes(), op.device.as_bytes(), op.upload.as_bytes(), op.today.0])?;
    op.one_time.iter().try_for_each(|package| add(db, op, package))?;
    if let Some(package) = &op.last_resort {
        replace_last_resort(db, op, package)?;
    }
    Ok(one_time_left(db, op.account, op.device)?)
}

pub(super) fn claim(db: &Connection, op: &Claim) -> Result<Claimed, Stop<NoKeyPackage>> {
    let claimed = match take_one_time(db, op)? {
        Some(package) => Claimed { package, last_resort: false },
        None => {
            let package = use_last_resort(db, op)?.ok_or(Stop::Refused(NoKeyPackage))?;
            Claimed { package, last_resort: true }
        }
    };
    let not_after = Day(op.today.0.saturating_add(DROP_CAPABILITY_DAYS));
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO drop_capabilities (hash, account, device, not_after_day, spent_on)
         VALUES (?1, ?2, ?3, ?4, NULL)",
    )?;
    insert.execute(params![op.drop.as_bytes(), op.account.as_bytes(), op.device.as_bytes(), not_after.0])?;
    Ok(claimed)
}

fn one_time_left(db: &Connection, account: AccountId, device: DeviceId) -> rusqlite::Result<u32> {
    let mut select =
        db.prepare_cached("SELECT count(*) FROM key_packages WHERE account = ?1 AND device = ?2")?;
    select.query_row(params![account.as_bytes(), device.as_bytes()], |row| row.get(0))
}

fn was_uploaded(db: &Connection, op: &Publish) -> rusqlite::Result<bool> {
    let mut select =
        db.prepare_cached("SELECT 1 FROM uploads WHERE account = ?1 AND device = ?2 AND upload = ?3")?;
    select.exists(params![op.account.as_bytes(), op.device.as_bytes(), op.upload.as_bytes()])
}

fn is_stored(db: &Connection, op: &Publish, package: &StoredPackage) -> rusqlite::Result<bool> {
    let mut select =
        db.prepare_cached("SELECT 1 FROM key_packages WHERE account = ?1 AND device = ?2 AND key = ?3")?;
    select.exists(params![op.account.as_bytes(), op.device.as_bytes(), package.key.0])
}

fn add(db: &Connection, op: &Publish, new: &StoredPackage) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO key_packages (account, device, key, body, signature, not_after_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    let row = params![
        op.account.as_bytes(),
        op.device.as_bytes(),
        new.key.0,
        &*new.package.body,
        new.package.signature.as_bytes(),
        new.not_after.0
    ];
    insert.execute(row).map(drop)
}

fn replace_last_resort(db: &Connection, op: &Publish, new: &StoredPackage) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO last_resort_packages (account, device, body, signature, not_after_day, used)
         VALUES (?1, ?2, ?3, ?4, ?5, 0)",
    )?;
    let row = params![
        op.account.as_bytes(),
        op.device.as_bytes(),
        &*new.package.body,
        new.package.signature.as_bytes(),
        new.not_after.0
    ];
    insert.execute(row).map(drop)
}

/// The first in the order of the keys, which are hashes.
fn take_one_time(db: &Connection, op: &Claim) -> rusqlite::Result<Option<SignedKeyPackage>> {
    let mut delete = db.prepare_cached(
        "DELETE FROM key_packages WHERE account = ?1 AND device = ?2 AND key =
             (SELECT key FROM key_packages
              WHERE account = ?1 AND device = ?2 AND not_after_day >= ?3 ORDER BY key LIMIT 1)
         RETURNING body, signature",
    )?;
    delete.query_row(params![op.account.as_bytes(), op.device.as_bytes(), op.today.0], package).optional()
}

fn use_last_resort(db: &Connection, op: &Claim) -> rusqlite::Result<Option<SignedKeyPackage>> {
    let mut update = db.prepare_cached(
        "UPDATE last_resort_packages SET used = 1
         WHERE account = ?1 AND device = ?2 AND not_after_day >= ?3 RETURNING body, signature",
    )?;
    update.query_row(params![op.account.as_bytes(), op.device.as_bytes(), op.today.0], package).optional()
}

fn package(row: &Row<'_>) -> rusqlite::Result<SignedKeyPackage> {
    Ok(SignedKeyPackage { body: bytes(row, 0)?, signature: id(row, 1)? })
}
