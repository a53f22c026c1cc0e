//! Wrapping the database key: Argon2id stretches the passphrase, AES-256-GCM seals the key under it.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{DatabaseKey, KeyFileError};

/// A sealed key with everything but the passphrase that is needed to open it. Byte strings are hex.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapped {
    kdf: String,
    cost: Cost,
    salt: String,
    cipher: String,
    nonce: String,
    sealed: String,
}

/// What one guess costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

const KDF: &str = "argon2id";
const CIPHER: &str = "aes-256-gcm";

impl Cost {
    /// RFC 9106's second recommendation, on one lane: this is a program for small machines too.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// A file that asks for more is not one of ours.
    const MAX: Self = Self { memory_kib: 1024 * 1024, passes: 32, lanes: 16 };

    fn is_sane(self) -> bool {
        self.memory_kib <= Self::MAX.memory_kib
            && self.passes <= Self::MAX.passes
            && self.lanes <= Self::MAX.lanes
    }
}

impl Wrapped {
    /// Seals a key under a passphrase. Takes as long as one guess.
    ///
    /// # Errors
    /// [`KeyFileError::EmptyPassphrase`]; [`KeyFileError::Damaged`] for a cost that no file of ours asks for.
    pub fn wrap(
        key: &DatabaseKey,
        passphrase: &str,
        cost: Cost,
        entropy: &mut dyn CryptoRngCore,
    ) -> Result<Self, KeyFileError> {
        if passphrase.is_empty() {
            return Err(KeyFileError::EmptyPassphrase);
        }
        let (mut salt, mut nonce) = ([0; 16], [0; 12]);
        entropy.fill_bytes(&mut salt);
        entropy.fill_bytes(&mut nonce);
        let cipher = cipher(passphrase, cost, &salt)?;
        let aad = associated_data(cost, &salt);
        let payload = Payload { msg: key.expose(), aad: &aad };
        let sealed = cipher.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| KeyFileError::Damaged)?;
        Ok(Self {
            kdf: KDF.to_owned(),
            cost,
            salt: hex::encode(salt),
            cipher: CIPHER.to_owned(),
            nonce: hex::encode(nonce),
            sealed: hex::encode(sealed),
        })
    }

    /// Opens the key. Takes as long as one guess.
    ///
    /// # Errors
    /// [`KeyFileError::WrongPassphrase`] when the seal does not open; [`KeyFileError::Damaged`] when a field is none.
    pub fn unwrap(&self, passphrase: &str) -> Result<DatabaseKey, KeyFileError> {
        if self.kdf != KDF || self.cipher != CIPHER || !self.cost.is_sane() {
            return Err(KeyFileError::Damaged);
        }
        let bytes = |text: &str| hex::decode(text).map_err(|_| KeyFileError::Damaged);
        let (salt, nonce, sealed) = (bytes(&self.salt)?, bytes(&self.nonce)?, bytes(&self.sealed)?);
        let nonce: [u8; 12] = nonce.try_into().map_err(|_| KeyFileError::Damaged)?;
        let aad = associated_data(self.cost, &salt);
        let payload = Payload { msg: &sealed, aad: &aad };
        let opened = cipher(passphrase, self.cost, &salt)?
            .decrypt(Nonce::from_slice(&nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| KeyFileError::WrongPassphrase)?;
        DatabaseKey::from_slice(&opened).ok_or(KeyFileError::Damaged)
    }
}

fn cipher(passphrase: &str, cost: Cost, salt: &[u8]) -> Result<Aes256Gcm, KeyFileError> {
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| KeyFileError::Damaged)?;
    let mut stretched = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, stretched.as_mut())
        .map_err(|_| KeyFileError::Damaged)?;
    Aes256Gcm::new_from_slice(stretched.as_ref()).map_err(|_| KeyFileError::Damaged)
}

fn associated_data(cost: Cost, salt: &[u8]) -> Vec<u8> {
    let mut data = b"sotto key wrap v1".to_vec();
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        data.extend_from_slice(&number.to_be_bytes());
    }
    data.extend_from_slice(salt);
    data
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn entropy(seed: u64) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(seed)
    }

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn every_field_is_authenticated() {
        let key = DatabaseKey::random(&mut entropy(1));
        let wrap = || Wrapped::wrap(&key, "p", CHEAP, &mut entropy(2)).unwrap();
        assert_eq!(wrap().unwrap("p").unwrap().expose(), key.expose());
        let refused = |change: fn(&mut Wrapped)| {
            let mut changed = wrap();
            change(&mut changed);
            changed.unwrap("p").is_err()
        };
        assert!(refused(|it| it.cost.passes = 2));
        assert!(refused(|it| it.salt.replace_range(0..2, "zz")));
        assert!(refused(|it| it.salt = hex::encode([0; 16])));
        assert!(refused(|it| it.nonce = hex::encode([0; 12])));
        assert!(refused(|it| it.nonce = hex::encode([0; 11])));
        assert!(refused(|it| it.sealed = hex::encode([0; 48])));
        assert!(refused(|it| it.kdf = "md5".into()));
        assert!(refused(|it| it.cipher = "none".into()));
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        let mut wrapped =
            Wrapped::wrap(&DatabaseKey::random(&mut entropy(1)), "p", CHEAP, &mut entropy(2)).unwrap();
        wrapped.cost.memory_kib = u32::MAX;
        assert!(matches!(wrapped.unwrap("p"), Err(KeyFileError::Damaged)));
    }

    #[test]
    fn two_wraps_of_one_key_share_nothing() {
        let mut entropy = entropy(1);
        let key = DatabaseKey::random(&mut entropy);
        let (one, other) = (
            Wrapped::wrap(&key, "p", CHEAP, &mut entropy).unwrap(),
            Wrapped::wrap(&key, "p", CHEAP, &mut entropy).unwrap(),
        );
        assert_ne!(one.salt, other.salt);
        assert_ne!(one.sealed, other.sealed);
    }
}
