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
