//! Invitations: known by the hash of their code.

use rusqlite::{Connection, Result, params};
use sotto_ports::directory::{Invitation, InviteHash};
use sotto_ports::limits::INVITES_MAX;
use sotto_wire::ids::Day;

use crate::row::{array, small};

pub(super) fn all(connection: &Connection) -> Result<Vec<Invitation>> {
    let mut find =
        connection.prepare_cached("SELECT code, uses_left, not_after FROM invitations ORDER BY code")?;
    let invitations = find.query_map([], |row| {
        Ok(Invitation {
            hash: InviteHash(array(row, 0)?),
            uses_left: small(row, 1)?,
            not_after: Day(small(row, 2)?),
        })
    })?;
    invitations.collect()
}

pub(super) fn invite(connection: &Connection, op: Invitation) -> Result<bool> {
    let mut count = connection.prepare_cached("SELECT count(*) FROM invitations")?;
    let open: i64 = count.query_row([], |row| row.get(0))?;
    if op.uses_left == 0 || open >= INVITES_MAX as i64 {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO invitations (code, uses_left, not_after) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![op.hash.0, op.uses_left, op.not_after.0])?;
    Ok(true)
}

pub(super) fn revoke(connection: &Connection, hash: InviteHash) -> Result<bool> {
    let mut delete = connection.prepare_cached("DELETE FROM invitations WHERE code = ?1")?;
    Ok(delete.execute([hash.0])? > 0)
}

/// Takes one use; whether there was one.
pub(super) fn spend(connection: &Connection, hash: InviteHash, today: Day) -> Result<bool> {
    let spent = connection
        .prepare_cached(
            "UPDATE invitations SET uses_left = uses_left - 1 WHERE code = ?1 AND not_after >= ?2",
        )?
        .execute(params![hash.0, today.0])?;
    connection
        .prepare_cached("DELETE FROM invitations WHERE code = ?1 AND uses_left = 0")?
        .execute([hash.0])?;
    Ok(spent > 0)
}
