//! Columns to types and back: fixed-size ids, unsigned numbers, days.

use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use sotto_wire::ids::LengthError;

/// A fixed-size id or hash.
pub(crate) fn id<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: for<'a> TryFrom<&'a [u8], Error = LengthError>,
{
    let bytes = row.get_ref(column)?.as_blob().map_err(|error| conversion(column, error))?;
    T::try_from(bytes).map_err(|error| conversion(column, error))
}

/// An array of bytes.
pub(crate) fn array<const N: usize>(row: &Row<'_>, column: usize) -> Result<[u8; N]> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|error| conversion(column, error))?;
    let error = LengthError { what: "bytes", expected: N, found: bytes.len() };
    bytes.try_into().map_err(|_| conversion(column, error))
}

/// A number that is never negative.
pub(crate) fn number(row: &Row<'_>, column: usize) -> Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

/// A small number that is never negative.
pub(crate) fn small(row: &Row<'_>, column: usize) -> Result<u32> {
    let value: i64 = row.get(column)?;
    u32::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

/// What cannot have been written by us.
pub(crate) fn conversion(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error))
}

/// A number as SQLite stores it. Sequence numbers and minutes are far below 2⁶³.
pub(crate) const fn sql(value: u64) -> i64 {
    value as i64
}
