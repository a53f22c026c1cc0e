//! The scroll of a timeline: which lines are drawn, and that what is being read stays where it is.
//!
//! The browser's own anchoring is off. The roll holds on to the item at the upper edge, or to the end; whenever the
//! list, a height or the window changes it measures what is drawn, gives the rest its room, and scrolls to where the
//! held item is now. That happens before the browser paints.

use std::ops::Range;

use leptos::html::Div;
use leptos::prelude::*;
use sotto_view::Action;
use sotto_view::calendar::CalendarDay;
use sotto_view::keys::LineKey;
use sotto_view::timeline::{Author, Edge, Item, ItemKey};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use crate::app::App;
use crate::browser;
use crate::geometry::{Anchor, Heights};

/// Pixels drawn beyond either edge.
const BEYOND: f64 = 600.0;
/// This near to the end counts as being there.
const AT_END: f64 = 32.0;

/// The scroll of one timeline. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Roll {
    app: App,
    pub(super) scroller: NodeRef<Div>,
    pub(super) rows: NodeRef<Div>,
    pub(super) above: NodeRef<Div>,
    pub(super) below: NodeRef<Div>,
    range: RwSignal<Range<usize>>,
    state: StoredValue<State>,
    drawn: StoredValue<Vec<ItemKey>>,
    /// All of it fits on the screen.
    pub(super) short: RwSignal<bool>,
    /// The end is not in sight.
    pub(super) away: RwSignal<bool>,
    /// Day of the uppermost line.
    pub(super) day: RwSignal<Option<CalendarDay>>,
    /// Whether it has to be said: not where the separator itself is seen.
    pub(super) day_floats: RwSignal<bool>,
}

struct State {
    heights: Heights<ItemKey>,
    hold: Hold,
    /// Where the scroll was last: the end is let go of upwards only, since lines that come in move it away by themselves.
    top: f64,
    /// Width that heights were measured at.
    width: f64,
    /// A look at the page before the next painting is planned.
    planned: bool,
    /// Older or newer lines were asked for while these were the ends.
    asked: (Option<ItemKey>, Option<ItemKey>),
    seen: Option<LineKey>,
}

/// What keeps its place.
#[derive(Clone, Copy, PartialEq)]
enum Hold {
    /// Nothing was drawn yet.
    Begin,
    /// The newest line is in sight and stays so.
    End,
    /// Somewhere in between.
    Item(Anchor<ItemKey>),
}

impl Roll {
    pub(super) fn new(app: App) -> Self {
        let state = State {
            heights: Heights::new(),
            hold: Hold::Begin,
            top: 0.0,
            width: 0.0,
            planned: false,
            asked: (None, None),
            seen: None,
        };
        let roll = Self {
            app,
            scroller: NodeRef::new(),
            rows: NodeRef::new(),
            above: NodeRef::new(),
            below: NodeRef::new(),
            range: RwSignal::new(0..0),
            state: StoredValue::new(state),
            drawn: StoredValue::new(Vec::new()),
            short: RwSignal::new(true),
            away: RwSignal::new(false),
            day: RwSignal::new(None),
            day_floats: RwSignal::new(false),
        };
        Effect::new(move |_| roll.list_changed(app.screens.items.keys()));
        Effect::new(move |_| {
            if app.newest.get() > 0 {
                roll.follow();
            }
        });
        roll.watch_sizes();
        let looked_at = window_event_listener(leptos::ev::focus, move |_| roll.tell_seen());
        on_cleanup(move || looked_at.remove());
        roll
    }

    /// Keys of what is drawn now.
    pub(super) fn drawn_keys(self) -> Vec<ItemKey> {
        self.range.track();
        self.drawn.with_value(Clone::clone)
    }

    /// To the end, and stay there.
    pub(super) fn follow(self) {
        self.state.update_value(|state| state.hold = Hold::End);
        self.plan();
    }

    fn list_changed(self, keys: Vec<ItemKey>) {
        let begins = keys.contains(&ItemKey::New);
        let empty = keys.is_empty();
        self.state.update_value(|state| {
            state.heights.set_order(keys);
            if state.hold == Hold::Begin && !empty {
                let new = Anchor { key: ItemKey::New, above: -120.0 };
                state.hold = if begins { Hold::Item(new) } else { Hold::End };
            }
        });
        self.choose_range(true);
        self.plan();
    }

