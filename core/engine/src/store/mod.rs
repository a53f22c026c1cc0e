//! The engine's tables, one file a table family; SQL lives here and nowhere else.

pub(crate) mod account;
pub(crate) mod alarms;
pub(crate) mod conversations;
pub(crate) mod inbox;
pub(crate) mod key_packages;
pub(crate) mod legs;
pub(crate) mod lists;
pub(crate) mod messages;
pub(crate) mod mls;
pub(crate) mod outbox;
pub(crate) mod schema;
pub(crate) mod screen;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};

/// The tables inside one transaction.
#[derive(Clone, Copy)]
pub(crate) struct Db<'t>(pub(crate) &'t Connection);

/// An id or secret as a BLOB column.
pub(crate) struct Blob<T>(pub(crate) T);

impl<T> FromSql for Blob<T>
where
    T: for<'b> TryFrom<&'b [u8], Error: std::error::Error + Send + Sync + 'static>,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        T::try_from(bytes).map(Blob).map_err(FromSqlError::other)
    }
}

impl<T: AsRef<[u8]>> ToSql for Blob<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_ref())))
    }
}

/// A required id or secret.
pub(crate) fn id<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    Blob<T>: FromSql,
{
    row.get::<_, Blob<T>>(column).map(|blob| blob.0)
}

/// An optional id or secret.
pub(crate) fn id_opt<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    Blob<T>: FromSql,
{
    row.get::<_, Option<Blob<T>>>(column).map(|blob| blob.map(|blob| blob.0))
}

/// A column that holds a small enum: its code, or "the database is damaged".
pub(crate) fn code<T>(row: &Row<'_>, column: &str, decode: impl Fn(i64) -> Option<T>) -> rusqlite::Result<T> {
    let value: i64 = row.get(column)?;
    decode(value).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, value))
}

/// SQLite integers are signed; every number of ours fits.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number of ours from a column.
pub(crate) fn uint(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}

/// An optional number of ours.
pub(crate) fn uint_opt(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    let value: Option<i64> = row.get(column)?;
    value
        .map(|value| u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value)))
        .transpose()
}
