//! The account's handle, and an invitation where the server asks for one. The server is the one this page came from.

use leptos::ev;
use leptos::html::{div, form, li, ul};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::start::{SignUp, Stage};

use super::{busy, head, refused};
use crate::app::App;
use crate::pieces::{Button, Field, live, small_icon, wrong};
use crate::words::w;
use crate::{browser, icons};

pub(super) fn draw(app: App) -> AnyView {
    let typed_before = app.screens.stage.with_untracked(|stage| match stage {
        Some(Stage::SignUp(SignUp::Form { handle, .. })) => {
            handle.as_ref().map(|handle| handle.as_str().to_owned())
        }
        _ => None,
    });
    let handle = RwSignal::new(typed_before.unwrap_or_default());
    let invite = RwSignal::new(browser::invite().unwrap_or_default());
    let busy = busy(app);
    let words = move || w(if busy.get() { say::signup_busy() } else { say::signup_action() });
    div()
        .class("column")
        .child((
            head(Some(2), w(say::signup_title()), w(say::start_tagline())),
            form()
                .on(ev::submit, move |event| {
                    event.prevent_default();
                    if !busy.get_untracked() {
                        app.act(Action::Prepare {
                            server: browser::origin(),
                            handle: handle.get_untracked(),
                            invite: invite.get_untracked(),
                        });
                    }
                })
                .child((
                    Field::new("handle", w(say::signup_handle_label()), handle)
                        .hint(w(say::signup_handle_hint()))
                        .autocomplete("username")
                        .before("@")
                        .focus()
                        .draw(),
                    invitation(app, invite),
                    wrong(move || refused(app)),
                    live(move || Button::wide(words()).disabled(move || busy.get()).submit()),
                )),
            ul().class("facts").child(
                li().child((
                    small_icon(icons::SERVER, "icon small"),
                    w(say::web_server_here(&browser::host())),
                )),
            ),
        ))
        .into_any()
}

/// Asked for only where it is wanted, or where the address brought one.
fn invitation(app: App, invite: RwSignal<String>) -> impl IntoView {
    let brought = !invite.get_untracked().is_empty();
    let wanted = Memo::new(move |_| {
        app.screens
            .stage
            .with(|stage| matches!(stage, Some(Stage::SignUp(SignUp::Form { invite_wanted: true, .. }))))
    });
    move || {
        (brought || wanted.get()).then(|| {
            let field = Field::new("invite", w(say::signup_invite_label()), invite);
            if wanted.get() { field.hint(w(say::signup_invite_hint())).draw() } else { field.draw() }
        })
    }
}
