//! A line somebody wrote: bubble, time, state, and what to do when it was not sent.

use leptos::html::{div, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::timeline::{Author, Body, Message, OwnState, SendFailure};

use crate::app::App;
use crate::icons;
use crate::pieces::{AvatarSize, Button, avatar, small_icon};
use crate::window::state_icon;
use crate::words::{called, clock, own_state, send_failure, unreadable, w};

pub(super) fn draw(app: App, message: &Message) -> AnyView {
    let own = match message.author {
        Author::Me(state) => Some(state),
        Author::Them(_) => None,
    };
    let failure = match own {
        Some(OwnState::Failed(why)) => Some(why),
        _ => None,
    };
    div()
        .class(classes(message, failure.is_some()))
        .child((
            author(message),
            bubble(&message.body),
            failure.is_none().then(|| meta(message, own)),
            failure.map(|why| trouble(app, message, why)),
        ))
        .into_any()
}

fn classes(message: &Message, failed: bool) -> String {
    let marks = [
        (matches!(message.author, Author::Me(_)), " own"),
        (message.first, " first"),
        (message.last || failed, " last"),
        (failed, " failed"),
        (matches!(&message.body, Body::Text(text) if text.large), " large"),
        (matches!(message.body, Body::Unreadable(_)), " unreadable"),
    ];
    let mut class = "message".to_owned();
    marks.iter().filter(|(there, _)| *there).for_each(|(_, mark)| class.push_str(mark));
    class
}

/// The avatar once a group; a screen reader hears whose line it is.
fn author(message: &Message) -> AnyView {
    match &message.author {
        Author::Me(_) => span().class("spoken").child(w(say::message_by_you())).into_any(),
        Author::Them(person) => (
            message.first.then(|| avatar(person, AvatarSize::Small)),
            span().class("spoken").child(w(say::message_by(&called(person)))),
        )
            .into_any(),
    }
}

fn bubble(body: &Body) -> AnyView {
    match body {
        // A text node and nothing else: whatever is written in it, it is written and not done.
        Body::Text(text) => div().class("bubble").attr("dir", "auto").child(text.text.clone()).into_any(),
        Body::Unreadable(why) => div()
            .class("bubble")
            .child((small_icon(icons::FILE_WARNING, "icon small"), span().child(unreadable(*why))))
            .into_any(),
    }
}

fn meta(message: &Message, own: Option<OwnState>) -> AnyView {
    let state = own.map(|state| {
        let class = if state == OwnState::Read { "icon small read" } else { "icon small" };
        (
            span().attr("title", own_state(state)).child(small_icon(state_icon(state), class)),
            span().class("spoken").child(own_state(state)),
        )
    });
    div().class("meta").child((span().child(clock(message.at)), state)).into_any()
}

fn trouble(app: App, message: &Message, why: SendFailure) -> AnyView {
    let line = message.key;
    let again = move || {
        if let Some(conversation) =
            app.screens.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.key))
        {
            app.act(Action::Retry { conversation });
        }
    };
    div()
        .class("trouble")
        .child((
            small_icon(icons::CIRCLE_ALERT, "icon small"),
            span().child(send_failure(why)),
            Button::quiet(w(say::action_try_again())).on(again),
            Button::quiet(w(say::action_discard())).on(move || app.act(Action::DiscardLine { line })),
        ))
        .into_any()
}
