//! How many appends a second are durable, through the store and with the bare statements of the same schema; and how
//! long a reader who was away waits.
//!
//! `cargo run --release -p sotto-sqlite --example throughput [DIRECTORY]`. One run says little: the disk and whatever
//! else runs move the figures by a factor of two.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, run by hand")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use rusqlite::{Connection, params};
use sotto_ports::Logs;
use sotto_ports::logs::{Ack, Append, Create, LogOp, LogOutcome, OpenSlot, ReadLimit, SlotKey};
use sotto_sqlite::{DatabaseFile, SqliteStore};
use sotto_wire::digest::body_hash;
use sotto_wire::ids::{
    AppendId, CapabilityHash, Day, Minute, PublicKey, Seq, SlotId, SlotSecretHash, TopicId,
};
use sotto_wire::topic::{ControlKeys, EntryKind, NewSlot, TtlDays};

const TOPICS: u32 = 50_000;
const PRELOADED: u32 = 200_000;
const BODY_BYTES: usize = 884;
const EACH: Duration = Duration::from_secs(6);

fn main() {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(base).unwrap();
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut store = SqliteStore::open(dir.path()).unwrap();
    let begun = Instant::now();
    (0..TOPICS).collect::<Vec<_>>().chunks(1_000).for_each(|some| create(&mut store, some));
    for _ in 0..PRELOADED / 1_000 {
        appended(&mut store, &mut dice, 1_000);
    }
    println!("preloaded {TOPICS} topics, {PRELOADED} entries in {:.1?}", begun.elapsed());

    for size in [1, 64, 512] {
        rate("store, appends", size, || appended(&mut store, &mut dice, size));
    }
    for size in [64, 512] {
        rate("store, acks", size, || acked(&mut store, &mut dice, size));
    }
    catch_up(&store, &mut dice);
    store.close().unwrap();
    let mut bare = Bare::open(dir.path());
    for size in [1, 64, 512] {
        rate("bare statements", size, || bare.append(&mut dice, size));
    }
}

/// Does batches for a while.
fn rate(what: &str, size: u32, mut batch: impl FnMut()) {
    let (begun, processor, mut done, mut slowest) = (Instant::now(), processor_ns(), 0, Duration::ZERO);
    while begun.elapsed() < EACH {
        let before = Instant::now();
        batch();
        slowest = slowest.max(before.elapsed());
        done += size;
    }
    let per_second = f64::from(done) / begun.elapsed().as_secs_f64();
    let processor =
        processor_ns().zip(processor).map_or(0, |(after, before)| (after - before) / u64::from(done));
    println!(
        "{what}, {size} a batch: {per_second:.0}/s, slowest batch {slowest:.1?}, processor {:.1} µs each",
        processor as f64 / 1e3
    );
}

/// Processor time of this thread, where the system tells: it moves less than the clock when others run too.
fn processor_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn id(n: u32) -> [u8; 32] {
    [n as u8; 32]
}

fn topic(n: u32) -> TopicId {
    let mut bytes = [0; 32];
    ChaCha8Rng::seed_from_u64(u64::from(n) + 1).fill_bytes(&mut bytes);
    TopicId::new(bytes)
}

fn slot(n: u32) -> NewSlot {
    NewSlot { slot: SlotId::new([n as u8; 16]), secret: SlotSecretHash::new(id(n)) }
}

fn create(store: &mut SqliteStore, topics: &[u32]) {
    let create = |n: &u32| {
        let control_keys = ControlKeys::new(vec![PublicKey::new(id(1)), PublicKey::new(id(2))]).unwrap();
        let (topic, capability) = (topic(*n), CapabilityHash::new(id(0)));
        let ttl = TtlDays::new(30).unwrap();
        let slots = (1..=2)
            .map(move |n| LogOp::OpenSlot(OpenSlot { topic, capability, slot: slot(n), today: Day(20_000) }));
        std::iter::once(LogOp::Create(Create { topic, capability, control_keys, ttl })).chain(slots)
    };
    store.apply_to_logs(topics.iter().flat_map(create).collect()).unwrap();
}

fn body(dice: &mut ChaCha8Rng) -> Bytes {
    let mut body = vec![0; BODY_BYTES];
    dice.fill_bytes(&mut body);
    body.into()
}

