//! The profile cannot be used: why, that nothing was deleted, and what to do.

use leptos::html::{div, p};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::action::ProfileAction;
use sotto_view::start::{Broken, Stage};

use super::head;
use crate::app::App;
use crate::pieces::{Button, live};
use crate::words::{self, w};
use crate::{browser, icons};

pub(super) fn draw(app: App) -> AnyView {
    let why = move || {
        app.screens.stage.with(|stage| match stage {
            Some(Stage::Broken(why)) => *why,
            _ => Broken::CoreMissing,
        })
    };
    let nothing_lost =
        move || (why() != Broken::Evicted).then(|| p().class("lead").child(w(say::broken_nothing_lost())));
    div()
        .class("column")
        .attr("role", "alert")
        .child((
            live(move || head(None, w(say::broken_title()), words::broken(why()))),
            nothing_lost,
            div().class("actions").child((
                Button::main(w(say::action_try_again()))
                    .icon(icons::REFRESH_CW)
                    .on(move || again(app, why())),
                Button::plain(w(say::action_reload())).on(browser::reload),
            )),
        ))
        .into_any()
}

fn again(app: App, why: Broken) {
    match why {
        Broken::CoreMissing | Broken::Newer => browser::reload(),
        _ => app.act(Action::Profile(ProfileAction::TryAgain)),
    }
}
