//! How a new profile is locked: with a passphrase, or with a key that the device keeps.

use leptos::ev;
use leptos::html::{div, form, li, p, ul};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::action::ProfileAction;
use sotto_view::start::Stage;

use super::{busy, head, refused};
use crate::app::App;
use crate::icons;
use crate::pieces::{Button, Field, live, small_icon, wrong};
use crate::words::w;

pub(super) fn draw(app: App) -> AnyView {
    let can_trust = Memo::new(move |_| {
        app.screens.stage.with(|stage| matches!(stage, Some(Stage::Lock(lock)) if lock.can_trust_device))
    });
    div()
        .class("column")
        .child((
            head(Some(1), w(say::lock_title()), w(say::lock_lead())),
            passphrase(app),
            div().class("or").child(w(say::web_or())),
            live(move || trust(app, can_trust.get())),
        ))
        .into_any()
}

fn passphrase(app: App) -> AnyView {
    let (typed, again) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let differs = RwSignal::new(false);
    let busy = busy(app);
    let trouble = move || if differs.get() { Some(w(say::lock_passphrase_differs())) } else { refused(app) };
    form()
        .on(ev::submit, move |event| {
            event.prevent_default();
            let passphrase = typed.get_untracked();
            differs.set(passphrase != again.get_untracked());
            if !differs.get_untracked() {
                app.act(Action::Profile(ProfileAction::LockWithPassphrase { passphrase }));
            }
        })
        .child((
            Field::new("passphrase", w(say::lock_passphrase_label()), typed)
                .hint(w(say::lock_passphrase_hint()))
                .autocomplete("new-password")
                .focus()
                .secret(),
            Field::new("passphrase-again", w(say::lock_passphrase_again()), again)
                .autocomplete("new-password")
                .secret(),
            wrong(trouble),
            Button::wide(w(say::lock_with_passphrase())).disabled(move || busy.get()).submit(),
        ))
        .into_any()
}

fn trust(app: App, can_trust: bool) -> AnyView {
    if !can_trust {
        return p().class("lead").child(w(say::lock_trust_device_missing())).into_any();
    }
    let busy = busy(app);
    div()
        .class("stack")
        .child((
            Button::plain_wide(w(say::lock_trust_device()))
                .icon(icons::SMARTPHONE)
                .disabled(move || busy.get())
                .on(move || app.act(Action::Profile(ProfileAction::TrustDevice))),
            ul().class("facts")
                .child(li().child((small_icon(icons::INFO, "icon small"), w(say::lock_trust_device_hint())))),
        ))
        .into_any()
}
