//! Key packages: what lets others add this device while it is away.

use sotto_wire::ids::{AccountId, DeviceId, Minute, PublicKey};
use sotto_wire::proto;

use crate::device_keys::DeviceKeys;
use crate::error::SecrecyError;
use crate::seal::SealSecret;
use crate::workspace::Workspace;

/// A key package ready to publish. Its private MLS keys are in the workspace's rows.
pub struct NewKeyPackage {
    /// What goes to the server.
    pub signed: proto::SignedKeyPackage,
    /// MLS KeyPackageRef: what a Welcome quotes.
    pub reference: Vec<u8>,
    /// Opens what is sealed to this package; the caller stores it beside `reference`.
    pub seal_secret: SealSecret,
}

/// A key package whose signature, list and expiry have been checked (identity's task).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedKeyPackage {
    /// The account it adds.
    pub account: AccountId,
    /// The device it adds.
    pub device: DeviceId,
    /// That device's listed signature key.
    pub key: PublicKey,
    /// RFC 9420 KeyPackage.
    pub mls_key_package: Vec<u8>,
    /// Where its Welcome is sealed to.
    pub seal_key: Vec<u8>,
}

/// Makes a key package of this device.
///
/// # Errors
/// When the rows fail.
pub fn new_key_package(
    ws: &Workspace<'_>,
    keys: &DeviceKeys,
    pin: &proto::ListPin,
    not_after: Minute,
    last_resort: bool,
) -> Result<NewKeyPackage, SecrecyError> {
    let _ = (ws, keys, pin, not_after, last_resort);
    Err(SecrecyError::Library("new_key_package"))
}
