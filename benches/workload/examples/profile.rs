//! One side of one measurement, over an encrypted file, for a profiler: `profile send 200`; `profile send-many 1000 500`
//! queues 500 before any leaves. docs/profiles.md says how.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use anyhow::{Context as _, bail};
use rusqlite::Connection;
use sotto_workload::catch_up::catch_up;
use sotto_workload::conversation::converse;
use sotto_workload::report::{QUEUED_AT_ONCE, TEXT_BYTES};
use sotto_workload::world::{ALICE, BOB, World};

fn now_us() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e6
}

/// As the client opens it (`client/native/src/database.rs`), except that nobody waits for the disk.
fn open(path: &Path) -> anyhow::Result<Connection> {
    let database = Connection::open(path)?;
    database.execute_batch(&format!(
        "PRAGMA key = \"x'{}'\"; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
         PRAGMA synchronous = OFF; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY",
        "07".repeat(32)
    ))?;
    Ok(database)
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let side = arguments.next().context("send, receive, send-many or catch-up")?;
    let count: usize = arguments.next().context("how many messages")?.parse()?;
    let queued = arguments.next().map_or(Ok(QUEUED_AT_ONCE), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let databases = [open(&folder.path().join("alice.db"))?, open(&folder.path().join("bob.db"))?];
    let mut world = World::new(databases, now_us)?;
    converse(&mut world, 20, TEXT_BYTES)?;
    let who = match side.as_str() {
        "send" | "send-many" => ALICE,
        "receive" | "catch-up" => BOB,
        other => bail!("{other} is no side"),
    };
    world.person(who).profiled = true;
    let before = world.person(who).spent_us;
    match side.as_str() {
        "send" | "receive" => drop(converse(&mut world, count, TEXT_BYTES)?),
        _ => drop(catch_up(&mut world, count, TEXT_BYTES, queued)?),
    }
    let each_us = (world.person(who).spent_us - before) / count as f64;
    println!("{side}: {each_us:.1} us a message");
    Ok(())
}
