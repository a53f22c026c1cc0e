//! `sotto passphrase`: change what protects this device's key.

use clap::Args;
use rand_core::OsRng;
use sotto_native::{KeyStorage, change_protection};

use crate::cli::Global;
use crate::client::profile;
use crate::failure::Failure;
use crate::person::Person;
use crate::record::Outcome;
use crate::screen::Screen;

/// Change the passphrase that protects this device's data
///
/// The new passphrase comes from SOTTO_NEW_PASSPHRASE, else you are asked twice. Works while another sotto runs on the
/// profile. A profile whose key was in the keyring or lay open is protected by the passphrase from then on.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto passphrase
  sotto passphrase --to-keyring")]
pub(crate) struct Passphrase {
    /// Keep the key in the operating system's keyring from now on
    #[arg(long)]
    to_keyring: bool,
}

impl Passphrase {
    pub(crate) async fn run(self, global: &Global, screen: Screen) -> Result<(), Failure> {
        let profile = profile(global)?;
        if !profile.exists() {
            return Err(Failure::no_account());
        }
        let change =
            move || change_protection(&profile, self.to_keyring, &Person::changing(screen), &mut OsRng);
        let changed = tokio::task::spawn_blocking(change).await.map_err(std::io::Error::other)?;
        let key =
            changed.map_err(|error| Failure::from(error).and("What protected the key before still does."))?;
        let text = match key {
            KeyStorage::Keyring => "the key is in the keyring now",
            KeyStorage::Passphrase | KeyStorage::InsecureFile => "the passphrase is changed",
        };
        screen.data(&Outcome::Key { storage: key }, || text.to_owned())
    }
}
