//! Trouble with the profile's files, with the way out.

use sotto_native::{KeyError, KeyringTrouble, OpenError, StorageTrouble};

use super::{Code, Failure};

const DAMAGED: &str = "Nothing was changed. Copy sotto.db back from a backup of the profile's folder; or move it aside \
                       with `sotto doctor --set-aside` (nothing is deleted) and set this device up again.";

impl From<StorageTrouble> for Failure {
    fn from(trouble: StorageTrouble) -> Self {
        match trouble {
            StorageTrouble::Full => Self::new(
                Code::DiskFull,
                "The disk is full.",
                "Make room, then repeat the command. Nothing that was queued or received is lost.",
            ),
            StorageTrouble::Damaged => Self::new(
                Code::Damaged,
                "The profile's database (sotto.db) is damaged: a page fails its check.",
                DAMAGED,
            ),
            StorageTrouble::ReadOnly => Self::new(
                Code::ReadOnly,
                "The profile's database cannot be written.",
                "Check owner and permissions of the profile's folder, and that its disk is writable.",
            ),
            other => Self::new(
                Code::Storage,
                format!("The profile cannot be used: {other}."),
                "Check the disk, then repeat the command. `sotto doctor` says more.",
            ),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NoProfile => Self::no_account(),
            OpenError::Storage(trouble) => trouble.into(),
            OpenError::Key(error) => error.into(),
            OpenError::Busy => Self::new(
                Code::Busy,
                "Another sotto holds this profile and does not answer.",
                "Wait for it or end it, then repeat the command.",
            ),
            OpenError::OtherVersion { version } => Self::new(
                Code::OtherVersion,
                format!("Sotto {version} holds this profile, and this is {}.", env!("CARGO_PKG_VERSION")),
                "End the other one (`sotto listen`, say), then repeat the command.",
            ),
            OpenError::OtherProxy => Self::new(
                Code::OtherProxy,
                "Another sotto holds this profile and does not use this proxy. Nothing was sent.",
                "End the other one, or start it with the same --proxy.",
            ),
            OpenError::ForeignFolder => Self::usage(
                Code::ForeignFolder,
                "This folder has other things in it and is open to others.",
                "Name an empty or a new folder with --profile DIR.",
            ),
            OpenError::NewerDatabase { found, known } => Self::new(
                Code::NewerDatabase,
                format!("A newer Sotto has used this profile (format {found}; this one knows {known})."),
                "Update sotto. Nothing was changed.",
            ),
            OpenError::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                StorageTrouble::Full.into()
            }
            OpenError::Io(error) => Self::new(
                Code::Folder,
                format!("The profile's folder cannot be used: {error}."),
                "Check that it is yours and writable, or name another with --profile DIR.",
            ),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Missing => Self::new(
                Code::KeyMissing,
                "The profile's key file (key.json) is gone; without it nobody can open its database.",
                "Copy key.json back from a backup; or move the rest aside with `sotto doctor --set-aside` (nothing is \
                 deleted) and set this device up again.",
            ),
            KeyError::Damaged => Self::new(
                Code::KeyDamaged,
                "The profile's key file (key.json) is damaged.",
                "Copy key.json back from a backup; or move the profile's files aside with `sotto doctor --set-aside` \
                 (nothing is deleted) and set this device up again.",
            ),
            KeyError::Newer { found, known } => Self::new(
                Code::NewerKeyFile,
                format!(
                    "A newer Sotto has written this profile's key file (format {found}; this one knows {known})."
                ),
                "Update sotto. Nothing was changed.",
            ),
            KeyError::WrongPassphrase => Self::new(
                Code::WrongPassphrase,
                "Wrong passphrase. Nothing was changed.",
                "Try again; SOTTO_PASSPHRASE is taken when it is set, else you are asked.",
            ),
            KeyError::NoPassphrase => Self::new(
                Code::NoPassphrase,
                "A passphrase is needed, and there is no terminal to ask on.",
                "Set SOTTO_PASSPHRASE. (Or make the profile with --insecure-key-file, for machines nobody types at.)",
            ),
            KeyError::EmptyPassphrase => Self::new(
                Code::EmptyPassphrase,
                "The passphrase is empty.",
                "Choose one that nobody guesses: a few random words.",
            ),
            KeyError::Keyring(trouble) => keyring(trouble),
            KeyError::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                StorageTrouble::Full.into()
            }
            KeyError::Io(error) => Self::new(
                Code::KeyFile,
                format!("The profile's key file (key.json) cannot be used: {error}."),
                "Check owner and permissions of the profile's folder.",
            ),
        }
    }
}

fn keyring(trouble: KeyringTrouble) -> Failure {
    let way_out = match trouble {
        KeyringTrouble::Unavailable | KeyringTrouble::TimedOut => {
            "Unlock the operating system's keyring (log in to the desktop session that has it), then repeat the command."
        }
        KeyringTrouble::Empty | KeyringTrouble::Invalid => {
            "Restore the keyring from a backup; without the key nobody can open the database. `sotto doctor --set-aside` \
             moves it aside (nothing is deleted) to set this device up again."
        }
    };
    Failure::new(
        Code::Keyring,
        format!("The profile's key is in the operating system's keyring: {trouble}."),
        way_out,
    )
}
