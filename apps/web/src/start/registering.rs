//! The server is being asked for the account.

use crate::pieces::live;
use leptos::html::{div, p};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::start::{SignUp, Stage};

use super::head;
use crate::app::App;
use crate::words::w;

pub(super) fn draw(app: App) -> AnyView {
    let handle = app.screens.stage.with_untracked(|stage| match stage {
        Some(Stage::SignUp(SignUp::Registering { handle: Some(handle), .. })) => {
            format!("@{}", handle.as_str())
        }
        _ => String::new(),
    });
    let waiting = move || {
        app.screens
            .stage
            .with(|stage| matches!(stage, Some(Stage::SignUp(SignUp::Registering { waiting: true, .. }))))
    };
    div()
        .class("column")
        .child((
            head(None, w(say::registering_title(&handle)), String::new()),
            div().attr("role", "status").child(live(move || {
                waiting().then(|| p().class("lead").child(w(say::registering_waiting())))
            })),
        ))
        .into_any()
}
