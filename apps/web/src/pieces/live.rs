//! A part that is drawn again when what it reads has changed.

use leptos::prelude::*;

/// Draws again whenever a signal that was read has changed. One kind of part for all of the page: each closure that
/// is drawn as itself would be compiled into the page with everything around it.
pub(crate) fn live<V: IntoView + 'static>(draw: impl Fn() -> V + Send + 'static) -> AnyView {
    boxed(Box::new(move || draw().into_any()))
}

fn boxed(draw: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    (move || draw()).into_any()
}
