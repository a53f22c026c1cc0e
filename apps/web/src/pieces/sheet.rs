//! A sheet over the window: the browser's own modal dialog, which holds the focus and closes with Esc.

use leptos::ev;
use leptos::html::{Dialog, dialog, div, h2, header};
use leptos::prelude::*;
use sotto_texts::say;
use wasm_bindgen::JsCast as _;

use super::focus::renew_caret;
use super::icon_button;
use crate::icons;
use crate::words::w;

/// Shows a dialog over everything. Closed before it is taken away, so that the browser gives the focus back to where it
/// was.
pub(crate) fn modal(node: NodeRef<Dialog>) {
    let shown = StoredValue::new_local(None::<web_sys::HtmlDialogElement>);
    Effect::new(move |_| {
        if let Some(dialog) = node.get() {
            let _ = dialog.show_modal();
            // Where one writes, if one writes here; the browser would begin with the button that closes.
            let field = dialog.query_selector("input").ok().flatten();
            if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = field.focus();
            }
            shown.set_value(Some(dialog.clone()));
        }
    });
    on_cleanup(move || {
        if let Some(dialog) = shown.try_update_value(Option::take).flatten() {
            dialog.close();
            renew_caret();
        }
    });
}

/// A sheet. `close` is called for Esc, for the button and for a press beside it.
pub(crate) fn sheet(
    title: Option<String>,
    label: String,
    close: impl Fn() + Copy + 'static,
    body: AnyView,
) -> AnyView {
    let node = NodeRef::<Dialog>::new();
    modal(node);
    let head = title.map(|title| {
        header()
            .child((h2().child(title), icon_button("icon-button", icons::X, w(say::action_close()), close)))
    });
    dialog()
        .class("sheet")
        .node_ref(node)
        .attr("aria-label", label)
        .on(ev::Custom::<web_sys::Event>::new("cancel"), move |event| {
            event.prevent_default();
            close();
        })
        .on(ev::click, move |event| {
            let target =
                event.target().and_then(|target| target.dyn_into::<web_sys::HtmlDialogElement>().ok());
            if target.is_some() {
                close();
            }
        })
        .child((head, div().child(body)))
        .into_any()
}
