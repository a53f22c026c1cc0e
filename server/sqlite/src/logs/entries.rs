//! Entries in the order of their arrival, found by their place or by their append id.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sotto_ports::logs::{Append, AppendRefused, Appended, Asked, ReadLimit, Stretch};
use sotto_ports::topic::Topic;
use sotto_wire::ids::{AppendId, Chain, Minute, Seq, TopicId};
use sotto_wire::topic::{Entry, EntryContent, EntryKind};

use crate::error::{Contradiction, Failure};
use crate::row::{bytes, id, int, number, seq};

/// An entry with the chain values around it.
pub(super) struct Kept {
    entry: Entry,
    previous: Chain,
    chain: Chain,
}

impl Kept {
    /// The answer to an append that came again.
    pub(super) fn repeat(self, op: &Append, first: Seq) -> Result<Appended, AppendRefused> {
        let entry = &self.entry;
        let same = entry.kind == op.kind
            && entry.version == op.version
            && entry.head == op.expect_head
            && entry.content.hash() == op.body_hash;
        if !same {
            return Err(AppendRefused::AppendIdReused);
        }
        Ok(Appended {
            entry: self.entry,
            body_hash: op.body_hash,
            previous: self.previous,
            chain: self.chain,
            first,
            asked: Asked::Again,
        })
    }
}

pub(super) fn by_append(db: &Connection, topic: i64, append_id: AppendId) -> rusqlite::Result<Option<Seq>> {
    let mut select = db.prepare_cached("SELECT seq FROM entries WHERE topic = ?1 AND append_id = ?2")?;
    select.query_row(params![topic, append_id.as_bytes()], |row| seq(row, 0)).optional()
}

pub(super) fn kept(db: &Connection, key: i64, topic: &Topic, seq: Seq) -> Result<Kept, Failure> {
    let mut select = db.prepare_cached(
        "SELECT seq, chain, kind, version, head, append_id, minute, body_hash, body FROM entries
         WHERE topic = ?1 AND seq = ?2",
    )?;
    let mut rows = select.query(params![key, int(seq.0)])?;
    let row = rows.next()?.ok_or(Contradiction::EntryMissing)?;
    let previous = if seq == topic.first { topic.trimmed_chain } else { chain_at(db, key, Seq(seq.0 - 1))? };
    Ok(Kept { entry: read(row)?, previous, chain: id(row, 1)? })
}

/// The chain value after the entry at this place.
pub(super) fn chain_at(db: &Connection, key: i64, seq: Seq) -> Result<Chain, Failure> {
    let mut select = db.prepare_cached("SELECT chain FROM entries WHERE topic = ?1 AND seq = ?2")?;
    let chain = select.query_row(params![key, int(seq.0)], |row| id(row, 0)).optional()?;
    Ok(chain.ok_or(Contradiction::EntryMissing)?)
}

pub(super) fn insert(db: &Connection, topic: i64, entry: &Entry, chain: Chain) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO entries (topic, seq, kind, version, head, append_id, minute, chain, body_hash, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let (hash, body) = match &entry.content {
        EntryContent::Body(body) => (None, Some(&**body)),
        EntryContent::Expired(hash) => (Some(hash.as_bytes()), None),
    };
    let row = params![
        topic,
        int(entry.seq.0),
        entry.kind.code(),
        entry.version,
        int(entry.head.0),
        entry.append_id.as_bytes(),
        int(entry.minute.0),
        chain.as_bytes(),
        hash,
        body
    ];
    insert.execute(row).map(drop)
}

pub(super) fn stretch(
    db: &Connection,
    topic: TopicId,
    after: Seq,
    to: Option<Seq>,
    limit: ReadLimit,
) -> Result<Option<Stretch>, Failure> {
    let Some(bounds) = bounds(db, topic)? else { return Ok(None) };
    let trimmed_to = Seq(bounds.first.0 - 1);
    let after = after.max(trimmed_to).min(bounds.newest.max(trimmed_to));
    let mut stretch = Stretch {
        after,
        previous: bounds.trimmed_chain,
        entries: Vec::new(),
        chain: bounds.trimmed_chain,
        first: bounds.first,
        newest: bounds.newest,
    };
    // The entry before is read too, for its chain value; its body is not.
    let mut select = db.prepare_cached(
        "SELECT seq, chain, kind, version, head, append_id, minute, body_hash, body FROM entries
         WHERE topic = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
    )?;
    let end = to.unwrap_or(bounds.newest).max(after);
    let mut rows = select.query(params![bounds.key, int(after.0), int(end.0)])?;
    if after > trimmed_to {
        let row = rows.next()?.ok_or(Contradiction::EntryMissing)?;
        stretch.previous = id(row, 1)?;
        stretch.chain = stretch.previous;
    }
    fill(&mut stretch, &mut rows, end.min(bounds.newest), limit)?;
    Ok(Some(stretch))
}

fn fill(
    stretch: &mut Stretch,
    rows: &mut rusqlite::Rows<'_>,
    end: Seq,
    limit: ReadLimit,
) -> Result<(), Failure> {
    let (mut next, mut body_bytes) = (stretch.after.next(), 0);
    while next <= end && stretch.entries.len() < limit.entries && body_bytes < limit.body_bytes {
        let row = rows.next()?.ok_or(Contradiction::EntryMissing)?;
        let entry = read(row)?;
        if entry.seq != next {
            return Err(Contradiction::EntryMissing.into());
        }
        if let EntryContent::Body(body) = &entry.content {
            body_bytes += body.len();
        }
        stretch.chain = id(row, 1)?;
        stretch.entries.push(entry);
        next = next.next();
    }
    Ok(())
}

/// What a read needs to know of a topic.
struct Bounds {
    key: i64,
    first: Seq,
    newest: Seq,
    trimmed_chain: Chain,
}

fn bounds(db: &Connection, topic: TopicId) -> Result<Option<Bounds>, Failure> {
    let mut select =
        db.prepare_cached("SELECT key, first, newest, trimmed_chain FROM topics WHERE id = ?1")?;
    let bounds = select.query_row([topic.as_bytes()], |row| {
        Ok(Bounds { key: row.get(0)?, first: seq(row, 1)?, newest: seq(row, 2)?, trimmed_chain: id(row, 3)? })
    });
    match bounds.optional()? {
        Some(bounds) if bounds.first.0 == 0 => Err(Contradiction::Topic { column: "first" }.into()),
        bounds => Ok(bounds),
    }
}

fn read(row: &Row<'_>) -> Result<Entry, Failure> {
    Ok(Entry {
        seq: seq(row, 0)?,
        kind: EntryKind::from_code(row.get(2)?).ok_or(Contradiction::EntryKind)?,
        version: row.get(3)?,
        head: seq(row, 4)?,
        append_id: id(row, 5)?,
        minute: Minute(number(row, 6)?),
        content: content(row)?,
    })
}

fn content(row: &Row<'_>) -> Result<EntryContent, Failure> {
    if row.get_ref(7)? != rusqlite::types::ValueRef::Null {
        return Ok(EntryContent::Expired(id(row, 7)?));
    }
    if row.get_ref(8)? == rusqlite::types::ValueRef::Null {
        return Err(Contradiction::EntryWithoutContent.into());
    }
    Ok(EntryContent::Body(bytes(row, 8)?))
}
