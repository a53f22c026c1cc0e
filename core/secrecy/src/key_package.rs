//! Key packages: what lets others add this device while it is away.

use openmls::prelude::{KeyPackage, KeyPackageIn, KeyPackageRef, ProtocolVersion};
use openmls_traits::OpenMlsProvider as _;
use prost::Message as _;
use sotto_wire::digest::key_package_to_sign;
use sotto_wire::ids::Minute;
use sotto_wire::proto;
use tls_codec::VLBytes;

use crate::codec;
use crate::device_keys::DeviceKeys;
use crate::error::SecrecyError;
use crate::seal::{SealSecret, new_seal_key};
use crate::suite;
use crate::validity;
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

/// Makes a key package of this device.
///
/// A one-time package's private keys leave the rows when a Welcome uses them; those of a `last_resort` one stay until
/// the caller calls [`forget_key_package`].
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
    let builder = KeyPackage::builder()
        .key_package_lifetime(suite::lifetime())
        .leaf_node_capabilities(suite::capabilities());
    let builder = if last_resort { builder.mark_as_last_resort() } else { builder };
    let built = builder.build(suite::SUITE, ws.mls(), keys, keys.credential());
    let bundle = ws.mls().settle(built)?.map_err(|_| SecrecyError::Library("build a key package"))?;
    let package = bundle.key_package();

    let (seal_key, seal_secret) = new_seal_key(ws)?;
    let body = proto::KeyPackageBody {
        account_id: keys.account.into(),
        device_id: keys.device.into(),
        mls_key_package: encode(package)?.into(),
        seal_key: seal_key.into(),
        pin: Some(pin.clone()),
        not_after_minute: not_after.0,
        last_resort,
    }
    .encode_to_vec();
    let signature = keys.sign(&key_package_to_sign(&body));
    Ok(NewKeyPackage {
        signed: proto::SignedKeyPackage { body: body.into(), signature: signature.into() },
        reference: reference(ws, package)?,
        seal_secret,
    })
}

/// The KeyPackageRef of an encoded key package: names its recipient in a Welcome.
///
/// # Errors
/// When it is no key package of our form.
pub fn key_package_reference(ws: &Workspace<'_>, mls_key_package: &[u8]) -> Result<Vec<u8>, SecrecyError> {
    reference(ws, &read(ws, mls_key_package)?)
}

/// Deletes the private keys of a key package that is no longer published.
///
/// # Errors
/// When the rows fail.
pub fn forget_key_package(ws: &Workspace<'_>, reference: &[u8]) -> Result<(), SecrecyError> {
    use openmls_traits::storage::StorageProvider as _;

    let reference: KeyPackageRef = codec::write(&VLBytes::new(reference.to_vec()))
        .and_then(|bytes| codec::read(&bytes))
        .ok_or(SecrecyError::Refused("a reference that is none"))?;
    Ok(ws.mls().storage().delete_key_package(&reference)?)
}

/// Reads a key package and checks it as far as its own bytes go.
pub(crate) fn read(ws: &Workspace<'_>, bytes: &[u8]) -> Result<KeyPackage, SecrecyError> {
    let refused = SecrecyError::Refused("a key package of another form");
    let package: KeyPackageIn = codec::read(bytes).ok_or(refused)?;
    let package = package.validate(ws.mls().crypto(), ProtocolVersion::Mls10).map_err(|_| refused)?;
    validity::new_leaf(&package).map_err(|_| refused)?;
    Ok(package)
}

fn reference(ws: &Workspace<'_>, package: &KeyPackage) -> Result<Vec<u8>, SecrecyError> {
    let reference =
        package.hash_ref(ws.mls().crypto()).map_err(|_| SecrecyError::Library("hash a key package"))?;
    Ok(reference.as_slice().to_vec())
}

fn encode(package: &KeyPackage) -> Result<Vec<u8>, SecrecyError> {
    codec::write(package).ok_or(SecrecyError::Library("encode a key package"))
}
