//! Members: what a leaf says about who holds it.

use openmls::prelude::{BasicCredential, Credential, CredentialWithKey};
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use sotto_wire::ids::{AccountId, DeviceId, PublicKey};

use crate::device_keys::DeviceKeys;

/// A leaf: one device and the key it signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// Its account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Its signature key.
    pub key: PublicKey,
}

impl Member {
    /// The member a credential and key name: `BasicCredential(account_id ‖ device_id)`. None for any other form.
    pub(crate) fn read(credential: &Credential, key: &[u8]) -> Option<Self> {
        let basic = BasicCredential::try_from(credential.clone()).ok()?;
        let (account, device) = basic.identity().split_at_checked(AccountId::LEN)?;
        Some(Self {
            account: account.try_into().ok()?,
            device: device.try_into().ok()?,
            key: key.try_into().ok()?,
        })
    }
}

impl DeviceKeys {
    /// This device as a member.
    pub fn member(&self) -> Member {
        Member { account: self.account, device: self.device, key: self.public() }
    }

    pub(crate) fn credential(&self) -> CredentialWithKey {
        let identity = [self.account.as_bytes().as_slice(), self.device.as_bytes()].concat();
        CredentialWithKey {
            credential: BasicCredential::new(identity).into(),
            signature_key: self.public().to_vec().into(),
        }
    }
}

impl Signer for DeviceKeys {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(DeviceKeys::sign(self, payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}
