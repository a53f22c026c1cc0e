//! What the server's files hold: every row of every table, read from the files themselves and not through the server.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

/// First bytes of an unencrypted SQLite file.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// Bytes of a blob that are shown; its length always is.
const BYTES_SHOWN: usize = 24;

/// Every row the server holds, by table and key.
#[derive(Debug, Default)]
pub(crate) struct Held {
    rows: BTreeMap<Key, Row>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    table: String,
    values: Vec<String>,
}

/// Column names and what stands in them, in the table's order. `NULL` is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row(Vec<(String, String)>);

impl Held {
    /// Reads every database in a folder, as another process sees it.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut held = Self::default();
        for path in files(folder)? {
            if is_database(&path)? {
                held.read_database(&path).with_context(|| format!("reading {}", path.display()))?;
            }
        }
        Ok(held)
    }

    fn read_database(&mut self, path: &Path) -> anyhow::Result<()> {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        for table in tables(&database)? {
            self.read_table(&database, &table)?;
        }
        Ok(())
    }

    fn read_table(&mut self, database: &Connection, table: &str) -> anyhow::Result<()> {
        let keys = key_columns(database, table)?;
        let mut statement = database.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut fields = Vec::new();
            for (index, name) in names.iter().enumerate() {
                fields.push((name.clone(), show(&row.get(index)?)));
            }
            let is_key = |name: &String| keys.is_empty() || keys.contains(name);
            let values =
                fields.iter().filter(|(name, _)| is_key(name)).map(|(_, value)| value.clone()).collect();
            fields.retain(|(_, value)| !value.is_empty());
            self.rows.insert(Key { table: table.to_owned(), values }, Row(fields));
        }
        Ok(())
    }

    /// What a later reading has that this one has not, line by line.
    pub(crate) fn changes_to(&self, later: &Self) -> Vec<String> {
        let gone = self.rows.iter().filter(|(key, _)| !later.rows.contains_key(key));
        let mut lines: Vec<String> =
            later.rows.iter().filter_map(|(key, row)| self.change(key, row)).collect();
        lines.extend(gone.map(|(key, row)| format!("− {}: {row}", key.table)));
        lines
    }

    fn change(&self, key: &Key, row: &Row) -> Option<String> {
        match self.rows.get(key) {
            None => Some(format!("+ {}: {row}", key.table)),
            Some(earlier) if earlier == row => None,
            Some(earlier) => {
                Some(format!("~ {} {}: {}", key.table, key.values.join(" "), row.since(earlier)))
            }
        }
    }

    /// How many rows each table has.
    pub(crate) fn totals(&self) -> Vec<String> {
        let mut totals = BTreeMap::<&str, usize>::new();
        for key in self.rows.keys() {
            *totals.entry(&key.table).or_default() += 1;
        }
        totals.into_iter().map(|(table, rows)| format!("{table}: {rows}")).collect()
    }
}

impl Row {
    fn since(&self, earlier: &Self) -> String {
        let fields = self.0.iter().filter(|field| !earlier.0.contains(field));
        fields.map(|(name, value)| format!("{name} → {value}")).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<String> = self.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&fields.join(", "))
    }
}

/// Files that hold a text, and how many bytes were searched for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) bytes: usize,
    pub(crate) found_in: Vec<PathBuf>,
}

/// Looks for a text in every byte the server has written, its write-ahead log included.
pub(crate) fn search(folder: &Path, text: &str) -> anyhow::Result<Search> {
    let mut search = Search { bytes: 0, found_in: Vec::new() };
    for path in files(folder)? {
        // A log that a checkpoint removed meanwhile holds nothing.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        search.bytes += bytes.len();
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            search.found_in.push(path);
        }
    }
    Ok(search)
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else if entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn is_database(path: &Path) -> anyhow::Result<bool> {
    let mut start = Vec::new();
    std::fs::File::open(path)?.take(SQLITE.len() as u64).read_to_end(&mut start)?;
    Ok(start == SQLITE)
}

fn tables(database: &Connection) -> anyhow::Result<Vec<String>> {
    let mut statement = database.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}

fn key_columns(database: &Connection, table: &str) -> anyhow::Result<Vec<String>> {
    let mut statement =
        database.prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?;
    let names = statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Blob(bytes) => hex(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    let shown: String = bytes.iter().take(BYTES_SHOWN).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > BYTES_SHOWN { format!("{shown}… ({} bytes)", bytes.len()) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_folder() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let database = Connection::open(folder.path().join("log.db")).unwrap();
        database
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 CREATE TABLE entries (seq INTEGER PRIMARY KEY, body BLOB, note TEXT);
                 CREATE TABLE loose (a, b);
                 INSERT INTO entries VALUES (1, zeroblob(40), NULL);
                 INSERT INTO loose VALUES (1, 'x');",
            )
            .unwrap();
        (folder, database)
    }

    #[test]
    fn every_table_is_read_while_the_server_has_it_open() {
        let (folder, _database) = server_folder();
        let held = Held::read(folder.path()).unwrap();
        let zeros = "00".repeat(BYTES_SHOWN);
        assert_eq!(held.totals(), ["entries: 1", "loose: 1"]);
        assert_eq!(
            Held::default().changes_to(&held),
            [format!("+ entries: seq 1, body {zeros}… (40 bytes)"), "+ loose: a 1, b \"x\"".to_owned(),]
        );
    }

    #[test]
    fn only_what_changed_is_shown_the_next_time() {
        let (folder, database) = server_folder();
        let before = Held::read(folder.path()).unwrap();
        database
            .execute_batch("UPDATE entries SET note = 'seen'; INSERT INTO entries VALUES (2, x'ff', NULL); DELETE FROM loose;")
            .unwrap();
        let after = Held::read(folder.path()).unwrap();
        assert_eq!(
            before.changes_to(&after),
            ["~ entries 1: note → \"seen\"", "+ entries: seq 2, body ff", "− loose: a 1, b \"x\"",]
        );
        assert!(after.changes_to(&after).is_empty());
    }

    #[test]
    fn a_planted_text_is_found_even_in_the_write_ahead_log() {
        let (folder, database) = server_folder();
        assert_eq!(search(folder.path(), "planted text").unwrap().found_in, Vec::<PathBuf>::new());
        database.execute("INSERT INTO loose VALUES (2, 'a planted text')", []).unwrap();
        let search = search(folder.path(), "planted text").unwrap();
        assert_eq!(search.found_in, [folder.path().join("log.db-wal")]);
        assert!(search.bytes > 4096);
    }
}
