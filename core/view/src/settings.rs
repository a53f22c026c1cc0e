//! One's own account, this device, and where it keeps things.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::{AccountId, DeviceId, Handle};

use crate::refusal::Refusal;

/// The settings page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// One's own account; none before sign-up.
    pub me: Option<Me>,
    /// Where this device keeps the profile.
    pub storage: Storage,
    /// Why the last change was not made.
    pub refusal: Option<Refusal>,
}

/// One's own account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Its id: a detail.
    pub account: AccountId,
    /// Its handle.
    pub handle: Handle,
    /// The name others see.
    pub name: Option<String>,
    /// Its server's address.
    pub server: String,
    /// This device.
    pub device: DeviceId,
    /// Whether witnesses check the server's directory.
    pub witnessed: bool,
}

impl std::fmt::Debug for Me {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Me")
    }
}

/// How safe what is stored here is from being lost or read. The shell knows; it tells the view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Whether the browser promised to keep it.
    pub kept: Kept,
    /// What locks it.
    pub lock: LockedBy,
    /// Bytes in use, where that is known.
    pub used_bytes: Option<u64>,
    /// Bytes there may be, where that is known.
    pub quota_bytes: Option<u64>,
}

/// Whether what is stored stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Not known yet.
    #[default]
    Unknown,
    /// It is a file of this system, or the browser promised to keep it.
    Kept,
    /// The browser may remove it when room gets scarce.
    BestEffort,
    /// There is hardly any room left.
    NearlyFull,
    /// There is no room left: nothing new can be stored.
    Full,
    /// The last try to store something failed.
    Failing,
}

/// What locks the profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockedBy {
    /// Not known yet.
    #[default]
    Unknown,
    /// A passphrase, asked for at every start.
    Passphrase,
    /// A key that this device keeps.
    Device,
    /// A key in a file beside it.
    KeyFile,
}
