//! A person's name where a line has one: isolated, cut with an ellipsis, and the mark of compared numbers.

use crate::pieces::live;
use leptos::html::span;
use leptos::prelude::*;
use sotto_texts::say;

use super::small_icon;
use crate::icons;
use crate::words::w;

/// A text that somebody else chose, on one line.
pub(crate) fn theirs(text: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    span().class("theirs").attr("dir", "auto").child(text).into_any()
}

/// The mark of compared numbers; nothing where they are not.
pub(crate) fn verified_mark(verified: impl Fn() -> bool + Send + Sync + 'static) -> AnyView {
    let mark = || {
        span().attr("title", w(say::person_verified())).child((
            small_icon(icons::BADGE_CHECK, "icon small"),
            span().class("spoken").child(w(say::person_verified())),
        ))
    };
    live(move || verified().then(mark))
}
