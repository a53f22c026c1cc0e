//! The store keeps the contract of the ports, on disk, across failures and restarts.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use bytes::Bytes;
use sotto_ports::directory::{Account, Invitation};
use sotto_ports::logs::{ReadLimit, Stretch};
use sotto_ports::{Directory, DirectoryOp, DirectoryOutcome, LogOp, LogOutcome, Logs, StorageError};
use sotto_sqlite::{OpenOptions, SqliteStore};
use sotto_wire::account::KeyPackageCount;
use sotto_wire::ids::{AccountId, Day, DeviceId, Handle, InboxKey, Seq, TopicId};
use sotto_wire::signed::SignedList;
use tempfile::TempDir;

sotto_ports::conformance!(crate::support::Temporary::new);

#[test]
fn everything_is_still_there_after_a_drop() {
    let dir = tempfile::tempdir().unwrap();
    sotto_ports::conformance::durable(|| SqliteStore::open(dir.path()).unwrap());
}

#[test]
fn everything_is_still_there_after_closing() {
    let dir = tempfile::tempdir().unwrap();
    SqliteStore::open(dir.path()).unwrap().close().unwrap();
    sotto_ports::conformance::durable(|| {
        SqliteStore::open(dir.path()).unwrap().close().unwrap();
        SqliteStore::open(dir.path()).unwrap()
    });
}

/// A batch that fails, wherever in it, leaves nothing behind: the batches that follow get the outcomes that the reference
/// gives without it, also from a store that was opened again.
#[test]
fn a_store_that_fails_and_restarts_decides_as_the_reference_does() {
    sotto_ports::conformance::agrees_with_the_reference(|| Box::new(Troubled::new()));
}

/// Room for what the random operations store, and not for what [`Troubled`] puts in between.
const BYTES_MAX: u64 = 1 << 20;
const TOO_MANY_BYTES: usize = 1 << 20;

/// A store on a small disk. Before every seventh batch the same batch fails, after all of it was done, for want of room;
/// with every tenth the store restarts.
struct Troubled {
    store: Option<SqliteStore>,
    dir: TempDir,
    batches: u32,
}

impl Troubled {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut troubled = Self { store: None, dir, batches: 0 };
        troubled.restart();
        troubled
    }

    fn restart(&mut self) {
        drop(self.store.take());
        let options =
            OpenOptions { bytes_max: Some(BYTES_MAX), wal_bytes: 256 << 10, ..OpenOptions::default() };
        self.store = Some(SqliteStore::open_with(self.dir.path(), &options).unwrap());
    }

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().unwrap()
    }

    /// The store, for the next batch; whether that fails first.
    fn next(&mut self) -> (&mut SqliteStore, bool) {
        self.batches += 1;
        if self.batches.is_multiple_of(10) {
            self.restart();
        }
        (self.store.as_mut().unwrap(), self.batches.is_multiple_of(7))
    }
}

impl Directory for Troubled {
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError> {
        let (store, fails) = self.next();
        if fails {
            let mut too_much = batch.clone();
            too_much.push(support::publish(77, 77, TOO_MANY_BYTES));
            assert!(matches!(store.apply_to_directory(too_much), Err(StorageError::Full)));
        }
        store.apply_to_directory(batch)
    }

    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError> {
        self.store().account_named(handle)
    }

    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError> {
        self.store().account(account)
    }

    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError> {
        self.store().lists(account, after, at_most)
    }

    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError> {
        self.store().key_packages(account, device)
    }

    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError> {
        self.store().inbox(account, device)
    }

    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError> {
        self.store().inbox_item(account, device, key)
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StorageError> {
        self.store().invitations()
    }
}

impl Logs for Troubled {
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError> {
        let (store, fails) = self.next();
        if fails {
            let mut too_much = batch.clone();
            too_much.extend([support::create(77), support::append(77, 77, vec![7; TOO_MANY_BYTES])]);
            assert!(matches!(store.apply_to_logs(too_much), Err(StorageError::Full)));
        }
        store.apply_to_logs(batch)
    }

    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError> {
        self.store().entries(topic, after, to, limit)
    }

    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError> {
        self.store().due(today, at_most)
    }
}
