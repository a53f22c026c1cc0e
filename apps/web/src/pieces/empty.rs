//! Nothing here yet: what it is for, and what to do.

use leptos::html::{div, h2, p};
use leptos::prelude::*;

/// An empty state.
pub(crate) fn empty(picture: AnyView, title: String, lead: String, action: Option<AnyView>) -> AnyView {
    div()
        .class("empty")
        .child((picture, h2().child(title), (!lead.is_empty()).then(|| p().child(lead)), action))
        .into_any()
}
