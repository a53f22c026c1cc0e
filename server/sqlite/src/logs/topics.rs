//! Topics in use: loaded once, written back once a batch.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use sotto_ports::logs::{ControlStamp, Create};
use sotto_ports::topic::{ArgumentsHash, ControlMark, Opened, Topic};
use sotto_wire::ids::{Day, Generation, PublicKey, Seq, TopicId};
use sotto_wire::topic::{ControlKeys, TtlDays};

use crate::error::{Contradiction, Failure};
use crate::limits::GENERATIONS_HELD_MAX;
use crate::row::{id, int, limit, seq};

/// Topics in use, as they stand after the operations so far. They stay from batch to batch, for who writes now wrote
/// a moment ago; what a batch changed is written when it ends.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    held: HashMap<TopicId, Held>,
    /// Those that the batch has looked at.
    touched: Vec<TopicId>,
    /// Generations of the topics held, which is what may be many.
    generations: usize,
    /// Changes when another process writes to the file.
    data_version: i64,
}

/// A topic and what stands for it in the other tables.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) key: i64,
    pub(super) topic: Topic,
    /// As the database has it.
    stored: Topic,
    touched: bool,
}

impl Topics {
    /// Before a batch: forgets everything if another process may have changed it.
    pub(super) fn begin(&mut self, db: &Connection) -> Result<(), Failure> {
        let mut select = db.prepare_cached("PRAGMA data_version")?;
        let data_version = select.query_row([], |row| row.get(0))?;
        if data_version != self.data_version {
            *self = Self { data_version, ..Self::default() };
        }
        Ok(())
    }

    /// The topic, loaded unless it is there already.
    pub(super) fn find(&mut self, db: &Connection, id: TopicId) -> Result<Option<&mut Held>, Failure> {
        if !self.held.contains_key(&id) {
            let Some((key, topic)) = load(db, id)? else { return Ok(None) };
            self.hold(key, topic);
        }
        let Some(held) = self.held.get_mut(&id) else { return Ok(None) };
        if !held.touched {
            held.touched = true;
            self.touched.push(id);
        }
        Ok(Some(held))
    }

    /// A new topic; says where its log begins.
    pub(super) fn create(&mut self, db: &Connection, op: &Create) -> Result<Seq, Failure> {
        let topic = Topic::create(op);
        let first = topic.first;
        let key = insert(db, &topic)?;
        self.hold(key, topic);
        Ok(first)
    }

    /// Removes a topic that has no entries left, with everything that belongs to it.
    pub(super) fn forget(&mut self, db: &Connection, id: TopicId) -> Result<(), Failure> {
        let Some(held) = self.held.remove(&id) else { return Ok(()) };
        for delete in [
            "DELETE FROM slots WHERE topic = ?1",
            "DELETE FROM generations WHERE topic = ?1",
            "DELETE FROM topics WHERE key = ?1",
        ] {
            db.prepare_cached(delete)?.execute([held.key])?;
        }
        Ok(())
    }

    /// At the end of a batch: writes back what changed.
    pub(super) fn save(&mut self, db: &Connection) -> Result<(), Failure> {
        for id in self.touched.drain(..) {
            // One that was forgotten is in no table any more.
            if let Some(held) = self.held.get_mut(&id) {
                held.touched = false;
                self.generations += held.save(db)?;
            }
        }
        Ok(())
    }

    /// After a batch that is durable: makes room.
    pub(super) fn settle(&mut self) {
        if self.generations > GENERATIONS_HELD_MAX {
            self.clear();
        }
    }

    /// After a batch that failed: what is held may never have been written.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn hold(&mut self, key: i64, topic: Topic) {
        self.generations += topic.generations.len();
        let held = Held { key, stored: topic.clone(), topic, touched: false };
        self.held.insert(held.topic.id, held);
    }
}

impl Held {
    /// Writes back what changed; how many generations are new.
    fn save(&mut self, db: &Connection) -> Result<usize, Failure> {
        if self.topic == self.stored {
            return Ok(0);
        }
        if self.has_only_grown() {
            update_place(db, self.key, &self.topic)?;
        } else {
            update(db, self.key, &self.topic)?;
        }
        let new = self.save_generations(db)?;
        self.stored = self.topic.clone();
        Ok(new)
    }

