//! Lines become a timeline: days, the new-messages line, groups of one author.

use sotto_wire::ids::MessageId;

use crate::calendar::LocalTime;
use crate::keys::LineKey;
use crate::limits::GROUP_MS;
use crate::name::Person;
use crate::timeline::{Author, Body, Item, Message, OwnState, System};

/// A line as it was written, before it has a place among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) key: LineKey,
    pub(super) id: Option<MessageId>,
    /// How it fares, if it is one's own.
    pub(super) own: Option<OwnState>,
    pub(super) body: Body,
    pub(super) at: LocalTime,
}

/// The items for some lines, oldest first. `peer` wrote what is not one's own; `begins`: nothing is before them.
pub(super) fn items(lines: &[Written], peer: &Person, begins: bool, new_from: Option<LineKey>) -> Vec<Item> {
    let mut out = Vec::with_capacity(lines.len() + 8);
    if begins {
        out.push(Item::System(System::Beginning { person: peer.clone() }));
    }
    let mut day = None;
    for (place, line) in lines.iter().enumerate() {
        // Clocks of writers differ: a line that seems to be of an earlier day stays where the server put it.
        if day.is_none_or(|day| line.at.day > day) {
            day = Some(line.at.day);
            out.push(Item::Day(line.at.day));
        }
        if new_from == Some(line.key) {
            out.push(Item::New);
        }
        let joins =
            |earlier: &Written, later: &Written| new_from != Some(later.key) && together(earlier, later);
        let before = place.checked_sub(1).and_then(|place| lines.get(place));
        let after = lines.get(place + 1);
        out.push(Item::Message(Box::new(Message {
            key: line.key,
            id: line.id,
            author: match line.own {
                Some(state) => Author::Me(state),
                None => Author::Them(peer.clone()),
            },
            body: line.body.clone(),
            at: line.at,
            first: !before.is_some_and(|before| joins(before, line)),
            last: !after.is_some_and(|after| joins(line, after)),
        })));
    }
    out
}

fn together(earlier: &Written, later: &Written) -> bool {
    earlier.own.is_some() == later.own.is_some()
        && earlier.at.day == later.at.day
        && earlier.at.at.0.abs_diff(later.at.at.0) <= GROUP_MS
}

#[cfg(test)]
mod tests {
    use sotto_wire::ids::Millis;

    use super::*;
    use crate::calendar::{CalendarDay, FixedOffset};
    use crate::diff::Keyed;
    use crate::text;
    use crate::timeline::ItemKey;

    const MIDNIGHT: u64 = 20_000 * 86_400_000;
    const MINUTE: u64 = 60_000;

    fn line(key: i64, own: bool, at: u64, offset: i32) -> Written {
        Written {
            key: LineKey::Stored(key),
            id: None,
            own: own.then_some(OwnState::Sent),
            body: Body::Text(text::message("x")),
            at: LocalTime::new(Millis(at), &FixedOffset { minutes: offset }),
        }
    }

    fn keys(items: &[Item]) -> Vec<ItemKey> {
        items.iter().map(Keyed::key).collect()
    }

    fn edges(lines: &[Written], new_from: Option<LineKey>) -> Vec<(bool, bool)> {
        let items = items(lines, &Person::default(), false, new_from);
        let message = |item: &Item| match item {
            Item::Message(message) => Some((message.first, message.last)),
            _ => None,
        };
        items.iter().filter_map(message).collect()
    }

    #[test]
    fn lines_of_one_author_within_five_minutes_are_one_group() {
        let at = MIDNIGHT + 600 * MINUTE;
        let lines = [
            line(1, false, at, 0),
            line(2, false, at + 5 * MINUTE, 0),
            line(3, false, at + 10 * MINUTE + 1, 0),
            line(4, true, at + 10 * MINUTE + 2, 0),
        ];
        assert_eq!(edges(&lines, None), [(true, false), (false, true), (true, true), (true, true)]);
    }

    #[test]
    fn the_new_messages_line_parts_a_group() {
        let at = MIDNIGHT + 600 * MINUTE;
        let lines = [line(1, false, at, 0), line(2, false, at, 0)];
        assert_eq!(edges(&lines, Some(LineKey::Stored(2))), [(true, true), (true, true)]);
    }

    #[test]
    fn a_clock_that_runs_ahead_joins_no_lines_of_yesterday() {
        let lines = [line(1, false, MIDNIGHT - 1, 0), line(2, false, MIDNIGHT, 0)];
        assert_eq!(edges(&lines, None), [(true, true), (true, true)], "midnight parts them");
        let lines = [line(1, false, MIDNIGHT + 9 * MINUTE, 0), line(2, false, MIDNIGHT, 0)];
        assert_eq!(edges(&lines, None), [(true, true), (true, true)]);
    }

    #[test]
    fn days_begin_where_the_person_is() {
        let day = |number| ItemKey::Day(CalendarDay { number });
        let message = |key| ItemKey::Line(LineKey::Stored(key));
        let times = [MIDNIGHT - MINUTE, MIDNIGHT + MINUTE, MIDNIGHT + 70 * MINUTE];
        let at = |offset| {
            let lines: Vec<Written> =
                (1..).zip(times).map(|(key, at)| line(key, false, at, offset)).collect();
            keys(&items(&lines, &Person::default(), false, None))
        };
        assert_eq!(at(0), [day(19_999), message(1), day(20_000), message(2), message(3)]);
        assert_eq!(at(-60), [day(19_999), message(1), message(2), day(20_000), message(3)]);
        assert_eq!(at(330), [day(20_000), message(1), message(2), message(3)]);
    }

    #[test]
    fn a_day_stands_once_whatever_writers_clocks_say() {
        let times = [MIDNIGHT, MIDNIGHT - MINUTE, MIDNIGHT + MINUTE, MIDNIGHT - MINUTE];
        let lines: Vec<Written> = (1..).zip(times).map(|(key, at)| line(key, false, at, 0)).collect();
        let keys = keys(&items(&lines, &Person::default(), true, None));
        let days = keys.iter().filter(|key| matches!(key, ItemKey::Day(_))).count();
        assert_eq!((days, keys.len()), (1, 6));
        let unique: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(unique.len(), keys.len());
    }
}
