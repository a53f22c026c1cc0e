//! One of a few.

use leptos::ev;
use leptos::html::{div, input, label};
use leptos::prelude::*;

use super::icon;
use crate::icons::Icon;

/// One of a few, side by side: radio buttons to the keyboard and to a screen reader.
pub(crate) fn choice<T: Copy + PartialEq + Send + Sync + 'static>(
    name: &'static str,
    legend: String,
    chosen: RwSignal<T>,
    options: Vec<(T, Icon, String)>,
    choose: impl Fn(T) + Copy + 'static,
) -> AnyView {
    let one = move |(value, picture, words): (T, Icon, String)| {
        label().child((
            input()
                .attr("type", "radio")
                .attr("name", name)
                .prop("checked", move || chosen.get() == value)
                .on(ev::change, move |_| {
                    chosen.set(value);
                    choose(value);
                }),
            icon(picture),
            words,
        ))
    };
    div()
        .class("choices")
        .attr("role", "radiogroup")
        .attr("aria-label", legend)
        .child(options.into_iter().map(one).collect::<Vec<_>>())
        .into_any()
}
