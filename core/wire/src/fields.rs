//! Reading one field of a decoded message: its length, its range, its presence.

use std::collections::BTreeSet;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::{ParseError, Reason};
use crate::ids::{Generation, Handle, LengthError, Minute, Seq};
use crate::limits::{FRAME_BYTES_MAX, MINUTE_MAX, SEQ_MAX};
use crate::shape::{self, Shaped};

/// The start of every request and response; the rest is skipped.
#[derive(Clone, PartialEq, Message)]
struct Head {
    #[prost(uint32, tag = "1")]
    id: u32,
}

/// Decodes a frame that starts with a request id; the error carries the id when that much could be read.
pub(crate) fn call<M: Message + Default + Shaped>(frame: &Bytes) -> Result<M, ParseError> {
    self::frame(frame).map_err(|reason| ParseError {
        // Skips all but one field, so it is safe on any bytes.
        request: Head::decode(frame.clone()).ok().map(|head| head.id),
        reason,
    })
}

/// Decodes a frame.
pub(crate) fn frame<M: Message + Default + Shaped>(frame: &Bytes) -> Result<M, Reason> {
    decode("frame", frame, FRAME_BYTES_MAX)
}

/// Decodes a message of at most so many bytes. Its byte fields are slices of `bytes`.
pub(crate) fn decode<M: Message + Default + Shaped>(
    what: &'static str,
    bytes: &Bytes,
    max: usize,
) -> Result<M, Reason> {
    at_most_bytes(what, bytes.len(), max)?;
    shape::check::<M>(bytes)?;
    Ok(M::decode(bytes.clone())?)
}

/// An id or secret of fixed length.
pub(crate) fn fixed<'a, T: TryFrom<&'a [u8], Error = LengthError>>(bytes: &'a [u8]) -> Result<T, Reason> {
    Ok(T::try_from(bytes)?)
}

/// Several ids of fixed length, none of them twice.
pub(crate) fn distinct<'a, T>(what: &'static str, all: &'a [Bytes], max: usize) -> Result<Vec<T>, Reason>
where
    T: TryFrom<&'a [u8], Error = LengthError> + Copy + Ord,
{
    at_most_items(what, all.len(), max)?;
    let ids = all.iter().map(|bytes| fixed(bytes)).collect::<Result<Vec<T>, _>>()?;
    no_duplicate(what, ids.iter().copied())?;
    Ok(ids)
}

/// Refuses two equal ones.
pub(crate) fn no_duplicate<T: Ord>(
    what: &'static str,
    all: impl IntoIterator<Item = T>,
) -> Result<(), Reason> {
    let mut seen = BTreeSet::new();
    if all.into_iter().all(|one| seen.insert(one)) { Ok(()) } else { Err(Reason::Duplicate { what }) }
}

pub(crate) fn present<T>(what: &'static str, field: Option<T>) -> Result<T, Reason> {
    field.ok_or(Reason::Missing { what })
}

pub(crate) fn at_most_bytes(what: &'static str, found: usize, max: usize) -> Result<(), Reason> {
    if found <= max { Ok(()) } else { Err(Reason::TooLarge { what, max, found }) }
}

pub(crate) fn at_most_items(what: &'static str, found: usize, max: usize) -> Result<(), Reason> {
    if found <= max { Ok(()) } else { Err(Reason::TooMany { what, max, found }) }
}

/// A byte string with something in it, and not too much.
pub(crate) fn filled(what: &'static str, bytes: Bytes, max: usize) -> Result<Bytes, Reason> {
    at_most_bytes(what, bytes.len(), max)?;
    if bytes.is_empty() { Err(Reason::Missing { what }) } else { Ok(bytes) }
}

/// A sequence number, 0 included.
pub(crate) fn seq(what: &'static str, value: u64) -> Result<Seq, Reason> {
    if value <= SEQ_MAX { Ok(Seq(value)) } else { Err(Reason::OutOfRange { what }) }
}

pub(crate) fn minute(value: u64) -> Result<Minute, Reason> {
    if value <= MINUTE_MAX { Ok(Minute(value)) } else { Err(Reason::OutOfRange { what: "minute" }) }
}

/// The generation after another one: 0 is only ever the first.
pub(crate) const fn later_generation(value: u32) -> Result<Generation, Reason> {
    if value == 0 { Err(Reason::OutOfRange { what: "generation" }) } else { Ok(Generation(value)) }
}

/// A handle as it travels: without the `@`.
pub(crate) fn handle(text: &str) -> Result<Handle, Reason> {
    if text.starts_with('@') {
        return Err(Reason::Text { what: "handle" });
    }
    Ok(Handle::parse(text)?)
}
