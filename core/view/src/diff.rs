//! Lists that change on a screen: keyed steps instead of the whole list again.
//!
//! An item has a key that is unique in its list. Steps are applied in order, each to the list the former left behind;
//! what no step names does not move.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An item that can be told from the others of its list.
pub trait Keyed {
    /// Unique in the list.
    type Key: Clone + Ord;

    /// Its key: the same as long as it is the same thing to a person.
    fn key(&self) -> Self::Key;
}

/// One change to a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step<T> {
    /// All other: forget what was there.
    Reset {
        /// The list from now on.
        items: Vec<T>,
    },
    /// A new item; those from `at` on go back by one.
    Insert {
        /// Its place afterwards.
        at: usize,
        /// It.
        item: T,
    },
    /// The item at a place changed; its key did not.
    Update {
        /// Its place.
        at: usize,
        /// As it is now.
        item: T,
    },
    /// The item at a place is gone.
    Remove {
        /// Its place.
        at: usize,
    },
    /// The same item elsewhere.
    Move {
        /// Its place before.
        from: usize,
        /// Its place once it has been taken out and put back in.
        to: usize,
    },
}

/// A step names a place that the list does not have: the list is not the one the steps were made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfStep;

/// Applies steps to a list.
///
/// # Errors
/// When a step names a place that is not there. The list is as the steps before left it; ask for a whole one with
/// [`Action::Refresh`](crate::Action::Refresh).
pub fn apply<T>(list: &mut Vec<T>, steps: impl IntoIterator<Item = Step<T>>) -> Result<(), OutOfStep> {
    for step in steps {
        match step {
            Step::Reset { items } => *list = items,
            Step::Insert { at, item } if at <= list.len() => list.insert(at, item),
            Step::Update { at, item } => *list.get_mut(at).ok_or(OutOfStep)? = item,
            Step::Remove { at } if at < list.len() => {
                list.remove(at);
            }
            Step::Move { from, to } if from < list.len() && to < list.len() => {
                let item = list.remove(from);
                list.insert(to, item);
            }
            Step::Insert { .. } | Step::Remove { .. } | Step::Move { .. } => return Err(OutOfStep),
        }
    }
    Ok(())
}

/// Steps that turn one list into another. A list with nothing in common with the former is a [`Step::Reset`].
pub fn between<T: Keyed + Clone + PartialEq>(old: &[T], new: &[T]) -> Vec<Step<T>> {
    let places: BTreeMap<T::Key, usize> = new.iter().enumerate().map(|(at, item)| (item.key(), at)).collect();
    let kept = old.iter().filter(|item| places.contains_key(&item.key())).count();
    // Keys that are not unique are a bug of ours: the whole list is always right.
    let alone = places.len() != new.len();
    if alone || kept == 0 {
        return if old == new { Vec::new() } else { vec![Step::Reset { items: new.to_vec() }] };
    }
    let mut steps = Vec::new();
    let mut work: Vec<&T> = old.iter().collect();
    for at in (0..work.len()).rev() {
        if !places.contains_key(&work[at].key()) {
            work.remove(at);
            steps.push(Step::Remove { at });
        }
    }
    for (at, item) in new.iter().enumerate() {
        settle(&mut work, &mut steps, &places, at, item);
    }
    steps
}

