//! A device's signature key with its names: the MLS leaf key, and what signs key packages and frankings.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use sotto_wire::ids::{AccountId, DeviceId, PublicKey, Signature};

/// A device and the key it signs with. The expanded key is kept: rebuilding it costs 10 µs a message.
pub struct DeviceKeys {
    /// The account the device belongs to.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    key: SigningKey,
}

impl DeviceKeys {
    /// The keys of `device` with this Ed25519 seed.
    pub fn new(account: AccountId, device: DeviceId, secret: &[u8; 32]) -> Self {
        Self { account, device, key: SigningKey::from_bytes(secret) }
    }

    /// The public key, as the device list names it.
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.key.verifying_key().to_bytes())
    }

    /// Signs exactly these bytes: the caller puts the domain string in front.
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        Signature::new(self.key.sign(bytes).to_bytes())
    }
}

impl fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceKeys").field("device", &self.device).finish_non_exhaustive()
    }
}