    /// Whether nothing changed but what every append changes.
    fn has_only_grown(&self) -> bool {
        let Topic { newest, head, chain, .. } = self.topic;
        // Cheap to take along, and all other fields are compared, those of a later version too.
        let grown = Topic { newest, head, chain, ..self.stored.clone() };
        grown == self.topic
    }

    fn save_generations(&self, db: &Connection) -> rusqlite::Result<usize> {
        let (before, now) = (&self.stored.generations, &self.topic.generations);
        if before == now {
            return Ok(0);
        }
        for gone in before.iter().filter(|opened| !now.contains(opened)) {
            let mut delete =
                db.prepare_cached("DELETE FROM generations WHERE topic = ?1 AND generation = ?2")?;
            delete.execute(params![self.key, gone.generation.0])?;
        }
        let mut new = 0;
        for opened in now.iter().filter(|opened| !before.contains(opened)) {
            insert_generation(db, self.key, opened)?;
            new += 1;
        }
        Ok(new)
    }
}

pub(super) fn due(db: &Connection, today: Day, at_most: usize) -> Result<Vec<TopicId>, Failure> {
    let mut select = db.prepare_cached("SELECT id FROM topics WHERE due_day <= ?1 LIMIT ?2")?;
    let due = select.query_map(params![today.0, limit(at_most)], |row| id(row, 0))?;
    Ok(due.collect::<Result<_, _>>()?)
}

