//! Moments as they are printed: UTC, ISO 8601.

use sotto_native::civil_date;
use sotto_wire::ids::{Millis, Minute};

/// `2026-11-23T08:14Z`
pub(crate) fn minute(minute: Minute) -> String {
    format!("{}T{}Z", date(minute), time(minute))
}

/// `2026-11-23`
pub(crate) fn date(minute: Minute) -> String {
    let (year, month, day) = civil_date(minute.0 / (24 * 60));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `08:14`
pub(crate) fn time(minute: Minute) -> String {
    format!("{:02}:{:02}", minute.0 / 60 % 24, minute.0 % 60)
}

/// `2026-11-23T08:14Z`
pub(crate) fn millis(at: Millis) -> String {
    minute(at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_iso_8601() {
        assert_eq!(millis(Millis(951_868_799_999)), "2000-02-29T23:59Z");
    }
}
