//! Where the database key comes from: a random key, kept in the keyring, wrapped by a passphrase, or lying open.
//!
//! The database is encrypted with a random key that never changes. `key.json` says where that key is; with a
//! passphrase it holds it wrapped. Changing the passphrase therefore rewrites one small file, in one step, and
//! never touches the database.

mod file;
mod keyring;

use std::fs;
use std::io;
use std::path::PathBuf;

use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
pub(crate) use sotto_secrecy::profile_key::DatabaseKey;
use sotto_secrecy::profile_key::{Cost, KeyFile, KeyFileError, Stored, Wrapped, new_entry};
use zeroize::Zeroizing;

pub use self::keyring::KeyringTrouble;
use crate::profile::{Profile, private_file};

/// What a person types; wiped when dropped.
pub type Passphrase = Zeroizing<String>;

/// Where a profile's database key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStorage {
    /// In the operating system's keyring.
    Keyring,
    /// In `key.json`, wrapped by a passphrase.
    Passphrase,
    /// In `key.json`, readable by whoever reads the file.
    InsecureFile,
}

/// What the person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseQuestion {
    /// The passphrase of this profile; `attempt` counts from 0.
    Open {
        /// How often it was wrong.
        attempt: u32,
    },
    /// A passphrase to protect a new or changed key with.
    New,
}

/// How the shell around this crate reaches a person.
pub trait Asker: Send + Sync {
    /// The passphrase, or `None` when there is nobody to ask (again).
    fn passphrase(&self, question: PassphraseQuestion) -> Option<Passphrase>;

    /// Whether a passphrase was given along (not asked for): a new profile then uses it rather than the keyring.
    fn has_passphrase_at_hand(&self) -> bool;

    /// Told once when another process holds the profile and does not answer yet.
    fn waiting_for_holder(&self);
}

/// Why there is no database key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is a database, but no `key.json` beside it.
    #[error("the key file is gone")]
    Missing,
    /// `key.json` is not what was written.
    #[error("the key file is damaged")]
    Damaged,
    /// `key.json` was written by a newer Sotto.
    #[error("the key file has format {found}, this Sotto knows {known}")]
    Newer {
        /// Format of the file.
        found: u32,
        /// Newest this code knows.
        known: u32,
    },
    /// The passphrase does not open the key. Nothing was changed.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// A passphrase is needed and there is nobody to ask.
    #[error("a passphrase is needed")]
    NoPassphrase,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The operating system's keyring did not do its part.
    #[error("the keyring: {0}")]
    Keyring(#[from] KeyringTrouble),
    /// A file could not be read or written.
    #[error("the key file: {0}")]
    Io(#[from] io::Error),
}

impl From<KeyFileError> for KeyError {
    fn from(error: KeyFileError) -> Self {
        match error {
            KeyFileError::Damaged => Self::Damaged,
            KeyFileError::Newer { found, known } => Self::Newer { found, known },
            KeyFileError::WrongPassphrase => Self::WrongPassphrase,
            KeyFileError::EmptyPassphrase => Self::EmptyPassphrase,
        }
    }
}

/// What a new profile's key is protected with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protection {
    /// A passphrase at hand, else the keyring, else a passphrase asked for.
    #[default]
    Protected,
    /// Nothing: for machines that nobody types at.
    InsecureFile,
}

/// The key of an existing profile.
pub(crate) fn open(profile: &Profile, asker: &dyn Asker) -> Result<DatabaseKey, KeyError> {
    let file = file::read(&profile.key_file())?.ok_or(KeyError::Missing)?;
    unlock(&file, asker)
}

/// The key of a profile that may be new: made and stored before there is a database.
pub(crate) fn open_or_create(
    profile: &Profile,
    protection: Protection,
    asker: &dyn Asker,
    entropy: &mut dyn CryptoRngCore,
) -> Result<DatabaseKey, KeyError> {
    match file::read(&profile.key_file())? {
        Some(file) => unlock(&file, asker),
        None if profile.has_database() => Err(KeyError::Missing),
        None => create(profile, protection, asker, entropy),
    }
}

/// Where the key of a profile is; `None` without a profile.
///
/// # Errors
/// When `key.json` cannot be read.
pub fn storage(profile: &Profile) -> Result<Option<KeyStorage>, KeyError> {
    Ok(file::read(&profile.key_file())?.map(|file| file::storage(&file)))
}

