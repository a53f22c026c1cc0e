//! OpenMLS storage over the caller's rows: reads fall through, writes stay in an overlay until they are taken.
//!
//! OpenMLS turns some storage errors into errors of its own ("missing key") or into `None`. The first fault is
//! therefore remembered and wins over whatever the library made of it: "could not load" is never "absent".

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use openmls_traits::storage::{CURRENT_VERSION as V, StorageProvider, traits};
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
enum Table {
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

    /// What was written.
    pub(crate) fn into_changes(self) -> Changes {
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

    fn read<T: DeserializeOwned>(&self, table: Table, key: &impl Serialize) -> Result<Option<T>, Fault> {
        let Some(bytes) = self.raw(&self.key(table, key)?)? else { return Ok(None) };
        self.decode(&bytes).map(Some)
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, Fault> {
        self.note(rmp_serde::from_slice(bytes).map_err(|_| Fault::Corrupt))
    }

    /// Field names are kept: a later OpenMLS that adds a field with a default still reads these rows.
    fn encode(&self, value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, Fault> {
        self.note(rmp_serde::to_vec_named(value).map_err(|_| Fault::Corrupt))
    }

    fn write(
        &self,
        table: Table,
        key: &impl Serialize,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), Fault> {
        let (key, value) = (self.key(table, key)?, self.encode(value)?);
        self.put(key, Some(value));
        Ok(())
    }

    fn delete(&self, table: Table, key: &impl Serialize) -> Result<(), Fault> {
        let key = self.key(table, key)?;
        self.put(key, None);
        Ok(())
    }

    fn put(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        if let Some(Some(mut before)) = self.written.borrow_mut().insert(key, value) {
            before.zeroize();
        }
    }

    fn list(&self, table: Table, key: &impl Serialize) -> Result<Vec<(Vec<u8>, Vec<u8>)>, Fault> {
        Ok(self.read(table, key)?.unwrap_or_default())
    }
}

impl Drop for Overlay<'_> {
    fn drop(&mut self) {
        self.written.get_mut().values_mut().flatten().for_each(Zeroize::zeroize);
    }
}

/// Write, read and delete of one value per group.
macro_rules! per_group {
    ($table:ident, $kind:ident, $write:ident, $read:ident, $delete:ident) => {
        fn $write<G: traits::GroupId<V>, T: traits::$kind<V>>(
            &self,
            group: &G,
            value: &T,
        ) -> Result<(), Fault> {
            self.write(Table::$table, group, value)
        }

        fn $read<G: traits::GroupId<V>, T: traits::$kind<V>>(&self, group: &G) -> Result<Option<T>, Fault> {
            self.read(Table::$table, group)
        }

        fn $delete<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Fault> {
            self.delete(Table::$table, group)
        }
    };
}

/// Write, read and delete of one value under its own key.
macro_rules! keyed {
    ($table:ident, $key:ident, $kind:ident, $write:ident, $read:ident, $delete:ident) => {
        fn $write<K: traits::$key<V>, T: traits::$kind<V>>(&self, key: &K, value: &T) -> Result<(), Fault> {
            self.write(Table::$table, key, value)
        }

        fn $read<K: traits::$key<V>, T: traits::$kind<V>>(&self, key: &K) -> Result<Option<T>, Fault> {
            self.read(Table::$table, key)
        }

        fn $delete<K: traits::$key<V>>(&self, key: &K) -> Result<(), Fault> {
            self.delete(Table::$table, key)
        }
    };
}

impl StorageProvider<V> for Overlay<'_> {
    type Error = Fault;

    per_group!(
        JoinConfig,
        MlsGroupJoinConfig,
        write_mls_join_config,
        mls_group_join_config,
        delete_group_config
    );
    per_group!(Tree, TreeSync, write_tree, tree, delete_tree);
    per_group!(Context, GroupContext, write_context, group_context, delete_context);
    per_group!(
        InterimTranscriptHash,
        InterimTranscriptHash,
        write_interim_transcript_hash,
        interim_transcript_hash,
        delete_interim_transcript_hash
    );
    per_group!(
        ConfirmationTag,
        ConfirmationTag,
        write_confirmation_tag,
        confirmation_tag,
        delete_confirmation_tag
    );
    per_group!(
        MessageSecrets,
        MessageSecrets,
        write_message_secrets,
        message_secrets,
        delete_message_secrets
    );
    per_group!(
        ResumptionPsks,
        ResumptionPskStore,
        write_resumption_psk_store,
        resumption_psk_store,
        delete_all_resumption_psk_secrets
    );
    per_group!(OwnLeafIndex, LeafNodeIndex, write_own_leaf_index, own_leaf_index, delete_own_leaf_index);
    per_group!(
        EpochSecrets,
        GroupEpochSecrets,
        write_group_epoch_secrets,
        group_epoch_secrets,
        delete_group_epoch_secrets
    );
    keyed!(
        SignatureKeys,
        SignaturePublicKey,
        SignatureKeyPair,
        write_signature_key_pair,
        signature_key_pair,
        delete_signature_key_pair
    );
    keyed!(KeyPackages, HashReference, KeyPackage, write_key_package, key_package, delete_key_package);

    // The library orders these generics the other way round.

    fn write_group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Fault> {
        self.write(Table::GroupState, group, value)
    }

    fn group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Fault> {
        self.read(Table::GroupState, group)
    }

    fn delete_group_state<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Fault> {
        self.delete(Table::GroupState, group)
    }

    fn write_encryption_key_pair<K: traits::EncryptionKey<V>, T: traits::HpkeKeyPair<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), Fault> {
        self.write(Table::EncryptionKeys, key, value)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<V>, K: traits::EncryptionKey<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Fault> {
        self.read(Table::EncryptionKeys, key)
    }

    fn delete_encryption_key_pair<K: traits::EncryptionKey<V>>(&self, key: &K) -> Result<(), Fault> {
        self.delete(Table::EncryptionKeys, key)
    }

    fn write_psk<K: traits::PskId<V>, T: traits::PskBundle<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), Fault> {
        self.write(Table::Psks, key, value)
    }

