//! The seam to the caller's database: rows in, changes out. Values are MessagePack (`bincode` writes MLS state it
//! cannot read back).

use std::collections::BTreeMap;

/// Read side of the caller's database.
pub trait Rows {
    /// The value under `key`.
    ///
    /// # Errors
    /// When the store could not say: that is never the same as an absent row.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError>;
}

/// The caller's database failed. Opaque: the caller knows the cause, nobody else needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rows could not be read")]
pub struct RowsError;

/// What one operation wants written, in key order: `None` deletes. All of it or nothing.
#[must_use = "changes that are not written are lost"]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Changes(pub(crate) BTreeMap<Vec<u8>, Option<Vec<u8>>>);

impl Changes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows it touches.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl IntoIterator for Changes {
    type Item = (Vec<u8>, Option<Vec<u8>>);
    type IntoIter = std::collections::btree_map::IntoIter<Vec<u8>, Option<Vec<u8>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

// Values are key material: only the count is shown.
impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Changes({} rows)", self.0.len())
    }
}