    /// Looks at the page before it is painted.
    fn plan(self) {
        let planned = self.state.try_update_value(|state| std::mem::replace(&mut state.planned, true));
        if planned == Some(false) {
            request_animation_frame(move || {
                if self.state.try_update_value(|state| state.planned = false).is_some() {
                    self.settle();
                }
            });
        }
    }

    fn watch_sizes(self) {
        let look = Closure::<dyn FnMut()>::new(move || self.settle());
        let Ok(observer) = web_sys::ResizeObserver::new(look.as_ref().unchecked_ref()) else { return };
        let watching = observer.clone();
        Effect::new(move |_| {
            for node in [self.scroller.get(), self.rows.get()].into_iter().flatten() {
                watching.observe(&node);
            }
        });
        let keep = StoredValue::new_local(Some((observer, look)));
        on_cleanup(move || {
            if let Some(Some((observer, _look))) = keep.try_update_value(Option::take) {
                observer.disconnect();
            }
        });
    }

    /// The person scrolled, or the roll did.
    pub(super) fn scrolled(self) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        let (top, height) = (f64::from(scroller.scroll_top()), f64::from(scroller.client_height()));
        let to_end = f64::from(scroller.scroll_height()) - top - height;
        let whole = self.app.screens.ends.get_untracked().newer == Edge::End;
        self.state.update_value(|state| {
            let upwards = top < std::mem::replace(&mut state.top, top) - 1.0;
            // While lines are being exchanged the browser may move the scroll: the look that is planned puts it right.
            let by_person = upwards && !state.planned;
            if state.hold == Hold::Begin || (state.hold == Hold::End && !by_person) {
                return;
            }
            let held = state.heights.anchor(top).map_or(Hold::End, Hold::Item);
            state.hold = if to_end <= AT_END && whole { Hold::End } else { held };
        });
        if self.choose_range(false) {
            self.plan();
        }
        self.look_around();
    }

    /// Measures, makes room, scrolls to what is held.
    fn settle(self) {
        let (Some(scroller), Some(rows)) = (self.scroller.get_untracked(), self.rows.get_untracked()) else {
            return;
        };
        let width = f64::from(scroller.client_width());
        let height = f64::from(scroller.client_height());
        let range = self.range.get_untracked();
        let children = rows.children();
        let drawn = (0..children.length()).filter_map(|at| children.item(at));
        let heights: Vec<f64> = drawn.map(|row| row.get_bounding_client_rect().height()).collect();
        if heights.len() != range.len() {
            return;
        }
        let scroll = self.state.try_update_value(|state| {
            if (state.width - width).abs() > 1.0 {
                state.width = width;
                state.heights.forget_measures();
            }
            state.heights.measure(range.start, heights);
            scroll_for(state, height)
        });
        let Some(scroll) = scroll else { return };
        self.make_room(range);
        let short = self.state.with_value(|state| state.heights.total() < height);
        if self.short.get_untracked() != short {
            self.short.set(short);
        }
        if let Some(scroll) = scroll
            && (f64::from(scroller.scroll_top()) - scroll).abs() >= 1.0
        {
            scroller.set_scroll_top(scroll.round() as i32);
        }
        // Also where it did not scroll: the browser does when there is less to scroll through.
        let top = f64::from(scroller.scroll_top());
        self.state.update_value(|state| state.top = top);
        self.choose_range(true);
        self.look_around();
    }

    /// Gives what is not drawn its room.
    fn make_room(self, drawn: Range<usize>) {
        self.state.with_value(|state| {
            let all = &state.heights;
            room(self.above, all.top(drawn.start));
            room(self.below, all.total() - all.top(drawn.end));
        });
    }

    /// Decides what is drawn. `held`: around what is held, not around where the scroll happens to be.
    fn choose_range(self, held: bool) -> bool {
        let Some(scroller) = self.scroller.get_untracked() else { return false };
        let height = f64::from(scroller.client_height()).max(400.0);
        let range = self.state.with_value(|state| {
            let scroll = if held { scroll_for(state, height) } else { None };
            state.heights.range(scroll.unwrap_or_else(|| f64::from(scroller.scroll_top())), height, BEYOND)
        });
        let keys = self.state.with_value(|state| state.heights.keys(range.clone()).to_vec());
        let same = self.range.get_untracked() == range && self.drawn.with_value(|drawn| *drawn == keys);
        if !same {
            self.drawn.set_value(keys);
            // With the rows themselves: room that came later would be missing for a moment, and the browser would scroll.
            self.make_room(range.clone());
            self.range.set(range);
        }
        !same
    }

    /// What follows from where the person is: the day, the way down, what was seen, more lines.
    fn look_around(self) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        let (top, height) = (f64::from(scroller.scroll_top()), f64::from(scroller.client_height()));
        let to_end = f64::from(scroller.scroll_height()) - top - height;
        put(self.away, to_end > 320.0);
        self.name_day(top);
        self.tell_seen();
        self.ask_for_more(top, height, to_end);
    }

    fn name_day(self, top: f64) {
        let first = self.state.with_value(|state| {
            let at = state.heights.at(top + 24.0);
            state.heights.keys(at..(at + 1).min(state.heights.len())).first().copied()
        });
        let item = first.and_then(|key| self.app.screens.items.find(&key));
        let day = item.and_then(|item| {
            item.with_untracked(|item| match item {
                Item::Message(message) => Some(message.at.day),
                Item::Day(_) | Item::New | Item::System(_) => None,
            })
        });
        // Where the separator itself is seen, nothing floats over it; the words stay for as long as it fades.
        put(self.day_floats, day.is_some() && top > 8.0);
        if day.is_some() {
            put(self.day, day);
        }
    }

    fn ask_for_more(self, top: f64, height: f64, to_end: f64) {
        let ends = self.app.screens.ends.get_untracked();
        let keys = self.app.screens.items.keys_now();
        let first = keys.iter().find(|key| matches!(key, ItemKey::Line(_))).copied();
        let last = keys.last().copied();
        let near = height.max(600.0) * 1.5;
        let (older, newer) = self
            .state
            .try_update_value(|state| {
                let older =
                    ends.older == Edge::More && top < near && first.is_some() && state.asked.0 != first;
                let newer =
                    ends.newer == Edge::More && to_end < near && last.is_some() && state.asked.1 != last;
                if older {
                    state.asked.0 = first;
                }
                if newer {
                    state.asked.1 = last;
                }
                (older, newer)
            })
            .unwrap_or_default();
        if older {
            self.app.act(Action::LoadOlder);
        }
        if newer {
            self.app.act(Action::LoadNewer);
        }
    }

    /// Tells up to which line the person has seen, while they look.
    fn tell_seen(self) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        if !browser::is_looked_at() {
            return;
        }
        let bottom = f64::from(scroller.scroll_top()) + f64::from(scroller.client_height());
        let items = self.app.screens.items;
        let line = self.state.try_update_value(|state| {
            if state.heights.len() == 0 {
                return None;
            }
            let last = state.heights.at(bottom - 8.0);
            let keys = state.heights.keys(0..last + 1);
            let from_them = |key: &&ItemKey| {
                items.find(key).is_some_and(|item| {
                    item.with_untracked(|item| {
                    matches!(item, Item::Message(message) if matches!(message.author, Author::Them(_)))
                })
                })
            };
            let ItemKey::Line(line) = *keys.iter().rev().find(from_them)? else { return None };
            let place = |line: LineKey| {
                state.heights.keys(0..state.heights.len()).iter().position(|key| *key == ItemKey::Line(line))
            };
            let further = state.seen.is_none_or(|seen| place(line) > place(seen));
            further.then(|| {
                state.seen = Some(line);
                line
            })
        });
        if let Some(Some(line)) = line {
            self.app.act(Action::Seen { line });
        }
    }
}

/// Where the scroll belongs; none as long as nothing is held.
fn scroll_for(state: &State, height: f64) -> Option<f64> {
    match state.hold {
        Hold::Begin => None,
        Hold::End => Some((state.heights.total() - height).max(0.0) + AT_END),
        Hold::Item(anchor) => state.heights.scroll_to(anchor).map(|scroll| scroll.max(0.0)),
    }
}

fn room(node: NodeRef<Div>, height: f64) {
    if let Some(node) = node.get_untracked() {
        browser::set_style(&node, "height", &format!("{height}px"));
    }
}

fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
