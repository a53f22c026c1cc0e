//! Days and times in words.

use sotto_texts::say;
use sotto_view::calendar::{CalendarDay, LocalTime, Nearness, Weekday};

use super::w;

/// `14:03`.
pub(crate) fn clock(time: LocalTime) -> String {
    w(say::calendar_clock(&format!("{:02}", time.hour), &format!("{:02}", time.minute)))
}

/// A day as a separator names it.
pub(crate) fn day(day: CalendarDay, today: CalendarDay) -> String {
    let date = day.date();
    let (of_month, month) = (u64::from(date.day), u64::from(date.month));
    match day.nearness(today) {
        Nearness::Today => w(say::calendar_today()),
        Nearness::Yesterday => w(say::calendar_yesterday()),
        Nearness::ThisWeek => weekday(day.weekday()),
        Nearness::ThisYear => w(say::calendar_day_month(of_month, month)),
        Nearness::Far => w(say::calendar_day_month_year(of_month, month, &date.year.to_string())),
    }
}

/// A moment as a row of the list names it: as short as it is still clear.
pub(crate) fn when(time: LocalTime, today: CalendarDay) -> String {
    let date = time.day.date();
    let month = || w(say::web_month_short(u64::from(date.month)));
    match time.day.nearness(today) {
        Nearness::Today => clock(time),
        Nearness::ThisYear => w(say::web_day_short(u64::from(date.day), &month())),
        Nearness::Far => w(say::web_day_far(u64::from(date.day), &month(), &date.year.to_string())),
        Nearness::Yesterday | Nearness::ThisWeek => day(time.day, today),
    }
}

fn weekday(day: Weekday) -> String {
    w(match day {
        Weekday::Monday => say::calendar_monday(),
        Weekday::Tuesday => say::calendar_tuesday(),
        Weekday::Wednesday => say::calendar_wednesday(),
        Weekday::Thursday => say::calendar_thursday(),
        Weekday::Friday => say::calendar_friday(),
        Weekday::Saturday => say::calendar_saturday(),
        Weekday::Sunday => say::calendar_sunday(),
    })
}
