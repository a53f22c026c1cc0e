//! What stands where something is about to be; seen only when it takes longer than 150 ms.

use leptos::html::{div, i};
use leptos::prelude::*;

/// Rows of a list.
pub(crate) fn rows_skeleton() -> AnyView {
    let row = || div().class("row-skeleton").child((i(), i(), i()));
    div().class("skeleton rows").attr("aria-hidden", "true").child([(); 6].map(|()| row())).into_any()
}

/// Lines of a conversation.
pub(crate) fn lines_skeleton() -> AnyView {
    div().class("skeleton line-skeleton").attr("aria-hidden", "true").child([(); 8].map(|()| i())).into_any()
}
