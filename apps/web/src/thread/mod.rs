//! The open conversation: head, timeline, what is to be decided, composer.

mod composer;
mod deciding;
mod head;
mod item;
mod message;
mod roll;
mod timeline;

use leptos::html::{div, kbd, p, section, span};
use leptos::prelude::*;
use sotto_texts::say;

use crate::app::{App, Place};
use crate::icons;
use crate::pieces::{Button, empty, live, mark, small_icon};
use crate::words::w;

/// The open conversation.
pub(crate) fn draw(app: App) -> AnyView {
    let key = Memo::new(move |_| app.screens.thread.with(|thread| thread.as_ref().map(|thread| thread.key)));
    let alarm = Memo::new(move |_| {
        app.screens.thread.with(|thread| thread.as_ref().is_some_and(|thread| thread.alarm))
    });
    section()
        .class("main-pane")
        .child((
            head::draw(app),
            live(move || alarm.get().then(|| alarm_line(app))),
            live(move || key.get().map(|_| timeline::draw(app))),
            deciding::draw(app),
            live(move || key.get().map(|key| composer::draw(app, key))),
        ))
        .into_any()
}

fn alarm_line(app: App) -> AnyView {
    div()
        .class("thread-alarm")
        .attr("role", "status")
        .child((
            small_icon(icons::SHIELD_ALERT, "icon small"),
            p().child(w(say::thread_alarm())),
            Button::quiet(w(say::action_details())).on(move || app.place.set(Place::Alarms)),
        ))
        .into_any()
}

/// No conversation is open. What to do stands here only where there is one to pick: beside an empty list it stands there.
pub(crate) fn none(app: App) -> AnyView {
    let list = app.screens.conversations;
    let some = Memo::new(move |_| list.is_known() && !list.is_empty());
    let picture = || div().child((mark("mark"), span())).into_any();
    let inside = move || {
        if some.get() {
            empty(picture(), w(say::thread_none_title()), String::new(), Some(pick()))
        } else {
            div().class("empty").child(picture()).into_any()
        }
    };
    section().class("main-pane").child(div().class("scroll none").child(live(inside))).into_any()
}

fn pick() -> AnyView {
    let key = w(say::web_jump_key());
    let lead = w(say::web_thread_none_lead(&key));
    let plain_key = format!("\u{2068}{key}\u{2069}");
    let (before, after) = lead.split_once(&plain_key).unwrap_or((&lead, ""));
    p().child((before.to_owned(), kbd().child(key), after.to_owned())).into_any()
}

/// One line, on the page of components.
#[cfg(feature = "showcase")]
pub(crate) fn line(app: App, line: &sotto_view::timeline::Message) -> AnyView {
    message::draw(app, line)
}

/// One item, on the page of components.
#[cfg(feature = "showcase")]
pub(crate) fn item(app: App, item: sotto_view::timeline::Item) -> AnyView {
    item::draw(app, RwSignal::new(item))
}
