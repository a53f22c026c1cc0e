//! A number that waits; nothing when there is none.

use leptos::html::span;
use leptos::prelude::*;

/// A number, at most `99+`. The words for it stand elsewhere.
pub(crate) fn badge(class: &'static str, count: impl Fn() -> u64 + Send + Sync + 'static) -> impl IntoView {
    move || {
        let count = count();
        (count > 0).then(|| {
            let number = if count > 99 { "99+".to_owned() } else { count.to_string() };
            span().class(class).attr("aria-hidden", "true").child(number)
        })
    }
}
