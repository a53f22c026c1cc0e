//! What an operator may set, with the defaults.

/// Who may open an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody, for some work.
    Open {
        /// Leading zero bits asked for; at most [`sotto_wire::limits::WORK_BITS_MAX`].
        work_bits: u32,
    },
    /// Whoever has an invitation.
    Invite,
    /// Nobody.
    Closed,
}

/// How this server behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Public name of this server: devices sign it when they authenticate.
    pub host: String,
    /// Shown in `Hello`, like `sottod 0.1.0`.
    pub software: String,
    /// Who may open an account.
    pub registration: Registration,
}
