//! A new account: its keys, its recovery code, its first device list. Protocol §2.

use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use prost::Message;
use sha2::Sha256;
use sotto_identity::DeviceList;
use sotto_wire::digest;
use sotto_wire::ids::{AccountId, Day, DeviceId, PublicKey, Signature};
use sotto_wire::proto;
use sotto_wire::signed::SignedList;
use zeroize::Zeroizing;

/// The recovery key that a recovery code leads to: the server never holds anything that opens it.
pub(crate) fn recovery_key(code: &[u8; 16]) -> PublicKey {
    let mut seed = Zeroizing::new([0; 32]);
    // 32 bytes are always a valid HKDF-SHA256 length.
    let _ = Hkdf::<Sha256>::new(Some(b"sotto recovery v1"), code).expand(b"rk", seed.as_mut());
    public(&SigningKey::from_bytes(&seed))
}

/// The account and its first device list, signed by its AIK.
pub(crate) fn genesis_list(
    aik: &SigningKey,
    rk: PublicKey,
    nonce: [u8; 32],
    device: DeviceId,
    device_key: &SigningKey,
    day: Day,
) -> Result<(AccountId, SignedList, DeviceList), &'static str> {
    let account = digest::account_id(public(aik), rk, &nonce);
    let list = proto::DeviceList {
        account_id: account.into(),
        devices: vec![proto::Device {
            device_id: device.into(),
            signature_key: public(device_key).into(),
            kind: proto::DeviceKind::Native.into(),
            manages_devices: true,
            added_day: day.0,
        }],
        next_aik: public(aik).into(),
        next_rk: rk.into(),
        event: proto::ListEvent::Genesis.into(),
        genesis: Some(proto::Genesis {
            aik: public(aik).into(),
            rk: rk.into(),
            nonce: nonce.to_vec().into(),
        }),
        ..proto::DeviceList::default()
    };
    let list = list.encode_to_vec();
    let signature = Signature::new(aik.sign(&digest::device_list_to_sign(&list)).to_bytes());
    let signed = SignedList { list: list.into(), signature };
    let verified = DeviceList::genesis(account, &signed).map_err(|_| "own genesis list does not verify")?;
    Ok((account, signed, verified))
}

pub(crate) fn public(key: &SigningKey) -> PublicKey {
    PublicKey::new(key.verifying_key().to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_lead_to_the_same_recovery_key() {
        assert_eq!(recovery_key(&[7; 16]), recovery_key(&[7; 16]));
        assert_ne!(recovery_key(&[7; 16]), recovery_key(&[8; 16]));
    }
}
