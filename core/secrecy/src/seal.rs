//! Sealing to one device: X-Wing HPKE for inbox items, padded inside.

use std::fmt;

use openmls_traits::OpenMlsProvider as _;
use openmls_traits::crypto::OpenMlsCrypto as _;
use openmls_traits::types::{HpkeCiphertext, HpkeConfig};
use sotto_wire::limits::SEAL_KEY_BYTES;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{OpenError, SecrecyError};
use crate::padding;
use crate::suite::SUITE;
use crate::workspace::Workspace;

const INFO: &[u8] = b"sotto inbox v1";

/// Length of an X-Wing encapsulation, which a sealed item starts with.
const ENCAPSULATION_BYTES: usize = 1120;

/// The private half of a seal key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealSecret(Vec<u8>);

impl SealSecret {
    /// The secret with these bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, for storage.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealSecret")
    }
}

/// A fresh seal key: public and private half.
pub(crate) fn new_seal_key(ws: &Workspace<'_>) -> Result<(Vec<u8>, SealSecret), SecrecyError> {
    let material = ws.random::<32>();
    let pair = ws
        .mls()
        .crypto()
        .derive_hpke_keypair(config(), material.as_slice())
        .map_err(|_| SecrecyError::Library("derive_hpke_keypair"))?;
    Ok((pair.public, SealSecret(pair.private.to_vec())))
}

/// Seals `plaintext`, padded, to a device's seal key.
///
/// # Errors
/// When `seal_key` is no X-Wing public key.
pub fn seal(ws: &Workspace<'_>, seal_key: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SecrecyError> {
    if seal_key.len() != SEAL_KEY_BYTES {
        return Err(SecrecyError::Refused("a seal key of another length"));
    }
    let padded = Zeroizing::new(padding::pad(plaintext));
    // The ephemeral key is drawn inside RustCrypto: replay covers schedules, not bytes.
    let sealed = ws
        .mls()
        .crypto()
        .hpke_seal(config(), seal_key, INFO, &[], &padded)
        .map_err(|_| SecrecyError::Refused("a seal key that is none"))?;
    Ok([sealed.kem_output.as_slice(), sealed.ciphertext.as_slice()].concat())
}

/// Opens what [`seal`] made.
///
/// # Errors
/// When it was not sealed to this key, or is malformed inside.
pub fn open_sealed(ws: &Workspace<'_>, secret: &SealSecret, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (encapsulation, ciphertext) =
        sealed.split_at_checked(ENCAPSULATION_BYTES).ok_or(OpenError::Malformed)?;
    let input =
        HpkeCiphertext { kem_output: encapsulation.to_vec().into(), ciphertext: ciphertext.to_vec().into() };
    let padded = ws
        .mls()
        .crypto()
        .hpke_open(config(), &input, secret.expose(), INFO, &[])
        .map(Zeroizing::new)
        .map_err(|_| OpenError::Sealed)?;
    padding::unpad(&padded).map(<[u8]>::to_vec).ok_or(OpenError::Malformed)
}

fn config() -> HpkeConfig {
    SUITE.hpke_config()
}
