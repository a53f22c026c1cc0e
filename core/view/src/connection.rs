//! Whether the server can be reached: one quiet line, only when there is something to say.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::{Millis, Minute};

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// The person, or the system, keeps it off.
    Off,
    /// Not there yet, first try since start or since it was switched on.
    Connecting,
    /// There.
    Online,
    /// It was lost, or never came about.
    Offline {
        /// When it was lost, or first tried.
        since: Millis,
        /// When the next try is, where one is planned.
        retry_at: Option<Millis>,
    },
    /// Clocks differ by more than a day: nothing is sent until they agree.
    ClockOff {
        /// By this device.
        local: Minute,
        /// By the server.
        server: Minute,
    },
    /// The server needs a newer Sotto: update.
    ServerTooNew,
    /// The server is older than this Sotto can talk to.
    ServerTooOld,
    /// The server is not the one this profile knows: see the alarm.
    ServerChanged,
    /// The server refused for another reason.
    Refused,
}
