//! Some of the words, typed again: what was not written down is noticed now and not later.

use leptos::ev;
use leptos::html::{div, form};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::start::{SignUp, Stage};

use super::{head, refused};
use crate::app::App;
use crate::pieces::{Button, Field, wrong};
use crate::words::w;

/// Names of the fields; there are as many as words can be asked for.
const IDS: [&str; 6] = ["word-a", "word-b", "word-c", "word-d", "word-e", "word-f"];

pub(super) fn draw(app: App) -> AnyView {
    let asked = app.screens.stage.with_untracked(|stage| match stage {
        Some(Stage::SignUp(SignUp::Confirm { asked, .. })) => asked.clone(),
        _ => Vec::new(),
    });
    let typed: Vec<RwSignal<String>> = asked.iter().map(|_| RwSignal::new(String::new())).collect();
    let field = |(at, ((number, value), id)): (usize, ((&u8, &RwSignal<String>), &&'static str))| {
        let field = Field::new(id, w(say::confirm_word_label(u64::from(*number))), *value);
        if at == 0 { field.focus().draw() } else { field.draw() }
    };
    let fields: Vec<AnyView> = asked.iter().zip(&typed).zip(&IDS).enumerate().map(field).collect();
    div()
        .class("column")
        .child((
            head(Some(4), w(say::confirm_title()), w(say::confirm_lead())),
            form()
                .on(ev::submit, move |event| {
                    event.prevent_default();
                    let words = typed.iter().map(RwSignal::get_untracked).collect();
                    app.act(Action::ConfirmWords { words });
                })
                .child((
                    fields,
                    wrong(move || refused(app)),
                    div().class("actions").child((
                        Button::plain(w(say::confirm_back())).on(move || app.act(Action::Back)),
                        Button::main(w(say::confirm_action())).submit(),
                    )),
                )),
        ))
        .into_any()
}
