//! The directory port over `directory.db`: one file for each kind of thing an account has.

mod accounts;
mod expiry;
mod inbox;
mod invitations;
mod packages;

use bytes::Bytes;
use rusqlite::Connection;
use sotto_ports::directory::{Account, Directory, DirectoryOp, DirectoryOutcome, Invitation};
use sotto_ports::storage::StorageError;
use sotto_wire::account::KeyPackageCount;
use sotto_wire::ids::{AccountId, DeviceId, Handle, InboxKey};
use sotto_wire::signed::SignedList;

use crate::error::{Failure, outcome};
use crate::store::SqliteStore;

impl Directory for SqliteStore {
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError> {
        let today = batch.iter().filter_map(|op| match op {
            DirectoryOp::Expire(expire) => Some(expire.today),
            _ => None,
        });
        let today = today.max();
        let apply = |db: &Connection, batch: Vec<_>| batch.into_iter().map(|op| apply(db, op)).collect();
        self.directory.write(batch, today, apply)
    }

    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError> {
        self.directory.read(|db| accounts::named(db, handle))
    }

    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError> {
        self.directory.read(|db| accounts::account(db, account))
    }

    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError> {
        self.directory.read(|db| accounts::lists(db, account, after, at_most))
    }

    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError> {
        self.directory.read(|db| packages::count(db, account, device))
    }

    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError> {
        self.directory.read(|db| inbox::keys(db, account, device))
    }

    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError> {
        self.directory.read(|db| inbox::item(db, account, device, key))
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StorageError> {
        self.directory.read(invitations::all)
    }

    fn tidy_directory(&mut self) -> Result<(), StorageError> {
        self.directory.tidy()
    }
}

/// For the inventory.
pub(crate) fn account_named(db: &Connection, handle: &Handle) -> Result<Option<AccountId>, Failure> {
    accounts::named(db, handle)
}

/// Every operation decides before it writes, so a refused one has nothing to take back.
fn apply(db: &Connection, op: DirectoryOp) -> Result<DirectoryOutcome, Failure> {
    Ok(match op {
        DirectoryOp::Register(op) => DirectoryOutcome::Register(outcome(accounts::register(db, &op))?),
        DirectoryOp::PutList(op) => DirectoryOutcome::PutList(outcome(accounts::put_list(db, &op))?),
        DirectoryOp::Publish(op) => DirectoryOutcome::Publish(outcome(packages::publish(db, &op))?),
        DirectoryOp::Claim(op) => DirectoryOutcome::Claim(outcome(packages::claim(db, &op))?),
        DirectoryOp::Drop(op) => DirectoryOutcome::Drop(outcome(inbox::drop_item(db, &op))?),
        DirectoryOp::AckInbox(op) => DirectoryOutcome::AckInbox(inbox::ack(db, &op)?),
        DirectoryOp::Invite(op) => DirectoryOutcome::Invite(invitations::open(db, &op)?),
        DirectoryOp::RevokeInvite(hash) => DirectoryOutcome::RevokeInvite(invitations::revoke(db, hash)?),
        DirectoryOp::Expire(op) => DirectoryOutcome::Expire(expiry::expire(db, &op)?),
    })
}
