//! Looks for what must not be there, in every byte of every file; and for rows that tie an account to a topic.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use anyhow::Context as _;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Shorter strings occur by chance.
const NEEDLE_BYTES_MIN: usize = 12;
/// A database may cut a long text at the end of a page: it is looked for in pieces of this size…
const PIECE_BYTES: usize = 24;
/// …one from every stretch of this size.
const STRIDE_BYTES: usize = 192;
/// First bytes of an unencrypted SQLite file.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Strings to look for.
pub struct Needles {
    names: Vec<String>,
    first: Vec<u8>,
    automaton: AhoCorasick,
}

/// What was looked at and what was found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Files looked at.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// What was found where.
    pub found: Vec<String>,
}

impl Findings {
    /// Counts another look.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.found.extend(other.found);
    }
}

impl Needles {
    /// Strings that must be whole, with a name each: ids and handles.
    ///
    /// # Errors
    /// When there are too many.
    pub fn new(needles: Vec<(String, Vec<u8>)>) -> anyhow::Result<Self> {
        let (names, patterns): (Vec<_>, Vec<_>) = needles.into_iter().unzip();
        let first = patterns.first().cloned().unwrap_or_default();
        Ok(Self { names, first, automaton: AhoCorasick::new(patterns)? })
    }

    /// Pieces of texts; a text shorter than twelve bytes is left out.
    ///
    /// # Errors
    /// When there are too many.
    pub fn of_texts<'t>(texts: impl Iterator<Item = &'t str>) -> anyhow::Result<Self> {
        let mut pieces = BTreeMap::new();
        for text in texts {
            for piece in pieces_of(text.as_bytes()) {
                pieces.entry(piece.to_vec()).or_insert_with(|| text.chars().take(16).collect::<String>());
            }
        }
        Self::new(pieces.into_iter().map(|(piece, name)| (name, piece)).collect())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// One of them, for planting it.
    pub fn first(&self) -> &[u8] {
        &self.first
    }

    /// Looks for all of them in some bytes.
    pub fn in_bytes(&self, bytes: &[u8]) -> Vec<&str> {
        self.automaton.find_iter(bytes).map(|found| self.names[found.pattern()].as_str()).collect()
    }

    /// Looks for all of them in every file of a folder, write-ahead logs included.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn in_folder(&self, folder: &Path) -> anyhow::Result<Findings> {
        let mut findings = Findings::default();
        for path in files(folder)? {
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                // A write-ahead log that a checkpoint removed meanwhile holds nothing.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
            };
            findings.files += 1;
            findings.bytes += bytes.len();
            let found = self.in_bytes(&bytes);
            findings.found.extend(found.iter().map(|name| format!("{name:?} in {}", path.display())));
        }
        Ok(findings)
    }
}

fn pieces_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let stretches = text.chunks(STRIDE_BYTES);
    stretches
        .map(|stretch| &stretch[..stretch.len().min(PIECE_BYTES)])
        .filter(|piece| piece.len() >= NEEDLE_BYTES_MIN)
}

/// Every file below a folder.
///
/// # Errors
/// When a folder cannot be listed.
pub fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The unencrypted databases below a folder.
///
/// # Errors
/// When a file cannot be read.
pub fn databases(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut databases = Vec::new();
    for path in files(folder)? {
        if std::fs::read(&path)?.starts_with(SQLITE) {
            databases.push(path);
        }
    }
    Ok(databases)
}

/// What ties accounts to topics in the databases below a folder.
#[derive(Debug, Default)]
pub struct Ties {
    /// Rows looked at.
    pub rows: usize,
    /// Rows that hold a person.
    pub people: usize,
    /// Rows that hold a topic.
    pub topics: usize,
    /// Rows that are both, and tables and databases with rows of both kinds.
    pub found: Vec<String>,
}

