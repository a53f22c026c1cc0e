//! The parts of the window: at the side, or under the thumb.

use leptos::ev;
use leptos::html::{button, nav, span};
use leptos::prelude::*;
use sotto_texts::say;

use crate::app::{App, Place};
use crate::icons::{self, Icon};
use crate::pieces::{badge, icon, live, mark};
use crate::words::w;

pub(super) fn draw(app: App) -> AnyView {
    let badges = app.screens.badges;
    let alarms = Memo::new(move |_| app.screens.alarms.is_known() && !app.screens.alarms.is_empty());
    nav()
        .class("rail")
        .attr("aria-label", w(say::nav_label()))
        .child((
            mark("mark"),
            place(app, Place::Chats, "place", icons::MESSAGE_CIRCLE, w(say::nav_chats()), move || {
                badges.get().unread
            }),
            place(app, Place::Requests, "place", icons::INBOX, w(say::nav_requests()), move || {
                badges.get().requests
            }),
            // Only where there is one: what is seldom needed does not stand in the way.
            live(move || {
                alarms.get().then(|| {
                    place(app, Place::Alarms, "place", icons::SHIELD_ALERT, w(say::nav_alarms()), move || {
                        badges.get().alarms
                    })
                })
            }),
            place(app, Place::Settings, "place last", icons::SETTINGS, w(say::nav_settings()), || 0),
        ))
        .into_any()
}

fn place(
    app: App,
    place: Place,
    class: &'static str,
    picture: Icon,
    words: String,
    count: impl Fn() -> u64 + Copy + Send + Sync + 'static,
) -> AnyView {
    let number_class = if place == Place::Alarms { "badge alarm" } else { "badge" };
    let spoken = move || match (place, count()) {
        (_, 0) => String::new(),
        (Place::Requests, waiting) => w(say::nav_requests_waiting(waiting)),
        (Place::Chats, unread) => w(say::list_unread(unread)),
        (_, number) => number.to_string(),
    };
    button()
        .class(class)
        .attr("type", "button")
        .attr("aria-current", move || (app.place.get() == place).then_some("page"))
        .on(ev::click, move |_| app.go(place))
        .child((
            icon(picture),
            span().class("word").child(words),
            badge(number_class, count),
            span().class("spoken").child(spoken),
        ))
        .into_any()
}
