//! One item of a timeline: a day, the line of what is new, something that happened, a message.

use leptos::html::{div, p, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::calendar::CalendarDay;
use sotto_view::name::Person;
use sotto_view::timeline::{Item, System};

use super::message;
use crate::app::App;
use crate::pieces::{AvatarSize, avatar, live, theirs};
use crate::words::{called, day, handle, w};

/// One item; it is one element.
pub(super) fn draw(app: App, item: RwSignal<Item>) -> AnyView {
    live(move || match item.get() {
        Item::Day(at) => separator(app, at),
        Item::New => div().class("new-line").child(w(say::timeline_new())).into_any(),
        Item::System(System::Beginning { person }) => beginning(&person),
        Item::Message(message) => message::draw(app, &message),
    })
}

fn separator(app: App, at: CalendarDay) -> AnyView {
    div().class("day").child(span().child(live(move || day(at, app.screens.today.get())))).into_any()
}

/// The first line of a history. What is certain and what is not is said here, where it is decided.
fn beginning(person: &Person) -> AnyView {
    let name = called(person);
    let sentence = w(say::system_beginning(&handle(person).unwrap_or_else(|| name.clone())));
    div()
        .class("system")
        .child((
            avatar(person, AvatarSize::Large),
            div().class("person-name theirs").child(theirs(move || name.clone())),
            p().child(sentence),
        ))
        .into_any()
}
