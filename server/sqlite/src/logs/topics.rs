//! Rows of topics and of their generations.

use rusqlite::{Connection, Result, Row, params};
use sotto_ports::logs::ControlStamp;
use sotto_ports::topic::{ArgumentsHash, ControlMark, Opened, Topic};
use sotto_wire::ids::{Day, Generation, PublicKey, Seq, TopicId};
use sotto_wire::topic::{ControlKeys, TtlDays};

use super::cache::{Held, Unwritten};
use super::first;
use crate::row::{array, conversion, id, number, small, sql};

pub(super) fn load(connection: &Connection, topic: TopicId) -> Result<Option<Held>> {
    let mut find = connection.prepare_cached(
        "SELECT no, arguments, newest, head, chain, first, trimmed_chain, control_keys, control_after,
                control_stamps, ttl_days, closed, slots, emptied_to, due
         FROM topics WHERE topic = ?1",
    )?;
    let Some(mut held) = first(&mut find, [topic.as_bytes()], |row| read(row, topic))? else {
        return Ok(None);
    };
    held.topic.generations = generations(connection, held.no)?;
    Ok(Some(held))
}

fn read(row: &Row<'_>, topic: TopicId) -> Result<Held> {
    let due = row.get::<_, Option<u32>>(14)?.map(Day);
    let topic = Topic {
        id: topic,
        arguments: ArgumentsHash(array(row, 1)?),
        newest: Seq(number(row, 2)?),
        head: Seq(number(row, 3)?),
        chain: id(row, 4)?,
        first: Seq(number(row, 5)?),
        trimmed_chain: id(row, 6)?,
        generations: Vec::new(),
        control_keys: control_keys(row, 7)?,
        control: ControlMark { after: Seq(number(row, 8)?), stamps: stamps(row, 9)? },
        ttl: ttl(row, 10)?,
        closed: row.get::<_, Option<u32>>(11)?.map(Day),
        slots: small(row, 12)?,
        emptied_to: Seq(number(row, 13)?),
        due,
    };
    Ok(Held { no: row.get(0)?, topic, unwritten: Unwritten::Nothing, due_written: due })
}

fn generations(connection: &Connection, no: i64) -> Result<Vec<Opened>> {
    let mut find = connection.prepare_cached(
        "SELECT generation, capability, from_seq, head FROM generations WHERE topic = ?1 ORDER BY generation",
    )?;
    let opened = find.query_map([no], |row| {
        Ok(Opened {
            generation: Generation(small(row, 0)?),
            capability: id(row, 1)?,
            from: Seq(number(row, 2)?),
            head: Seq(number(row, 3)?),
        })
    })?;
    opened.collect()
}

/// Writes a topic that was just made.
pub(super) fn insert(connection: &Connection, topic: Topic) -> Result<Held> {
    connection
        .prepare_cached(
            "INSERT INTO topics (topic, arguments, newest, head, chain, first, trimmed_chain, control_keys,
                                 control_after, control_stamps, ttl_days, closed, slots, emptied_to, due)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            topic.id.as_bytes(),
            topic.arguments.0,
            sql(topic.newest.0),
            sql(topic.head.0),
            topic.chain.as_bytes(),
            sql(topic.first.0),
            topic.trimmed_chain.as_bytes(),
            joined_keys(&topic),
            sql(topic.control.after.0),
            joined_stamps(&topic),
            topic.ttl.get(),
            topic.closed.map(|day| day.0),
            topic.slots,
            sql(topic.emptied_to.0),
            topic.due.map(|day| day.0),
        ])?;
    let no = connection.last_insert_rowid();
    insert_generations(connection, no, &topic)?;
    let due_written = topic.due;
    Ok(Held { no, topic, unwritten: Unwritten::Nothing, due_written })
}

