//! Whether a commit is valid: a pure function of the group and the commit's bytes.

/// Why every member refuses a message alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not an MLS message of the expected form.
    #[error("malformed")]
    Malformed,
}
