//! Invitations: hashes of codes, and how many accounts each still admits.

use rusqlite::{Connection, OptionalExtension, params};
use sotto_ports::directory::{Invitation, InviteHash};
use sotto_ports::limits::INVITES_MAX;
use sotto_wire::ids::Day;

use crate::error::Failure;
use crate::row::count;

pub(super) fn all(db: &Connection) -> Result<Vec<Invitation>, Failure> {
    let mut select =
        db.prepare_cached("SELECT hash, uses_left, not_after_day FROM invitations ORDER BY hash")?;
    let invitations = select.query_map([], |row| {
        Ok(Invitation { hash: InviteHash(row.get(0)?), uses_left: row.get(1)?, not_after: Day(row.get(2)?) })
    })?;
    Ok(invitations.collect::<Result<_, _>>()?)
}

pub(super) fn open(db: &Connection, new: &Invitation) -> Result<bool, Failure> {
    let mut select = db.prepare_cached("SELECT count(*) FROM invitations")?;
    let there = select.query_row([], count)?;
    if new.uses_left == 0 || there >= INVITES_MAX {
        return Ok(false);
    }
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO invitations (hash, uses_left, not_after_day) VALUES (?1, ?2, ?3)",
    )?;
    insert.execute(params![new.hash.0, new.uses_left, new.not_after.0])?;
    Ok(true)
}

pub(super) fn revoke(db: &Connection, hash: InviteHash) -> Result<bool, Failure> {
    Ok(db.prepare_cached("DELETE FROM invitations WHERE hash = ?1")?.execute([hash.0])? > 0)
}

/// Takes one use, if there is a good one; the last one takes the invitation with it.
pub(super) fn spend(db: &Connection, hash: InviteHash, today: Day) -> rusqlite::Result<bool> {
    let mut update = db.prepare_cached(
        "UPDATE invitations SET uses_left = uses_left - 1 WHERE hash = ?1 AND not_after_day >= ?2
         RETURNING uses_left",
    )?;
    let left: Option<u32> = update.query_row(params![hash.0, today.0], |row| row.get(0)).optional()?;
    if left == Some(0) {
        db.prepare_cached("DELETE FROM invitations WHERE hash = ?1")?.execute([hash.0])?;
    }
    Ok(left.is_some())
}
