//! Databases as a killed process leaves them: looked at in a copy, never touched.

use std::path::Path;

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use sotto_engine::{Engine, OutboxItem};

use crate::leaks;

/// What a client that is not running had in its outbox. The profile's key must lie open.
///
/// # Errors
/// When the database does not open, which a kill must never bring about.
pub fn outbox_of(profile: &Path) -> anyhow::Result<Vec<OutboxItem>> {
    let copy = tempfile::tempdir()?;
    for name in ["sotto.db", "sotto.db-wal"] {
        let from = profile.join(name);
        if from.exists() {
            std::fs::copy(from, copy.path().join(name))?;
        }
    }
    let connection = open(&copy.path().join("sotto.db"), &key_of(profile)?)?;
    let engine = Engine::open(connection).context("the database after a kill")?;
    Ok(engine.outbox()?)
}

fn open(path: &Path, key: &str) -> anyhow::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Not through rusqlite's pragma functions: those look at the schema, which nobody can read before the key is set.
    // The copy is for one look only: nobody has to wait for the disk.
    connection.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA synchronous = OFF"))?;
    Ok(connection)
}

fn key_of(profile: &Path) -> anyhow::Result<String> {
    let file: Value = serde_json::from_slice(&std::fs::read(profile.join("key.json"))?)?;
    let key = file["stored"]["insecure_file"]["key"].as_str();
    key.map(str::to_owned).context("the profile's key does not lie open")
}

/// Checks every page and index of a server's databases; returns how many there are. The server must not run.
///
/// # Errors
/// When SQLite finds anything wrong.
pub fn check_server(data: &Path) -> anyhow::Result<usize> {
    let databases = leaks::databases(data)?;
    ensure!(!databases.is_empty(), "there is no database in {}", data.display());
    for path in &databases {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let said: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        ensure!(said == "ok", "{}: {said}", path.display());
    }
    Ok(databases.len())
}
