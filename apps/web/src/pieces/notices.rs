//! Notices at the edge of the screen, with their way back.

use crate::pieces::live;
use leptos::html::{div, p};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::notice::Notice;

use super::{Button, icon_button};
use crate::app::App;
use crate::icons;
use crate::words::{self, w};

/// All notices, oldest first.
pub(crate) fn notices(app: App) -> AnyView {
    div()
        .class("notices")
        .attr("role", "status")
        .child((
            For(ForProps::builder()
                .each(move || app.screens.notices.get())
                .key(|notice: &Notice| (notice.key, notice.undo_until.is_some()))
                .children(move |notice| drawn(app, &notice))
                .build()),
            live(move || app.trouble.get().map(|words| line(words, None, move || app.trouble.set(None)))),
        ))
        .into_any()
}

fn drawn(app: App, notice: &Notice) -> AnyView {
    let key = notice.key;
    let undo = notice
        .undo_until
        .is_some()
        .then(|| Button::quiet(w(say::action_undo())).on(move || app.act(Action::Undo { notice: key })));
    line(words::notice(&notice.says), undo, move || app.act(Action::Dismiss { notice: key }))
}

fn line(words: String, undo: Option<AnyView>, dismiss: impl Fn() + 'static) -> AnyView {
    div()
        .class("notice")
        .child((
            p().attr("dir", "auto").child(words),
            undo,
            icon_button("icon-button", icons::X, w(say::action_dismiss()), dismiss),
        ))
        .into_any()
}
