//! What commands have to say at their end, or about one thing.

use serde::Serialize;
use sotto_native::KeyStorage;
use sotto_wire::ids::{AccountId, DeviceId};

/// One object of data; `type` says which.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub(crate) enum Outcome<'o> {
    /// `sotto whoami`.
    Account {
        handle: String,
        display_name: Option<&'o str>,
        account: AccountId,
        device: DeviceId,
        server: &'o str,
        registered: bool,
        independently_witnessed: bool,
    },
    /// `sotto register`, before anything is sent.
    RecoveryWords { words: &'o [String] },
    /// `sotto register`, at its end.
    Registered { account: AccountId, handle: String, server: &'o str },
    /// `sotto sync`.
    Synced { received: u64, waiting: u64 },
    /// Commands that only change something.
    Done,
    /// `sotto passphrase`.
    Key { storage: KeyStorage },
    /// `sotto doctor`, for each thing it looks at.
    Check { check: &'static str, ok: bool, detail: &'o str, way_out: Option<&'o str> },
    /// `sotto doctor --set-aside`, for each file.
    Moved { file: String },
}
