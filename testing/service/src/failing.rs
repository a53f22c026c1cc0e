//! A store whose disk is full when the test says so.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::rc::Rc;

use bytes::Bytes;
use sotto_ports::directory::{Account, Invitation};
use sotto_ports::logs::{ReadLimit, Stretch};
use sotto_ports::{Directory, DirectoryOp, DirectoryOutcome, LogOp, LogOutcome, Logs, StorageError};
use sotto_wire::account::KeyPackageCount;
use sotto_wire::ids::{AccountId, Day, DeviceId, Handle, InboxKey, Seq, TopicId};
use sotto_wire::signed::SignedList;

/// Passes everything on to a store it shares with its clones, unless told to fail.
#[derive(Debug)]
pub struct Failing<S> {
    store: Rc<RefCell<S>>,
    disk: Rc<Cell<Disk>>,
}

/// What works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// Everything.
    Works,
    /// Reading.
    Full,
    /// Nothing.
    Gone,
}

impl<S> Clone for Failing<S> {
    fn clone(&self) -> Self {
        Self { store: Rc::clone(&self.store), disk: Rc::clone(&self.disk) }
    }
}

impl<S> Failing<S> {
    /// Works until told otherwise.
    pub fn new(store: S) -> Self {
        Self { store: Rc::new(RefCell::new(store)), disk: Rc::new(Cell::new(Disk::Works)) }
    }

    /// What works from now on.
    pub fn set(&self, disk: Disk) {
        self.disk.set(disk);
    }

    fn write(&self) -> Result<RefMut<'_, S>, StorageError> {
        if self.disk.get() == Disk::Works { Ok(self.store.borrow_mut()) } else { Err(StorageError::Full) }
    }

    fn read(&self) -> Result<Ref<'_, S>, StorageError> {
        match self.disk.get() {
            Disk::Works | Disk::Full => Ok(self.store.borrow()),
            Disk::Gone => Err(StorageError::Failed("unreadable".into())),
        }
    }
}

impl<S: Logs> Logs for Failing<S> {
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError> {
        self.write()?.apply_to_logs(batch)
    }

    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError> {
        self.read()?.entries(topic, after, to, limit)
    }

    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError> {
        self.read()?.due(today, at_most)
    }

    fn tidy_logs(&mut self) -> Result<(), StorageError> {
        self.write()?.tidy_logs()
    }
}

impl<S: Directory> Directory for Failing<S> {
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError> {
        self.write()?.apply_to_directory(batch)
    }

    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError> {
        self.read()?.account_named(handle)
    }

    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError> {
        self.read()?.account(account)
    }

    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError> {
        self.read()?.lists(account, after, at_most)
    }

    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError> {
        self.read()?.key_packages(account, device)
    }

    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError> {
        self.read()?.inbox(account, device)
    }

    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError> {
        self.read()?.inbox_item(account, device, key)
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StorageError> {
        self.read()?.invitations()
    }

    fn tidy_directory(&mut self) -> Result<(), StorageError> {
        self.write()?.tidy_directory()
    }
}
