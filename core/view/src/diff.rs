//! Lists that change on a screen: keyed steps instead of the whole list again.
//!
//! An item has a key that is unique in its list. Steps are applied in order, each to the list the former left behind;
//! what no step names does not move.

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
