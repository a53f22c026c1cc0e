//! One's own account: handle, name, server.

use leptos::ev;
use leptos::html::{div, form, h2, input, label, p, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::name::Person;
use sotto_view::settings::Me;

use super::settings::card;
use crate::app::App;
use crate::icons;
use crate::pieces::{AvatarSize, Button, avatar, icon, live, theirs, wrong};
use crate::words::{called, handle, refusal, w};

pub(super) fn draw(app: App) -> AnyView {
    let me = Memo::new(move |_| {
        app.screens.settings.with(|settings| settings.as_ref().and_then(|settings| settings.me.clone()))
    });
    live(move || me.get().map(|me| about(app, &me)))
}

fn about(app: App, me: &Me) -> AnyView {
    let person = Person { handle: Some(me.handle.clone()), name: me.name.clone(), verified: false };
    let name = called(&person);
    let beside = person.name.is_some().then(|| handle(&person)).flatten();
    let rows = (
        name_row(app, me),
        div().child((
            icon(icons::SERVER),
            div().class("grow").child((
                div().class("label").child(w(say::settings_server())),
                div().class("theirs").child(me.server.clone()),
                div().class("hint").child(witnessed(me)),
            )),
        )),
    );
    (
        div().class("me").child((
            avatar(&person, AvatarSize::Large),
            div().class("names").child((
                h2().class("name").child(theirs(move || name.clone())),
                beside.map(|handle| p().class("soft").child(handle)),
            )),
        )),
        card(w(say::settings_account()), rows.into_any()),
    )
        .into_any()
}

fn witnessed(me: &Me) -> String {
    w(if me.witnessed { say::settings_witnessed() } else { say::settings_not_witnessed() })
}

fn name_row(app: App, me: &Me) -> AnyView {
    let typed = RwSignal::new(me.name.clone().unwrap_or_default());
    let before = me.name.clone().unwrap_or_default();
    let same = Memo::new(move |_| typed.get().trim() == before);
    let why = move || {
        app.screens
            .settings
            .with(|settings| settings.as_ref().and_then(|settings| settings.refusal.as_ref().map(refusal)))
    };
    form()
        .class("stacked")
        .on(ev::submit, move |event| {
            event.prevent_default();
            app.act(Action::SetName { name: typed.get_untracked() });
        })
        .child((
            label().attr("for", "own-name").class("label").child(w(say::settings_name_label())),
            div().class("in-line").child((
                div().class("input").child(
                    input()
                        .attr("id", "own-name")
                        .attr("type", "text")
                        .attr("dir", "auto")
                        .attr("autocomplete", "nickname")
                        .attr("aria-describedby", "own-name-hint")
                        .prop("value", typed)
                        .on(ev::input, move |event| typed.set(event_target_value(&event))),
                ),
                Button::plain(w(say::action_save())).disabled(move || same.get()).submit(),
            )),
            span().class("hint").attr("id", "own-name-hint").child(w(say::settings_name_hint())),
            wrong(why),
        ))
        .into_any()
}
