//! A profile is here and locked.

use leptos::ev;
use leptos::html::{div, form};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::action::ProfileAction;

use super::{busy, head, refused};
use crate::app::App;
use crate::pieces::{Button, Field, live, wrong};
use crate::words::w;

pub(super) fn draw(app: App) -> AnyView {
    let typed = RwSignal::new(String::new());
    let busy = busy(app);
    let words = move || w(if busy.get() { say::unlock_busy() } else { say::unlock_action() });
    div()
        .class("column")
        .child((
            head(None, w(say::unlock_title()), String::new()),
            form()
                .on(ev::submit, move |event| {
                    event.prevent_default();
                    if !busy.get_untracked() {
                        let passphrase = typed.get_untracked();
                        app.act(Action::Profile(ProfileAction::Unlock { passphrase }));
                    }
                })
                .child((
                    Field::new("passphrase", w(say::unlock_label()), typed)
                        .autocomplete("current-password")
                        .focus()
                        .secret(),
                    wrong(move || refused(app)),
                    live(move || Button::wide(words()).disabled(move || busy.get()).submit()),
                )),
        ))
        .into_any()
}