fn load(db: &Connection, id: TopicId) -> Result<Option<(i64, Topic)>, Failure> {
    let mut select = db.prepare_cached(
        "SELECT key, arguments_hash, newest, head, chain, first, trimmed_chain, emptied_to, control_keys,
             control_after, control_stamps, ttl_days, closed_day, slots, due_day
         FROM topics WHERE id = ?1",
    )?;
    let mut rows = select.query([id.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let key = row.get(0)?;
    let mut topic = read(row, id)?;
    topic.generations = generations(db, key)?;
    if topic.generations.is_empty() {
        return Err(Contradiction::TopicWithoutGeneration.into());
    }
    Ok(Some((key, topic)))
}

fn read(row: &Row<'_>, topic: TopicId) -> Result<Topic, Failure> {
    let first = seq(row, 5)?;
    if first.0 == 0 {
        return Err(Contradiction::Topic { column: "first" }.into());
    }
    Ok(Topic {
        id: topic,
        arguments: ArgumentsHash(row.get(1)?),
        newest: seq(row, 2)?,
        head: seq(row, 3)?,
        chain: id(row, 4)?,
        first,
        trimmed_chain: id(row, 6)?,
        emptied_to: seq(row, 7)?,
        generations: Vec::new(),
        control_keys: control_keys(row.get_ref(8)?.as_blob().map_err(rusqlite::Error::from)?)?,
        control: ControlMark {
            after: seq(row, 9)?,
            stamps: stamps(row.get_ref(10)?.as_blob().map_err(rusqlite::Error::from)?)?,
        },
        ttl: TtlDays::new(row.get(11)?).ok_or(Contradiction::Topic { column: "ttl_days" })?,
        closed: row.get::<_, Option<_>>(12)?.map(Day),
        slots: row.get(13)?,
        due: row.get::<_, Option<_>>(14)?.map(Day),
    })
}

fn generations(db: &Connection, key: i64) -> rusqlite::Result<Vec<Opened>> {
    let mut select = db.prepare_cached(
        "SELECT generation, capability_hash, from_seq, head FROM generations
         WHERE topic = ?1 ORDER BY generation",
    )?;
    let opened = select.query_map([key], |row| {
        Ok(Opened {
            generation: Generation(row.get(0)?),
            capability: id(row, 1)?,
            from: seq(row, 2)?,
            head: seq(row, 3)?,
        })
    })?;
    opened.collect()
}

fn insert(db: &Connection, topic: &Topic) -> rusqlite::Result<i64> {
    let mut insert = db.prepare_cached(
        "INSERT INTO topics (id, arguments_hash, newest, head, chain, first, trimmed_chain, emptied_to,
             control_keys, control_after, control_stamps, ttl_days, closed_day, slots, due_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    insert.execute(params![
        topic.id.as_bytes(),
        topic.arguments.0,
        int(topic.newest.0),
        int(topic.head.0),
        topic.chain.as_bytes(),
        int(topic.first.0),
        topic.trimmed_chain.as_bytes(),
        int(topic.emptied_to.0),
        packed_keys(&topic.control_keys),
        int(topic.control.after.0),
        packed_stamps(&topic.control.stamps),
        topic.ttl.get(),
        topic.closed.map(|day| day.0),
        topic.slots,
        topic.due.map(|day| day.0),
    ])?;
    let key = db.last_insert_rowid();
    topic.generations.iter().try_for_each(|opened| insert_generation(db, key, opened))?;
    Ok(key)
}

/// Not the indexed columns: SQLite would move their index entries even to where they are.
fn update_place(db: &Connection, key: i64, topic: &Topic) -> Result<(), Failure> {
    let mut update =
        db.prepare_cached("UPDATE topics SET newest = ?2, head = ?3, chain = ?4 WHERE key = ?1")?;
    one(update.execute(params![key, int(topic.newest.0), int(topic.head.0), topic.chain.as_bytes()])?)
}

fn one(updated: usize) -> Result<(), Failure> {
    if updated == 1 { Ok(()) } else { Err(Contradiction::Topic { column: "key" }.into()) }
}

fn update(db: &Connection, key: i64, topic: &Topic) -> Result<(), Failure> {
    let mut update = db.prepare_cached(
        "UPDATE topics SET newest = ?2, head = ?3, chain = ?4, first = ?5, trimmed_chain = ?6,
             emptied_to = ?7, control_keys = ?8, control_after = ?9, control_stamps = ?10, ttl_days = ?11,
             closed_day = ?12, slots = ?13, due_day = ?14
         WHERE key = ?1",
    )?;
    let updated = update.execute(params![
        key,
        int(topic.newest.0),
        int(topic.head.0),
        topic.chain.as_bytes(),
        int(topic.first.0),
        topic.trimmed_chain.as_bytes(),
        int(topic.emptied_to.0),
        packed_keys(&topic.control_keys),
        int(topic.control.after.0),
        packed_stamps(&topic.control.stamps),
        topic.ttl.get(),
        topic.closed.map(|day| day.0),
        topic.slots,
        topic.due.map(|day| day.0),
    ])?;
    one(updated)
}

fn insert_generation(db: &Connection, key: i64, opened: &Opened) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO generations (topic, generation, capability_hash, from_seq, head)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let row = params![
        key,
        opened.generation.0,
        opened.capability.as_bytes(),
        int(opened.from.0),
        int(opened.head.0)
    ];
    insert.execute(row).map(drop)
}

fn packed_keys(keys: &ControlKeys) -> Vec<u8> {
    keys.as_slice().iter().flat_map(|key| key.as_bytes()).copied().collect()
}

fn control_keys(packed: &[u8]) -> Result<ControlKeys, Contradiction> {
    let impossible = Contradiction::Topic { column: "control_keys" };
    let keys = packed.chunks(PublicKey::LEN).map(PublicKey::try_from).collect::<Result<_, _>>();
    ControlKeys::new(keys.map_err(|_| impossible)?).map_err(|_| impossible)
}

fn packed_stamps(stamps: &[ControlStamp]) -> Vec<u8> {
    stamps.iter().flat_map(|stamp| stamp.0).collect()
}

fn stamps(packed: &[u8]) -> Result<Vec<ControlStamp>, Contradiction> {
    let stamps = packed.chunks(16).map(|stamp| stamp.try_into().map(ControlStamp)).collect::<Result<_, _>>();
    stamps.map_err(|_| Contradiction::Topic { column: "control_stamps" })
}
