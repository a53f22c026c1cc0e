//! Rows of entries.

use bytes::Bytes;
use rusqlite::{Connection, Result, Row, params};
use sotto_ports::logs::{Append, AppendRefused, Appended, Asked, ReadLimit, Stretch};
use sotto_ports::topic::{Step, Topic};
use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{Chain, Minute, Seq};
use sotto_wire::topic::{Entry, EntryContent};

use super::cache::Held;
use super::first;
use crate::row::{id, number, small, sql};

/// What [`entry`] reads.
const COLUMNS: &str = "seq, kind, version, head, append_id, minute, chain, body, body_hash";

/// Inserts the entry of an append.
pub(super) fn insert(connection: &Connection, held: &Held, op: &Append, step: &Step) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO entries (topic, seq, kind, version, head, append_id, minute, chain, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            held.no,
            sql(step.entry.seq.0),
            op.kind.code(),
            op.version,
            sql(op.expect_head.0),
            op.append_id.as_bytes(),
            sql(op.minute.0),
            held.topic.chain.as_bytes(),
            &op.body[..],
        ])
        .map(drop)
}

/// The entry this append is a repeat of, if there is one under its id.
pub(super) fn repeated(
    connection: &Connection,
    held: &Held,
    op: &Append,
) -> Result<Option<std::result::Result<Appended, AppendRefused>>> {
    let mut find = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE topic = ?1 AND append_id = ?2"))?;
    let Some((entry, chain)) = first(&mut find, params![held.no, op.append_id.as_bytes()], entry)? else {
        return Ok(None);
    };
    let same = entry.kind == op.kind
        && entry.version == op.version
        && entry.head == op.expect_head
        && entry.content.hash() == op.body_hash;
    if !same {
        return Ok(Some(Err(AppendRefused::AppendIdReused)));
    }
    let previous = chain_at(connection, held, Seq(entry.seq.0 - 1))?;
    Ok(Some(Ok(Appended {
        entry,
        body_hash: op.body_hash,
        previous,
        chain,
        first: held.topic.first,
        asked: Asked::Again,
    })))
}

/// The chain value at an entry that is still there, or at the last trimmed one.
pub(super) fn chain_at(connection: &Connection, held: &Held, seq: Seq) -> Result<Chain> {
    if seq == held.topic.newest {
        return Ok(held.topic.chain);
    }
    if seq < held.topic.first {
        return Ok(held.topic.trimmed_chain);
    }
    connection
        .prepare_cached("SELECT chain FROM entries WHERE topic = ?1 AND seq = ?2")?
        .query_row(params![held.no, sql(seq.0)], |row| id(row, 0))
}

/// See [`Logs::entries`](sotto_ports::Logs::entries).
pub(super) fn read(
    connection: &Connection,
    held: &Held,
    after: Seq,
    to: Option<Seq>,
    limit: ReadLimit,
) -> Result<Stretch> {
    let topic = &held.topic;
    let after = after.max(topic.trimmed_to()).min(topic.newest.max(topic.trimmed_to()));
    let previous = chain_at(connection, held, after)?;
    let mut stretch = empty(topic, after, previous);
    let to = to.map_or(topic.newest, |to| to.min(topic.newest));
    if to <= after {
        return Ok(stretch);
    }
    let mut find = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM entries WHERE topic = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4"
    ))?;
    let mut rows = find.query(params![held.no, sql(after.0), sql(to.0), limit.entries as i64])?;
    let mut body_bytes = 0;
    while body_bytes < limit.body_bytes
        && let Some(row) = rows.next()?
    {
        let (entry, chain) = entry(row)?;
        if let EntryContent::Body(body) = &entry.content {
            body_bytes += body.len();
        }
        stretch.chain = chain;
        stretch.entries.push(entry);
    }
    Ok(stretch)
}

const fn empty(topic: &Topic, after: Seq, previous: Chain) -> Stretch {
    let (first, newest) = (topic.first, topic.newest);
    Stretch { after, previous, entries: Vec::new(), chain: previous, first, newest }
}

fn entry(row: &Row<'_>) -> Result<(Entry, Chain)> {
    let kind: u8 = row.get(1)?;
    let kind = EntryKind::from_code(kind).ok_or(rusqlite::Error::IntegralValueOutOfRange(1, kind.into()))?;
    let content = match row.get::<_, Option<Vec<u8>>>(7)? {
        Some(body) => EntryContent::Body(Bytes::from(body)),
        None => EntryContent::Expired(id(row, 8)?),
    };
    let entry = Entry {
        seq: Seq(number(row, 0)?),
        kind,
        version: small(row, 2)?,
        head: Seq(number(row, 3)?),
        append_id: id(row, 4)?,
        minute: Minute(number(row, 5)?),
        content,
    };
    Ok((entry, id(row, 6)?))
}
