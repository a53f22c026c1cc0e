//! Where the focus goes when what had it is taken away: never to nowhere.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

/// When this part is taken away, the focus returns to what has it now, unless it went somewhere by itself.
pub(crate) fn give_back_focus() {
    let before = StoredValue::new_local(focused());
    on_cleanup(move || {
        if let Some(before) = before.try_update_value(Option::take).flatten() {
            once_settled(move || {
                if is_nowhere() {
                    let _ = before.focus();
                }
            });
        }
    });
}

/// Gives the focus to the first element that fits, if nothing has it, once the page has changed.
pub(crate) fn focus_if_lost(selector: &'static str) {
    once_settled(move || {
        if is_nowhere() {
            let found = document().query_selector(selector).ok().flatten();
            if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
                let _ = found.focus();
            }
        }
    });
}

/// Gives a field that has the focus its caret again. A dialog that is taken away takes the caret along, wherever the focus
/// went, and what is typed then goes nowhere.
pub(super) fn renew_caret() {
    queue_microtask(|| {
        let field = focused().filter(|element| matches!(&*element.tag_name(), "INPUT" | "TEXTAREA"));
        if let Some(field) = field {
            let _ = field.blur();
            let _ = field.focus();
        }
    });
}

/// The browser notices with a painting that what has the focus is hidden: after the next one.
fn once_settled(then: impl FnOnce() + 'static) {
    request_animation_frame(move || request_animation_frame(then));
}

fn focused() -> Option<HtmlElement> {
    document().active_element()?.dyn_into().ok()
}

/// Nothing has the focus, or something that is not seen any more.
fn is_nowhere() -> bool {
    focused().is_none_or(|element| element.tag_name() == "BODY" || element.client_height() == 0)
}
