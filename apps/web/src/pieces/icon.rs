//! An icon: decoration beside words, never instead of them.

use leptos::prelude::*;
use leptos::svg::{path, svg};

use crate::icons::{Icon, MARK};

/// 20 px.
pub(crate) fn icon(icon: Icon) -> AnyView {
    drawn("icon", icon.0)
}

/// 16 px, in a line of text.
pub(crate) fn small_icon(icon: Icon, class: &'static str) -> AnyView {
    drawn(class, icon.0)
}

/// Sotto's mark.
pub(crate) fn mark(class: &'static str) -> AnyView {
    drawn(class, MARK)
}

fn drawn(class: &'static str, outline: &'static str) -> AnyView {
    svg()
        .attr("class", class)
        .attr("viewBox", "0 0 24 24")
        .attr("aria-hidden", "true")
        .attr("focusable", "false")
        .child(path().attr("d", outline))
        .into_any()
}
