//! All alarms, newest first.

use leptos::html::{article, div, h1, header, p, section};
use leptos::prelude::*;
use sotto_texts::say;

use super::alarm_text;
use crate::app::App;
use crate::icons;
use crate::pieces::{empty, icon, live};
use crate::words::w;

/// The page.
pub(crate) fn alarms(app: App) -> AnyView {
    let list = app.screens.alarms;
    let none = move || {
        list.is_empty().then(|| empty(icon(icons::SHIELD_ALERT), w(say::alarms_empty()), String::new(), None))
    };
    let cards = list.each(move |card| {
        let class = move || if card.with(|card| card.seen) { "alarm-card" } else { "alarm-card unseen" };
        article()
            .attr("class", class)
            .child(live(move || card.with(|card| alarm_text(app, card, None::<fn()>))))
    });
    section()
        .class("main-pane over-list")
        .child(div().class("scroll").child(div().class("page").child((
            header().class("pane-head").child(h1().child(w(say::alarms_title()))),
            p().class("soft").child(w(say::alarms_lead())),
            cards,
            none,
        ))))
        .into_any()
}
