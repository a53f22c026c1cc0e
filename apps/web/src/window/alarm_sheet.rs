//! A grave alarm that was not seen takes the whole width and does not go away by itself.

use crate::pieces::{live, modal};
use leptos::ev;
use leptos::html::{Dialog, dialog, div};
use leptos::prelude::*;
use sotto_view::alarms::AlarmCard;
use sotto_view::keys::AlarmKey;

use crate::app::App;
use crate::pages;

pub(super) fn draw(app: App) -> AnyView {
    // Put aside for this sitting with "Keep reading"; it stays unseen and stands in the list.
    let aside = RwSignal::new(Vec::<AlarmKey>::new());
    let grave = Memo::new(move |_| {
        let waits = |card: &AlarmCard| {
            !card.seen && card.kind.is_grave() && aside.with(|aside| !aside.contains(&card.key))
        };
        app.screens.alarms.all().into_iter().find(waits)
    });
    live(move || grave.get().map(|card| shown(app, &card, aside)))
}

fn shown(app: App, card: &AlarmCard, aside: RwSignal<Vec<AlarmKey>>) -> AnyView {
    let node = NodeRef::<Dialog>::new();
    modal(node);
    let key = card.key;
    dialog()
        .class("alarm-sheet")
        .node_ref(node)
        .attr("role", "alertdialog")
        .attr("aria-labelledby", "alarm-title")
        // It is decided, not swept away.
        .on(ev::Custom::<web_sys::Event>::new("cancel"), |event| event.prevent_default())
        .child(div().child(pages::alarm_text(app, card, Some(move || aside.update(|aside| aside.push(key))))))
        .into_any()
}
