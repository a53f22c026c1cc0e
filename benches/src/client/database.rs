//! A client's database as the client opens it: SQLCipher on a real file, every transaction synced.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use anyhow::Context as _;
use rusqlite::Connection;
use serde_json::Value;

/// What `client/native/src/database.rs` sets, after the key.
pub(super) const PRAGMAS: &str = "locking_mode = EXCLUSIVE; journal_mode = WAL; synchronous = FULL; \
                                  secure_delete = ON; foreign_keys = ON; temp_store = MEMORY";

/// Opens a database under a raw key of 64 hexadecimal digits, making it where there is none.
pub(super) fn open(path: &Path, key: &str) -> anyhow::Result<Connection> {
    let database = Connection::open(path)?;
    database.execute_batch(&format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{key}'\""))?;
    for pragma in PRAGMAS.split(';') {
        database.execute_batch(&format!("PRAGMA {pragma}"))?;
    }
    Ok(database)
}

/// Two fresh databases in a folder.
pub(super) fn two(folder: &Path) -> anyhow::Result<[Connection; 2]> {
    let key = "07".repeat(32);
    Ok([open(&folder.join("alice.db"), &key)?, open(&folder.join("bob.db"), &key)?])
}

/// The key of a profile whose key lies open.
pub(super) fn key_of(profile: &Path) -> anyhow::Result<String> {
    let file: Value = serde_json::from_slice(&std::fs::read(profile.join("key.json"))?)?;
    let key = file["stored"]["insecure_file"]["key"].as_str();
    key.map(str::to_owned).context("the profile's key does not lie open")
}

/// For [`sotto_workload`]: microseconds since the first call.
pub(super) fn now_us() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e6
}
