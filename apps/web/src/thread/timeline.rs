//! The timeline: a log that draws only what is near the screen.

use leptos::ev;
use leptos::html::{button, div, p, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::timeline::{Author, Body, Edge, Item};

use super::item;
use super::roll::Roll;
use crate::app::App;
use crate::icons;
use crate::pieces::{lines_skeleton, live, small_icon};
use crate::words::{called, day, unreadable, w};

/// Characters of a new line that are read out.
const SPOKEN_CHARS: usize = 240;

pub(super) fn draw(app: App) -> AnyView {
    let roll = Roll::new(app);
    let items = app.screens.items;
    let person = app
        .screens
        .thread
        .with_untracked(|thread| thread.as_ref().map(|thread| called(&thread.person)).unwrap_or_default());
    speak_new_lines(app);
    let short = move || if roll.short.get() { "roll short" } else { "roll" };
    let lines = div()
        .class("lines")
        .node_ref(roll.scroller)
        // What comes in is said by a line of its own: scrolling draws old lines, and those are not news.
        .attr("role", "log")
        .attr("aria-live", "off")
        .attr("aria-label", w(say::timeline_label(&person)))
        .attr("tabindex", "0")
        .on(ev::scroll, move |_| roll.scrolled())
        .child(
            div().attr("class", short).child((
                div().node_ref(roll.above),
                div()
                    .node_ref(roll.rows)
                    .child(items.each_of(move || roll.drawn_keys(), move |item| item::draw(app, item))),
                div().node_ref(roll.below),
            )),
        );
    div()
        .class("timeline")
        .child((
            lines,
            live(move || (!items.is_known()).then(lines_skeleton)),
            live(move || items.is_empty().then(|| p().class("spoken").child(w(say::timeline_empty())))),
            floating_day(app, roll),
            to_newest(app, roll),
        ))
        .into_any()
}

/// The day of the uppermost line stays in sight.
fn floating_day(app: App, roll: Roll) -> AnyView {
    let day = move || roll.day.get().map(|at| span().child(day(at, app.screens.today.get())));
    div()
        .class("day-float")
        .attr("aria-hidden", "true")
        .style(("opacity", move || if roll.day_floats.get() { "1" } else { "0" }))
        .child(day)
        .into_any()
}

/// "3 new ↓", or the way down.
fn to_newest(app: App, roll: Roll) -> AnyView {
    let shown = Memo::new(move |_| roll.away.get() || app.screens.ends.get().newer == Edge::More);
    let unread = Memo::new(move |_| app.screens.ends.get().unread);
    let press = move || {
        if app.screens.ends.get_untracked().newer == Edge::More {
            app.act(Action::JumpToNewest);
        }
        roll.follow();
    };
    live(move || {
        shown.get().then(|| {
            let count = unread.get();
            let class = if count > 0 { "to-newest" } else { "to-newest round" };
            let words = w(say::timeline_to_newest());
            let inside = if count > 0 {
                span().child(w(say::timeline_new_below(count))).into_any()
            } else {
                small_icon(icons::ARROW_DOWN, "icon")
            };
            button()
                .class(class)
                .attr("type", "button")
                .attr("title", words.clone())
                .attr("aria-label", (count == 0).then_some(words))
                .on(ev::click, move |_| press())
                .child(inside)
        })
    })
}

/// Says what somebody else wrote just now.
fn speak_new_lines(app: App) {
    Effect::new(move |before: Option<Option<_>>| {
        let items = app.screens.items;
        let last = items.keys().last().copied();
        let was_known = before.flatten().is_some();
        if was_known
            && before.flatten() != last
            && let Some(item) = last.and_then(|key| items.find(&key))
            && let Some(words) = item.with_untracked(spoken)
        {
            app.spoken.set(words);
        }
        last
    });
}

fn spoken(item: &Item) -> Option<String> {
    let Item::Message(message) = item else { return None };
    let Author::Them(person) = &message.author else { return None };
    let text = match &message.body {
        Body::Text(text) => text.text.chars().take(SPOKEN_CHARS).collect(),
        Body::Unreadable(why) => unreadable(*why),
    };
    Some(w(say::web_arrived(&called(person), &text)))
}
