//! Twelve words, shown once: to write down, to copy, to print.

use leptos::html::{div, li, ol, span, ul};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::start::{SignUp, Stage};

use super::head;
use crate::app::App;
use crate::browser;
use crate::icons;
use crate::pieces::{Button, small_icon};
use crate::words::w;

pub(super) fn draw(app: App) -> AnyView {
    let words = app.screens.stage.with_untracked(|stage| match stage {
        Some(Stage::SignUp(SignUp::Words { words })) => words.0.clone(),
        _ => Vec::new(),
    });
    let count = words.len() as u64;
    div()
        .class("column broad")
        .child((
            head(Some(3), w(say::words_title()), w(say::words_lead(count))),
            list(&words),
            tools(words),
            ul().class("facts").child((
                li().child((small_icon(icons::KEY_ROUND, "icon small"), w(say::words_why()))),
                li().child((small_icon(icons::EYE_OFF, "icon small"), w(say::words_nobody()))),
            )),
            div().class("actions").child((
                Button::plain(w(say::action_back())).on(move || app.act(Action::Back)),
                Button::main(w(say::words_written())).on(move || app.act(Action::WordsWritten)),
            )),
        ))
        .into_any()
}

fn list(words: &[String]) -> AnyView {
    let one = |(at, word): (usize, &String)| {
        li().child((
            span().class("number").attr("aria-hidden", "true").child((at + 1).to_string()),
            span().attr("translate", "no").child(word.clone()),
        ))
    };
    ol().class("words").child(words.iter().enumerate().map(one).collect::<Vec<_>>()).into_any()
}

fn tools(words: Vec<String>) -> AnyView {
    let copied = RwSignal::new(false);
    let (to_copy, to_save) = (words.join(" "), file(&words));
    let copy = move || {
        let to_copy = to_copy.clone();
        let label = if copied.get() { say::action_copied() } else { say::web_words_copy() };
        Button::quiet(w(label)).icon(if copied.get() { icons::CHECK } else { icons::COPY }).on(move || {
            browser::copy(&to_copy);
            copied.set(true);
        })
    };
    div()
        .class("tools samples")
        .child((
            copy,
            Button::quiet(w(say::web_words_save()))
                .icon(icons::DOWNLOAD)
                .on(move || browser::save(&w(say::web_words_file()), &to_save)),
            Button::quiet(w(say::web_words_print())).icon(icons::PRINTER).on(browser::print),
        ))
        .into_any()
}

fn file(words: &[String]) -> String {
    let lines = words.iter().enumerate().map(|(at, word)| format!("{:2}  {word}\n", at + 1));
    format!("{}\n\n{}", w(say::web_words_file_head()), lines.collect::<String>())
}
