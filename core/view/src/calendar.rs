//! Time as a person reads it: the day and hour where they are.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::Millis;

/// Where the person is: minutes east of UTC at a given time (it changes with summer time).
pub trait Zone {
    /// Minutes to add to UTC; beyond ±18 hours it is held there.
    fn offset_minutes(&self, at: Millis) -> i32;
}

/// A zone without summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedOffset {
    /// Minutes east of UTC.
    pub minutes: i32,
}

impl Zone for FixedOffset {
    fn offset_minutes(&self, _: Millis) -> i32 {
        self.minutes
    }
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "a day of the week is its name")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A day on the person's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CalendarDay {
    /// Days since 1 January 1970, where the person is.
    pub number: i64,
}

/// A day as year, month and day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Date {
    /// Year.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// How far a day is from today: decides how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nearness {
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// Two to six days ago: its weekday names it.
    ThisWeek,
    /// In the same year.
    ThisYear,
    /// Any other day, one in the future among them.
    Far,
}

/// A moment where the person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTime {
    /// The moment itself.
    pub at: Millis,
    /// Its day.
    pub day: CalendarDay,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

const DAY_MINUTES: i64 = 24 * 60;

impl LocalTime {
    /// A moment where the person is.
    pub fn new(at: Millis, zone: &dyn Zone) -> Self {
        let offset = i64::from(zone.offset_minutes(at).clamp(-18 * 60, 18 * 60));
        let minutes = i64::try_from(at.0 / 60_000).unwrap_or(i64::MAX / 2) + offset;
        let of_day = minutes.rem_euclid(DAY_MINUTES);
        let number = minutes.div_euclid(DAY_MINUTES);
        Self { at, day: CalendarDay { number }, hour: (of_day / 60) as u8, minute: (of_day % 60) as u8 }
    }
}

impl CalendarDay {
    /// Its weekday.
    pub fn weekday(self) -> Weekday {
        use Weekday::*;
        // 1 January 1970 was a Thursday.
        match (self.number + 3).rem_euclid(7) {
            0 => Monday,
            1 => Tuesday,
            2 => Wednesday,
            3 => Thursday,
            4 => Friday,
            5 => Saturday,
            _ => Sunday,
        }
    }

    /// Its date: eras of 400 years that begin on 1 March.
    pub fn date(self) -> Date {
        let shifted = self.number + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Date {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (of_year - (153 * from_march + 2) / 5 + 1) as u8,
        }
    }

    /// How far it is from today.
    pub fn nearness(self, today: Self) -> Nearness {
        match today.number - self.number {
            0 => Nearness::Today,
            1 => Nearness::Yesterday,
            2..=6 => Nearness::ThisWeek,
            ago if ago > 0 && self.date().year == today.date().year => Nearness::ThisYear,
            _ => Nearness::Far,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64, minutes: i32) -> LocalTime {
        LocalTime::new(Millis(millis), &FixedOffset { minutes })
    }

    // 2026-11-23T12:03:36Z
    const NOON: u64 = 1_795_435_416_000;

    #[test]
    fn a_moment_is_read_where_the_person_is() {
        let utc = at(NOON, 0);
        assert_eq!((utc.hour, utc.minute), (12, 3));
        assert_eq!(utc.day.date(), Date { year: 2026, month: 11, day: 23 });
        assert_eq!(utc.day.weekday(), Weekday::Monday);
        let kolkata = at(NOON, 330);
        assert_eq!((kolkata.hour, kolkata.minute, kolkata.day), (17, 33, utc.day));
        assert_eq!(at(NOON, 14 * 60).day.date(), Date { year: 2026, month: 11, day: 24 }, "Kiribati");
        assert_eq!(at(NOON, -720).day.date().day, 23);
        assert_eq!(at(NOON, -780).day.date().day, 22, "the day before");
    }

    #[test]
    fn the_epoch_has_a_day_before_it_in_the_west() {
        let west = at(0, -60);
        assert_eq!((west.hour, west.day.date()), (23, Date { year: 1969, month: 12, day: 31 }));
        assert_eq!(west.day.weekday(), Weekday::Wednesday);
    }

    #[test]
    fn leap_days_are_where_they_belong() {
        let days = [
            (951_782_400_000, 2000, 2, 29),
            (1_709_164_800_000, 2024, 2, 29),
            (4_107_542_400_000, 2100, 3, 1),
        ];
        for (millis, year, month, day) in days {
            assert_eq!(at(millis, 0).day.date(), Date { year, month, day });
        }
        assert_eq!(at(4_107_542_400_000 - 1, 0).day.date(), Date { year: 2100, month: 2, day: 28 });
    }

    #[test]
    fn a_day_is_named_by_its_distance() {
        let today = at(NOON, 0).day;
        let ago = |days| CalendarDay { number: today.number - days }.nearness(today);
        assert_eq!([0, 1, 2, 6, 7].map(ago), {
            use Nearness::*;
            [Today, Yesterday, ThisWeek, ThisWeek, ThisYear]
        });
        assert_eq!([-1, 327].map(ago), [Nearness::Far, Nearness::Far]);
        assert_eq!(ago(326), Nearness::ThisYear, "1 January");
    }

    #[test]
    fn hostile_times_and_offsets_break_nothing() {
        let far = at(u64::MAX, i32::MAX);
        assert!(far.hour < 24 && far.minute < 60);
        far.day.date();
        at(0, i32::MIN).day.weekday();
    }
}
