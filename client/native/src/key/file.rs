//! `key.json` on disk: read and replaced whole. Its format is `sotto_secrecy`'s.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sotto_secrecy::profile_key::{KeyFile, Stored};

use super::{KeyError, KeyStorage};
use crate::limits::KEY_FILE_BYTES_MAX;
use crate::profile::replace_file;

/// The file at `path`; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<KeyFile>, KeyError> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(KeyFile::parse(&bytes)?))
}

pub(super) fn write(file: &KeyFile, path: &Path) -> Result<(), KeyError> {
    Ok(replace_file(path, &file.to_bytes()?)?)
}

pub(super) fn storage(file: &KeyFile) -> KeyStorage {
    match file.stored() {
        Stored::Keyring { .. } => KeyStorage::Keyring,
        Stored::Passphrase { .. } => KeyStorage::Passphrase,
        Stored::InsecureFile { .. } => KeyStorage::InsecureFile,
    }
}
