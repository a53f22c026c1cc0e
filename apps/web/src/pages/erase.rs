//! Removing everything from this device: asked once, with what it means.

use leptos::html::{div, p};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::action::ProfileAction;

use crate::app::App;
use crate::pieces::{Button, sheet};
use crate::words::w;

/// The sheet.
pub(crate) fn erase(app: App) -> AnyView {
    let remove = move || {
        app.layer.set(None);
        app.act(Action::Profile(ProfileAction::Erase));
    };
    let body = div().class("body").child((
        p().child(w(say::settings_erase_ask())),
        div().class("samples").child((
            Button::danger_main(w(say::settings_erase_confirm())).on(remove),
            Button::plain(w(say::action_cancel())).on(move || app.layer.set(None)),
        )),
    ));
    let title = w(say::settings_erase());
    sheet(Some(title.clone()), title, move || app.layer.set(None), body.into_any())
}
