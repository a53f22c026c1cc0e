//! Emptying, trimming and forgetting on one topic, by the rules of [`sotto_ports::trim`].

use rusqlite::{Connection, Result, params};
use sotto_ports::limits::SWEEP_ROWS_MAX;
use sotto_ports::logs::{Sweep, Swept};
use sotto_ports::trim::{self, Aged, Cutoffs};
use sotto_wire::digest::{EntryKind, body_hash};
use sotto_wire::ids::{BodyHash, Day, Minute, Seq};

use super::batch::Batch;
use super::cache::{Held, Unwritten};
use super::{entries, first, slots, topics};
use crate::row::{number, sql};

pub(super) fn sweep(batch: &mut Batch<'_>, op: Sweep) -> Result<Swept> {
    let connection = batch.connection;
    let Some(held) = batch.topic(op.topic)? else { return Ok(Swept::default()) };
    let cutoffs = Cutoffs::of(&held.topic, op.today);
    let mut swept = Swept::default();
    empty_bodies(connection, held, cutoffs.body, &mut swept)?;
    trim(connection, held, op.today, cutoffs, &mut swept)?;
    held.topic.swept(op.today, swept.more);
    if trim::is_over(&held.topic, op.today) {
        topics::delete(connection, held.no)?;
        batch.cache.forget(op.topic);
    } else {
        batch.cache.change(op.topic, Unwritten::All);
    }
    Ok(swept)
}

fn trim(
    connection: &Connection,
    held: &mut Held,
    today: Day,
    cutoffs: Cutoffs,
    swept: &mut Swept,
) -> Result<()> {
    let slots = slots::all(connection, held.no)?;
    let ancient = older_than(connection, held, cutoffs.handshake)?;
    let aged = Aged {
        hold: older_than(connection, held, cutoffs.hold)?,
        forced: older_than(connection, held, cutoffs.all)?.max(newest_handshake(connection, held, ancient)?),
    };
    let cut = trim::cut(&held.topic, &slots, today, aged);
    trim_to(connection, held, cut, swept)?;
    trim::forget_generations(&mut held.topic);
    for slot in slots.iter().filter(|slot| trim::is_spent(&held.topic, slot, today)) {
        slots::delete(connection, held.no, slot.id)?;
        swept.slots += 1;
    }
    held.topic.slots = held.topic.slots.saturating_sub(swept.slots);
    Ok(())
}

fn empty_bodies(connection: &Connection, held: &mut Held, before: Minute, swept: &mut Swept) -> Result<()> {
    let (expired, emptied_to, more) = expired(connection, held, before)?;
    let mut empty =
        connection.prepare_cached("UPDATE entries SET body = NULL, body_hash = ?2 WHERE arrival = ?1")?;
    for (arrival, hash) in &expired {
        empty.execute(params![arrival, hash.as_bytes()])?;
    }
    swept.emptied = expired.len() as u32;
    swept.more |= more;
    held.topic.emptied_to = emptied_to.max(held.topic.emptied_to);
    Ok(())
}

/// Application entries that lose their body now, how far they were looked for, and whether there may be more.
fn expired(
    connection: &Connection,
    held: &Held,
    before: Minute,
) -> Result<(Vec<(i64, BodyHash)>, Seq, bool)> {
    let from = held.topic.emptied_to.max(held.topic.trimmed_to());
    let mut find = connection.prepare_cached(
        "SELECT arrival, seq, kind, minute, body FROM entries WHERE topic = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = find.query(params![held.no, sql(from.0), SWEEP_ROWS_MAX as i64 + 1])?;
    let (mut expired, mut to, mut looked_at) = (Vec::new(), from, 0);
    while let Some(row) = rows.next()? {
        if number(row, 3)? >= before.0 {
            break;
        }
        if looked_at == SWEEP_ROWS_MAX {
            return Ok((expired, to, true));
        }
        looked_at += 1;
        to = Seq(number(row, 1)?);
        if row.get::<_, u8>(2)? == EntryKind::Application.code()
            && let Some(body) = row.get_ref(4)?.as_blob_or_null()?
        {
            expired.push((row.get(0)?, body_hash(body)));
        }
    }
    Ok((expired, to, false))
}

/// The last of the oldest entries that were all stored before.
fn older_than(connection: &Connection, held: &Held, minute: Minute) -> Result<Seq> {
    let mut find = connection.prepare_cached(
        "SELECT seq FROM entries WHERE topic = ?1 AND seq >= ?2 AND minute >= ?3 ORDER BY seq LIMIT 1",
    )?;
    let params = params![held.no, sql(held.topic.first.0), sql(minute.0)];
    let younger = first(&mut find, params, |row| number(row, 0))?;
    Ok(younger.map_or(held.topic.newest, |seq| Seq(seq - 1)).max(held.topic.trimmed_to()))
}

/// The newest handshake up to an entry.
fn newest_handshake(connection: &Connection, held: &Held, to: Seq) -> Result<Seq> {
    if to < held.topic.first {
        return Ok(Seq(0));
    }
    let mut find = connection.prepare_cached(
        "SELECT seq FROM entries WHERE topic = ?1 AND seq <= ?2 AND kind = ?3 ORDER BY seq DESC LIMIT 1",
    )?;
    let params = params![held.no, sql(to.0), EntryKind::Handshake.code()];
    Ok(Seq(first(&mut find, params, |row| number(row, 0))?.unwrap_or(0)))
}

fn trim_to(connection: &Connection, held: &mut Held, cut: Seq, swept: &mut Swept) -> Result<()> {
    let bounded = Seq(held.topic.trimmed_to().0 + SWEEP_ROWS_MAX as u64);
    swept.more |= cut > bounded;
    let cut = cut.min(bounded);
    if cut < held.topic.first {
        return Ok(());
    }
    let chain = entries::chain_at(connection, held, cut)?;
    let gone = connection
        .prepare_cached("DELETE FROM entries WHERE topic = ?1 AND seq <= ?2")?
        .execute(params![held.no, sql(cut.0)])?;
    swept.trimmed = gone as u32;
    held.topic.first = cut.next();
    held.topic.trimmed_chain = chain;
    Ok(())
}
