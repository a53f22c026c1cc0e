//! The person at the terminal: passphrases, and being told to wait.

use sotto_native::{Asker, Passphrase, PassphraseQuestion};
use zeroize::Zeroizing;

use crate::screen::Screen;

/// How often a passphrase may be mistyped.
const ATTEMPTS_MAX: u32 = 3;

/// The passphrase that opens a profile, and protects a new one.
const OPENING: &str = "SOTTO_PASSPHRASE";
/// The passphrase to change to.
const CHANGING: &str = "SOTTO_NEW_PASSPHRASE";

/// Names that must not reach programs we start.
pub(crate) const SECRET_VARIABLES: [&str; 2] = [OPENING, CHANGING];

/// Asks the environment first, then whoever is at the terminal.
pub(crate) struct Person {
    screen: Screen,
    new_from: &'static str,
}

impl Person {
    pub(crate) fn new(screen: Screen) -> Self {
        Self { screen, new_from: OPENING }
    }

    /// For `sotto passphrase`, where the old and the new one differ.
    pub(crate) fn changing(screen: Screen) -> Self {
        Self { screen, new_from: CHANGING }
    }

    fn new_passphrase(&self) -> Option<Passphrase> {
        if let Some(given) = variable(self.new_from) {
            return Some(given);
        }
        for _ in 0..ATTEMPTS_MAX {
            let first = prompt("New passphrase for this device: ")?;
            if first == prompt("The same again: ")? {
                return Some(first);
            }
            self.screen.note("those two differ");
        }
        None
    }
}

impl Asker for Person {
    fn passphrase(&self, question: PassphraseQuestion) -> Option<Passphrase> {
        match question {
            PassphraseQuestion::New => self.new_passphrase(),
            PassphraseQuestion::Open { attempt } => match variable(OPENING) {
                Some(given) => (attempt == 0).then_some(given),
                None if attempt >= ATTEMPTS_MAX => None,
                None => {
                    if attempt > 0 {
                        self.screen.note("wrong passphrase");
                    }
                    prompt("Passphrase: ")
                }
            },
        }
    }

    fn has_passphrase_at_hand(&self) -> bool {
        variable(self.new_from).is_some()
    }

    fn waiting_for_holder(&self) {
        self.screen.note("another sotto is starting or stopping on this profile; waiting for it");
    }
}

fn variable(name: &str) -> Option<Passphrase> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Zeroizing::new)
}

/// Asks on the terminal, even when standard input is a pipe; `None` without one.
fn prompt(question: &str) -> Option<Passphrase> {
    rpassword::prompt_password(question).ok().map(Zeroizing::new)
}
