//! Jump to anything: a conversation, a part of the window, somebody by handle.

use leptos::ev;
use leptos::html::{Input, div, input, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::keys::ConversationKey;
use sotto_view::name::Person;

use super::{layer, list};
use crate::app::{App, Layer, Place};
use crate::icons::{self, Icon};
use crate::keyboard::rove;
use crate::pieces::{AvatarSize, avatar, icon, theirs};
use crate::words::{called, handle, w};

/// Rows shown at most.
const FOUND_MAX: usize = 12;

/// Where one can jump.
#[derive(Clone, PartialEq)]
enum Aim {
    Conversation(ConversationKey, Person),
    Place(Place),
    Keys,
    Write(String),
}

pub(super) fn draw(app: App) -> AnyView {
    let typed = RwSignal::new(String::new());
    let found = Memo::new(move |_| aims(app, typed.get().trim()));
    let at = RwSignal::new(0_usize);
    let node = NodeRef::<Input>::new();
    Effect::new(move |_| {
        if let Some(input) = node.get() {
            let _ = input.focus();
        }
    });
    let chosen = move || at.get().min(found.with(Vec::len).saturating_sub(1));
    let go = move |at: usize| {
        if let Some(aim) = found.with_untracked(|found| found.get(at).cloned()) {
            jump(app, aim);
        }
    };
    let search = input()
        .node_ref(node)
        .attr("type", "text")
        .attr("role", "combobox")
        .attr("aria-expanded", "true")
        .attr("aria-controls", "jump-found")
        .attr("aria-label", w(say::web_jump_label()))
        .attr("placeholder", w(say::web_jump_label()))
        .attr("aria-activedescendant", move || format!("jump-{}", chosen()))
        .attr("autocomplete", "off")
        .on(ev::input, move |event| {
            typed.set(event_target_value(&event));
            at.set(0);
        })
        .on(ev::keydown, move |event| match event.key().as_str() {
            "Enter" => {
                event.prevent_default();
                go(untrack(chosen));
            }
            key @ ("ArrowDown" | "ArrowUp") if !event.alt_key() => {
                event.prevent_default();
                if let Some(to) = rove(key, untrack(chosen), found.with_untracked(Vec::len)) {
                    at.set(to);
                }
            }
            _ => {}
        });
    let rows = move || {
        let row =
            |(place, aim): (usize, Aim)| option(place, &aim, move || chosen() == place, move || go(place));
        found.get().into_iter().enumerate().map(row).collect::<Vec<_>>()
    };
    let body = div().class("jump").child((
        div().class("search").child((icon(icons::SEARCH), search)),
        div()
            .class("found")
            .attr("role", "listbox")
            .attr("id", "jump-found")
            .attr("aria-label", w(say::keys_jump()))
            .child(rows),
    ));
    layer(app, None, w(say::keys_jump()), body.into_any())
}

fn aims(app: App, wanted: &str) -> Vec<Aim> {
    let small = wanted.to_lowercase();
    let conversations = app.screens.conversations.all().into_iter();
    let conversations = conversations
        .filter(|row| small.is_empty() || list::is_meant(row, &small))
        .map(|row| Aim::Conversation(row.key, row.person));
    let places =
        [Place::Chats, Place::Requests, Place::Settings].map(Aim::Place).into_iter().chain([Aim::Keys]);
    let places = places.filter(|aim| small.is_empty() || label(aim).to_lowercase().contains(&small));
    let by_handle = (wanted.len() > 2).then(|| Aim::Write(wanted.trim_start_matches('@').to_owned()));
    conversations.take(FOUND_MAX).chain(places).chain(by_handle).collect()
}

fn label(aim: &Aim) -> String {
    match aim {
        Aim::Conversation(_, person) => called(person),
        Aim::Place(Place::Chats) => w(say::nav_chats()),
        Aim::Place(Place::Requests) => w(say::nav_requests()),
        Aim::Place(Place::Alarms) => w(say::nav_alarms()),
        Aim::Place(Place::Settings) => w(say::nav_settings()),
        Aim::Keys => w(say::keys_title()),
        Aim::Write(handle) => w(say::web_jump_write(&format!("@{handle}"))),
    }
}

fn picture(aim: &Aim) -> Result<&Person, Icon> {
    Err(match aim {
        Aim::Conversation(_, person) => return Ok(person),
        Aim::Place(Place::Chats) => icons::MESSAGE_CIRCLE,
        Aim::Place(Place::Requests) => icons::INBOX,
        Aim::Place(Place::Alarms) => icons::SHIELD_ALERT,
        Aim::Place(Place::Settings) => icons::SETTINGS,
        Aim::Keys => icons::KEYBOARD,
        Aim::Write(_) => icons::SQUARE_PEN,
    })
}

fn option(
    place: usize,
    aim: &Aim,
    chosen: impl Fn() -> bool + Send + Sync + 'static,
    press: impl Fn() + 'static,
) -> AnyView {
    let words = label(aim);
    let beside = match aim {
        Aim::Conversation(_, person) if person.name.is_some() => handle(person),
        _ => None,
    };
    div()
        .attr("role", "option")
        .attr("id", format!("jump-{place}"))
        .attr("aria-selected", move || if chosen() { "true" } else { "false" })
        .on(ev::click, move |_| press())
        .child((
            match picture(aim) {
                Ok(person) => avatar(person, AvatarSize::Small),
                Err(what) => icon(what),
            },
            theirs(move || words.clone()),
            beside.map(|handle| span().class("soft").child(handle)),
        ))
        .into_any()
}

fn jump(app: App, aim: Aim) {
    app.layer.set(None);
    match aim {
        Aim::Conversation(key, _) => {
            app.place.set(Place::Chats);
            app.open(key);
        }
        Aim::Place(place) => app.go(place),
        Aim::Keys => app.layer.set(Some(Layer::Keys)),
        Aim::Write(handle) => {
            app.place.set(Place::Chats);
            app.act(Action::OpenHandle { handle });
        }
    }
}
