//! Accounts in memory.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use sotto_wire::account::{KeyPackageCount, LastResort};
use sotto_wire::ids::{AccountId, Day, DeviceId, DropCapabilityHash, Handle, InboxKey, UploadId};
use sotto_wire::limits::{DROP_CAPABILITY_DAYS, INBOX_ITEMS_MAX, KEY_PACKAGES_STORED_MAX};
use sotto_wire::signed::{Pin, SignedKeyPackage, SignedList};

use super::MemoryStore;
use crate::directory::{
    Account, AckInbox, Admission, Claim, Claimed, Directory, DirectoryOp, DirectoryOutcome, DropItem,
    DropRefused, Dropped, Expire, Expired, Invitation, InviteHash, ItemHash, ListRefused, NoKeyPackage,
    PackageKey, Publish, PublishRefused, PutList, Register, RegisterRefused, Registered, StoredPackage,
};
use crate::limits::{INBOX_ITEM_DAYS, INVITES_MAX, UPLOAD_DAYS};
use crate::storage::StorageError;

/// All accounts and what belongs to them.
#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    accounts: BTreeMap<AccountId, Chain>,
    names: BTreeMap<Handle, AccountId>,
    one_time: BTreeMap<(Inbox, PackageKey), Package>,
    last_resort: BTreeMap<Inbox, LastResortPackage>,
    uploads: BTreeMap<(Inbox, UploadId), Day>,
    drops: BTreeMap<DropCapabilityHash, DropRight>,
    items: BTreeMap<(Inbox, InboxKey), Item>,
    invitations: BTreeMap<InviteHash, Invitation>,
}

/// A device of an account.
type Inbox = (AccountId, DeviceId);

#[derive(Debug, Clone)]
struct Chain {
    handle: Handle,
    /// Never empty.
    lists: Vec<(Pin, SignedList)>,
}

#[derive(Debug, Clone)]
struct Package {
    package: SignedKeyPackage,
    not_after: Day,
}

#[derive(Debug, Clone)]
struct LastResortPackage {
    package: Package,
    used: bool,
}

#[derive(Debug, Clone)]
struct DropRight {
    inbox: Inbox,
    not_after: Day,
    spent_on: Option<ItemHash>,
}

#[derive(Debug, Clone)]
struct Item {
    sealed: Bytes,
    day: Day,
}

impl Directory for MemoryStore {
    fn apply_to_directory(&mut self, batch: Vec<DirectoryOp>) -> Result<Vec<DirectoryOutcome>, StorageError> {
        Ok(batch.into_iter().map(|op| self.accounts.apply(op)).collect())
    }

    fn account_named(&self, handle: &Handle) -> Result<Option<AccountId>, StorageError> {
        Ok(self.accounts.names.get(handle).copied())
    }

    fn account(&self, account: AccountId) -> Result<Option<Account>, StorageError> {
        let chain = self.accounts.accounts.get(&account);
        Ok(chain.and_then(|chain| {
            let (pin, newest) = chain.lists.last()?.clone();
            Some(Account { handle: chain.handle.clone(), pin, newest })
        }))
    }

    fn lists(
        &self,
        account: AccountId,
        after: Option<(u32, u32)>,
        at_most: usize,
    ) -> Result<Option<Vec<SignedList>>, StorageError> {
        let Some(chain) = self.accounts.accounts.get(&account) else { return Ok(None) };
        let later = chain.lists.iter().filter(|(pin, _)| after.is_none_or(|after| pin.place() > after));
        Ok(Some(later.take(at_most).map(|(_, list)| list.clone()).collect()))
    }

    fn key_packages(&self, account: AccountId, device: DeviceId) -> Result<KeyPackageCount, StorageError> {
        let inbox = (account, device);
        let last_resort = match self.accounts.last_resort.get(&inbox) {
            None => LastResort::Absent,
            Some(last) if last.used => LastResort::Used,
            Some(_) => LastResort::Unused,
        };
        Ok(KeyPackageCount { one_time_left: self.accounts.one_time_left(inbox), last_resort })
    }

    fn inbox(&self, account: AccountId, device: DeviceId) -> Result<Vec<InboxKey>, StorageError> {
        let items = &self.accounts.items;
        Ok(items.keys().filter(|(inbox, _)| *inbox == (account, device)).map(|(_, key)| *key).collect())
    }