/// Protects the profile's key anew: by a passphrase asked for, or (`to_keyring`) by the keyring.
///
/// Works while another process holds the profile: the database key itself stays the same.
///
/// # Errors
/// When the old passphrase is wrong or the new one cannot be had; the old protection then stands.
pub fn change_protection(
    profile: &Profile,
    to_keyring: bool,
    asker: &dyn Asker,
    entropy: &mut dyn CryptoRngCore,
) -> Result<KeyStorage, KeyError> {
    let guard = private_file(&lock_path(profile))?;
    guard.lock()?;
    let old = file::read(&profile.key_file())?.ok_or(KeyError::Missing)?;
    let key = unlock(&old, asker)?;
    let stored = if to_keyring {
        // A new entry name: the old entry, if any, stays good until the file names the new one.
        let entry = new_entry(entropy);
        keyring::store(&entry, &key)?;
        Stored::Keyring { entry }
    } else {
        wrap_with_new_passphrase(&key, asker, entropy)?
    };
    let new = KeyFile::new(stored);
    file::write(&new, &profile.key_file())?;
    if let Stored::Keyring { entry } = old.stored() {
        // The key now lies elsewhere; a leftover entry that cannot be deleted does no harm.
        let _ = keyring::delete(entry);
    }
    Ok(file::storage(&new))
}

fn lock_path(profile: &Profile) -> PathBuf {
    profile.dir().join("key.lock")
}

fn unlock(file: &KeyFile, asker: &dyn Asker) -> Result<DatabaseKey, KeyError> {
    match file.stored() {
        Stored::Keyring { entry } => Ok(keyring::load(entry)?),
        Stored::InsecureFile { key } => DatabaseKey::from_hex(key).ok_or(KeyError::Damaged),
        Stored::Passphrase { wrapped } => unwrap_asking(wrapped, asker),
    }
}

fn unwrap_asking(wrapped: &Wrapped, asker: &dyn Asker) -> Result<DatabaseKey, KeyError> {
    let mut attempt = 0;
    loop {
        let Some(passphrase) = asker.passphrase(PassphraseQuestion::Open { attempt }) else {
            return Err(if attempt == 0 { KeyError::NoPassphrase } else { KeyError::WrongPassphrase });
        };
        match wrapped.unwrap(&passphrase) {
            Err(KeyFileError::WrongPassphrase) => attempt += 1,
            done => return Ok(done?),
        }
    }
}

fn create(
    profile: &Profile,
    protection: Protection,
    asker: &dyn Asker,
    entropy: &mut dyn CryptoRngCore,
) -> Result<DatabaseKey, KeyError> {
    let key = DatabaseKey::random(entropy);
    let stored = match protection {
        Protection::InsecureFile => Stored::InsecureFile { key: key.to_hex().to_string() },
        Protection::Protected if asker.has_passphrase_at_hand() => {
            wrap_with_new_passphrase(&key, asker, entropy)?
        }
        Protection::Protected => {
            let entry = new_entry(entropy);
            match keyring::store(&entry, &key) {
                Ok(()) => Stored::Keyring { entry },
                Err(_no_keyring_here) => wrap_with_new_passphrase(&key, asker, entropy)?,
            }
        }
    };
    file::write(&KeyFile::new(stored), &profile.key_file())?;
    Ok(key)
}

fn wrap_with_new_passphrase(
    key: &DatabaseKey,
    asker: &dyn Asker,
    entropy: &mut dyn CryptoRngCore,
) -> Result<Stored, KeyError> {
    let passphrase = asker.passphrase(PassphraseQuestion::New).ok_or(KeyError::NoPassphrase)?;
    Ok(Stored::Passphrase { wrapped: Wrapped::wrap(key, &passphrase, Cost::DEFAULT, entropy)? })
}

