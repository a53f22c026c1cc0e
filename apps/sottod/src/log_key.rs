//! The log-signing key: what receipts are signed with, protocol §4. Made once, kept as long as the server lives.

use std::{fs, io, path::PathBuf};

use ed25519_dalek::{SECRET_KEY_LENGTH, SigningKey};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::{
    data_dir::{DataDir, write_private},
    failure::Failure,
};

/// The key's file in the data directory: 64 hexadecimal digits.
pub(crate) const FILE: &str = "log-signing.key";

/// Whether a data directory without a key is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// No server has kept anything here.
    Nothing,
    /// There are databases: their readers know the key.
    Databases,
}

fn path(dir: &DataDir) -> PathBuf {
    dir.path().join(FILE)
}

/// The key of this data directory, made if it is new.
pub(crate) fn load_or_make(
    dir: &DataDir,
    before: Before,
    entropy: &mut dyn CryptoRngCore,
) -> Result<SigningKey, Failure> {
    match (load(dir)?, before) {
        (Some(key), _) => Ok(key),
        (None, Before::Nothing) => make(dir, entropy),
        (None, Before::Databases) => Err(Failure::Refused(format!(
            "{} is missing. Clients know this server by that key and would report a new one as a forgery: put it \
             back from a backup",
            path(dir).display()
        ))),
    }
}

/// The key, if there is one.
pub(crate) fn load(dir: &DataDir) -> Result<Option<SigningKey>, Failure> {
    let path = path(dir);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::because(format!("cannot read {}", path.display()), error)),
    };
    let mut secret = Zeroizing::new([0; SECRET_KEY_LENGTH]);
    hex::decode_to_slice(text.trim_end(), &mut *secret).map_err(|_| {
        let path = path.display();
        Failure::Refused(format!("{path} is not a key of 64 hexadecimal digits: put it back from a backup"))
    })?;
    Ok(Some(SigningKey::from_bytes(&secret)))
}

fn make(dir: &DataDir, entropy: &mut dyn CryptoRngCore) -> Result<SigningKey, Failure> {
    let mut secret = Zeroizing::new([0; SECRET_KEY_LENGTH]);
    entropy.fill_bytes(&mut *secret);
    let text = Zeroizing::new(format!("{}\n", hex::encode(*secret)));
    let path = path(dir);
    write_private(&path, text.as_bytes())
        .map_err(|error| Failure::because(format!("cannot write {}", path.display()), error))?;
    Ok(SigningKey::from_bytes(&secret))
}
