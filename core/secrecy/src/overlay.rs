//! The caller's rows under what this operation wrote, and what its keys mean.
//!
//! OpenMLS turns some storage errors into errors of its own ("missing key") or into `None`. The first fault is
//! therefore remembered and wins over whatever the library made of it: "could not load" is never "absent".

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize, Zeroizing};

use crate::rows::{Changes, Rows, RowsError};

/// Format of keys and values: raised when OpenMLS stores differently.
const FORMAT: u8 = 1;

/// Why a row could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The environment failed.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// A value does not decode.
    #[error("a stored value is damaged")]
    Corrupt,
}

/// What a row holds: the second byte of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Table {
    JoinConfig = 1,
    OwnLeafNodes = 2,
    Proposals = 3,
    Tree = 4,
    InterimTranscriptHash = 5,
    Context = 6,
    ConfirmationTag = 7,
    GroupState = 8,
    MessageSecrets = 9,
    ResumptionPsks = 10,
    OwnLeafIndex = 11,
    EpochSecrets = 12,
    SignatureKeys = 13,
    EncryptionKeys = 14,
    EpochKeys = 15,
    KeyPackages = 16,
    Psks = 17,
}

/// Every table a living group has a row in.
const OF_A_GROUP: [Table; 10] = [
    Table::JoinConfig,
    Table::Tree,
    Table::InterimTranscriptHash,
    Table::Context,
    Table::ConfirmationTag,
    Table::GroupState,
    Table::MessageSecrets,
    Table::ResumptionPsks,
    Table::OwnLeafIndex,
    Table::EpochSecrets,
];

/// Encoded values under encoded keys, in the order they came.
pub(crate) type List = Vec<(Vec<u8>, Vec<u8>)>;

/// The caller's rows under what this operation wrote.
pub(crate) struct Overlay<'r> {
    rows: &'r dyn Rows,
    written: RefCell<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
    fault: Cell<Option<Fault>>,
}

impl<'r> Overlay<'r> {
    pub(crate) fn new(rows: &'r dyn Rows) -> Self {
        Self { rows, written: RefCell::default(), fault: Cell::new(None) }
    }

    /// What was written since the last call; from here on it is the caller's rows that have it.
    pub(crate) fn take_changes(&self) -> Changes {
        Changes(self.written.take())
    }

    /// Takes the first fault since the last call.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        self.fault.take()
    }

    /// Whether any row of this group exists: a group that does not load although it has rows is damaged.
    pub(crate) fn has_rows_of(&self, group_id: &impl Serialize) -> Result<bool, Fault> {
        for table in OF_A_GROUP {
            if self.raw(&self.key(table, group_id)?)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn note<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        if let (Err(fault), None) = (&result, self.fault.get()) {
            self.fault.set(Some(*fault));
        }
        result
    }

    fn key(&self, table: Table, key: &impl Serialize) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![FORMAT, table as u8];
        self.note(rmp_serde::encode::write(&mut bytes, key).map_err(|_| Fault::Corrupt))?;
        Ok(bytes)
    }

    fn raw(&self, key: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        if let Some(written) = self.written.borrow().get(key) {
            return Ok(written.clone().map(Zeroizing::new));
        }
        self.note(self.rows.get(key).map(|value| value.map(Zeroizing::new)).map_err(Fault::Rows))
    }

    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &impl Serialize,
    ) -> Result<Option<T>, Fault> {
        let Some(bytes) = self.raw(&self.key(table, key)?)? else { return Ok(None) };
        self.decode(&bytes).map(Some)
    }

    pub(crate) fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, Fault> {
        self.note(rmp_serde::from_slice(bytes).map_err(|_| Fault::Corrupt))
    }

    /// Field names are kept: a later OpenMLS that adds a field with a default still reads these rows.
    pub(crate) fn encode(&self, value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, Fault> {
        self.note(rmp_serde::to_vec_named(value).map_err(|_| Fault::Corrupt))
    }

    pub(crate) fn write(
        &self,
        table: Table,
        key: &impl Serialize,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), Fault> {
        let (key, value) = (self.key(table, key)?, self.encode(value)?);
        self.put(key, Some(value));
        Ok(())
    }

    pub(crate) fn delete(&self, table: Table, key: &impl Serialize) -> Result<(), Fault> {
        let key = self.key(table, key)?;
        self.put(key, None);
        Ok(())
    }

    fn put(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        if let Some(Some(mut before)) = self.written.borrow_mut().insert(key, value) {
            before.zeroize();
        }
    }

    pub(crate) fn list(&self, table: Table, key: &impl Serialize) -> Result<List, Fault> {
        Ok(self.read(table, key)?.unwrap_or_default())
    }
}

impl Drop for Overlay<'_> {
    fn drop(&mut self) {
        self.written.get_mut().values_mut().flatten().for_each(Zeroize::zeroize);
    }
}
