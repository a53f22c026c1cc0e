//! Key packages: what lets others add a device while it is away, and whether one is really that device's (protocol §5).

use prost::Message;
use sotto_wire::ids::{AccountId, DeviceId, Millis, Minute, PublicKey};
use sotto_wire::limits::{KEY_PACKAGE_BYTES_MAX, SEAL_KEY_BYTES};
use sotto_wire::signature::{self, BadSignature};
use sotto_wire::signed::{Pin, SignedKeyPackage};
use sotto_wire::{Bytes, Reason, proto};

use crate::list::DeviceList;

/// A key package that a listed device signed and that is still good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedKeyPackage {
    /// The account it adds.
    pub account: AccountId,
    /// The device it adds.
    pub device: DeviceId,
    /// That device's listed key: the MLS leaf must have the same.
    pub device_key: PublicKey,
    /// RFC 9420 KeyPackage, not looked into.
    pub mls_key_package: Bytes,
    /// X-Wing public key that the Welcome is sealed to, [`SEAL_KEY_BYTES`] long.
    pub seal_key: Bytes,
    /// The list that the device knew as its account's newest.
    pub pin: Pin,
    /// Last minute in which it may be used.
    pub not_after: Minute,
    /// Handed out repeatedly, when no other was left.
    pub last_resort: bool,
}

/// Why a key package is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyPackageError {
    /// It is no key package.
    #[error(transparent)]
    Malformed(#[from] Reason),
    /// The account does not list the device.
    #[error("the account does not list this device")]
    DeviceNotListed,
    /// It is for another account or device than the one asked for.
    #[error("the key package is another device's")]
    OtherDevice,
    /// The listed device did not sign it.
    #[error("the key package is not signed by the device")]
    Signature(#[from] BadSignature),
    /// It names a list that the account's chain does not have (yet): fetch the lists again.
    #[error("the key package names another device list")]
    Pin {
        /// The list it names.
        named: Pin,
        /// The account's newest, as far as is known here.
        newest: Pin,
    },
    /// It expired, by this device's clock: which may be wrong.
    #[error("the key package expired")]
    Expired {
        /// Last minute in which it could be used.
        not_after: Minute,
        /// This device's clock.
        now: Minute,
    },
}

impl VerifiedKeyPackage {
    /// Checks a key package of one device of the account that `list` belongs to.
    ///
    /// # Errors
    /// When the device did not sign it, or it is not good any more.
    pub fn verify(
        signed: &SignedKeyPackage,
        list: &DeviceList,
        device: DeviceId,
        now: Millis,
    ) -> Result<Self, KeyPackageError> {
        let device_key = list.device(device).ok_or(KeyPackageError::DeviceNotListed)?.key;
        signature::verify(device_key, &signed.to_sign(), signed.signature)?;
        let package = Self::read(&signed.body, device_key)?;
        if (package.account, package.device) != (list.account(), device) {
            return Err(KeyPackageError::OtherDevice);
        }
        if !list.descends_from(package.pin) {
            return Err(KeyPackageError::Pin { named: package.pin, newest: list.pin() });
        }
        if now.minute() > package.not_after {
            return Err(KeyPackageError::Expired { not_after: package.not_after, now: now.minute() });
        }
        Ok(package)
    }

    fn read(body: &Bytes, device_key: PublicKey) -> Result<Self, Reason> {
        let what = "key package";
        if body.len() > KEY_PACKAGE_BYTES_MAX {
            return Err(Reason::TooLarge { what, max: KEY_PACKAGE_BYTES_MAX, found: body.len() });
        }
        let m = proto::KeyPackageBody::decode(body.clone())?;
        if m.mls_key_package.is_empty() {
            return Err(Reason::Missing { what });
        }
        if m.seal_key.len() != SEAL_KEY_BYTES {
            let (expected, found) = (SEAL_KEY_BYTES, m.seal_key.len());
            return Err(sotto_wire::ids::LengthError { what: "seal key", expected, found }.into());
        }
        let pin = m.pin.as_ref().ok_or(Reason::Missing { what: "list pin" })?;
        Ok(Self {
            account: AccountId::try_from(&*m.account_id)?,
            device: DeviceId::try_from(&*m.device_id)?,
            device_key,
            mls_key_package: m.mls_key_package,
            seal_key: m.seal_key,
            pin: Pin::try_from(pin)?,
            not_after: Minute(m.not_after_minute),
            last_resort: m.last_resort,
        })
    }
}