/// Makes the list right at one place; what is before it is right already.
fn settle<'t, T: Keyed + Clone + PartialEq>(
    work: &mut Vec<&'t T>,
    steps: &mut Vec<Step<T>>,
    places: &BTreeMap<T::Key, usize>,
    at: usize,
    item: &'t T,
) {
    let key = item.key();
    // One that went down leaves the others where they are: it moves, not all of them.
    let next_fits = work.get(at + 1).is_some_and(|next| next.key() == key);
    if next_fits && work[at].key() != key {
        let wanted = places.get(&work[at].key()).copied().unwrap_or(at + 1);
        let to = wanted.clamp(at + 1, work.len() - 1);
        let moved = work.remove(at);
        work.insert(to, moved);
        steps.push(Step::Move { from: at, to });
    }
    match work[at.min(work.len())..].iter().position(|other| other.key() == key) {
        Some(0) => {}
        Some(ahead) => {
            let moved = work.remove(at + ahead);
            work.insert(at, moved);
            steps.push(Step::Move { from: at + ahead, to: at });
        }
        None => {
            work.insert(at, item);
            steps.push(Step::Insert { at, item: item.clone() });
        }
    }
    if work[at] != item {
        work[at] = item;
        steps.push(Step::Update { at, item: item.clone() });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Row(u8, u8);

    impl Keyed for Row {
        type Key = u8;

        fn key(&self) -> u8 {
            self.0
        }
    }

    fn rows(keys: &[u8]) -> Vec<Row> {
        keys.iter().map(|key| Row(*key, 0)).collect()
    }

    fn steps(old: &[u8], new: &[u8]) -> Vec<Step<Row>> {
        between(&rows(old), &rows(new))
    }

    #[test]
    fn a_new_line_is_one_insert_and_touches_nothing_else() {
        assert_eq!(steps(&[1, 2], &[1, 2, 3]), [Step::Insert { at: 2, item: Row(3, 0) }]);
    }

    #[test]
    fn a_row_that_comes_first_is_one_move() {
        assert_eq!(steps(&[1, 2, 3, 4], &[3, 1, 2, 4]), [Step::Move { from: 2, to: 0 }]);
    }

    #[test]
    fn a_row_that_sinks_is_one_move() {
        assert_eq!(steps(&[1, 2, 3, 4], &[2, 3, 4, 1]), [Step::Move { from: 0, to: 3 }]);
        assert_eq!(steps(&[1, 2, 3, 4], &[1, 3, 2, 4]), [Step::Move { from: 1, to: 2 }]);
    }

    #[test]
    fn older_lines_are_inserts_at_the_front() {
        let older = steps(&[3, 4], &[1, 2, 3, 4]);
        assert_eq!(older, [1, 2].map(|key| Step::Insert { at: usize::from(key) - 1, item: Row(key, 0) }));
    }

    #[test]
    fn a_change_is_one_update() {
        let old = [Row(1, 0), Row(2, 0)];
        let new = [Row(1, 0), Row(2, 9)];
        assert_eq!(between(&old, &new), [Step::Update { at: 1, item: Row(2, 9) }]);
    }

    #[test]
    fn another_list_is_a_reset() {
        assert_eq!(steps(&[1, 2], &[3]), [Step::Reset { items: rows(&[3]) }]);
        assert_eq!(steps(&[1, 2], &[]), [Step::Reset { items: Vec::new() }]);
        assert_eq!(steps(&[], &[]), []);
    }

    #[test]
    fn a_step_for_another_list_is_noticed() {
        for step in [
            Step::Insert { at: 3, item: 0 },
            Step::Update { at: 2, item: 0 },
            Step::Remove { at: 2 },
            Step::Move { from: 0, to: 2 },
            Step::Move { from: 2, to: 0 },
        ] {
            let mut list = vec![1, 2];
            assert_eq!(apply(&mut list, [step]), Err(OutOfStep));
            assert_eq!(list, [1, 2]);
        }
    }

    fn list() -> impl Strategy<Value = Vec<Row>> {
        let keys = Just((0..24).collect::<Vec<u8>>()).prop_shuffle();
        (keys, 0..24_usize, proptest::collection::vec(0..2_u8, 24)).prop_map(|(keys, count, values)| {
            keys.into_iter().take(count).zip(values).map(|(key, value)| Row(key, value)).collect()
        })
    }

    proptest! {
        #[test]
        fn applying_the_steps_gives_the_new_list(old in list(), new in list()) {
            let mut shown = old.clone();
            prop_assert_eq!(apply(&mut shown, between(&old, &new)), Ok(()));
            prop_assert_eq!(shown, new);
        }

        #[test]
        fn what_is_in_both_is_never_sent_again(old in list(), new in list()) {
            let steps = between(&old, &new);
            let common = |row: &Row| old.contains(row) && new.contains(row);
            for step in steps {
                if let Step::Insert { item, .. } | Step::Update { item, .. } = step {
                    prop_assert!(!common(&item));
                }
            }
        }
    }
}
