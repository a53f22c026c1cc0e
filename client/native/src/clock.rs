//! What time it is, for an engine that never asks by itself.

use std::time::{SystemTime, UNIX_EPOCH};

use sotto_wire::ids::Millis;

/// The system's clock, moved by a fixed offset (for tests of a clock that is wrong).
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset_s: i64,
}

impl Clock {
    /// The system's clock as it is.
    pub fn system() -> Self {
        Self::default()
    }

    /// The system's clock, `offset_s` seconds ahead of itself.
    pub fn with_offset_s(offset_s: i64) -> Self {
        Self { offset_s }
    }

    /// Milliseconds since 1970; 0 for a clock set before that.
    pub fn now(self) -> Millis {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let shifted =
            i128::try_from(real).unwrap_or(i128::MAX).saturating_add(i128::from(self.offset_s) * 1_000);
        Millis(u64::try_from(shifted.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_moves_the_clock_and_never_before_1970() {
        let year_s = 366 * 24 * 3600;
        let now = Clock::system().now();
        assert!(Clock::with_offset_s(year_s).now().0 >= now.0 + 366 * 24 * 3_600_000);
        assert_eq!(Clock::with_offset_s(i64::MIN).now(), Millis(0));
    }
}
