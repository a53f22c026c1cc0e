//! Somebody new wrote: accept, decline or block stands where one reads it.

use leptos::html::{div, p, span, strong};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::thread::{Standing, Thread};

use crate::app::{App, Place};
use crate::icons;
use crate::pieces::{Button, live};
use crate::words::{called, w};

pub(super) fn draw(app: App) -> AnyView {
    let asked = Memo::new(move |_| {
        app.screens.thread.with(|thread| thread.clone().filter(|thread| thread.standing == Standing::Request))
    });
    live(move || asked.get().map(|thread| panel(app, &thread)))
}

fn panel(app: App, thread: &Thread) -> AnyView {
    let conversation = thread.key;
    let accept = move || {
        app.act(Action::Accept { conversation });
        app.place.set(Place::Chats);
    };
    div()
        .class("deciding")
        .child(div().child((
            p().child((
                strong().child(w(say::request_line(&called(&thread.person)))),
                " ",
                span().child(w(say::request_accept_hint())),
            )),
            div().class("buttons").child((
                Button::main(w(say::action_accept())).icon(icons::CHECK).on(accept),
                Button::plain(w(say::action_decline())).on(move || app.act(Action::Decline { conversation })),
                Button::danger(w(say::action_block())).on(move || app.act(Action::Block { conversation })),
            )),
        )))
        .into_any()
}
