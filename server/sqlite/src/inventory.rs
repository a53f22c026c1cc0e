//! The data inventory: what every column is for, how long it is kept and who is ever shown it; what is held in all, and
//! about one account.
//!
//! Nothing here can be asked about a topic by an account: no row leads from one to the other.

mod classification;
mod document;
mod report;
mod tables;

use std::path::Path;

use rusqlite::Connection;
use sotto_ports::storage::StorageError;

pub use classification::{Field, Retention, Table, Tier};
pub use document::document;
pub use report::{AccountReport, HeldField, HeldValue, TableTotal};
pub use tables::TABLES;

use crate::database::{Database, DatabaseFile};
use crate::error::{Failure, classify};
use crate::open::{OpenError, OpenOptions};
use crate::schema;

/// A store opened to be looked at, also while a server runs.
#[derive(Debug)]
pub struct Inventory {
    directory: Database,
    topics: Database,
}

/// The classification and the files do not agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Mismatch {
    /// A table that nobody has classified.
    #[error("{file}: table {table} is not in the inventory")]
    UnclassifiedTable {
        /// In which file.
        file: DatabaseFile,
        /// The table.
        table: String,
    },
    /// A column that nobody has classified.
    #[error("{file}: column {table}.{column} is not in the inventory")]
    UnclassifiedColumn {
        /// In which file.
        file: DatabaseFile,
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The inventory names a table that is not there.
    #[error("{file}: the inventory names {table}, which does not exist")]
    VanishedTable {
        /// In which file.
        file: DatabaseFile,
        /// The table.
        table: String,
    },
    /// The inventory names a column that is not there.
    #[error("{file}: the inventory names {table}.{column}, which does not exist")]
    VanishedColumn {
        /// In which file.
        file: DatabaseFile,
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
}

impl Inventory {
    /// Opens the store in a data directory to look at it.
    ///
    /// # Errors
    /// When there is none, its format is not this program's, or the environment fails.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let options = OpenOptions::reader();
        Ok(Self {
            directory: Database::open(DatabaseFile::Directory, dir, &options)?,
            topics: Database::open(DatabaseFile::Topics, dir, &options)?,
        })
    }

    /// Where the classification and the files differ; empty in every release, or the tests fail.
    ///
    /// # Errors
    /// When the environment fails.
    pub fn mismatches(&self) -> Result<Vec<Mismatch>, StorageError> {
        let mut found = Vec::new();
        for file in DatabaseFile::ALL {
            found.extend(compare(self.file(file), file).map_err(classify)?);
        }
        found.sort();
        Ok(found)
    }

    /// The file of this table.
    fn file(&self, file: DatabaseFile) -> &Connection {
        match file {
            DatabaseFile::Directory => self.directory.connection(),
            DatabaseFile::Topics => self.topics.connection(),
        }
    }

    /// Reads in one snapshot of the directory.
    fn snapshot<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, StorageError> {
        self.directory.read(|db| {
            let transaction = db.unchecked_transaction()?;
            read(&transaction)
        })
    }
}

fn compare(db: &Connection, file: DatabaseFile) -> rusqlite::Result<Vec<Mismatch>> {
    let there = schema::tables(db)?;
    let classified = |name: &str| TABLES.iter().find(|table| table.file == file && table.name == name);
    let vanished =
        TABLES.iter().filter(|table| table.file == file && !there.iter().any(|name| name == table.name));
    let mut found: Vec<_> =
        vanished.map(|table| Mismatch::VanishedTable { file, table: table.name.to_owned() }).collect();
    for table in there {
        match classified(&table) {
            None => found.push(Mismatch::UnclassifiedTable { file, table }),
            Some(known) => found.extend(compare_columns(&schema::columns(db, &table)?, known)),
        }
    }
    Ok(found)
}

fn compare_columns(there: &[schema::Column], known: &Table) -> Vec<Mismatch> {
    let (file, table) = (known.file, known.name);
    let is_known = |name: &str| known.fields.iter().any(|field| field.column == name);
    let unclassified = there.iter().filter(|column| !is_known(&column.name)).map(|column| {
        Mismatch::UnclassifiedColumn { file, table: table.to_owned(), column: column.name.clone() }
    });
    let is_there = |name: &str| there.iter().any(|column| column.name == name);
    let vanished = known.fields.iter().filter(|field| !is_there(field.column)).map(|field| {
        Mismatch::VanishedColumn { file, table: table.to_owned(), column: field.column.to_owned() }
    });
    unclassified.chain(vanished).collect()
}
