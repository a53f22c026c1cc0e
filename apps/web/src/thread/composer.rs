//! Writing a message.

use std::time::Duration;

use leptos::ev;
use leptos::html::{Textarea, button, div, footer, form, p, span, textarea};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::composer::{Weight, Writing};
use sotto_view::keys::ConversationKey;

use crate::app::App;
use crate::browser;
use crate::icons;
use crate::pieces::{Button, icon, live};
use crate::words::{called, w};

/// Typing has paused after this time.
const PAUSE: Duration = Duration::from_millis(600);

/// The composer of one conversation. Cheap to copy.
#[derive(Clone, Copy)]
struct Desk {
    app: App,
    conversation: ConversationKey,
    field: NodeRef<Textarea>,
    weight: RwSignal<Weight>,
    waiting: StoredValue<Option<TimeoutHandle>>,
}

pub(super) fn draw(app: App, conversation: ConversationKey) -> AnyView {
    let desk = Desk {
        app,
        conversation,
        field: NodeRef::new(),
        weight: RwSignal::new(Weight::Empty),
        waiting: StoredValue::new(None),
    };
    let writing = Memo::new(move |_| {
        app.screens
            .thread
            .with(|thread| thread.as_ref().map_or(Writing::Open, |thread| thread.standing.into()))
    });
    desk.take_over_text();
    on_cleanup(move || desk.keep_draft());
    footer()
        .class("composer")
        .child(live(move || match writing.get() {
            Writing::Blocked => desk.blocked(),
            other => desk.open(other),
        }))
        .into_any()
}

impl Desk {
    fn person(self) -> String {
        self.app
            .screens
            .thread
            .with_untracked(|thread| thread.as_ref().map(|thread| called(&thread.person)).unwrap_or_default())
    }

    /// What the core puts here replaces what is here.
    fn take_over_text(self) {
        Effect::new(move |_| {
            let text = self.app.screens.composer.with(|composer| {
                composer
                    .as_ref()
                    .filter(|composer| composer.conversation == self.conversation)
                    .map(|composer| composer.text.clone())
            });
            if let (Some(field), Some(text)) = (self.field.get(), text)
                && field.value() != text
            {
                let text = if self.has_news() { with_news(&text, &field.value()) } else { text };
                field.set_value(&text);
                self.weight.set(Weight::of(&text));
                fit(&field);
            }
        });
        Effect::new(move |_| {
            if let Some(field) = self.field.get().filter(|_| !browser::is_touch()) {
                let _ = field.focus();
            }
        });
    }

    fn text(self) -> String {
        self.field.get_untracked().map(|field| field.value()).unwrap_or_default()
    }

    fn typed(self) {
        if let Some(field) = self.field.get_untracked() {
            self.weight.set(Weight::of(&field.value()));
            fit(&field);
        }
        let later = set_timeout_with_handle(move || self.keep_draft(), PAUSE).ok();
        self.waiting.update_value(|waiting| {
            if let Some(earlier) = std::mem::replace(waiting, later) {
                earlier.clear();
            }
        });
    }

    /// Whether something was typed that the core does not know yet.
    fn has_news(self) -> bool {
        self.waiting.with_value(Option::is_some)
    }

    /// Sends the draft to the core, if one waits to be sent.
    fn keep_draft(self) {
        let waits = self.waiting.try_update_value(Option::take).flatten();
        if let Some(waits) = waits {
            waits.clear();
            self.app.act(Action::Draft { conversation: self.conversation, text: self.text() });
        }
    }

    fn send(self) {
        let text = self.text();
        if !Weight::of(&text).can_send() {
            return;
        }
        if let Some(Some(waits)) = self.waiting.try_update_value(Option::take) {
            waits.clear();
        }
        self.app.act(Action::Send { text });
        self.app.newest.update(|count| *count += 1);
        if let Some(field) = self.field.get_untracked() {
            field.set_value("");
            fit(&field);
            let _ = field.focus();
        }
        self.weight.set(Weight::Empty);
    }

    fn open(self, writing: Writing) -> AnyView {
        let label = w(say::composer_label(&self.person()));
        let note = match writing {
            Writing::Declined => Some(w(say::composer_declined())),
            _ => None,
        };
        let can_send = Memo::new(move |_| self.weight.get().can_send());
        let field = textarea()
            .node_ref(self.field)
            .attr("rows", "1")
            .attr("dir", "auto")
            .attr("aria-label", label)
            .attr("placeholder", w(say::composer_placeholder()))
            .attr("enterkeyhint", "send")
            .on(ev::input, move |_| self.typed())
            .on(ev::blur, move |_| self.keep_draft())
            .on(ev::keydown, move |event| {
                let sends = event.key() == "Enter" && !event.shift_key() && !event.is_composing();
                if sends && !browser::is_touch() {
                    event.prevent_default();
                    self.send();
                }
            });
        let send = button()
            .class("send")
            .attr("type", "submit")
            .attr("aria-label", w(say::action_send()))
            .attr("title", w(say::action_send()))
            .prop("disabled", move || !can_send.get())
            .child(icon(icons::ARROW_UP));
        div()
            .child((
                note.map(|note| p().class("note").child(note)),
                div().attr("role", "status").child(live(move || self.limit())),
                form()
                    .on(ev::submit, move |event| {
                        event.prevent_default();
                        self.send();
                    })
                    .child((field, send)),
            ))
            .into_any()
    }

    fn limit(self) -> Option<AnyView> {
        let (class, words) = match self.weight.get() {
            Weight::NearlyFull { left } => ("note", say::composer_left(left as u64)),
            Weight::TooLong { over } => ("note wrong", say::composer_over(over as u64)),
            Weight::Empty | Weight::Fits => return None,
        };
        Some(p().class(class).child(w(words)).into_any())
    }

    fn blocked(self) -> AnyView {
        let unblock = move || self.app.act(Action::Unblock { conversation: self.conversation });
        div()
            .class("empty")
            .child((
                span().child(w(say::composer_blocked(&self.person()))),
                Button::plain(w(say::action_unblock())).on(unblock),
            ))
            .into_any()
    }
}

/// What the core puts here, when more was typed meanwhile: nothing of either is lost.
fn with_news(core: &str, typed: &str) -> String {
    if typed.starts_with(core) { typed.to_owned() } else { format!("{core}\n{typed}") }
}

/// Gives the field the height of its text, where the style sheet alone cannot.
fn fit(field: &web_sys::HtmlTextAreaElement) {
    if web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(false) {
        return;
    }
    browser::set_style(field, "height", "auto");
    browser::set_style(field, "height", &format!("{}px", field.scroll_height()));
}
