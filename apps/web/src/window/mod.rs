//! The window with the conversations: rail, list, thread, drawer; and what lies over it.

mod alarm_sheet;
mod banner;
mod jump;
mod keys_sheet;
mod list;
mod new_conversation;
mod rail;
mod requests;
mod row;

pub(crate) use row::state_icon;

use crate::pieces::live;
use leptos::ev;
use leptos::html::{div, main};
use leptos::prelude::*;
use sotto_view::Action;

use crate::app::{App, Layer, Place};
use crate::keyboard::{self, Press, Shortcut};
use crate::{browser, pages, pieces, thread};

/// Draws the window.
pub(crate) fn draw(app: App) -> AnyView {
    if let Some(width) = browser::list_width() {
        list::set_width(width);
    }
    let opened = Memo::new(move |_| app.screens.thread.with(Option::is_some));
    let listed = move || matches!(app.place.get(), Place::Chats | Place::Requests);
    let pane = move || if listed() && opened.get() { "thread" } else { "list" };
    title(app);
    // A conversation that is closed leaves the focus on its row.
    Effect::new(move |was_open: Option<bool>| {
        let is_open = opened.get();
        if was_open == Some(true) && !is_open {
            pieces::focus_if_lost(".rows .row:not([tabindex='-1'])");
        }
        is_open
    });
    div()
        .class("window")
        .attr("data-pane", pane)
        .child((
            banner::draw(app),
            rail::draw(app),
            main().class("panes").child((
                live(move || listed().then(|| list::pane(app))),
                live(move || main_pane(app, opened)),
            )),
            live(move || app.screens.contact.with(Option::is_some).then(|| pages::contact(app))),
            live(move || app.layer.get().map(|layer| over(app, layer))),
            alarm_sheet::draw(app),
        ))
        .into_any()
}

fn main_pane(app: App, opened: Memo<bool>) -> AnyView {
    match app.place.get() {
        Place::Chats | Place::Requests if opened.get() => thread::draw(app),
        Place::Chats | Place::Requests => thread::none(app),
        Place::Alarms => pages::alarms(app),
        Place::Settings => pages::settings(app),
    }
}

fn over(app: App, layer: Layer) -> AnyView {
    match layer {
        Layer::Jump => jump::draw(app),
        Layer::New => new_conversation::draw(app),
        Layer::Keys => keys_sheet::draw(app),
        Layer::ServerKnows => pages::server_knows(app),
        Layer::Erase => pages::erase(app),
    }
}

/// The window's title carries the number of unread messages.
fn title(app: App) {
    use sotto_texts::say;
    Effect::new(move |_| {
        let unread = app.screens.badges.get().unread;
        let words = if unread > 0 { say::app_title_unread(unread) } else { say::app_name() };
        // A title is drawn by the system: no isolates there.
        let words = crate::words::w(words).replace(['\u{2068}', '\u{2069}'], "");
        document().set_title(&words);
    });
}

/// Listens to keys, wherever the focus is.
pub(crate) fn listen(app: App) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let key = event.key();
        let press = Press {
            key: &key,
            command: event.ctrl_key() || event.meta_key(),
            alt: event.alt_key(),
            typing: browser::is_typing(&event),
        };
        if let Some(shortcut) = keyboard::shortcut(press)
            && carry_out(app, shortcut)
        {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

/// Whether there was something to do.
fn carry_out(app: App, shortcut: Shortcut) -> bool {
    use sotto_view::start::Stage;
    if app.screens.stage.with_untracked(|stage| !matches!(stage, Some(Stage::Ready))) {
        return false;
    }
    match shortcut {
        Shortcut::Jump => app.layer.set(Some(Layer::Jump)),
        Shortcut::Keys => app.layer.set(Some(Layer::Keys)),
        Shortcut::Close => return close(app),
        Shortcut::Next | Shortcut::Previous => return step(app, shortcut),
    }
    true
}

/// Closes the uppermost layer.
fn close(app: App) -> bool {
    let screens = app.screens;
    if app.layer.with_untracked(Option::is_some) {
        app.layer.set(None);
    } else if screens.contact.with_untracked(Option::is_some) {
        app.act(Action::CloseContact);
    } else if !matches!(app.place.get_untracked(), Place::Chats | Place::Requests) {
        app.place.set(Place::Chats);
    } else if screens.thread.with_untracked(Option::is_some) {
        app.act(Action::Close);
    } else {
        return false;
    }
    true
}

/// To the conversation above or below.
fn step(app: App, shortcut: Shortcut) -> bool {
    let keys = match app.place.get_untracked() {
        Place::Requests => app.screens.requests.keys_now(),
        _ => app.screens.conversations.keys_now(),
    };
    let open = app.screens.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.key));
    if let Some(conversation) = keyboard::neighbour(&keys, open, shortcut) {
        app.open(conversation);
    }
    true
}

/// A sheet that closes by leaving the layer.
fn layer(app: App, title: Option<String>, label: String, body: AnyView) -> AnyView {
    pieces::sheet(title, label, move || app.layer.set(None), body)
}
