//! Buttons: with words, or with an icon that has words for a screen reader.

use leptos::ev;
use leptos::html::{button, span};
use leptos::prelude::*;

use super::icon;
use crate::icons::Icon;

/// A button with words.
pub(crate) struct Button {
    class: &'static str,
    words: String,
    icon: Option<Icon>,
    submits: bool,
    disabled: Signal<bool>,
}

impl Button {
    fn new(class: &'static str, words: String) -> Self {
        Self { class, words, icon: None, submits: false, disabled: Signal::derive(|| false) }
    }

    /// The one thing to do here.
    pub(crate) fn main(words: String) -> Self {
        Self::new("button main", words)
    }

    /// The one thing to do here, over the whole width.
    pub(crate) fn wide(words: String) -> Self {
        Self::new("button main wide", words)
    }

    /// Another thing one can do, with an edge.
    pub(crate) fn plain(words: String) -> Self {
        Self::new("button plain", words)
    }

    /// Another thing, over the whole width.
    pub(crate) fn plain_wide(words: String) -> Self {
        Self::new("button plain wide", words)
    }

    /// A thing on the side.
    pub(crate) fn quiet(words: String) -> Self {
        Self::new("button quiet", words)
    }

    /// A thing with consequences.
    pub(crate) fn danger(words: String) -> Self {
        Self::new("button danger", words)
    }

    /// The thing with consequences that was asked about.
    pub(crate) fn danger_main(words: String) -> Self {
        Self::new("button main danger", words)
    }

    pub(crate) fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Belongs to a form and submits it.
    pub(crate) fn submits(mut self) -> Self {
        self.submits = true;
        self
    }

    pub(crate) fn disabled(mut self, disabled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.disabled = Signal::derive(disabled);
        self
    }

    /// Draws it.
    pub(crate) fn on(self, press: impl Fn() + 'static) -> AnyView {
        let disabled = self.disabled;
        button()
            .class(self.class)
            .attr("type", if self.submits { "submit" } else { "button" })
            .prop("disabled", move || disabled.get())
            .on(ev::click, move |_| press())
            .child((self.icon.map(icon), span().child(self.words)))
            .into_any()
    }

    /// Draws one that only submits its form.
    pub(crate) fn submit(self) -> AnyView {
        self.submits().on(|| {})
    }
}

/// A button that is an icon; the words are its name.
pub(crate) fn icon_button(
    class: &'static str,
    what: Icon,
    words: String,
    press: impl Fn() + 'static,
) -> AnyView {
    button()
        .class(class)
        .attr("type", "button")
        .attr("title", words.clone())
        .attr("aria-label", words)
        .on(ev::click, move |_| press())
        .child(icon(what))
        .into_any()
}
