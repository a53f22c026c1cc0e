//! Sweeping one topic: bodies become hashes, old entries go, then what nobody needs any more.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use sotto_ports::limits::SWEEP_ROWS_MAX;
use sotto_ports::logs::{Sweep, Swept};
use sotto_ports::trim::{self, Aged, Cutoffs};
use sotto_wire::digest::body_hash;
use sotto_wire::ids::{BodyHash, Day, Minute, Seq};
use sotto_wire::topic::EntryKind;

use super::topics::Held;
use super::{Batch, entries, slots};
use crate::error::{Contradiction, Failure};
use crate::row::{int, limit, number, seq};

impl Batch<'_> {
    pub(super) fn sweep(&mut self, op: &Sweep) -> Result<Swept, Failure> {
        let Some(held) = self.topics.find(self.db, op.topic)? else { return Ok(Swept::default()) };
        let swept = held.sweep(self.db, op.today)?;
        if trim::is_over(&held.topic, op.today) {
            self.topics.forget(self.db, op.topic)?;
        }
        Ok(swept)
    }
}

impl Held {
    fn sweep(&mut self, db: &Connection, today: Day) -> Result<Swept, Failure> {
        let cutoffs = Cutoffs::of(&self.topic, today);
        let mut swept = Swept::default();
        self.empty_bodies(db, cutoffs.body, &mut swept)?;
        let slots = slots::all(db, self.key)?;
        if slots.len() != self.topic.slots as usize {
            return Err(Contradiction::SlotCount.into());
        }
        let cut = trim::cut(&self.topic, &slots, today, self.aged(db, cutoffs)?);
        self.trim(db, cut, &mut swept)?;
        trim::forget_generations(&mut self.topic);
        for spent in slots.iter().filter(|slot| trim::is_spent(&self.topic, slot, today)) {
            slots::delete(db, self.key, spent.id)?;
            swept.slots += 1;
        }
        self.topic.slots -= swept.slots;
        self.topic.swept(today, swept.more);
        Ok(swept)
    }

    fn empty_bodies(&mut self, db: &Connection, before: Minute, swept: &mut Swept) -> Result<(), Failure> {
        let from = self.topic.emptied_to.max(self.topic.trimmed_to());
        let mut old = old_bodies(db, self.key, from, before)?;
        if old.len() > SWEEP_ROWS_MAX {
            old.truncate(SWEEP_ROWS_MAX);
            swept.more = true;
        }
        let mut update =
            db.prepare_cached("UPDATE entries SET body = NULL, body_hash = ?2 WHERE arrival = ?1")?;
        for body in &old {
            if let Some(hash) = body.hash {
                update.execute(params![body.arrival, hash.as_bytes()])?;
                swept.emptied += 1;
            }
        }
        self.topic.emptied_to = old.last().map_or(self.topic.emptied_to, |body| body.seq);
        Ok(())
    }

    /// Looks at the oldest entries until one is younger than everything that matters.
    fn aged(&self, db: &Connection, cutoffs: Cutoffs) -> Result<Aged, Failure> {
        let mut hold = Prefix::new(cutoffs.hold, self.topic.trimmed_to());
        let mut all = Prefix::new(cutoffs.all, self.topic.trimmed_to());
        let mut handshakes = Prefix::new(cutoffs.handshake, Seq(0));
        let mut select = db.prepare_cached(
            "SELECT seq, minute, kind FROM entries WHERE topic = ?1 AND seq >= ?2 ORDER BY seq",
        )?;
        let mut rows = select.query(params![self.key, int(self.topic.first.0)])?;
        while let Some(row) = rows.next()? {
            let (seq, minute) = (seq(row, 0)?, Minute(number(row, 1)?));
            let is_handshake = row.get::<_, u8>(2)? == EntryKind::Handshake.code();
            hold.look_at(seq, minute, true);
            all.look_at(seq, minute, true);
            handshakes.look_at(seq, minute, is_handshake);
            if hold.ended && all.ended && handshakes.ended {
                break;
            }
        }
        Ok(Aged { hold: hold.last, forced: all.last.max(handshakes.last) })
    }

    fn trim(&mut self, db: &Connection, cut: Seq, swept: &mut Swept) -> Result<(), Failure> {
        let first = self.topic.first;
        if cut < first {
            return Ok(());
        }
        let last = cut.min(Seq(first.0 + SWEEP_ROWS_MAX as u64 - 1));
        self.topic.trimmed_chain = entries::chain_at(db, self.key, last)?;
        let mut delete = db.prepare_cached("DELETE FROM entries WHERE topic = ?1 AND seq <= ?2")?;
        let gone = delete.execute(params![self.key, int(last.0)])?;
        if gone as u64 != last.0 - first.0 + 1 {
            return Err(Contradiction::EntryMissing.into());
        }
        self.topic.first = last.next();
        swept.trimmed = gone as u32;
        swept.more |= last < cut;
        Ok(())
    }
}

/// The oldest entries, as long as they were stored before a minute.
struct Prefix {
    before: Minute,
    /// The last of them that counts.
    last: Seq,
    ended: bool,
}

impl Prefix {
    const fn new(before: Minute, last: Seq) -> Self {
        Self { before, last, ended: false }
    }

    fn look_at(&mut self, seq: Seq, minute: Minute, counts: bool) {
        self.ended |= minute >= self.before;
        if !self.ended && counts {
            self.last = seq;
        }
    }
}

struct OldBody {
    arrival: i64,
    seq: Seq,
    /// Of an application body; a handshake keeps its body until it is trimmed.
    hash: Option<BodyHash>,
}

/// One more than a sweep may empty, if there are so many.
fn old_bodies(db: &Connection, topic: i64, after: Seq, before: Minute) -> Result<Vec<OldBody>, Failure> {
    let mut select = db.prepare_cached(
        "SELECT arrival, seq, kind, minute, body FROM entries
         WHERE topic = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = select.query(params![topic, int(after.0), limit(SWEEP_ROWS_MAX + 1)])?;
    let mut old = Vec::new();
    while let Some(row) = rows.next()? {
        if number(row, 3)? >= before.0 {
            break;
        }
        let hash = match row.get_ref(4)? {
            ValueRef::Blob(body) if row.get::<_, u8>(2)? == EntryKind::Application.code() => {
                Some(body_hash(body))
            }
            _ => None,
        };
        old.push(OldBody { arrival: row.get(0)?, seq: seq(row, 1)?, hash });
    }
    Ok(old)
}
