//! Waiting for something to become true, with an end.

use std::time::{Duration, Instant};

use anyhow::bail;

/// Longest that any single step of a conversation may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(5);

/// Looks again and again until there is something.
///
/// # Errors
/// When looking fails, or there is still nothing after `within`.
pub fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if started.elapsed() > within {
            bail!("waited {within:?} in vain: {what}");
        }
        std::thread::sleep(LOOK);
    }
}

/// [`until`] for a condition.
///
/// # Errors
/// As [`until`].
pub fn until_true(
    what: &str,
    within: Duration,
    mut look: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    until(what, within, || Ok(look()?.then_some(())))
}
