//! Before the database is open: the key file, the passphrase, the browser's keyring.

use rand_core::OsRng;
use sotto_secrecy::profile_key::{Cost, DatabaseKey, KeyFile, KeyFileError, Stored, Wrapped, new_entry};
use sotto_view::refusal::Refusal;
use sotto_view::settings::LockedBy;
use sotto_view::start::Broken;

use super::platform::files::{Files, FilesTrouble};
use super::platform::keyring::{Keyring, KeyringTrouble};
use crate::limits::PASSPHRASE_CHARS_MIN;

/// What stands before the database.
pub(crate) enum Door {
    /// No profile; whether one was here is the page's to say.
    Nothing,
    /// A passphrase opens it.
    Passphrase(Wrapped),
    /// It is open: the browser kept the key.
    Key(DatabaseKey),
}

/// Why there is no key.
#[derive(Debug)]
pub(crate) enum NoKey {
    /// The person can do something about it.
    Refused(Refusal),
    /// The profile cannot be used.
    Broken(Broken),
}

impl From<KeyringTrouble> for NoKey {
    fn from(trouble: KeyringTrouble) -> Self {
        Self::Broken(match trouble {
            // The browser deleted part of what was stored.
            KeyringTrouble::Empty => Broken::Evicted,
            KeyringTrouble::Damaged => Broken::Damaged,
            KeyringTrouble::Refused => Broken::NoStorage,
            KeyringTrouble::Failed => Broken::StorageFailed,
            KeyringTrouble::Full => Broken::Full,
        })
    }
}

impl From<KeyFileError> for NoKey {
    fn from(error: KeyFileError) -> Self {
        match error {
            KeyFileError::Damaged => Self::Broken(Broken::Damaged),
            KeyFileError::Newer { .. } => Self::Broken(Broken::Newer),
            KeyFileError::WrongPassphrase => Self::Refused(Refusal::PassphraseWrong),
            KeyFileError::EmptyPassphrase => Self::Refused(Refusal::PassphraseShort),
        }
    }
}

/// Looks at what is here.
pub(crate) async fn look(files: &Files) -> Result<Door, NoKey> {
    let has_database = files.has_database().map_err(|trouble| {
        NoKey::Broken(match trouble {
            FilesTrouble::Held => Broken::InUse,
            FilesTrouble::Broken(broken) => broken,
        })
    })?;
    let keyring = Keyring::open().await?;
    let Some(bytes) = keyring.read_file().await? else {
        // A database without its key is never given a new one.
        return if has_database { Err(NoKey::Broken(Broken::Evicted)) } else { Ok(Door::Nothing) };
    };
    let file = KeyFile::parse(&bytes)?;
    if !has_database {
        // The key without a database: made and never used, or the database was deleted.
        return Ok(Door::Nothing);
    }
    match file.stored() {
        Stored::Passphrase { wrapped } => Ok(Door::Passphrase(wrapped.clone())),
        Stored::Keyring { entry } => Ok(Door::Key(keyring.load_key(entry).await?)),
        Stored::InsecureFile { key } => {
            DatabaseKey::from_hex(key).map(Door::Key).ok_or(NoKey::Broken(Broken::Damaged))
        }
    }
}

/// How a new profile is locked.
pub(crate) enum NewLock {
    /// By what a person typed.
    Passphrase(String),
    /// By the browser's keyring.
    Device,
}

/// Makes a key and stores it, before there is a database.
pub(crate) async fn make(lock: &NewLock) -> Result<(DatabaseKey, LockedBy), NoKey> {
    let key = DatabaseKey::random(&mut OsRng);
    let keyring = Keyring::open().await?;
    let (stored, by) = match lock {
        NewLock::Passphrase(passphrase) => {
            if passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
                return Err(NoKey::Refused(Refusal::PassphraseShort));
            }
            let wrapped = Wrapped::wrap(&key, passphrase, Cost::DEFAULT, &mut OsRng)?;
            (Stored::Passphrase { wrapped }, LockedBy::Passphrase)
        }
        NewLock::Device => {
            let entry = new_entry(&mut OsRng);
            keyring.store_key(&entry, &key).await?;
            (Stored::Keyring { entry }, LockedBy::Device)
        }
    };
    keyring.write_file(&KeyFile::new(stored).to_bytes()?).await?;
    Ok((key, by))
}

/// Deletes profile and key.
pub(crate) async fn erase(files: &Files) -> Result<(), NoKey> {
    // The key first: without it the rest is noise.
    Keyring::open().await?.erase().await?;
    files.erase().map_err(|trouble| {
        NoKey::Broken(match trouble {
            FilesTrouble::Held => Broken::InUse,
            FilesTrouble::Broken(broken) => broken,
        })
    })
}
