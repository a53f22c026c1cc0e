//! What the server knows about you: shorter than a screen.

use leptos::html::{div, li, span, ul};
use leptos::prelude::*;
use sotto_texts::{Saying, say};

use crate::app::App;
use crate::icons::{self, Icon};
use crate::pieces::{icon, sheet};
use crate::words::w;

/// The sheet.
pub(crate) fn server_knows(app: App) -> AnyView {
    let line = |class: &'static str, what: Icon, saying: Saying| {
        li().class(class).child((icon(what), span().child(w(saying))))
    };
    let list = ul().class("knows").child((
        line("", icons::CIRCLE_USER, say::server_knows_handle()),
        line("", icons::SMARTPHONE, say::server_knows_devices()),
        line("", icons::CLOCK, say::server_knows_online()),
        line("not", icons::EYE_OFF, say::server_knows_not()),
    ));
    let title = w(say::settings_what_server_knows());
    sheet(Some(title.clone()), title, move || app.layer.set(None), div().class("body").child(list).into_any())
}
