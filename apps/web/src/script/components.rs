//! Every component in every state, on one page.

use leptos::html::{div, h1, h2, i, kbd, main, section, span};
use leptos::prelude::*;
use sotto_view::calendar::CalendarDay;
use sotto_view::keys::{ConversationKey, LineKey};
use sotto_view::timeline::OwnState;

use super::{history, people};
use crate::app::App;
use crate::icons;
use crate::pieces::{
    AvatarSize, Button, Field, avatar, badge, empty, icon, icon_button, lines_skeleton, mark, rows_skeleton,
    theirs, verified_mark, wrong,
};
use crate::thread;

/// Tokens that are colours.
const COLOURS: &[&str] = &[
    "surface",
    "surface-raised",
    "surface-sunken",
    "surface-hover",
    "selected",
    "ink",
    "ink-soft",
    "ink-faint",
    "line",
    "line-strong",
    "accent",
    "accent-wash",
    "own-bubble",
    "danger",
    "danger-wash",
    "alarm",
    "alarm-surface",
    "verified",
];

/// The page.
pub(crate) fn components(app: App) -> AnyView {
    app.screens.today.set(CalendarDay { number: people::TODAY.number });
    main()
        .class("showcase")
        .child((
            h1().class("spoken").child("Components"),
            group("Mark", marks()),
            group("Colours", colours()),
            group("Buttons", buttons()),
            group("Fields", fields()),
            group("People", faces()),
            group("Lines", lines(app)),
            group("Waiting and empty", waiting()),
        ))
        .into_any()
}

fn group(title: &'static str, samples: AnyView) -> AnyView {
    section().child((h2().child(title), samples)).into_any()
}

fn marks() -> AnyView {
    div()
        .class("samples")
        .child((
            mark("mark"),
            mark("icon small mark"),
            icon(icons::SETTINGS),
            icon(icons::SHIELD_ALERT),
            kbd().child("Ctrl K"),
        ))
        .into_any()
}

fn colours() -> AnyView {
    let swatch = |name: &&'static str| {
        div().class("swatch").style(("--swatch", format!("var(--{name})"))).child((i(), span().child(*name)))
    };
    div().class("samples").child(COLOURS.iter().map(swatch).collect::<Vec<_>>()).into_any()
}

fn buttons() -> AnyView {
    let kinds = [Button::main, Button::plain, Button::quiet, Button::danger, Button::danger_main];
    let drawn = kinds.map(|kind| {
        (
            kind("Continue".into()).on(|| {}),
            kind("Continue".into()).icon(icons::CHECK).disabled(|| true).on(|| {}),
        )
    });
    let small = icon_button("icon-button", icons::X, "Close".into(), || {});
    div()
        .class("samples")
        .child((
            Vec::from(drawn),
            small,
            badge("badge", || 3),
            badge("badge", || 250),
            badge("badge alarm", || 1),
        ))
        .into_any()
}

fn fields() -> AnyView {
    let value = |text: &str| RwSignal::new(text.to_owned());
    div()
        .child((
            Field::new("a", "Handle".into(), value("robin"))
                .before("@")
                .hint("How people find you.".into())
                .draw(),
            Field::new("b", "Passphrase".into(), value("four unrelated words")).secret(),
            wrong(|| Some("This passphrase does not open it. Try again.".to_owned())),
        ))
        .into_any()
}

fn faces() -> AnyView {
    let face = |key: i64| {
        let person = people::of(ConversationKey(key));
        let (name, verified) = (crate::words::called(&person), person.verified);
        div().class("samples").child((
            avatar(&person, AvatarSize::Row),
            theirs(move || name.clone()),
            verified_mark(move || verified),
        ))
    };
    div().class("samples").child((1..10).map(face).collect::<Vec<_>>()).into_any()
}

fn lines(app: App) -> AnyView {
    use OwnState::{Delivered, Queued, Read, Sent, WaitingForKey};
    let states = [Queued, WaitingForKey, Sent, Delivered, Read];
    let own = states.map(|state| {
        thread::line(app, &history::own(LineKey::Written(1), "And the magnifying glass", state))
    });
    let items = history::of(people::MARA).0;
    let drawn = items.into_iter().map(|item| thread::item(app, item)).collect::<Vec<_>>();
    div().child((Vec::from(own), drawn)).into_any()
}

fn waiting() -> AnyView {
    div()
        .class("samples")
        .child((
            rows_skeleton(),
            lines_skeleton(),
            empty(icon(icons::INBOX), "No requests.".into(), "They show up here.".into(), None),
        ))
        .into_any()
}
