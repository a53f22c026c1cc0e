//! Every maximum of the stores, in one place.

pub use sotto_wire::limits::INBOX_ITEM_DAYS;

/// Generations of a topic's capability that stay known; the oldest is forgotten first.
pub const GENERATIONS_MAX: usize = 256;
/// Control actions signed at one and the same newest seq.
pub const CONTROL_ACTIONS_PER_SEQ_MAX: usize = 16;
/// Rows one sweep of one topic, or one directory expiry, touches; the rest waits for the next.
pub const SWEEP_ROWS_MAX: usize = 1_000;
/// Days the id of a key-package upload is remembered.
pub const UPLOAD_DAYS: u32 = 7;
/// Days the name of a closed topic stays taken after its last entry is gone.
pub const CLOSED_TOPIC_DAYS: u32 = 45;
/// Open invitations.
pub const INVITES_MAX: usize = 100_000;

const _: () = {
    use sotto_wire::limits::{DROP_CAPABILITY_DAYS, HANDSHAKE_DAYS_MAX, SLOT_HOLD_DAYS};
    assert!(INBOX_ITEM_DAYS >= DROP_CAPABILITY_DAYS);
    assert!(CLOSED_TOPIC_DAYS >= HANDSHAKE_DAYS_MAX);
    assert!(CLOSED_TOPIC_DAYS >= SLOT_HOLD_DAYS);
};