/// Looks for rows that hold a person (handle, account id, device id) and a topic, and for tables and databases in which
/// there are rows of both kinds: within one database a row number could tie them.
///
/// # Errors
/// When a database cannot be read.
pub fn ties(folder: &Path, people: &Needles, topics: &Needles) -> anyhow::Result<Ties> {
    let mut ties = Ties::default();
    for path in databases(folder)? {
        let database = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let (people_before, topics_before) = (ties.people, ties.topics);
        for table in names {
            ties_in_table(&mut ties, &database, &table, people, topics)
                .with_context(|| format!("{table} in {}", path.display()))?;
        }
        if ties.people > people_before && ties.topics > topics_before {
            ties.found.push(format!("{} holds people and topics", path.display()));
        }
    }
    Ok(ties)
}

fn ties_in_table(
    ties: &mut Ties,
    database: &Connection,
    table: &str,
    people: &Needles,
    topics: &Needles,
) -> anyhow::Result<()> {
    let mut statement = database.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let columns = statement.column_count();
    let (mut with_people, mut with_topics) = (0, 0);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut bytes = Vec::new();
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Text(value) | ValueRef::Blob(value) => bytes.extend_from_slice(value),
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {}
            }
            bytes.push(0);
        }
        let (person, topic) = (!people.in_bytes(&bytes).is_empty(), !topics.in_bytes(&bytes).is_empty());
        ties.rows += 1;
        with_people += usize::from(person);
        with_topics += usize::from(topic);
        if person && topic {
            ties.found.push(format!("a row of {table}"));
        }
    }
    ties.people += with_people;
    ties.topics += with_topics;
    if with_people > 0 && with_topics > 0 {
        ties.found.push(format!("table {table} holds {with_people} people and {with_topics} topics"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "All human beings are born free and equal in dignity and rights.";

    #[test]
    fn a_planted_text_is_found_even_cut_in_two() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deeper")).unwrap();
        let file = folder.path().join("deeper/pages");
        std::fs::write(&file, b"nothing").unwrap();
        let long = TEXT.repeat(20);
        let needles = Needles::of_texts([long.as_str(), "short"].into_iter()).unwrap();
        assert_eq!(needles.in_folder(folder.path()).unwrap().found, Vec::<String>::new());
        let (one, other) = long.as_bytes().split_at(10);
        std::fs::write(&file, [one, &[0; 9], other].concat()).unwrap();
        let findings = needles.in_folder(folder.path()).unwrap();
        assert!(findings.found.len() >= 5, "{findings:?}");
        assert_eq!(findings.files, 1);
    }

    #[test]
    fn a_planted_tie_between_account_and_topic_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str, sql: &str| {
            let database = Connection::open(folder.path().join(name)).unwrap();
            database.execute_batch(sql).unwrap();
            database
        };
        open(
            "one.db",
            "CREATE TABLE accounts (id BLOB, handle TEXT); INSERT INTO accounts VALUES (x'aa01', 'alice')",
        );
        let other = open("other.db", "CREATE TABLE topics (id BLOB); INSERT INTO topics VALUES (x'bb02')");
        let people = Needles::new(vec![("@alice".into(), b"alice".to_vec())]).unwrap();
        let topics = Needles::new(vec![("topic".into(), vec![0xbb, 2])]).unwrap();
        let honest = ties(folder.path(), &people, &topics).unwrap();
        assert_eq!((honest.rows, honest.people, honest.topics, honest.found.len()), (2, 1, 1, 0));
        other
            .execute_batch("CREATE TABLE followers (who TEXT); INSERT INTO followers VALUES ('alice')")
            .unwrap();
        assert_eq!(ties(folder.path(), &people, &topics).unwrap().found.len(), 1, "one database");
        other.execute_batch("INSERT INTO followers VALUES (x'bb02')").unwrap();
        assert_eq!(ties(folder.path(), &people, &topics).unwrap().found.len(), 2, "and one table");
        other.execute_batch("INSERT INTO followers VALUES ('alice' || x'bb02')").unwrap();
        assert_eq!(ties(folder.path(), &people, &topics).unwrap().found.len(), 3, "and one row");
    }
}