/// Writes what has changed.
pub(super) fn write_back(connection: &Connection, held: &mut Held) -> Result<()> {
    match held.unwritten {
        Unwritten::Nothing => return Ok(()),
        Unwritten::Place => write_place(connection, held)?,
        Unwritten::All => {
            write_place(connection, held)?;
            write_rest(connection, held)?;
        }
    }
    if held.due_written != held.topic.due {
        connection
            .prepare_cached("UPDATE topics SET due = ?2 WHERE no = ?1")?
            .execute(params![held.no, held.topic.due.map(|day| day.0)])?;
        held.due_written = held.topic.due;
    }
    held.unwritten = Unwritten::Nothing;
    Ok(())
}

fn write_place(connection: &Connection, held: &Held) -> Result<()> {
    let topic = &held.topic;
    connection
        .prepare_cached("UPDATE topics SET newest = ?2, head = ?3, chain = ?4 WHERE no = ?1")?
        .execute(params![held.no, sql(topic.newest.0), sql(topic.head.0), topic.chain.as_bytes()])
        .map(drop)
}

fn write_rest(connection: &Connection, held: &Held) -> Result<()> {
    let topic = &held.topic;
    connection
        .prepare_cached(
            "UPDATE topics SET first = ?2, trimmed_chain = ?3, control_keys = ?4, control_after = ?5,
                               control_stamps = ?6, ttl_days = ?7, closed = ?8, slots = ?9, emptied_to = ?10
             WHERE no = ?1",
        )?
        .execute(params![
            held.no,
            sql(topic.first.0),
            topic.trimmed_chain.as_bytes(),
            joined_keys(topic),
            sql(topic.control.after.0),
            joined_stamps(topic),
            topic.ttl.get(),
            topic.closed.map(|day| day.0),
            topic.slots,
            sql(topic.emptied_to.0),
        ])?;
    let oldest = topic.generations.first().map_or(0, |opened| opened.generation.0);
    connection
        .prepare_cached("DELETE FROM generations WHERE topic = ?1 AND generation < ?2")?
        .execute(params![held.no, oldest])?;
    insert_generations(connection, held.no, topic)
}

// A generation never changes; those that are there stay as they are.
fn insert_generations(connection: &Connection, no: i64, topic: &Topic) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO generations (topic, generation, capability, from_seq, head)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    topic.generations.iter().try_for_each(|opened| {
        let (from, head) = (sql(opened.from.0), sql(opened.head.0));
        insert.execute(params![no, opened.generation.0, opened.capability.as_bytes(), from, head]).map(drop)
    })
}

/// Deletes a topic that has no entries any more.
pub(super) fn delete(connection: &Connection, no: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM generations WHERE topic = ?1")?.execute([no])?;
    connection.prepare_cached("DELETE FROM slots WHERE topic = ?1")?.execute([no])?;
    connection.prepare_cached("DELETE FROM topics WHERE no = ?1")?.execute([no]).map(drop)
}

fn joined_keys(topic: &Topic) -> Vec<u8> {
    topic.control_keys.as_slice().iter().flat_map(|key| *key.as_bytes()).collect()
}

fn joined_stamps(topic: &Topic) -> Vec<u8> {
    topic.control.stamps.iter().flat_map(|stamp| stamp.0).collect()
}

fn control_keys(row: &Row<'_>, column: usize) -> Result<ControlKeys> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|error| conversion(column, error))?;
    let keys = bytes.chunks(PublicKey::LEN).map(PublicKey::try_from).collect::<std::result::Result<_, _>>();
    let keys = keys.map_err(|error| conversion(column, error))?;
    ControlKeys::new(keys).map_err(|error| conversion(column, error))
}

fn stamps(row: &Row<'_>, column: usize) -> Result<Vec<ControlStamp>> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|error| conversion(column, error))?;
    let stamps = bytes.chunks(16).map(|stamp| stamp.try_into().map(ControlStamp));
    stamps.collect::<std::result::Result<_, _>>().map_err(|error| conversion(column, error))
}

fn ttl(row: &Row<'_>, column: usize) -> Result<TtlDays> {
    let days = small(row, column)?;
    TtlDays::new(days).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, days.into()))
}
