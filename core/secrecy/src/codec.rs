//! MLS bytes in and out.
//!
//! Reading goes through `tls_codec`'s reader side: its byte-slice side asserts in debug builds that a vector is as long
//! as it says, so a truncated message from outside would stop the program.

use tls_codec::{Deserialize, Serialize};

/// Reads exactly one value; bytes after it are an error.
pub(crate) fn read<T: Deserialize>(bytes: &[u8]) -> Option<T> {
    T::tls_deserialize_exact(bytes).ok()
}

/// Reads one value from the front; returns the rest.
pub(crate) fn read_front<T: Deserialize>(mut bytes: &[u8]) -> Option<(T, &[u8])> {
    T::tls_deserialize(&mut bytes).ok().map(|value| (value, bytes))
}

/// The value's bytes. None when a length does not fit its field.
pub(crate) fn write(value: &impl Serialize) -> Option<Vec<u8>> {
    value.tls_serialize_detached().ok()
}
