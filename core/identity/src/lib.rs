//! Accounts and their devices: which keys speak for an account, provable from its id alone (protocol §2).
//!
//! An account id is a hash over the account's first keys, and every device list names the key that signs its
//! successor. So a chain of lists that starts at the id and verifies link by link is the account, whoever handed it
//! over. A [`DeviceList`] is such a verified link: there is no other way to one. [`VerifiedKeyPackage`] is a key package
//! of a device in it.
//!
//! This crate holds no secret and never signs; a [`ListBody`] is what somebody else signs. It never decides what to do
//! about a refused list: errors say what is wrong, and a [`Pin`] that conflicts is evidence.
//!
//! Reading order: [`body`] (what a list says), [`list`] (when it is to be believed), [`key_package`].

pub mod body;
pub mod key_package;
pub mod list;

pub use body::{Device, DeviceKind, Genesis, ListBody, ListEvent};
pub use key_package::{KeyPackageError, VerifiedKeyPackage};
pub use list::{ChainError, DeviceList, ListError, PinError, Signer, Step};
pub use sotto_wire::signed::{Pin, SignedKeyPackage, SignedList};
