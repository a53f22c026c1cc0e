//! One quiet line about the connection, only when there is something to say.

use leptos::html::{div, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::calendar::{FixedOffset, LocalTime};
use sotto_view::connection::Connection;

use crate::app::{App, Place};
use crate::icons;
use crate::pieces::{Button, live, small_icon};
use crate::words::{self, w};

pub(super) fn draw(app: App) -> AnyView {
    div()
        .class("banner-room")
        .attr("role", "status")
        .child(live(move || app.screens.connection.get().and_then(|connection| line(app, connection))))
        .into_any()
}

fn line(app: App, connection: Connection) -> Option<AnyView> {
    let words = words::connection(connection, &since(connection))?;
    let class = if is_grave(connection) { "banner grave" } else { "banner" };
    let action = match connection {
        Connection::Off => Some(
            Button::quiet(w(say::action_go_online())).on(move || app.act(Action::SetOnline { online: true })),
        ),
        Connection::ServerTooOld | Connection::Refused => Some(
            Button::quiet(w(say::action_try_again())).on(move || app.act(Action::SetOnline { online: true })),
        ),
        Connection::ServerTooNew => Some(Button::quiet(w(say::action_reload())).on(crate::browser::reload)),
        Connection::ServerChanged => {
            Some(Button::quiet(w(say::action_details())).on(move || app.place.set(Place::Alarms)))
        }
        _ => None,
    };
    let picture = if is_grave(connection) { icons::TRIANGLE_ALERT } else { icons::CLOUD_OFF };
    // What lasts a moment is not worth a line.
    let class = if connection == Connection::Connecting { "banner skeleton" } else { class };
    Some(
        div().class(class).child((small_icon(picture, "icon small"), span().child(words), action)).into_any(),
    )
}

fn is_grave(connection: Connection) -> bool {
    matches!(
        connection,
        Connection::ServerChanged
            | Connection::ClockOff { .. }
            | Connection::ServerTooNew
            | Connection::ServerTooOld
    )
}

fn since(connection: Connection) -> String {
    let Connection::Offline { since, .. } = connection else { return String::new() };
    let minutes = -(js_sys::Date::new_0().get_timezone_offset() as i32);
    words::clock(LocalTime::new(since, &FixedOffset { minutes }))
}
