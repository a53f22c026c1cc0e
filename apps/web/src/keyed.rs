//! A list of a screen: one signal an item, one for the order, so that a step touches only what it names.

use std::collections::BTreeMap;
use std::hash::Hash;

use leptos::prelude::*;
use sotto_view::diff::{Keyed, OutOfStep, Step};

/// What an item of a drawn list is.
pub(crate) trait Drawn:
    Keyed<Key: Copy + Hash + Send + Sync> + Clone + PartialEq + Send + Sync + 'static
{
}
impl<T: Keyed<Key: Copy + Hash + Send + Sync> + Clone + PartialEq + Send + Sync + 'static> Drawn for T {}

/// A keyed list. Cheap to copy: it is two handles.
pub(crate) struct KeyedList<T: Drawn> {
    order: RwSignal<Option<Vec<T::Key>>>,
    items: StoredValue<BTreeMap<T::Key, ArcRwSignal<T>>>,
}

impl<T: Drawn> Clone for KeyedList<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Drawn> Copy for KeyedList<T> {}

impl<T: Drawn> KeyedList<T> {
    /// A list of which nothing is known yet.
    pub(crate) fn new() -> Self {
        Self { order: RwSignal::new(None), items: StoredValue::new(BTreeMap::new()) }
    }

    /// Whether anything was told about it: until then a screen draws what waits.
    pub(crate) fn is_known(self) -> bool {
        self.order.with(Option::is_some)
    }

    /// Whether it is known to have nothing in it.
    pub(crate) fn is_empty(self) -> bool {
        self.order.with(|order| order.as_ref().is_some_and(Vec::is_empty))
    }

    /// The keys in order; follows changes of the order only.
    pub(crate) fn keys(self) -> Vec<T::Key> {
        self.order.with(|order| order.clone().unwrap_or_default())
    }

    /// The keys in order, without following.
    pub(crate) fn keys_now(self) -> Vec<T::Key> {
        self.order.with_untracked(|order| order.clone().unwrap_or_default())
    }

    /// One item's signal.
    pub(crate) fn find(self, key: &T::Key) -> Option<ArcRwSignal<T>> {
        self.items.with_value(|items| items.get(key).cloned())
    }

    /// All items, following everything: for short lists.
    pub(crate) fn all(self) -> Vec<T> {
        self.keys().iter().filter_map(|key| self.find(key)).map(|item| item.get()).collect()
    }

    /// Forgets everything.
    pub(crate) fn clear(self) {
        self.items.update_value(BTreeMap::clear);
        self.order.set(None);
    }

    /// Carries steps out.
    ///
    /// # Errors
    /// When the list is not the one they were made for: ask for everything again.
    pub(crate) fn apply(self, steps: Vec<Step<T>>) -> Result<(), OutOfStep> {
        let before = self.order.with_untracked(Clone::clone);
        let mut order = before.clone().unwrap_or_default();
        let done = steps.into_iter().try_for_each(|step| self.step(&mut order, step));
        if before.as_ref() != Some(&order) {
            self.order.set(Some(order));
        }
        done
    }

    fn step(self, order: &mut Vec<T::Key>, step: Step<T>) -> Result<(), OutOfStep> {
        match step {
            Step::Reset { items } => {
                *order = items.iter().map(Keyed::key).collect();
                self.items.update_value(|known| known.retain(|key, _| order.contains(key)));
                items.into_iter().for_each(|item| self.put(item));
            }
            Step::Insert { at, item } if at <= order.len() => {
                order.insert(at, item.key());
                self.put(item);
            }
            Step::Update { at, item } if order.get(at) == Some(&item.key()) => self.put(item),
            Step::Remove { at } if at < order.len() => {
                let key = order.remove(at);
                self.items.update_value(|known| drop(known.remove(&key)));
            }
            Step::Move { from, to } if from < order.len() && to < order.len() => {
                let key = order.remove(from);
                order.insert(to, key);
            }
            _ => return Err(OutOfStep),
        }
        Ok(())
    }

    fn put(self, item: T) {
        let key = item.key();
        match self.find(&key) {
            Some(known) if known.with_untracked(|old| *old == item) => {}
            Some(known) => known.set(item),
            None => self.items.update_value(|items| {
                items.insert(key, ArcRwSignal::new(item));
            }),
        }
    }

    /// Draws every item once and again only when that item changes.
    pub(crate) fn each<V: IntoView + 'static>(
        self,
        draw: impl Fn(RwSignal<T>) -> V + Clone + Send + 'static,
    ) -> impl IntoView {
        self.each_of(move || self.keys(), draw)
    }

    /// Draws the named items only.
    pub(crate) fn each_of<V: IntoView + 'static>(
        self,
        keys: impl Fn() -> Vec<T::Key> + Send + Sync + 'static,
        draw: impl Fn(RwSignal<T>) -> V + Clone + Send + 'static,
    ) -> impl IntoView {
        let children = move |key: T::Key| self.find(&key).map(|item| draw(RwSignal::from(item)));
        For(ForProps::builder().each(keys).key(|key: &T::Key| *key).children(children).build())
    }
}

#[cfg(test)]
mod tests {
    use leptos::prelude::*;
    use sotto_view::diff::{Keyed, Step};

    use super::KeyedList;

    #[derive(Clone, PartialEq)]
    struct Line(u8, &'static str);

    impl Keyed for Line {
        type Key = u8;
        fn key(&self) -> u8 {
            self.0
        }
    }

    fn list() -> KeyedList<Line> {
        let list = KeyedList::new();
        let items = vec![Line(1, "one"), Line(2, "two"), Line(3, "three")];
        assert!(list.apply(vec![Step::Reset { items }]).is_ok());
        list
    }

    #[test]
    fn nothing_told_is_not_the_same_as_nothing_there() {
        let _owner = Owner::new_root(None);
        let list = KeyedList::<Line>::new();
        assert!(!list.is_known() && !list.is_empty());
        assert!(list.apply(vec![Step::Reset { items: vec![] }]).is_ok());
        assert!(list.is_known() && list.is_empty());
    }

    #[test]
    fn a_list_told_again_keeps_the_signals_that_are_drawn() {
        let _owner = Owner::new_root(None);
        let list = list();
        let Some(drawn) = list.find(&2) else { panic!("it is there") };
        let items = vec![Line(2, "two, edited"), Line(4, "four")];
        assert!(list.apply(vec![Step::Reset { items }]).is_ok());
        assert_eq!(drawn.get_untracked().1, "two, edited");
        assert_eq!(list.keys_now(), [2, 4]);
        assert!(list.find(&1).is_none());
    }

    #[test]
    fn a_step_for_another_list_is_noticed() {
        let _owner = Owner::new_root(None);
        let list = list();
        assert!(list.apply(vec![Step::Update { at: 0, item: Line(9, "?") }]).is_err());
        assert!(list.apply(vec![Step::Remove { at: 3 }]).is_err());
        assert!(list.apply(vec![Step::Move { from: 0, to: 3 }]).is_err());
        assert_eq!(list.keys_now(), [1, 2, 3]);
    }

    #[test]
    fn a_row_that_moves_is_not_drawn_anew() {
        let _owner = Owner::new_root(None);
        let list = list();
        let Some(drawn) = list.find(&3) else { panic!("it is there") };
        let steps =
            vec![Step::Move { from: 2, to: 0 }, Step::Update { at: 0, item: Line(3, "three, newer") }];
        assert!(list.apply(steps).is_ok());
        assert_eq!(list.keys_now(), [3, 1, 2]);
        assert_eq!(drawn.get_untracked().1, "three, newer");
    }
}