    fn psk<T: traits::PskBundle<V>, K: traits::PskId<V>>(&self, key: &K) -> Result<Option<T>, Fault> {
        self.read(Table::Psks, key)
    }

    fn delete_psk<K: traits::PskId<V>>(&self, key: &K) -> Result<(), Fault> {
        self.delete(Table::Psks, key)
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
        pairs: &[T],
    ) -> Result<(), Fault> {
        self.write(Table::EpochKeys, &(group, epoch, leaf), pairs)
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Result<Vec<T>, Fault> {
        Ok(self.read(Table::EpochKeys, &(group, epoch, leaf))?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Result<(), Fault> {
        self.delete(Table::EpochKeys, &(group, epoch, leaf))
    }

    // Lists: one row holds them all, they are short.

    fn append_own_leaf_node<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
        leaf: &T,
    ) -> Result<(), Fault> {
        let mut leaves = self.list(Table::OwnLeafNodes, group)?;
        leaves.push((Vec::new(), self.encode(leaf)?));
        self.write(Table::OwnLeafNodes, group, &leaves)
    }

    fn own_leaf_nodes<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<T>, Fault> {
        self.list(Table::OwnLeafNodes, group)?.iter().map(|(_, leaf)| self.decode(leaf)).collect()
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Fault> {
        self.delete(Table::OwnLeafNodes, group)
    }

    fn queue_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        group: &G,
        reference: &R,
        proposal: &T,
    ) -> Result<(), Fault> {
        let mut queue = self.list(Table::Proposals, group)?;
        queue.push((self.encode(reference)?, self.encode(proposal)?));
        self.write(Table::Proposals, group, &queue)
    }

    fn queued_proposal_refs<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, Fault> {
        self.list(Table::Proposals, group)?.iter().map(|(reference, _)| self.decode(reference)).collect()
    }

    fn queued_proposals<G: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<(R, T)>, Fault> {
        let queue = self.list(Table::Proposals, group)?;
        queue
            .iter()
            .map(|(reference, proposal)| Ok((self.decode(reference)?, self.decode(proposal)?)))
            .collect()
    }

    fn remove_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), Fault> {
        let gone = self.encode(reference)?;
        let mut queue = self.list(Table::Proposals, group)?;
        queue.retain(|(reference, _)| *reference != gone);
        self.write(Table::Proposals, group, &queue)
    }

    fn clear_proposal_queue<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<(), Fault> {
        self.delete(Table::Proposals, group)
    }
}
