//! One operation's view of the world: the caller's rows under an overlay, the crypto provider, a seeded generator.

use rand_core::CryptoRngCore;

use crate::rows::{Changes, Rows};

/// Where one operation works. Reads fall through to the rows, writes stay here until [`Workspace::into_changes`];
/// dropping it is the rollback.
pub struct Workspace<'r> {
    rows: &'r dyn Rows,
}

impl<'r> Workspace<'r> {
    /// A workspace over `rows`, seeded from `entropy`.
    pub fn new(rows: &'r dyn Rows, entropy: &mut dyn CryptoRngCore) -> Self {
        let _ = entropy;
        Self { rows }
    }

    /// What to write, in the caller's transaction.
    pub fn into_changes(self) -> Changes {
        let _ = self.rows;
        Changes::default()
    }
}
