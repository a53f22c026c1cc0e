//! Settings: one page, a card a subject.

use leptos::ev;
use leptos::html::{button, div, h1, h2, header, section, span};
use leptos::prelude::*;
use sotto_texts::say;

use super::{account, device};
use crate::app::{App, Layer};
use crate::browser::{self, Theme};
use crate::icons::{self, Icon};
use crate::pieces::{choice, icon, live, rows_skeleton};
use crate::words::w;

/// The page.
pub(crate) fn settings(app: App) -> AnyView {
    let known = Memo::new(move |_| app.screens.settings.with(Option::is_some));
    section()
        .class("main-pane over-list")
        .child(div().class("scroll").child(div().class("page").child((
            header().class("pane-head").child(h1().child(w(say::settings_title()))),
            live(move || if known.get() { account::draw(app) } else { rows_skeleton() }),
            card(w(say::settings_appearance()), appearance()),
            live(move || known.get().then(|| device::draw(app))),
            div().class("card").child((
                line(icons::SERVER, "line", w(say::settings_what_server_knows()), move || {
                    app.layer.set(Some(Layer::ServerKnows));
                }),
                line(icons::KEYBOARD, "line only-wide", w(say::keys_title()), move || {
                    app.layer.set(Some(Layer::Keys))
                }),
            )),
            div().class("card").child(line(
                icons::TRASH_2,
                "line danger",
                w(say::settings_erase()),
                move || {
                    app.layer.set(Some(Layer::Erase));
                },
            )),
        ))))
        .into_any()
}

/// A card under its title.
pub(super) fn card(title: String, rows: AnyView) -> AnyView {
    section().class("section").child((h2().child(title), div().class("card").child(rows))).into_any()
}

/// A line of a card that does something.
pub(super) fn line(what: Icon, class: &'static str, words: String, press: impl Fn() + 'static) -> AnyView {
    button()
        .class(class)
        .attr("type", "button")
        .on(ev::click, move |_| press())
        .child((icon(what), span().class("grow").child(words), icon(icons::CHEVRON_RIGHT)))
        .into_any()
}

fn appearance() -> AnyView {
    let chosen = RwSignal::new(browser::theme());
    let options = vec![
        (Theme::System, icons::MONITOR, w(say::settings_theme_system())),
        (Theme::Light, icons::SUN, w(say::settings_theme_light())),
        (Theme::Dark, icons::MOON, w(say::settings_theme_dark())),
    ];
    div()
        .child(choice("theme", w(say::settings_appearance()), chosen, options, browser::choose_theme))
        .into_any()
}
