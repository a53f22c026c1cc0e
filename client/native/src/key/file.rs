//! `key.json`: a few lines that say where the database key is, with a checksum against decay.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::wrap::Wrapped;
use super::{DatabaseKey, KeyError, KeyStorage};
use crate::limits::KEY_FILE_BYTES_MAX;
use crate::profile::replace_file;

/// Newest format this code knows.
const VERSION: u32 = 1;

/// The file. `check` is SHA-256 over version and `stored`: it tells a decayed file from a wrong passphrase.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    version: u32,
    pub(super) stored: Stored,
    check: String,
}

/// Where the key is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Stored {
    Keyring { entry: String },
    Passphrase { wrapped: Wrapped },
    InsecureFile { key: String },
}

/// Read before anything else, so that a newer file is called newer and not damaged.
#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl KeyFile {
    pub(super) fn new(stored: Stored) -> Self {
        let check = check(VERSION, &stored);
        Self { version: VERSION, stored, check }
    }

    pub(super) fn storage(&self) -> KeyStorage {
        match self.stored {
            Stored::Keyring { .. } => KeyStorage::Keyring,
            Stored::Passphrase { .. } => KeyStorage::Passphrase,
            Stored::InsecureFile { .. } => KeyStorage::InsecureFile,
        }
    }

    /// The file at `path`; `None` when there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(file) => file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let VersionOnly { version } = serde_json::from_slice(&bytes).map_err(|_| KeyError::Damaged)?;
        if version > VERSION {
            return Err(KeyError::Newer { found: version, known: VERSION });
        }
        let file: Self = serde_json::from_slice(&bytes).map_err(|_| KeyError::Damaged)?;
        if file.check != check(file.version, &file.stored) {
            return Err(KeyError::Damaged);
        }
        Ok(Some(file))
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), KeyError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(io::Error::from)?;
        bytes.push(b'\n');
        Ok(replace_file(path, &bytes)?)
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

/// The key written as hex.
pub(super) fn parse_key(text: &str) -> Option<DatabaseKey> {
    let bytes = zeroize::Zeroizing::new(hex::decode(text).ok()?);
    DatabaseKey::from_slice(&bytes)
}

/// A fresh name for a keyring entry: says nothing about profile or person.
pub(super) fn new_entry(entropy: &mut dyn CryptoRngCore) -> String {
    let mut bytes = [0; 16];
    entropy.fill_bytes(&mut bytes);
    hex::encode(bytes)
}
