//! Between columns and the types of the ports.

use bytes::Bytes;
use rusqlite::Row;
use sotto_wire::ids::{LengthError, Seq};

use crate::error::impossible;

/// An id in a column.
pub(crate) fn id<T>(row: &Row<'_>, at: usize) -> rusqlite::Result<T>
where
    T: for<'a> TryFrom<&'a [u8], Error = LengthError>,
{
    T::try_from(row.get_ref(at)?.as_blob()?).map_err(|error| impossible(at, error))
}

/// Bytes in a column.
pub(crate) fn bytes(row: &Row<'_>, at: usize) -> rusqlite::Result<Bytes> {
    Ok(Bytes::copy_from_slice(row.get_ref(at)?.as_blob()?))
}

/// A seq in a column.
pub(crate) fn seq(row: &Row<'_>, at: usize) -> rusqlite::Result<Seq> {
    number(row, at).map(Seq)
}

/// A number in a column that is never negative.
pub(crate) fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(at)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, value))
}

/// A count.
pub(crate) fn count(row: &Row<'_>) -> rusqlite::Result<usize> {
    let value: i64 = row.get(0)?;
    usize::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}

/// A number for a column. Ids of places are parsed to fit; a bound of a read that does not is beyond all.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count for a `LIMIT`.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
