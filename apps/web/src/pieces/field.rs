//! A field with its label, its hint and what is wrong with it.

use crate::pieces::live;
use leptos::ev;
use leptos::html::{button, div, input, label, p, span};
use leptos::prelude::*;
use sotto_texts::say;

use super::{icon, small_icon};
use crate::icons;
use crate::words::w;

/// A field to type one line in.
pub(crate) struct Field {
    pub(crate) id: &'static str,
    pub(crate) label: String,
    pub(crate) hint: Option<String>,
    pub(crate) value: RwSignal<String>,
    /// What the browser may offer to fill in.
    pub(crate) autocomplete: &'static str,
    /// Stands before what is typed.
    pub(crate) before: Option<&'static str>,
    pub(crate) focus: bool,
}

impl Field {
    pub(crate) fn new(id: &'static str, label: String, value: RwSignal<String>) -> Self {
        Self { id, label, hint: None, value, autocomplete: "off", before: None, focus: false }
    }

    pub(crate) fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(crate) fn before(mut self, before: &'static str) -> Self {
        self.before = Some(before);
        self
    }

    pub(crate) fn autocomplete(mut self, what: &'static str) -> Self {
        self.autocomplete = what;
        self
    }

    /// Takes the focus when it appears.
    pub(crate) fn focus(mut self) -> Self {
        self.focus = true;
        self
    }

    /// Plain text.
    pub(crate) fn draw(self) -> AnyView {
        let kind = RwSignal::new("text");
        self.drawn(kind, None)
    }

    /// A secret, which can be shown.
    pub(crate) fn secret(self) -> AnyView {
        let kind = RwSignal::new("password");
        let shown = move || kind.get() == "text";
        let words = move || w(if shown() { say::web_passphrase_hide() } else { say::web_passphrase_show() });
        let eye = button()
            .class("icon-button")
            .attr("type", "button")
            .attr("aria-label", words)
            .attr("title", words)
            .on(ev::click, move |_| {
                kind.update(|kind| *kind = if *kind == "text" { "password" } else { "text" })
            })
            .child(live(move || icon(if shown() { icons::EYE_OFF } else { icons::EYE })));
        self.drawn(kind, Some(eye.into_any()))
    }

    fn drawn(self, kind: RwSignal<&'static str>, after: Option<AnyView>) -> AnyView {
        let (value, focus) = (self.value, self.focus);
        let node = NodeRef::<leptos::html::Input>::new();
        Effect::new(move |_| {
            if let Some(input) = node.get().filter(|_| focus) {
                let _ = input.focus();
            }
        });
        let hint_id = format!("{}-hint", self.id);
        let described = self.hint.is_some().then(|| hint_id.clone());
        let typed = input()
            .node_ref(node)
            .attr("id", self.id)
            .attr("type", move || kind.get())
            .attr("autocomplete", self.autocomplete)
            .attr("autocapitalize", "none")
            .attr("spellcheck", "false")
            .attr("aria-describedby", described)
            .prop("value", value)
            .on(ev::input, move |event| value.set(event_target_value(&event)));
        div()
            .class("field")
            .child((
                label().attr("for", self.id).child(self.label),
                div().class("input").child((
                    self.before
                        .map(|before| span().class("before").attr("aria-hidden", "true").child(before)),
                    typed,
                    after,
                )),
                self.hint.map(|hint| p().class("hint").attr("id", hint_id).child(hint)),
            ))
            .into_any()
    }
}

/// What is wrong, said at once to a screen reader; nothing when all is well.
pub(crate) fn wrong(words: impl Fn() -> Option<String> + Send + Sync + 'static) -> AnyView {
    let line = |words: String| {
        p().class("wrong").child((small_icon(icons::CIRCLE_ALERT, "icon small"), span().child(words)))
    };
    div().attr("role", "alert").child(live(move || words().map(line))).into_any()
}
