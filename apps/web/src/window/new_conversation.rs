//! Writing to somebody by handle.

use leptos::ev;
use leptos::html::form;
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;

use super::layer;
use crate::app::{App, Place};
use crate::pieces::{Button, Field};
use crate::words::w;

pub(super) fn draw(app: App) -> AnyView {
    let typed = RwSignal::new(String::new());
    let body = form()
        .class("body")
        .on(ev::submit, move |event| {
            event.prevent_default();
            let handle = typed.get_untracked().trim().to_owned();
            if handle.is_empty() {
                return;
            }
            app.place.set(Place::Chats);
            app.layer.set(None);
            app.act(Action::OpenHandle { handle });
        })
        .child((
            Field::new("new-handle", w(say::new_handle_label()), typed)
                .hint(w(say::new_handle_hint()))
                .before("@")
                .focus()
                .draw(),
            Button::wide(w(say::new_action()))
                .disabled(move || typed.with(|typed| typed.trim().is_empty()))
                .submit(),
        ));
    layer(app, Some(w(say::new_title())), w(say::new_title()), body.into_any())
}
