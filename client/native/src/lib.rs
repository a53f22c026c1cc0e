//! The engine on a desktop or server: an encrypted file, WebSockets, the clock and the operating system's randomness.
//!
//! A program opens a [`Session`] on a [`Profile`], gives it commands, asks it questions and reads its notices. One
//! process at a time *holds* a profile: a thread of its own owns the engine and its database. Other processes of the
//! same person are *guests* on a Unix socket in the profile's folder, and take over when the holder leaves.
//!
//! Nothing here decides what a message means, and no connection is made except those the engine asks for. For Unix.
//!
//! Reading order: [`Session`] (what programs use), `holder` (what holding means), `worker` (the engine's thread),
//! `plane` and `network` (connections), `socket` (guests), `key`, `database`, `profile` (files), `limits`.

mod clock;
mod database;
mod exchange;
mod holder;
mod key;
mod limits;
mod machine;
mod network;
#[cfg(feature = "fuzzing")]
pub mod parsers;
mod plane;
mod profile;
mod session;
mod socket;
mod worker;

#[cfg(test)]
mod fake;

pub use clock::Clock;
pub use database::StorageTrouble;
pub use exchange::Notice;
pub use key::{
    Asker, KeyError, KeyStorage, KeyringTrouble, Passphrase, PassphraseQuestion, Protection,
    change_protection, is_private, storage,
};
pub use limits::HISTORY_PAGE_MAX;
pub use network::{
    CaFileError, ConnectTrouble, Network, Proxy, ProxyError, ServerAddress, ServerAddressError,
};
pub use profile::{Profile, civil_date};
pub use session::{Check, Heard, Missing, OpenError, Options, Role, Session, SessionError, Ticket};
