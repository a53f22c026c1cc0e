//! People who are not in the conversations yet. They learn nothing until accepted.

use leptos::ev;
use leptos::html::{button, div, h1, header, li, p, ul};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::conversations::RequestRow;

use super::row;
use crate::app::App;
use crate::icons;
use crate::pieces::{AvatarSize, avatar, empty, icon, live, rows_skeleton, theirs};
use crate::words::{called, w, when};

pub(super) fn draw(app: App) -> AnyView {
    div()
        .class("scroll")
        .child((
            header().class("pane-head").child(h1().child(w(say::requests_title()))),
            p().class("list-lead").child(w(say::requests_lead())),
            live(move || rows(app)),
        ))
        .into_any()
}

fn rows(app: App) -> AnyView {
    let list = app.screens.requests;
    if !list.is_known() {
        return rows_skeleton();
    }
    if list.is_empty() {
        return empty(icon(icons::INBOX), w(say::requests_empty()), String::new(), None);
    }
    ul().class("rows")
        .attr("aria-label", w(say::requests_title()))
        .child(list.each(move |row| request(app, row)))
        .into_any()
}

fn request(app: App, request: RwSignal<RequestRow>) -> AnyView {
    let key = request.with_untracked(|row| row.key);
    let current =
        move || app.screens.thread.with(|thread| thread.as_ref().is_some_and(|open| open.key == key));
    let time = move || {
        let at = request.with(|row| row.last.as_ref().map(|last| last.at));
        at.map(|at| when(at, app.screens.today.get())).unwrap_or_default()
    };
    li().child(
        button()
            .class("row")
            .attr("type", "button")
            .attr("aria-current", move || current().then_some("true"))
            .on(ev::click, move |_| app.open(key))
            .child((
                live(move || request.with(|row| avatar(&row.person, AvatarSize::Row))),
                div().class("who").child(theirs(move || request.with(|row| called(&row.person)))),
                div().class("when").child(time),
                div().class("second").child(
                    div()
                        .class("says")
                        .child(live(move || request.with(|row| row.last.as_ref().map(row::line)))),
                ),
            )),
    )
    .into_any()
}
