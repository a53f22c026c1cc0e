//! What an operator may set, with the defaults.

use std::time::Duration;

use sotto_wire::ids::Host;

pub use sotto_wire::frames::Registration;

/// How this server presents itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Public name of this server: devices sign it when they authenticate.
    pub host: Host,
    /// Shown in `Hello`, like `sottod 0.1.0`: printable ASCII.
    pub software: String,
    /// Who may open an account.
    pub registration: Registration,
}

/// A leaky bucket: this many at once, then one in every `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Time for one more.
    pub period: Duration,
}

impl Rate {
    /// `burst` at once, then one in every `period_ms` milliseconds.
    pub const fn new(burst: u32, period_ms: u64) -> Self {
        Self { burst, period: Duration::from_millis(period_ms) }
    }
}

/// How much of everything one connection, one topic or one network may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// New accounts from one network, where registration is open.
    pub registrations_per_prefix: Rate,
    /// Requests of one connection that cost the server a check of signatures.
    pub checks_per_connection: Rate,
    /// Reads and small requests of one connection.
    pub reads_per_connection: Rate,
    /// Appends of one connection, each 16 KiB of body counting once more.
    pub appends_per_connection: Rate,
    /// Appends to one topic, likewise.
    pub appends_per_topic: Rate,
    /// Handshakes among them.
    pub handshakes_per_topic: Rate,
    /// Ephemerals of one connection.
    pub ephemerals_per_connection: Rate,
    /// Topics made on one connection.
    pub topics_per_connection: Rate,
    /// Key packages claimed on one connection.
    pub claims_per_connection: Rate,
    /// Handles looked up on one connection.
    pub look_ups_per_connection: Rate,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            registrations_per_prefix: Rate::new(100, 30_000),
            checks_per_connection: Rate::new(60, 1_000),
            reads_per_connection: Rate::new(10_000, 5),
            appends_per_connection: Rate::new(40_000, 2),
            appends_per_topic: Rate::new(20_000, 5),
            handshakes_per_topic: Rate::new(500, 1_000),
            ephemerals_per_connection: Rate::new(200, 50),
            topics_per_connection: Rate::new(300, 5_000),
            claims_per_connection: Rate::new(600, 1_000),
            look_ups_per_connection: Rate::new(300, 2_000),
        }
    }
}

impl Quotas {
    /// No limit worth the name: for measurements.
    pub fn unlimited() -> Self {
        let rate = Rate { burst: u32::MAX, period: Duration::from_micros(1) };
        Self {
            registrations_per_prefix: rate,
            checks_per_connection: rate,
            reads_per_connection: rate,
            appends_per_connection: rate,
            appends_per_topic: rate,
            handshakes_per_topic: rate,
            ephemerals_per_connection: rate,
            topics_per_connection: rate,
            claims_per_connection: rate,
            look_ups_per_connection: rate,
        }
    }
}
