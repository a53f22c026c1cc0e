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
    let asked = RwSignal::new(false);
    div()
        .class("column")
        .attr("role", "alert")
        .child((
            live(move || head(None, w(say::broken_title()), words::broken(why()))),
            nothing_lost,
            live(move || if asked.get() { sure(app, asked) } else { ways_out(app, why(), asked) }),
        ))
        .into_any()
}

fn ways_out(app: App, why: Broken, asked: RwSignal<bool>) -> AnyView {
    let anew = || Button::plain(w(say::broken_start_anew()));
    let actions = div().class("actions");
    match why {
        // Nothing is here that could be lost.
        Broken::Evicted => {
            actions.child(Button::main(w(say::broken_start_anew())).on(move || again(app, why))).into_any()
        }
        Broken::Damaged => {
            actions.child((try_again(app, why), anew().on(move || asked.set(true)))).into_any()
        }
        _ => actions
            .child((try_again(app, why), Button::plain(w(say::action_reload())).on(browser::reload)))
            .into_any(),
    }
}

fn try_again(app: App, why: Broken) -> AnyView {
    Button::main(w(say::action_try_again())).icon(icons::REFRESH_CW).on(move || again(app, why)).into_any()
}

/// What is left of a damaged profile goes only when a person says so twice.
fn sure(app: App, asked: RwSignal<bool>) -> AnyView {
    let remove = move || app.act(Action::Profile(ProfileAction::Erase));
    div()
        .child((
            p().class("lead").child(w(say::broken_start_anew_ask())),
            div().class("actions").child((
                Button::danger_main(w(say::settings_erase_confirm())).on(remove),
                Button::plain(w(say::action_cancel())).on(move || asked.set(false)),
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
