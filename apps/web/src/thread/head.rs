//! Who one talks to; a press on it opens the page about them.

use leptos::ev;
use leptos::html::{button, div, h1, header, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::name::Person;

use crate::app::App;
use crate::icons;
use crate::pieces::{AvatarSize, avatar, icon_button, live, theirs, verified_mark};
use crate::words::{called, handle, w};

pub(super) fn draw(app: App) -> AnyView {
    let person = Memo::new(move |_| {
        app.screens
            .thread
            .with(|thread| thread.as_ref().map(|thread| thread.person.clone()).unwrap_or_default())
    });
    let beside =
        move || person.with(|person: &Person| person.name.is_some().then(|| handle(person)).flatten());
    header()
        .class("thread-head")
        .child((
            icon_button("icon-button only-phone", icons::ARROW_LEFT, w(say::thread_back()), move || {
                app.act(Action::Close)
            }),
            button().class("person").attr("type", "button").on(ev::click, move |_| toggle(app)).child((
                live(move || avatar(&person.get(), AvatarSize::Small)),
                div().class("names").child((
                    div().class("who").child((
                        h1().class("theirs").child(theirs(move || called(&person.get()))),
                        verified_mark(move || person.get().verified),
                    )),
                    live(move || beside().map(|handle| span().class("handle").child(handle))),
                )),
            )),
            details(app, person),
        ))
        .into_any()
}

fn details(app: App, person: Memo<Person>) -> AnyView {
    live(move || {
        let words = w(say::thread_details(&called(&person.get())));
        icon_button("icon-button", icons::INFO, words, move || toggle(app))
    })
}

fn toggle(app: App) {
    if app.screens.contact.with_untracked(Option::is_some) {
        app.act(Action::CloseContact);
    } else if let Some(conversation) =
        app.screens.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.key))
    {
        app.act(Action::OpenContact { conversation });
    }
}
