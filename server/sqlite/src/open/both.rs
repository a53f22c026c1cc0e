//! One store that is both ports: each call goes to its file.

use bytes::Bytes;
use sotto_ports::directory::{Account, Invitation};
use sotto_ports::logs::{ReadLimit, Stretch};
use sotto_ports::{Directory, DirectoryOp, DirectoryOutcome, LogOp, LogOutcome, Logs, StorageError};
use sotto_wire::account::KeyPackageCount;
use sotto_wire::ids::{AccountId, Day, DeviceId, Handle, InboxKey, Seq, TopicId};
use sotto_wire::signed::SignedList;

use super::SqliteStore;

impl Logs for SqliteStore {
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError> {
        self.logs.apply_to_logs(batch)
    }

    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError> {
        self.logs.entries(topic, after, to, limit)
    }

    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError> {
        self.logs.due(today, at_most)
    }

    fn tidy_logs(&mut self) -> Result<(), StorageError> {
        self.logs.tidy_logs()
    }
}

impl Directory for SqliteStore {
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError> {
        self.directory.apply_to_directory(batch)
    }

    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError> {
        self.directory.account_named(handle)
    }

    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError> {
        self.directory.account(account)
    }

    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError> {
        self.directory.lists(account, after, at_most)
    }

    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError> {
        self.directory.key_packages(account, device)
    }

    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError> {
        self.directory.inbox(account, device)
    }

    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError> {
        self.directory.inbox_item(account, device, key)
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StorageError> {
        self.directory.invitations()
    }

    fn tidy_directory(&mut self) -> Result<(), StorageError> {
        self.directory.tidy_directory()
    }
}
