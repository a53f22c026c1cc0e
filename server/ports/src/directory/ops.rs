//! What may be done to a directory, and what comes of it.

use std::fmt;

use bytes::Bytes;
use sotto_wire::ids::{AccountId, Day, DeviceId, DropCapabilityHash, Handle, InboxKey, UploadId};
use sotto_wire::signed::{Pin, SignedKeyPackage, SignedList};

macro_rules! bytes_newtype {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

bytes_newtype!(
    /// SHA-256 of an invitation code: the code itself is never stored.
    InviteHash, 32
);
bytes_newtype!(
    /// SHA-256 of a sealed inbox item: what makes the repeat of a drop recognisable.
    ItemHash, 32
);
bytes_newtype!(
    /// Where a key package stands in its device's set: a hash of it, so its place says nothing about order.
    PackageKey, 16
);

/// One atomic step on the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryOp {
    /// Makes an account.
    Register(Register),
    /// Appends to an account's chain of lists.
    PutList(PutList),
    /// Adds key packages of a device.
    Publish(Publish),
    /// Takes one key package and leaves the right to drop one item.
    Claim(Claim),
    /// Spends that right.
    Drop(DropItem),
    /// Forgets inbox items.
    AckInbox(AckInbox),
    /// Opens an invitation.
    Invite(Invitation),
    /// Withdraws one.
    RevokeInvite(InviteHash),
    /// Forgets what has expired.
    Expire(Expire),
}

/// What came of one [`DirectoryOp`]; the variants correspond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryOutcome {
    /// Of [`DirectoryOp::Register`].
    Register(Result<Registered, RegisterRefused>),
    /// Of [`DirectoryOp::PutList`].
    PutList(Result<(), ListRefused>),
    /// Of [`DirectoryOp::Publish`]: one-time packages there are now.
    Publish(Result<u32, PublishRefused>),
    /// Of [`DirectoryOp::Claim`].
    Claim(Result<Claimed, NoKeyPackage>),
    /// Of [`DirectoryOp::Drop`].
    Drop(Result<Dropped, DropRefused>),
    /// Of [`DirectoryOp::AckInbox`]: items that were there.
    AckInbox(u32),
    /// Of [`DirectoryOp::Invite`]: whether it is open now; not when there are too many.
    Invite(bool),
    /// Of [`DirectoryOp::RevokeInvite`]: whether it was there.
    RevokeInvite(bool),
    /// Of [`DirectoryOp::Expire`].
    Expire(Expired),
}

/// Makes an account, unless the very same one is there already.
#[derive(Clone, PartialEq, Eq)]
pub struct Register {
    /// Follows from the genesis list.
    pub account: AccountId,
    /// The name it wants.
    pub handle: Handle,
    /// Place and hash of the genesis list.
    pub pin: Pin,
    /// The genesis list.
    pub genesis: SignedList,
    /// What lets it in.
    pub admission: Admission,
    /// For an invitation's expiry.
    pub today: Day,
}

/// What lets a new account in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The caller has checked.
    Granted,
    /// One use of this invitation, spent in the same step.
    Invitation(InviteHash),
}

/// The account is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// Made now.
    New,
    /// It was there, the same genesis list under the same name: a repeat. Nothing was spent.
    Already,
}

/// Why there is no such account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterRefused {
    /// The name is somebody else's.
    HandleTaken,
    /// The account is there under another name.
    AccountExists,
    /// The invitation is unknown, used up, withdrawn or expired.
    InvitationInvalid,
}

/// Appends to an account's chain of lists.
#[derive(Clone, PartialEq, Eq)]
pub struct PutList {
    /// Whose.
    pub account: AccountId,
    /// The newest list the caller checked it against: it must be the newest still.
    pub follows: Pin,
    /// Place and hash of the new list.
    pub pin: Pin,
    /// The new list.
    pub list: SignedList,
    /// The devices it names: what belongs to any other device of the account goes in the same step.
    pub devices: Vec<DeviceId>,
}

/// The list was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRefused {
    /// There is no such account.
    AccountUnknown,
    /// The newest list is another one.
    NotNewest,
}

/// A key package with what the store needs to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPackage {
    /// Its place.
    pub key: PackageKey,
    /// The package.
    pub package: SignedKeyPackage,
    /// The last day on which it may be claimed.
    pub not_after: Day,
}

/// Adds key packages of a device. A repeat of an upload id adds nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Publish {
    /// Whose.
    pub account: AccountId,
    /// Which device's.
    pub device: DeviceId,
    /// Names this upload.
    pub upload: UploadId,
    /// Added to the set, never replacing it.
    pub one_time: Vec<StoredPackage>,
    /// Replaces the previous one.
    pub last_resort: Option<StoredPackage>,
    /// When the upload id may be forgotten is counted from here.
    pub today: Day,
}

/// Why nothing was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishRefused {
    /// The device would have more than [`sotto_wire::limits::KEY_PACKAGES_STORED_MAX`].
    TooMany,
}

/// Takes one key package: a one-time one, which is gone in the same step, or else the last-resort one.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose.
    pub account: AccountId,
    /// Which device's.
    pub device: DeviceId,
    /// Of the drop capability that goes out with it.
    pub drop: DropCapabilityHash,
    /// A package that expired before is not handed out.
    pub today: Day,
}

/// What was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The package.
    pub package: SignedKeyPackage,
    /// Whether it is the one that is handed out repeatedly.
    pub last_resort: bool,
}

/// Nothing to take, no such device, or no such account: one answer for all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoKeyPackage;

/// Puts one item into an inbox and spends the capability. A repeat with the same item is harmless.
#[derive(Clone, PartialEq, Eq)]
pub struct DropItem {
    /// Whose inbox.
    pub account: AccountId,
    /// Which device's.
    pub device: DeviceId,
    /// The right to do it once.
    pub capability: DropCapabilityHash,
    /// The item's key, random.
    pub key: InboxKey,
    /// The item.
    pub sealed: Bytes,
    /// SHA-256 of the item.
    pub hash: ItemHash,
    /// For the capability's expiry, and the item's.
    pub today: Day,
}

/// The item has been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Now.
    New,
    /// Before; it may have been acked since.
    Already,
}

/// Why the item was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropRefused {
    /// The capability is unknown, expired, for another inbox, or spent on another item.
    Capability,
    /// [`sotto_wire::limits::INBOX_ITEMS_MAX`] items wait; the capability is not spent.
    Full,
}

/// Forgets inbox items; those that are not there do not matter.
#[derive(Clone, PartialEq, Eq)]
pub struct AckInbox {
    /// Whose inbox.
    pub account: AccountId,
    /// Which device's.
    pub device: DeviceId,
    /// The items.
    pub keys: Vec<InboxKey>,
}

/// An invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// Of its code.
    pub hash: InviteHash,
    /// Accounts it still admits.
    pub uses_left: u32,
    /// The last day on which it admits.
    pub not_after: Day,
}

/// Forgets what has expired: drop capabilities, upload ids, inbox items, key packages, invitations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expire {
    /// Today.
    pub today: Day,
    /// Rows of each table it may remove.
    pub at_most: usize,
}

/// What an expiry removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expired {
    /// Rows that are gone.
    pub rows: u32,
}

macro_rules! prints_its_name {
    ($($name:ident),*) => {$(
        // Names people or carries what people wrote.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

prints_its_name!(Register, PutList, Publish, Claim, DropItem, AckInbox);
