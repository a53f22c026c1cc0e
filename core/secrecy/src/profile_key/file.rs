//! The key file: a few lines of JSON that say where the database key is, with a checksum against decay.

use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::KeyFileError;
use super::wrap::Wrapped;

/// Newest format this code knows.
const VERSION: u32 = 1;

/// The file. `check` is SHA-256 over version and `stored`: it tells a decayed file from a wrong passphrase.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    version: u32,
    stored: Stored,
    check: String,
}

/// Where the key is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stored {
    /// With the platform: the operating system's keyring, or a key that the browser keeps and never gives out.
    Keyring {
        /// The entry's name there: see [`new_entry`].
        entry: String,
    },
    /// Here, under a passphrase.
    Passphrase {
        /// The sealed key.
        wrapped: Wrapped,
    },
    /// Here, readable by whoever reads the file.
    InsecureFile {
        /// In hex.
        key: String,
    },
}

/// Read before anything else, so that a newer file is called newer and not damaged.
#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl KeyFile {
    /// A file of the newest format.
    pub fn new(stored: Stored) -> Self {
        let check = check(VERSION, &stored);
        Self { version: VERSION, stored, check }
    }

    /// Where the key is.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`KeyFileError::Newer`], or [`KeyFileError::Damaged`] when a single byte that matters differs.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let VersionOnly { version } = serde_json::from_slice(bytes).map_err(|_| KeyFileError::Damaged)?;
        if version > VERSION {
            return Err(KeyFileError::Newer { found: version, known: VERSION });
        }
        let file: Self = serde_json::from_slice(bytes).map_err(|_| KeyFileError::Damaged)?;
        if file.check != check(file.version, &file.stored) {
            return Err(KeyFileError::Damaged);
        }
        Ok(file)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// Never for a file that was made or parsed here; the JSON library's signature asks.
    pub fn to_bytes(&self) -> Result<Vec<u8>, KeyFileError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|_| KeyFileError::Damaged)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

fn check(version: u32, stored: &Stored) -> String {
    // Strings and numbers always serialise; were it to fail, the empty text gives a check that matches nothing.
    let text = serde_json::to_vec(stored).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(b"sotto key file v1");
    hash.update(version.to_be_bytes());
    hash.update(&text);
    hex::encode(hash.finalize())
}

/// A fresh name for a keyring entry: says nothing about profile or person.
pub fn new_entry(entropy: &mut dyn CryptoRngCore) -> String {
    let mut bytes = [0; 16];
    entropy.fill_bytes(&mut bytes);
    hex::encode(bytes)
}
