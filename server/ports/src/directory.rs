//! The port for everything that belongs to an account: lists, key packages, inboxes, and what admits to them.
//!
//! The caller has verified every signature; a store checks only what it alone can: that names are free, that a list
//! follows the newest one, that something is still there to be taken. Times are days, protocol §3.

mod ops;

pub use ops::{
    AckInbox, Admission, Claim, Claimed, DirectoryOp, DirectoryOutcome, DropItem, DropRefused, Dropped,
    Expire, Expired, Invitation, InviteHash, ItemHash, ListRefused, NoKeyPackage, PackageKey, Publish,
    PublishRefused, PutList, Register, RegisterRefused, Registered, StoredPackage,
};

use bytes::Bytes;
use sotto_wire::account::KeyPackageCount;
use sotto_wire::ids::{AccountId, DeviceId, Handle, InboxKey};
use sotto_wire::signed::{Pin, SignedList};

use crate::storage::StorageError;

/// An account as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub handle: Handle,
    /// The newest list's place and hash.
    pub pin: Pin,
    /// The newest list.
    pub newest: SignedList,
}

/// Accounts and what belongs to them. See the [crate] page for the contract of a write.
pub trait Directory {
    /// Applies a batch in one durable transaction.
    ///
    /// # Errors
    /// When the environment fails; then nothing of the batch was applied.
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError>;

    /// Whose name this is.
    ///
    /// # Errors
    /// When the environment fails, as with every read here.
    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError>;

    /// The account with this id.
    ///
    /// # Errors
    /// When the environment fails.
    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError>;

    /// The account's lists with a place `(era, version)` above `after`, or all, oldest first, at most `at_most`;
    /// `None` when there is no such account.
    ///
    /// # Errors
    /// When the environment fails.
    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError>;

    /// What is left to claim of a device, expired or not.
    ///
    /// # Errors
    /// When the environment fails.
    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError>;

    /// Keys of the items that wait in an inbox, in the order of the keys, which says nothing.
    ///
    /// # Errors
    /// When the environment fails.
    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError>;

    /// One inbox item, unless it is gone.
    ///
    /// # Errors
    /// When the environment fails.
    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError>;

    /// Every invitation that is not used up, in the order of the hashes.
    ///
    /// # Errors
    /// When the environment fails.
    fn invitations(&self) -> Result<Vec<Invitation>, StorageError>;

    /// Leaves no trace of the order in which batches came, as far as the store can; a moment's work, called about once
    /// a minute.
    ///
    /// # Errors
    /// When the environment fails; nothing is lost by it.
    fn tidy_directory(&mut self) -> Result<(), StorageError> {
        Ok(())
    }
}
