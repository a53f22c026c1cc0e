//! The operating system's keyring (Secret Service, Keychain, Credential Manager), asked from a thread of its own.
//!
//! The call may block for as long as a person needs to unlock the keyring, and its D-Bus client brings its own
//! runtime, which must not run inside ours.

use std::sync::mpsc;
use std::thread;

use super::DatabaseKey;
use crate::limits::KEYRING_TIME_MAX;

const SERVICE: &str = "sotto";

/// What the keyring did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringTrouble {
    /// There is none, or it is locked.
    #[error("it is not there or locked")]
    Unavailable,
    /// It no longer has this profile's key.
    #[error("it has no key for this profile")]
    Empty,
    /// What it returned is no key.
    #[error("its entry for this profile is no key")]
    Invalid,
    /// It did not answer.
    #[error("it did not answer in time")]
    TimedOut,
}

pub(super) fn store(entry: &str, key: &DatabaseKey) -> Result<(), KeyringTrouble> {
    let secret = zeroize::Zeroizing::new(*key.expose());
    ask(entry, move |entry| {
        entry.set_secret(secret.as_ref())?;
        // A keyring that forgets at once (a session-only one does) would lose the database: read it back.
        let kept = zeroize::Zeroizing::new(entry.get_secret()?);
        if kept.as_slice() == secret.as_ref() { Ok(()) } else { Err(keyring::Error::NoEntry) }
    })
}

pub(super) fn load(entry: &str) -> Result<DatabaseKey, KeyringTrouble> {
    let secret = zeroize::Zeroizing::new(ask(entry, |entry| entry.get_secret())?);
    DatabaseKey::from_slice(&secret).ok_or(KeyringTrouble::Invalid)
}

pub(super) fn delete(entry: &str) -> Result<(), KeyringTrouble> {
    ask(entry, |entry| entry.delete_credential())
}

fn ask<T: Send + 'static>(
    entry: &str,
    question: impl FnOnce(keyring::Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<T, KeyringTrouble> {
    let (answer, answers) = mpsc::channel();
    let name = entry.to_owned();
    thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || {
            let result = keyring::Entry::new(SERVICE, &name).and_then(question);
            // Nobody listens any more when the time is over.
            let _ = answer.send(result);
        })
        .map_err(|_| KeyringTrouble::Unavailable)?;
    match answers.recv_timeout(KEYRING_TIME_MAX) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(keyring::Error::NoEntry)) => Err(KeyringTrouble::Empty),
        Ok(Err(_)) => Err(KeyringTrouble::Unavailable),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(KeyringTrouble::TimedOut),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(KeyringTrouble::Unavailable),
    }
}
