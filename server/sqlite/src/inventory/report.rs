//! What is held: in all, as rows and bytes; about one account, field by field.

use std::fmt;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sotto_ports::storage::StorageError;
use sotto_wire::ids::{AccountId, Handle};

use super::Inventory;
use super::classification::{Field, Table};
use super::tables::TABLES;
use crate::database::DatabaseFile;
use crate::error::{Failure, classify};
use crate::schema;

/// How much a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableTotal {
    /// The table.
    pub table: &'static Table,
    /// Its rows.
    pub rows: u64,
    /// Bytes of the pages that it and its indexes take in the file.
    pub bytes: u64,
}

/// Everything held about one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountReport {
    /// The account.
    pub account: AccountId,
    /// Every field of every row, in the order of the tables, the rows' keys and the columns: the same rows give the
    /// same report.
    pub fields: Vec<HeldField>,
}

/// One field of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldField {
    /// Of which table.
    pub table: &'static Table,
    /// Of which row: the first of the account in this table is 1.
    pub row: u32,
    /// Which column, and why it is there.
    pub field: &'static Field,
    /// What stands there.
    pub value: HeldValue,
}

/// What stands in a field. Shown by `Display` only: nothing of it gets into a log.
#[derive(Clone, PartialEq, Eq)]
pub enum HeldValue {
    /// Nothing.
    Nothing,
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Bytes, shown as hex.
    Bytes(Vec<u8>),
}

impl fmt::Display for HeldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

impl fmt::Debug for HeldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeldValue")
    }
}

impl Inventory {
    /// How much every table of both files holds. Reads all of them.
    ///
    /// # Errors
    /// When the environment fails.
    pub fn totals(&self) -> Result<Vec<TableTotal>, StorageError> {
        TABLES.iter().map(|table| total(self.file(table.file), table).map_err(classify)).collect()
    }

    /// Everything held about the account with this name, in one snapshot; `None` when there is none.
    ///
    /// # Errors
    /// When the environment fails.
    pub fn about(&self, handle: &Handle) -> Result<Option<AccountReport>, StorageError> {
        self.snapshot(|db| {
            let Some(account) = crate::directory::account_named(db, handle)? else { return Ok(None) };
            let mut fields = Vec::new();
            for table in TABLES.iter().filter(|table| table.file == DatabaseFile::Directory) {
                fields.extend(rows_of(db, table, account)?);
            }
            Ok(Some(AccountReport { account, fields }))
        })
    }
}

fn total(db: &Connection, table: &'static Table) -> rusqlite::Result<TableTotal> {
    let rows: i64 = db.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get(0))?;
    let bytes = schema::bytes(db, table.name)?;
    Ok(TableTotal { table, rows: rows.unsigned_abs(), bytes: bytes.unsigned_abs() })
}

fn rows_of(db: &Connection, table: &'static Table, account: AccountId) -> Result<Vec<HeldField>, Failure> {
    let Some(owner) = table.account else { return Ok(Vec::new()) };
    let columns: Vec<_> = table.fields.iter().map(|field| field.column).collect();
    let (columns, key) = (columns.join(", "), key(db, table.name)?);
    let mut select =
        db.prepare(&format!("SELECT {columns} FROM {} WHERE {owner} = ?1 ORDER BY {key}", table.name))?;
    let mut rows = select.query([account.as_bytes()])?;
    let (mut held, mut number) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        number += 1;
        for (at, field) in table.fields.iter().enumerate() {
            held.push(HeldField { table, row: number, field, value: value(row, at)? });
        }
    }
    Ok(held)
}

/// The columns of the primary key, in its order.
fn key(db: &Connection, table: &str) -> rusqlite::Result<String> {
    let mut columns = schema::columns(db, table)?;
    columns.retain(|column| column.key.is_some());
    columns.sort_by_key(|column| column.key);
    Ok(columns.into_iter().map(|column| column.name).collect::<Vec<_>>().join(", "))
}

fn value(row: &Row<'_>, at: usize) -> rusqlite::Result<HeldValue> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => HeldValue::Nothing,
        ValueRef::Integer(number) => HeldValue::Number(number),
        ValueRef::Text(_) => HeldValue::Text(row.get(at)?),
        ValueRef::Blob(bytes) => HeldValue::Bytes(bytes.to_vec()),
        // No table has such a column.
        ValueRef::Real(_) => return Err(rusqlite::Error::IntegralValueOutOfRange(at, 0)),
    })
}