    fn inbox_item(
        &self,
        account: AccountId,
        device: DeviceId,
        key: InboxKey,
    ) -> Result<Option<Bytes>, StorageError> {
        Ok(self.accounts.items.get(&((account, device), key)).map(|item| item.sealed.clone()))
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StorageError> {
        Ok(self.accounts.invitations.values().copied().collect())
    }
}

impl Accounts {
    fn apply(&mut self, op: DirectoryOp) -> DirectoryOutcome {
        match op {
            DirectoryOp::Register(op) => DirectoryOutcome::Register(self.register(op)),
            DirectoryOp::PutList(op) => DirectoryOutcome::PutList(self.put_list(op)),
            DirectoryOp::Publish(op) => DirectoryOutcome::Publish(self.publish(op)),
            DirectoryOp::Claim(op) => DirectoryOutcome::Claim(self.claim(&op)),
            DirectoryOp::Drop(op) => DirectoryOutcome::Drop(self.drop_item(op)),
            DirectoryOp::AckInbox(op) => DirectoryOutcome::AckInbox(self.ack(&op)),
            DirectoryOp::Invite(op) => DirectoryOutcome::Invite(self.invite(op)),
            DirectoryOp::RevokeInvite(hash) => {
                DirectoryOutcome::RevokeInvite(self.invitations.remove(&hash).is_some())
            }
            DirectoryOp::Expire(op) => DirectoryOutcome::Expire(self.expire(op)),
        }
    }

    fn register(&mut self, op: Register) -> Result<Registered, RegisterRefused> {
        if let Some(chain) = self.accounts.get(&op.account) {
            let same =
                chain.handle == op.handle && chain.lists.first().is_some_and(|(pin, _)| *pin == op.pin);
            return if same { Ok(Registered::Already) } else { Err(RegisterRefused::AccountExists) };
        }
        if self.names.contains_key(&op.handle) {
            return Err(RegisterRefused::HandleTaken);
        }
        if let Admission::Invitation(hash) = op.admission {
            self.spend_invitation(hash, op.today)?;
        }
        self.names.insert(op.handle.clone(), op.account);
        self.accounts.insert(op.account, Chain { handle: op.handle, lists: vec![(op.pin, op.genesis)] });
        Ok(Registered::New)
    }

    fn spend_invitation(&mut self, hash: InviteHash, today: Day) -> Result<(), RegisterRefused> {
        let invitation = self.invitations.get_mut(&hash).filter(|invitation| invitation.not_after >= today);
        let invitation = invitation.ok_or(RegisterRefused::InvitationInvalid)?;
        invitation.uses_left -= 1;
        if invitation.uses_left == 0 {
            self.invitations.remove(&hash);
        }
        Ok(())
    }

    fn put_list(&mut self, op: PutList) -> Result<(), ListRefused> {
        let chain = self.accounts.get_mut(&op.account).ok_or(ListRefused::AccountUnknown)?;
        let newest = chain.lists.last().map(|(pin, _)| *pin);
        if newest == Some(op.pin) {
            return Ok(());
        }
        if newest != Some(op.follows) || op.pin.place() <= op.follows.place() {
            return Err(ListRefused::NotNewest);
        }
        chain.lists.push((op.pin, op.list));
        self.keep_devices(op.account, &op.devices);
        Ok(())
    }

    fn keep_devices(&mut self, account: AccountId, devices: &[DeviceId]) {
        let devices: BTreeSet<_> = devices.iter().collect();
        let stays = |inbox: &Inbox| inbox.0 != account || devices.contains(&inbox.1);
        self.one_time.retain(|(inbox, _), _| stays(inbox));
        self.last_resort.retain(|inbox, _| stays(inbox));
        self.uploads.retain(|(inbox, _), _| stays(inbox));
        self.drops.retain(|_, right| stays(&right.inbox));
        self.items.retain(|(inbox, _), _| stays(inbox));
    }

