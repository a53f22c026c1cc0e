//! Secrets as values: MLS groups, the envelope around what the server stores, key packages, sealing, franking.
//!
//! This crate never reads a clock, opens a socket or a file, and draws no randomness of its own: every operation works
//! in a [`Workspace`], which reads the caller's rows, is seeded with the caller's entropy and gives back what to
//! write. Dropping a workspace is the rollback. It never decides what people see, never talks about delivery, and never
//! looks at a list it was not given: whether a commit is valid is a pure function of the group and the commit's bytes.
//!
//! What the caller keeps to:
//! - one workspace for one step; its changes are written in one transaction, or dropped, the [`Group`] with them. A step
//!   that opens many messages takes the changes after each;
//! - a commit is staged in a workspace that is dropped, and merged from its bytes once the log has taken it. Own entries
//!   are recognised before anything is received: MLS cannot read a path of one's own;
//! - after [`Group::join`], and after every [`Change`] but a self-update, [`check_membership`] decides before the changes
//!   are written;
//! - a Welcome opened with a last-resort package is remembered: it would open again once its group is gone.
//!
//! Reading order: [`rows`] and [`workspace`] (where state lives), [`device_keys`], [`key_package`], [`group`] (the
//! central type), [`validity`] and [`membership`] (what a group refuses), [`envelope`], [`mod@seal`], [`franking`],
//! [`error`]; [`profile_key`] (what opens a client's database) stands alone.

pub mod device_keys;
pub mod envelope;
pub mod error;
pub mod franking;
pub mod group;
pub mod key_package;
pub mod member;
pub mod membership;
pub mod profile_key;
pub mod rows;
pub mod seal;
pub mod validity;
pub mod workspace;

mod codec;
mod overlay;
mod padding;
mod roster;
mod state;
mod storage;
mod suite;
#[cfg(test)]
mod tests;

pub use device_keys::DeviceKeys;
pub use envelope::{EntryAddress, EnvelopeKey, open_entry, seal_entry};
pub use error::{CannotDecrypt, EnvelopeError, JoinError, MergeError, OpenError, ReceiveError, SecrecyError};
pub use franking::{FrankingError, frank, verify_franking};
pub use group::{Applied, Group, Intent, Received, StagedCommit, welcome_for};
pub use key_package::{NewKeyPackage, forget_key_package, key_package_reference, new_key_package};
pub use member::Member;
pub use membership::{MembershipError, check_membership};
pub use rows::{Changes, Rows, RowsError};
pub use seal::{SealSecret, open_sealed, seal};
pub use validity::{Change, Invalid};
pub use workspace::Workspace;
