//! Killed at any instant, a store keeps everything it has acknowledged.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sotto_ports::Directory;
use sotto_sqlite::{OpenOptions, Soundness, SqliteStore, check};
use sotto_wire::ids::Seq;
use support::*;

const KILLS: u32 = 20;
/// Batches acknowledged before a kill, at most.
const BATCHES_MAX: u32 = 40;
const ENTRIES_PER_BATCH: u32 = 3;
/// Tells the child which directory is its own.
const DIR: &str = "SOTTO_CRASH_DIR";

/// Small, so that many kills fall into checkpoints.
fn options() -> OpenOptions {
    OpenOptions { wal_bytes: 128 << 10, ..OpenOptions::default() }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut acknowledged = 0;
    for kill in 1..=KILLS {
        acknowledged = write_and_kill(dir.path(), 1 + dice.next_u32() % BATCHES_MAX).max(acknowledged);
        let found = assert_whole(dir.path());
        assert!(found >= acknowledged, "kill {kill}: {found} batches of {acknowledged}");
    }
    assert!(acknowledged >= KILLS, "every child did something: {acknowledged}");
}

/// Starts a child that writes, and kills it when it has acknowledged so many batches. The last one it acknowledged.
fn write_and_kill(dir: &Path, batches: u32) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut numbers = lines.filter_map(|line| line.strip_prefix("batch ")?.parse().ok());
    let before = numbers.by_ref().take(batches as usize).last();
    child.kill().unwrap();
    // What it acknowledged before the signal came counts too.
    let last = numbers.last().or(before);
    child.wait().unwrap();
    last.unwrap()
}

/// Opens the store as a server would after a crash; how many batches are in it.
fn assert_whole(dir: &Path) -> u32 {
    let store = SqliteStore::open_with(dir, &options()).unwrap();
    let log = everything(&store, 1).unwrap();
    let led = log.entries.iter().fold(log.previous, |chain, entry| entry.chain_after(chain));
    assert_eq!(led, log.chain);
    assert_eq!(log.newest.0 % u64::from(ENTRIES_PER_BATCH), 0, "a batch is there wholly or not at all");
    let batches = (log.newest.0 / u64::from(ENTRIES_PER_BATCH)) as u32;
    let is_there = |n: u32| store.account_named(&handle(n)).unwrap().is_some();
    assert!((1..=batches).all(is_there), "the directory is written first");
    assert!(!is_there(batches + 2));
    drop(store);
    assert!(check(dir).unwrap().iter().all(|file| file.soundness == Soundness::Sound));
    batches
}

/// Not a test: what [`write_and_kill`] starts.
#[test]
#[ignore = "the crash test starts and kills it"]
fn child_that_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let mut store = SqliteStore::open_with(Path::new(&dir), &options()).unwrap();
    let mut batch = match everything(&store, 1) {
        Some(log) => (log.newest.0 / u64::from(ENTRIES_PER_BATCH)) as u32,
        None => {
            log(&mut store, vec![create(1)]);
            0
        }
    };
    assert!(everything(&store, 1).is_some_and(|log| log.newest == Seq(u64::from(batch * ENTRIES_PER_BATCH))));
    let mut out = std::io::stdout();
    loop {
        batch += 1;
        // After a crash between the two the account is there already, and says so.
        store.apply_to_directory(vec![register(batch)]).unwrap();
        let entries =
            (0..ENTRIES_PER_BATCH).map(|n| append(1, batch * ENTRIES_PER_BATCH + n, vec![batch as u8; 700]));
        log(&mut store, entries.collect());
        writeln!(out, "batch {batch}").and_then(|()| out.flush()).unwrap();
    }
}
