//! Sign-up, step by step. Recovery words are kept here until they are confirmed, and nowhere else.

use sotto_engine::EngineError;
use sotto_engine::api::Command;

use super::acting::parse_handle;
use super::{Moment, Pending, View};
use crate::connection::Connection;
use crate::limits::WORDS_ASKED;
use crate::refusal::Refusal;
use crate::start::{RecoveryWords, SignUp, Stage};

/// How far sign-up has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signing {
    Form { refusal: Option<Refusal>, invite_wanted: bool, busy: bool },
    Words { words: RecoveryWords },
    Confirm { words: RecoveryWords, refusal: Option<Refusal> },
    Registering,
    Done,
}

impl View {
    /// Where sign-up stands when the window opens: an account that was being registered goes on.
    pub(super) fn resume(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        let account = at.engine.account()?;
        if account.is_some_and(|account| account.registered) {
            self.signing = Signing::Done;
            if self.connection == Connection::Off {
                self.command(Command::SetOnline { online: true }, Pending::Else);
            }
        } else if at.engine.is_registering()? {
            self.signing = Signing::Registering;
            self.command(Command::SetOnline { online: true }, Pending::Else);
            self.command(Command::Register, Pending::Register);
        }
        Ok(())
    }

    pub(super) fn is_signed_up(&self) -> bool {
        self.signing == Signing::Done
    }

    pub(super) fn stage(&self, at: Moment<'_>) -> Result<Stage, EngineError> {
        let account = || at.engine.account();
        Ok(Stage::SignUp(match &self.signing {
            Signing::Done => return Ok(Stage::Ready),
            Signing::Form { refusal, invite_wanted, busy } => {
                let account = account()?;
                SignUp::Form {
                    server: account.as_ref().map(|account| account.server.clone()),
                    handle: account.map(|account| account.handle),
                    invite_wanted: *invite_wanted,
                    busy: *busy,
                    refusal: refusal.clone(),
                }
            }
            Signing::Words { words } => SignUp::Words { words: words.clone() },
            Signing::Confirm { words, refusal } => {
                SignUp::Confirm { asked: asked(words), refusal: refusal.clone() }
            }
            Signing::Registering => SignUp::Registering {
                handle: account()?.map(|account| account.handle),
                waiting: !matches!(self.connection, Connection::Online | Connection::Connecting),
            },
        }))
    }

    pub(super) fn prepare(&mut self, server: &str, handle: &str, invite: &str) {
        let Signing::Form { invite_wanted, .. } = self.signing else { return };
        let form = |refusal, busy| Signing::Form { refusal, invite_wanted, busy };
        let handle = match parse_handle(handle) {
            Ok(handle) => handle,
            Err(refusal) => {
                self.signing = form(Some(refusal), false);
                return;
            }
        };
        let Some(server) = server_address(server) else {
            self.signing = form(Some(Refusal::ServerAddress), false);
            return;
        };
        self.signing = form(None, true);
        let invite = invite.trim();
        let invite = (!invite.is_empty()).then(|| invite.to_owned());
        self.command(Command::PrepareAccount { handle, server, invite }, Pending::Prepare);
    }

    pub(super) fn words_made(&mut self, words: &[String]) {
        self.signing = Signing::Words { words: RecoveryWords(words.to_vec()) };
    }

    pub(super) fn words_written(&mut self) {
        if let Signing::Words { words } = &self.signing {
            self.signing = Signing::Confirm { words: words.clone(), refusal: None };
        }
    }

    pub(super) fn confirm_words(&mut self, typed: &[String]) {
        let Signing::Confirm { words, .. } = &self.signing else { return };
        let wanted = asked(words).into_iter().map(|place| words.0.get(usize::from(place) - 1));
        let typed: Vec<String> = typed.iter().map(|word| word.trim().to_lowercase()).collect();
        if !wanted.eq(typed.iter().map(Some)) {
            self.signing = Signing::Confirm { words: words.clone(), refusal: Some(Refusal::WordsDiffer) };
            return;
        }
        self.signing = Signing::Registering;
        self.connection = Connection::Connecting;
        self.command(Command::SetOnline { online: true }, Pending::Else);
        self.command(Command::Register, Pending::Register);
    }

    pub(super) fn back(&mut self) {
        self.signing = match &self.signing {
            Signing::Words { .. } => Signing::Form { refusal: None, invite_wanted: false, busy: false },
            Signing::Confirm { words, .. } => Signing::Words { words: words.clone() },
            other => other.clone(),
        };
    }

    pub(super) fn registered(&mut self) {
        self.signing = Signing::Done;
        self.everything_changed = true;
    }

    pub(super) fn sign_up_refused(&mut self, refusal: Refusal) {
        let invite_wanted = refusal == Refusal::InviteInvalid;
        self.signing = match refusal {
            Refusal::AccountExists => Signing::Done,
            refusal => Signing::Form { refusal: Some(refusal), invite_wanted, busy: false },
        };
    }
}

/// Which words are asked for: drawn from the words themselves, so that they are others each time keys are made.
fn asked(words: &RecoveryWords) -> Vec<u8> {
    let count = words.0.len();
    let seed = words.0.iter().flat_map(|word| word.bytes());
    let mut state = seed.fold(0x6d5a_u32, |state, byte| state.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let mut asked = Vec::new();
    while asked.len() < WORDS_ASKED.min(count) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let place = (state >> 16) as usize % count + 1;
        if !asked.contains(&(place as u8)) {
            asked.push(place as u8);
        }
    }
    asked.sort_unstable();
    asked
}

/// What a person types for a server: `chat.example.org` is enough; on this machine it is plain `http://`.
fn server_address(typed: &str) -> Option<String> {
    let typed = typed.trim().trim_end_matches('/');
    let (scheme, rest) = match typed.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, typed),
    };
    let rest = rest.to_ascii_lowercase();
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if rest.is_empty() || !rest.chars().all(fit) {
        return None;
    }
    let here = ["localhost", "127.", "[::1]"].iter().any(|name| rest.starts_with(name));
    match scheme.as_deref() {
        None if here => Some(format!("http://{rest}")),
        None | Some("https") => Some(format!("https://{rest}")),
        Some("http") if here => Some(format!("http://{rest}")),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_enough_for_a_server() {
        let of = |typed| server_address(typed);
        assert_eq!(of(" Chat.Example.org/ ").as_deref(), Some("https://chat.example.org"));
        assert_eq!(of("localhost:8080").as_deref(), Some("http://localhost:8080"));
        assert_eq!(of("http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(of("https://[::1]:1").as_deref(), Some("https://[::1]:1"));
        for bad in [
            "",
            "http://chat.example.org",
            "ftp://x",
            "a b",
            "https://x/path",
            "https://user@x",
            "javascript:alert(1)//",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn different_words_are_asked_for_in_order() {
        let words = |first: &str| {
            let mut words = vec!["abandon".to_owned(); 11];
            words.insert(0, first.to_owned());
            RecoveryWords(words)
        };
        let all: std::collections::BTreeSet<Vec<u8>> =
            ["zoo", "able", "wolf", "tide"].map(|word| asked(&words(word))).into();
        assert!(all.len() > 1, "not always the same places");
        for places in all {
            assert!(places.is_sorted_by(|one, other| one < other) && places.len() == WORDS_ASKED);
            assert!(places.iter().all(|place| (1..=12).contains(place)));
        }
    }
}
