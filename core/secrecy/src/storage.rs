//! What OpenMLS stores, in the rows of an [`Overlay`].

use openmls_traits::storage::{CURRENT_VERSION as V, StorageProvider, traits};

use crate::overlay::{Fault, Overlay, Table};

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
