//! The directory over SQLite: `directory.db`.

mod accounts;
mod expire;
mod inboxes;
mod invitations;
mod packages;

use bytes::Bytes;
use rusqlite::Connection;
use sotto_ports::directory::{Account, Invitation};
use sotto_ports::{Directory, DirectoryOp, DirectoryOutcome, StorageError};
use sotto_wire::account::KeyPackageCount;
use sotto_wire::ids::{AccountId, DeviceId, Handle, InboxKey};
use sotto_wire::signed::SignedList;

use crate::connection::Database;
use crate::error::storage;

/// Accounts and what belongs to them.
#[derive(Debug)]
pub struct SqliteDirectory {
    pub(crate) database: Database,
}

impl SqliteDirectory {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        read(self.database.connection()).map_err(storage)
    }
}

impl Directory for SqliteDirectory {
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError> {
        self.database.transaction(|connection| batch.iter().map(|op| apply(connection, op)).collect())
    }

    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError> {
        self.read(|connection| accounts::named(connection, handle))
    }

    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError> {
        self.read(|connection| accounts::account(connection, account))
    }

    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError> {
        self.read(|connection| accounts::lists(connection, account, after, at_most))
    }

    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError> {
        self.read(|connection| packages::count(connection, account, device))
    }

    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError> {
        self.read(|connection| inboxes::keys(connection, account, device))
    }

    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError> {
        self.read(|connection| inboxes::item(connection, account, device, key))
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StorageError> {
        self.read(invitations::all)
    }

    fn tidy_directory(&mut self) -> Result<(), StorageError> {
        self.database.truncate_wal()
    }
}

fn apply(connection: &Connection, op: &DirectoryOp) -> rusqlite::Result<DirectoryOutcome> {
    Ok(match op {
        DirectoryOp::Register(op) => DirectoryOutcome::Register(accounts::register(connection, op)?),
        DirectoryOp::PutList(op) => DirectoryOutcome::PutList(accounts::put_list(connection, op)?),
        DirectoryOp::Publish(op) => DirectoryOutcome::Publish(packages::publish(connection, op)?),
        DirectoryOp::Claim(op) => DirectoryOutcome::Claim(packages::claim(connection, op)?),
        DirectoryOp::Drop(op) => DirectoryOutcome::Drop(inboxes::drop_item(connection, op)?),
        DirectoryOp::AckInbox(op) => DirectoryOutcome::AckInbox(inboxes::ack(connection, op)?),
        DirectoryOp::Invite(op) => DirectoryOutcome::Invite(invitations::invite(connection, *op)?),
        DirectoryOp::RevokeInvite(hash) => {
            DirectoryOutcome::RevokeInvite(invitations::revoke(connection, *hash)?)
        }
        DirectoryOp::Expire(op) => DirectoryOutcome::Expire(expire::expire(connection, *op)?),
    })
}
