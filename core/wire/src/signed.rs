//! Signed structures on their way: the exact bytes that were signed, beside the signature. Checking them is
//! the work of `sotto-identity`; here only their size is known.

use std::cmp::Ordering;
use std::fmt;

use prost::bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::digest::{device_list_hash, device_list_to_sign, key_package_to_sign};
use crate::error::Reason;
use crate::fields::{filled, fixed, present};
use crate::ids::{ListHash, Signature};
use crate::limits::{DEVICE_LIST_BYTES_MAX, KEY_PACKAGE_BYTES_MAX};
use crate::proto;

/// A device list nobody has checked yet, protocol §2.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedList {
    /// `DeviceList`, the bytes that were signed.
    pub list: Bytes,
    /// By the key its predecessor names.
    pub signature: Signature,
}

impl SignedList {
    /// The hash that pins and the next list quote.
    pub fn hash(&self) -> ListHash {
        device_list_hash(&self.list)
    }

    /// What the signature covers.
    pub fn to_sign(&self) -> Vec<u8> {
        device_list_to_sign(&self.list)
    }
}

impl TryFrom<proto::SignedDeviceList> for SignedList {
    type Error = Reason;

    fn try_from(signed: proto::SignedDeviceList) -> Result<Self, Reason> {
        let list = filled("device list", signed.list, DEVICE_LIST_BYTES_MAX)?;
        Ok(Self { list, signature: fixed(&signed.signature)? })
    }
}

impl From<&SignedList> for proto::SignedDeviceList {
    fn from(signed: &SignedList) -> Self {
        Self { list: signed.list.clone(), signature: signed.signature.into() }
    }
}

impl fmt::Debug for SignedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedList({} bytes)", self.list.len())
    }
}

/// A key package nobody has checked yet, protocol §5.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedKeyPackage {
    /// `KeyPackageBody`, the bytes that were signed.
    pub body: Bytes,
    /// By the device's signature key.
    pub signature: Signature,
}

impl SignedKeyPackage {
    /// What the signature covers.
    pub fn to_sign(&self) -> Vec<u8> {
        key_package_to_sign(&self.body)
    }
}

impl TryFrom<proto::SignedKeyPackage> for SignedKeyPackage {
    type Error = Reason;

    fn try_from(signed: proto::SignedKeyPackage) -> Result<Self, Reason> {
        let body = filled("key package", signed.body, KEY_PACKAGE_BYTES_MAX)?;
        Ok(Self { body, signature: fixed(&signed.signature)? })
    }
}

impl From<&SignedKeyPackage> for proto::SignedKeyPackage {
    fn from(signed: &SignedKeyPackage) -> Self {
        Self { body: signed.body.clone(), signature: signed.signature.into() }
    }
}

impl fmt::Debug for SignedKeyPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedKeyPackage({} bytes)", self.body.len())
    }
}

/// What peers remember of a device list. Ordered by `(era, version)` alone, protocol §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pin {
    /// Raised by the recovery key only.
    pub era: u32,
    /// Counts the lists of one era.
    pub version: u32,
    /// Hash of the list.
    pub hash: ListHash,
}

impl Pin {
    /// The place in the chain, without what stands there.
    pub const fn place(&self) -> (u32, u32) {
        (self.era, self.version)
    }

    /// Two different lists at one place: evidence that somebody signed both.
    pub fn conflicts(&self, other: &Self) -> bool {
        self.place() == other.place() && self.hash != other.hash
    }

    /// Whether a peer that remembers `older` may move to this one: pins only grow.
    pub fn follows(&self, older: &Self) -> bool {
        self == older || self.place() > older.place()
    }
}

impl PartialOrd for Pin {
    /// `None` for two pins that conflict.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.place().cmp(&other.place())).filter(|order| order.is_ne() || self.hash == other.hash)
    }
}

impl TryFrom<&proto::ListPin> for Pin {
    type Error = Reason;

    fn try_from(pin: &proto::ListPin) -> Result<Self, Reason> {
        Ok(Self { era: pin.era, version: pin.version, hash: fixed(&pin.hash)? })
    }
}

impl From<Pin> for proto::ListPin {
    fn from(pin: Pin) -> Self {
        Self { era: pin.era, version: pin.version, hash: pin.hash.into() }
    }
}

/// A pin that must be there.
pub(crate) fn pin(field: Option<&proto::ListPin>) -> Result<Pin, Reason> {
    Pin::try_from(present("list pin", field)?)
}

/// A device list that must be there.
pub(crate) fn list(field: Option<proto::SignedDeviceList>) -> Result<SignedList, Reason> {
    present("device list", field)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(era: u32, version: u32, list: u8) -> Pin {
        Pin { era, version, hash: ListHash::new([list; 32]) }
    }

    #[test]
    fn pins_are_ordered_by_their_place_alone() {
        assert!(pin(0, 9, 2) < pin(1, 0, 1), "a recovery comes after everything before it");
        assert!(pin(0, 1, 2) < pin(0, 2, 1));
        assert!(pin(0, 1, 1) <= pin(0, 1, 1));
    }

    #[test]
    fn two_lists_at_one_place_conflict_and_neither_follows() {
        let (one, other) = (pin(0, 1, 1), pin(0, 1, 2));
        assert!(one.conflicts(&other) && other.conflicts(&one));
        assert!(!one.follows(&other) && !other.follows(&one));
        assert_eq!(one.partial_cmp(&other), None);
        assert!(one.follows(&one) && !one.conflicts(&one));
    }

    #[test]
    fn a_later_pin_follows_an_earlier_one_only() {
        let (old, new) = (pin(0, 1, 1), pin(0, 2, 2));
        assert!(new.follows(&old) && !old.follows(&new));
        assert!(!new.conflicts(&old));
    }
}
