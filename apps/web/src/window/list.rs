//! The middle pane: conversations, or requests.

use leptos::ev;
use leptos::html::{div, h1, header, input, section, span, ul};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::conversations::ConversationRow;
use sotto_view::keys::ConversationKey;

use super::{requests, row};
use crate::app::{App, Layer, Place};
use crate::icons;
use crate::pieces::{Button, empty, icon, icon_button, live, rows_skeleton};
use crate::words::{called, handle, w};
use crate::{browser, keyboard};

/// Widths the list may have.
const WIDTHS: std::ops::RangeInclusive<f64> = 280.0..=480.0;
/// Pixels an arrow key moves the edge.
const NUDGE: f64 = 16.0;

/// The pane.
pub(super) fn pane(app: App) -> AnyView {
    section()
        .class("list-pane")
        .attr("aria-label", w(say::list_label()))
        .child((
            live(move || match app.place.get() {
                Place::Requests => requests::draw(app),
                _ => conversations(app),
            }),
            grip(),
        ))
        .into_any()
}

fn conversations(app: App) -> AnyView {
    let wanted = RwSignal::new(String::new());
    div()
        .class("scroll")
        .child((
            header().class("pane-head").child((
                h1().child(w(say::nav_chats())),
                icon_button("icon-button", icons::SQUARE_PEN, w(say::list_new()), move || {
                    app.layer.set(Some(Layer::New));
                }),
            )),
            div().class("list-tools").child(search(wanted)),
            live(move || rows(app, wanted)),
        ))
        .into_any()
}

fn search(wanted: RwSignal<String>) -> AnyView {
    div()
        .class("search")
        .child((
            icon(icons::SEARCH),
            input()
                .attr("type", "search")
                .attr("aria-label", w(say::list_search()))
                .attr("placeholder", w(say::list_search()))
                .attr("autocomplete", "off")
                .prop("value", wanted)
                .on(ev::input, move |event| wanted.set(event_target_value(&event))),
            span()
                .class("only-wide")
                .attr("aria-hidden", "true")
                .child(leptos::html::kbd().child(w(say::web_jump_key()))),
        ))
        .into_any()
}

fn rows(app: App, wanted: RwSignal<String>) -> AnyView {
    let list = app.screens.conversations;
    if !list.is_known() {
        return rows_skeleton();
    }
    if list.is_empty() {
        let write = Button::main(w(say::list_new())).icon(icons::SQUARE_PEN);
        return empty(
            icon(icons::MESSAGE_CIRCLE),
            w(say::list_empty_title()),
            w(say::list_empty_lead()),
            Some(write.on(move || app.layer.set(Some(Layer::New)))),
        );
    }
    let found = Memo::new(move |_| found(app, &wanted.get()));
    let none = move || {
        found
            .with(Vec::is_empty)
            .then(|| empty(icon(icons::SEARCH), w(say::list_search_none()), String::new(), None))
    };
    // One stop of the Tab key; arrows move inside.
    let stop = RwSignal::new(0_usize);
    let stops_at = Memo::new(move |_| {
        found.with(|keys| keys.get(stop.get().min(keys.len().saturating_sub(1))).copied())
    });
    ul().class("rows")
        .attr("aria-label", w(say::list_label()))
        .on(ev::keydown, move |event| {
            let count = found.with_untracked(Vec::len);
            if event.alt_key() || event.ctrl_key() || event.meta_key() {
                return;
            }
            if let Some(to) = keyboard::rove(&event.key(), stop.get_untracked(), count) {
                event.prevent_default();
                stop.set(to);
                row::focus(to);
            }
        })
        .child((
            list.each_of(
                move || found.get(),
                move |row| {
                    let key = row.with_untracked(|row| row.key);
                    row::draw(app, row, Memo::new(move |_| stops_at.get() == Some(key)), move || {
                        let at = found.with_untracked(|keys| keys.iter().position(|one| *one == key));
                        stop.set(at.unwrap_or(0));
                    })
                },
            ),
            none,
        ))
        .into_any()
}

/// Conversations whose name or handle has what is looked for.
fn found(app: App, wanted: &str) -> Vec<ConversationKey> {
    let list = app.screens.conversations;
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() {
        return list.keys();
    }
    list.all().iter().filter(|row| is_meant(row, &wanted)).map(|row| row.key).collect()
}

/// Whether a row is meant by these small letters.
pub(super) fn is_meant(row: &ConversationRow, wanted: &str) -> bool {
    let names = [Some(called(&row.person)), handle(&row.person)];
    names.into_iter().flatten().any(|name| name.to_lowercase().contains(wanted))
}

/// The edge of the list, which moves it.
fn grip() -> AnyView {
    let width = RwSignal::new(browser::list_width().unwrap_or(340.0));
    let held = RwSignal::new(false);
    let to = move |wide: f64| {
        width.set(wide.clamp(*WIDTHS.start(), *WIDTHS.end()));
        set_width(width.get_untracked());
        browser::store_list_width(width.get_untracked());
    };
    div()
        .class("grip")
        .attr("role", "separator")
        .attr("aria-orientation", "vertical")
        .attr("aria-label", w(say::web_list_resize()))
        .attr("aria-valuemin", WIDTHS.start().to_string())
        .attr("aria-valuemax", WIDTHS.end().to_string())
        .attr("aria-valuenow", move || width.get().round().to_string())
        .attr("tabindex", "0")
        .on(ev::keydown, move |event| match event.key().as_str() {
            "ArrowLeft" => to(width.get_untracked() - NUDGE),
            "ArrowRight" => to(width.get_untracked() + NUDGE),
            _ => {}
        })
        .on(ev::pointerdown, move |event| {
            let _ = event_target::<web_sys::Element>(&event).set_pointer_capture(event.pointer_id());
            held.set(true);
        })
        .on(ev::pointermove, move |event| {
            if held.get_untracked() {
                to(width.get_untracked() + f64::from(event.movement_x()));
            }
        })
        .on(ev::pointerup, move |_| held.set(false))
        .on(ev::pointercancel, move |_| held.set(false))
        .into_any()
}

/// Gives the list a width.
pub(super) fn set_width(width: f64) {
    browser::set_property("--list-wide", &format!("{}px", width.clamp(*WIDTHS.start(), *WIDTHS.end())));
}
