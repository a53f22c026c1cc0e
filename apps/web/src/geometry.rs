//! The arithmetic of a timeline that draws only what is near the screen.
//!
//! Every item has a height: measured once it was drawn, estimated before. From these follow which items to draw for a
//! place in the scroll, how much room stands for the others, and where to scroll so that what a person is reading does
//! not move when something changes above it. Lengths are CSS pixels.

use std::collections::BTreeMap;
use std::ops::Range;

/// Height of an item that was never drawn.
const ESTIMATE: f64 = 64.0;

/// A place to hold on to: the item at the top of what is seen, and how far it is scrolled out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Anchor<K> {
    pub(crate) key: K,
    /// Pixels of the item above the upper edge.
    pub(crate) above: f64,
}

/// Heights of all items, in order.
#[derive(Debug)]
pub(crate) struct Heights<K> {
    order: Vec<K>,
    measured: BTreeMap<K, f64>,
    /// Upper edge of each item, and at the end the height of all.
    tops: Vec<f64>,
}

impl<K: Ord + Copy> Heights<K> {
    pub(crate) fn new() -> Self {
        Self { order: Vec::new(), measured: BTreeMap::new(), tops: vec![0.0] }
    }

    /// Another list, or the same one changed; heights of items that stay are kept.
    pub(crate) fn set_order(&mut self, order: Vec<K>) {
        self.order = order;
        if self.measured.len() > 2 * self.order.len() + 64 {
            let here: std::collections::BTreeSet<K> = self.order.iter().copied().collect();
            self.measured.retain(|key, _| here.contains(key));
        }
        self.add_up();
    }

    /// Notes what was measured of the items from `start` on. Whether anything differs from before.
    pub(crate) fn measure(&mut self, start: usize, heights: impl IntoIterator<Item = f64>) -> bool {
        let mut changed = false;
        for (key, height) in self.order.iter().skip(start).zip(heights) {
            let before = self.measured.insert(*key, height);
            changed |= before.is_none_or(|before| (before - height).abs() > 0.4);
        }
        if changed {
            self.add_up();
        }
        changed
    }

    /// The window became wider or narrower: what was measured is only an estimate now.
    pub(crate) fn forget_measures(&mut self) {
        self.measured.clear();
        self.add_up();
    }

    fn add_up(&mut self) {
        let estimate = self.estimate();
        let mut top = 0.0;
        self.tops.clear();
        self.tops.push(0.0);
        for key in &self.order {
            top += self.measured.get(key).copied().unwrap_or(estimate);
            self.tops.push(top);
        }
    }

    fn estimate(&self) -> f64 {
        if self.measured.len() < 8 {
            return ESTIMATE;
        }
        self.measured.values().sum::<f64>() / self.measured.len() as f64
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn keys(&self, range: Range<usize>) -> &[K] {
        self.order.get(range).unwrap_or_default()
    }

    /// Height of all items.
    pub(crate) fn total(&self) -> f64 {
        self.tops.last().copied().unwrap_or(0.0)
    }

    /// Upper edge of an item; for one past the last, the height of all.
    pub(crate) fn top(&self, at: usize) -> f64 {
        self.tops.get(at).copied().unwrap_or_else(|| self.total())
    }

    /// The item that covers this height.
    pub(crate) fn at(&self, y: f64) -> usize {
        let after = self.tops.partition_point(|top| *top <= y);
        after.saturating_sub(1).min(self.order.len().saturating_sub(1))
    }

    /// Which items to draw: what is seen, and `beyond` pixels on either side.
    pub(crate) fn range(&self, scroll: f64, height: f64, beyond: f64) -> Range<usize> {
        if self.order.is_empty() {
            return 0..0;
        }
        self.at(scroll - beyond)..self.at(scroll + height + beyond) + 1
    }

    /// What is at the upper edge.
    pub(crate) fn anchor(&self, scroll: f64) -> Option<Anchor<K>> {
        let at = self.at(scroll);
        let key = *self.order.get(at)?;
        Some(Anchor { key, above: scroll - self.top(at) })
    }

    /// Where to scroll so that the anchor is where it was; none when it is gone.
    pub(crate) fn scroll_to(&self, anchor: Anchor<K>) -> Option<f64> {
        let at = self.order.iter().position(|key| *key == anchor.key)?;
        Some(self.top(at) + anchor.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(heights: &[f64]) -> Heights<usize> {
        let mut all = Heights::new();
        all.set_order((0..heights.len()).collect());
        all.measure(0, heights.iter().copied());
        all
    }

    #[test]
    fn what_is_read_stays_when_older_lines_come_in_above() {
        let mut heights = measured(&[50.0, 30.0, 80.0]);
        let Some(anchor) = heights.anchor(60.0) else { panic!("there is an item") };
        assert_eq!(anchor, Anchor { key: 1, above: 10.0 });
        heights.set_order(vec![7, 8, 0, 1, 2]);
        assert_eq!(heights.scroll_to(anchor), Some(2.0 * ESTIMATE + 60.0));
        assert!(heights.measure(0, [100.0, 20.0]));
        assert_eq!(heights.scroll_to(anchor), Some(120.0 + 60.0));
    }

    #[test]
    fn what_is_read_stays_when_an_item_above_grows() {
        let mut heights = measured(&[50.0, 30.0, 80.0]);
        let Some(anchor) = heights.anchor(90.0) else { panic!("there is an item") };
        assert!(heights.measure(0, [75.0]));
        assert_eq!(heights.scroll_to(anchor), Some(115.0));
    }

    #[test]
    fn a_line_that_is_gone_is_no_anchor() {
        let mut heights = measured(&[50.0, 30.0]);
        let Some(anchor) = heights.anchor(0.0) else { panic!("there is an item") };
        heights.set_order(vec![1]);
        assert_eq!(heights.scroll_to(anchor), None);
    }

    #[test]
    fn only_what_is_near_the_screen_is_drawn() {
        let heights = measured(&vec![40.0; 100_000]);
        let range = heights.range(2_000_000.0, 800.0, 400.0);
        assert_eq!(range, 49_990..50_031);
        assert_eq!(heights.total(), 4_000_000.0);
    }

    #[test]
    fn beyond_the_ends_there_is_nothing_to_draw() {
        let heights = measured(&[50.0, 30.0, 80.0]);
        assert_eq!(heights.range(-500.0, 10_000.0, 400.0), 0..3);
        assert_eq!(heights.range(5_000.0, 100.0, 0.0), 2..3);
        assert_eq!(Heights::<u8>::new().range(0.0, 800.0, 400.0), 0..0);
        assert_eq!(Heights::<u8>::new().anchor(0.0), None);
    }

    #[test]
    fn measuring_the_same_again_changes_nothing() {
        let mut heights = measured(&[50.0, 30.0]);
        assert!(!heights.measure(0, [50.2, 30.0]));
        assert!(heights.measure(1, [31.0]));
    }
}