/// Whether files in the profile that hold secrets are closed to others; for `doctor`.
pub fn is_private(profile: &Profile) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: PathBuf| fs::metadata(path).map(|found| found.permissions().mode() & 0o077 == 0);
    Ok(mode(profile.dir().to_owned())? && mode(profile.key_file())?)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rand_core::OsRng;

    use super::*;

    /// Gives these answers, one after the other.
    pub(super) struct Script(pub(super) Mutex<Vec<&'static str>>);

    impl Script {
        fn new(answers: &[&'static str]) -> Self {
            Self(Mutex::new(answers.iter().rev().copied().collect()))
        }
    }

    impl Asker for Script {
        fn passphrase(&self, _: PassphraseQuestion) -> Option<Passphrase> {
            self.0.lock().unwrap().pop().map(|answer| Zeroizing::new(answer.to_owned()))
        }
        fn has_passphrase_at_hand(&self) -> bool {
            true
        }
        fn waiting_for_holder(&self) {}
    }

    fn profile() -> (tempfile::TempDir, Profile) {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path().join("p"));
        profile.prepare_dir().unwrap();
        (dir, profile)
    }

    fn make(profile: &Profile, passphrase: &'static str) -> DatabaseKey {
        open_or_create(profile, Protection::Protected, &Script::new(&[passphrase]), &mut OsRng).unwrap()
    }

    #[test]
    fn the_passphrase_opens_the_key_and_no_other_does() {
        let (_dir, profile) = profile();
        let key = make(&profile, "correct horse");
        let before = fs::read(profile.key_file()).unwrap();
        assert!(!before.windows(32).any(|part| part == key.expose()));
        let again = open(&profile, &Script::new(&["correct horse"])).unwrap();
        assert_eq!(again.expose(), key.expose());
        assert!(matches!(open(&profile, &Script::new(&["battery"])), Err(KeyError::WrongPassphrase)));
        assert!(matches!(open(&profile, &Script::new(&[])), Err(KeyError::NoPassphrase)));
        assert_eq!(fs::read(profile.key_file()).unwrap(), before, "a wrong passphrase changes nothing");
    }

    #[test]
    fn a_person_may_mistype() {
        let (_dir, profile) = profile();
        let key = make(&profile, "correct horse");
        let found = open(&profile, &Script::new(&["corect", "horse", "correct horse"])).unwrap();
        assert_eq!(found.expose(), key.expose());
    }

    #[test]
    fn changing_the_passphrase_keeps_the_database_key() {
        let (_dir, profile) = profile();
        let key = make(&profile, "old");
        let asker = Script::new(&["old", "new"]);
        assert_eq!(change_protection(&profile, false, &asker, &mut OsRng).unwrap(), KeyStorage::Passphrase);
        assert_eq!(open(&profile, &Script::new(&["new"])).unwrap().expose(), key.expose());
        assert!(matches!(open(&profile, &Script::new(&["old"])), Err(KeyError::WrongPassphrase)));
    }

    #[test]
    fn a_refused_change_leaves_the_old_passphrase() {
        let (_dir, profile) = profile();
        let key = make(&profile, "old");
        for (answers, what) in
            [(&["wrong"][..], "wrong old"), (&["old", ""], "empty new"), (&["old"], "no new")]
        {
            assert!(change_protection(&profile, false, &Script::new(answers), &mut OsRng).is_err(), "{what}");
            assert_eq!(open(&profile, &Script::new(&["old"])).unwrap().expose(), key.expose(), "{what}");
        }
    }

    #[test]
    fn an_insecure_key_file_needs_nobody() {
        let (_dir, profile) = profile();
        let nobody = Script::new(&[]);
        let key = open_or_create(&profile, Protection::InsecureFile, &nobody, &mut OsRng).unwrap();
        assert_eq!(open(&profile, &nobody).unwrap().expose(), key.expose());
        assert_eq!(storage(&profile).unwrap(), Some(KeyStorage::InsecureFile));
        assert!(is_private(&profile).unwrap());
    }

    #[test]
    fn a_damaged_key_file_is_not_mistaken_for_a_wrong_passphrase() {
        let (_dir, profile) = profile();
        make(&profile, "correct horse");
        let whole = fs::read(profile.key_file()).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(profile.key_file(), &damaged).unwrap();
            let refused = storage(&profile);
            assert!(
                matches!(refused, Err(KeyError::Damaged | KeyError::Newer { .. })) || refused.is_ok(),
                "byte {at}: {refused:?}"
            );
            if refused.is_ok() {
                // Only white space of the file may differ unnoticed.
                assert!(whole[at].is_ascii_whitespace(), "byte {at} is not covered");
            }
        }
    }

    #[test]
    fn a_database_without_its_key_is_never_given_a_new_one() {
        let (_dir, profile) = profile();
        fs::write(profile.database(), "pages").unwrap();
        let asker = Script::new(&["any"]);
        let refused = open_or_create(&profile, Protection::Protected, &asker, &mut OsRng);
        assert!(matches!(refused, Err(KeyError::Missing)));
        assert!(!profile.key_file().exists());
    }
}
