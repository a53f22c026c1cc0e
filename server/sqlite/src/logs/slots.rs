//! Rows of slots.

use rusqlite::{Connection, Result, Row, params};
use sotto_ports::topic::Slot;
use sotto_wire::ids::{Day, Generation, Seq, SlotId};

use super::first;
use crate::row::{id, number, small, sql};

pub(super) fn load(connection: &Connection, topic: i64, slot: SlotId) -> Result<Option<Slot>> {
    let mut find = connection.prepare_cached(
        "SELECT slot, secret, ack, proved, last_seen FROM slots WHERE topic = ?1 AND slot = ?2",
    )?;
    first(&mut find, params![topic, slot.as_bytes()], read)
}

pub(super) fn all(connection: &Connection, topic: i64) -> Result<Vec<Slot>> {
    let mut find = connection
        .prepare_cached("SELECT slot, secret, ack, proved, last_seen FROM slots WHERE topic = ?1")?;
    find.query_map([topic], read)?.collect()
}

/// Inserts the slot, or replaces what it was.
pub(super) fn store(connection: &Connection, topic: i64, slot: &Slot) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO slots (topic, slot, secret, ack, proved, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (topic, slot) DO UPDATE
             SET secret = excluded.secret, ack = excluded.ack, proved = excluded.proved,
                 last_seen = excluded.last_seen",
        )?
        .execute(params![
            topic,
            slot.id.as_bytes(),
            slot.secret.as_bytes(),
            sql(slot.ack.0),
            slot.proved.0,
            slot.last_seen.0,
        ])
        .map(drop)
}

pub(super) fn delete(connection: &Connection, topic: i64, slot: SlotId) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM slots WHERE topic = ?1 AND slot = ?2")?
        .execute(params![topic, slot.as_bytes()])
        .map(drop)
}

fn read(row: &Row<'_>) -> Result<Slot> {
    Ok(Slot {
        id: id(row, 0)?,
        secret: id(row, 1)?,
        ack: Seq(number(row, 2)?),
        proved: Generation(small(row, 3)?),
        last_seen: Day(small(row, 4)?),
    })
}