fn append_id(dice: &mut ChaCha8Rng) -> AppendId {
    let mut bytes = [0; 16];
    dice.fill_bytes(&mut bytes);
    AppendId::new(bytes)
}

fn appended(store: &mut SqliteStore, dice: &mut ChaCha8Rng, size: u32) {
    let append = |_| {
        let body = body(dice);
        LogOp::Append(Append {
            topic: topic(dice.next_u32() % TOPICS),
            capability: CapabilityHash::new(id(0)),
            kind: EntryKind::Application,
            version: 1,
            expect_head: Seq(0),
            append_id: append_id(dice),
            body_hash: body_hash(&body),
            body,
            minute: Minute(20_000 * 24 * 60),
            rotate: None,
            open_slots: Vec::new(),
        })
    };
    let outcomes = store.apply_to_logs((0..size).map(append).collect()).unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, LogOutcome::Append(Ok(_)))));
}

fn acked(store: &mut SqliteStore, dice: &mut ChaCha8Rng, size: u32) {
    let ack = |_| {
        let (topic, NewSlot { slot, secret }) = (topic(dice.next_u32() % TOPICS), slot(1));
        let seq = Seq(u64::from(dice.next_u32() % 2));
        LogOp::Ack(Ack { key: SlotKey { topic, slot, secret }, seq, today: Day(20_001) })
    };
    store.apply_to_logs((0..size).map(ack).collect()).unwrap();
}

/// 200 topics, some 5 entries each.
fn catch_up(store: &SqliteStore, dice: &mut ChaCha8Rng) {
    let limit = ReadLimit { entries: 512, body_bytes: 256 * 1024 };
    let mut took = Vec::new();
    let mut entries = 0;
    for _ in 0..200 {
        let slots: Vec<_> = (0..200)
            .map(|_| topic(dice.next_u32() % TOPICS))
            .map(|topic| (topic, away(store, topic)))
            .collect();
        let begun = Instant::now();
        for (topic, after) in slots {
            entries += store.entries(topic, after, None, limit).unwrap().map_or(0, |some| some.entries.len());
        }
        took.push(begun.elapsed());
    }
    took.sort();
    println!(
        "catch-up of 200 topics, {} entries: p50 {:.1?}, p99 {:.1?}",
        entries / took.len(),
        took[took.len() / 2],
        took[took.len() * 99 / 100]
    );
}

/// Where a reader stopped who has 5 entries to come.
fn away(store: &SqliteStore, topic: TopicId) -> Seq {
    let nothing = ReadLimit { entries: 0, body_bytes: 0 };
    let newest = store.entries(topic, Seq(0), None, nothing).unwrap().map_or(0, |stretch| stretch.newest.0);
    Seq(newest.saturating_sub(5))
}

/// Group commit with the least that the schema needs: no rules, no look for a repeat, no chain.
struct Bare {
    db: Connection,
    newest: Vec<i64>,
}

impl Bare {
    fn open(dir: &Path) -> Self {
        let db = Connection::open(DatabaseFile::Topics.path(dir)).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA cache_size = -65536; PRAGMA secure_delete = ON;",
        )
        .unwrap();
        let newest = {
            let mut select = db.prepare("SELECT newest FROM topics ORDER BY key").unwrap();
            select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        Self { db, newest }
    }

    fn append(&mut self, dice: &mut ChaCha8Rng, size: u32) {
        let transaction = self.db.transaction().unwrap();
        for _ in 0..size {
            let at = (dice.next_u32() % TOPICS) as usize;
            self.newest[at] += 1;
            let (key, seq, chain) = (at as i64 + 1, self.newest[at], id(at as u32));
            let body = body(dice);
            std::hint::black_box(body_hash(&body));
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO entries (topic, seq, kind, version, head, append_id, minute, chain, body)
                     VALUES (?1, ?2, 2, 1, 0, ?3, 28800000, ?4, ?5)",
                )
                .unwrap();
            insert.execute(params![key, seq, append_id(dice).as_bytes(), chain, &*body]).unwrap();
            let mut update = transaction
                .prepare_cached("UPDATE topics SET newest = ?2, chain = ?3 WHERE key = ?1")
                .unwrap();
            update.execute(params![key, seq, chain]).unwrap();
        }
        transaction.commit().unwrap();
        let pages: i64 = self.db.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1)).unwrap();
        if pages > 12_288 {
            self.db.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
        }
    }
}