    fn publish(&mut self, op: Publish) -> Result<u32, PublishRefused> {
        let inbox = (op.account, op.device);
        if self.uploads.contains_key(&(inbox, op.upload)) {
            return Ok(self.one_time_left(inbox));
        }
        let new = op.one_time.iter().filter(|new| !self.one_time.contains_key(&(inbox, new.key))).count();
        if self.one_time_left(inbox) as usize + new > KEY_PACKAGES_STORED_MAX {
            return Err(PublishRefused::TooMany);
        }
        self.uploads.insert((inbox, op.upload), op.today);
        for new in op.one_time {
            self.one_time.entry((inbox, new.key)).or_insert_with(|| Package::from(new));
        }
        if let Some(new) = op.last_resort {
            self.last_resort.insert(inbox, LastResortPackage { package: new.into(), used: false });
        }
        Ok(self.one_time_left(inbox))
    }

    fn one_time_left(&self, inbox: Inbox) -> u32 {
        self.one_time.keys().filter(|(of, _)| *of == inbox).count() as u32
    }

    fn claim(&mut self, op: &Claim) -> Result<Claimed, NoKeyPackage> {
        let inbox = (op.account, op.device);
        let good = |package: &Package| package.not_after >= op.today;
        let key = self.one_time.iter().find(|((of, _), package)| *of == inbox && good(package));
        let key = key.map(|(key, _)| *key);
        let claimed = match key.and_then(|key| self.one_time.remove(&key)) {
            Some(package) => Claimed { package: package.package, last_resort: false },
            None => {
                let last = self.last_resort.get_mut(&inbox).filter(|last| good(&last.package));
                let last = last.ok_or(NoKeyPackage)?;
                last.used = true;
                Claimed { package: last.package.package.clone(), last_resort: true }
            }
        };
        let not_after = Day(op.today.0.saturating_add(DROP_CAPABILITY_DAYS));
        self.drops.insert(op.drop, DropRight { inbox, not_after, spent_on: None });
        Ok(claimed)
    }

    fn drop_item(&mut self, op: DropItem) -> Result<Dropped, DropRefused> {
        let inbox = (op.account, op.device);
        let waiting = self.items.keys().filter(|(of, _)| *of == inbox).count();
        let right = self.drops.get_mut(&op.capability);
        let right = right.filter(|right| right.inbox == inbox && right.not_after >= op.today);
        let right = right.ok_or(DropRefused::Capability)?;
        match right.spent_on {
            Some(hash) if hash == op.hash => return Ok(Dropped::Already),
            Some(_) => return Err(DropRefused::Capability),
            None => {}
        }
        if waiting >= INBOX_ITEMS_MAX {
            return Err(DropRefused::Full);
        }
        right.spent_on = Some(op.hash);
        self.items.insert((inbox, op.key), Item { sealed: op.sealed, day: op.today });
        Ok(Dropped::New)
    }

    fn ack(&mut self, op: &AckInbox) -> u32 {
        let inbox = (op.account, op.device);
        op.keys.iter().filter(|key| self.items.remove(&(inbox, **key)).is_some()).count() as u32
    }

    fn invite(&mut self, op: Invitation) -> bool {
        if op.uses_left == 0 || self.invitations.len() >= INVITES_MAX {
            return false;
        }
        self.invitations.insert(op.hash, op);
        true
    }

    fn expire(&mut self, op: Expire) -> Expired {
        let today = op.today;
        let since = |day: Day, days: u32| today.0 > day.0.saturating_add(days);
        let rows = take_old(&mut self.drops, op.at_most, |right| right.not_after < today)
            + take_old(&mut self.uploads, op.at_most, |day| since(*day, UPLOAD_DAYS))
            + take_old(&mut self.items, op.at_most, |item| since(item.day, INBOX_ITEM_DAYS))
            + take_old(&mut self.one_time, op.at_most, |package| package.not_after < today)
            + take_old(&mut self.last_resort, op.at_most, |last| last.package.not_after < today)
            + take_old(&mut self.invitations, op.at_most, |invitation| invitation.not_after < today);
        Expired { rows }
    }
}

fn take_old<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, at_most: usize, old: impl Fn(&V) -> bool) -> u32 {
    let keys: Vec<K> =
        map.iter().filter(|(_, value)| old(value)).take(at_most).map(|(key, _)| key.clone()).collect();
    keys.iter().for_each(|key| drop(map.remove(key)));
    keys.len() as u32
}

impl From<StoredPackage> for Package {
    fn from(new: StoredPackage) -> Self {
        Self { package: new.package, not_after: new.not_after }
    }
}
