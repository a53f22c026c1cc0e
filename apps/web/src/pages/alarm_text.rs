//! One alarm in plain words: what happened, what it may mean, what Sotto did, what one can do. The record comes last.

use leptos::html::{dd, div, dl, dt, h2, li, p, ul};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::alarms::{AlarmCard, AlarmDetails};

use crate::app::{App, Place};
use crate::browser;
use crate::icons;
use crate::pieces::{Button, live, small_icon};
use crate::words::{self, called, clock, day, w};

/// One alarm; `later` puts it aside, where it covers the window.
pub(crate) fn alarm_text(app: App, card: &AlarmCard, later: Option<impl Fn() + 'static>) -> AnyView {
    let text = words::alarm(card.kind);
    let at = card.at;
    let moment = move || format!("{}, {}", day(at.day, app.screens.today.get()), clock(at));
    let part = |title, words: String| div().child((dt().child(title), dd().child(words)));
    div()
        .class("alarm-text")
        .child((
            p().class("kind").child((
                small_icon(icons::SHIELD_ALERT, "icon small"),
                w(say::alarm_heading()),
                " · ",
                moment,
            )),
            h2().attr("id", "alarm-title").child(text.title),
            card.person.as_ref().map(|person| p().class("soft").child(w(say::alarm_with(&called(person))))),
            dl().child((
                part(w(say::alarm_means()), text.means),
                part(w(say::alarm_done()), text.done),
                div().child((dt().child(w(say::alarm_you_can())), dd().child(hints(card)))),
            )),
            buttons(app, card, later),
            record(app, card),
        ))
        .into_any()
}

fn hints(card: &AlarmCard) -> AnyView {
    let compare = card.person.is_some().then(|| li().child(w(say::alarm_compare_hint())));
    ul().child((compare, li().child(w(say::alarm_export_hint())))).into_any()
}

fn buttons(app: App, card: &AlarmCard, later: Option<impl Fn() + 'static>) -> AnyView {
    let key = card.key;
    let seen = (!card.seen)
        .then(|| Button::main(w(say::alarm_seen())).on(move || app.act(Action::AlarmSeen { alarm: key })));
    let aside = later.map(|later| Button::plain(w(say::action_keep_reading())).on(later));
    let compare = card.conversation.map(|conversation| {
        Button::plain(w(say::action_compare())).on(move || {
            app.act(Action::AlarmSeen { alarm: key });
            app.place.set(Place::Chats);
            app.act(Action::Open { conversation });
            app.act(Action::OpenContact { conversation });
        })
    });
    let details =
        Button::quiet(w(say::action_details())).on(move || app.act(Action::OpenAlarmDetails { alarm: key }));
    div().class("buttons").child((seen, aside, compare, details)).into_any()
}

fn record(app: App, card: &AlarmCard) -> AnyView {
    let key = card.key;
    let record = move || app.screens.record.get().filter(|record| record.key == key);
    live(move || record().map(shown))
}

fn shown(record: AlarmDetails) -> AnyView {
    let (kind, evidence) = (record.kind.clone(), record.evidence.clone());
    let row = |label, value| {
        div().child((div().class("label soft").child(label), div().class("number-code").child(value)))
    };
    let export = move || browser::save("sotto-evidence.txt", &format!("{kind}\n{evidence}\n"));
    div()
        .class("record")
        .child((
            row(w(say::alarm_details_kind()), record.kind),
            row(w(say::alarm_details_evidence()), record.evidence),
            div().child(Button::plain(w(say::action_export_evidence())).icon(icons::DOWNLOAD).on(export)),
        ))
        .into_any()
}
