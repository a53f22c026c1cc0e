//! What SQLite itself says of a file: its tables, their columns, and the pages they take.

use rusqlite::Connection;

/// Names of our tables, in their order.
pub(crate) fn tables(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut select = db.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY name",
    )?;
    let names = select.query_map([], |row| row.get(0))?;
    names.collect()
}

/// A column, and its place in the primary key if it is part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) key: Option<u32>,
}

/// Columns of a table, in their order.
pub(crate) fn columns(db: &Connection, table: &str) -> rusqlite::Result<Vec<Column>> {
    let mut select = db.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?;
    let columns = select.query_map([table], |row| {
        let place: u32 = row.get(1)?;
        Ok(Column { name: row.get(0)?, key: (place > 0).then_some(place) })
    })?;
    columns.collect()
}

/// Bytes of the pages that a table and its indexes take.
pub(crate) fn bytes(db: &Connection, table: &str) -> rusqlite::Result<i64> {
    db.query_row(
        "SELECT coalesce(sum(pgsize), 0) FROM dbstat
         WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?1)",
        [table],
        |row| row.get(0),
    )
}
