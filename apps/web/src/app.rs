//! The page as a whole: its handle, which everything drawn gets, and its beginning.

use leptos::html::div;
use leptos::prelude::*;
use sotto_browser::protocol::{FromWorker, Outcome};
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::keys::ConversationKey;
use sotto_view::start::Stage;

use crate::ahead::Ahead;
use crate::browser::Opens;
use crate::screens::Screens;
use crate::words::w;
use crate::{browser, pieces, start, window};

/// What everything drawn gets. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) screens: Screens,
    /// Which part of the window is chosen.
    pub(crate) place: RwSignal<Place>,
    /// What lies over the window.
    pub(crate) layer: RwSignal<Option<Layer>>,
    /// What a screen reader is told without looking.
    pub(crate) spoken: RwSignal<String>,
    /// An action that the worker did not carry out, in words.
    pub(crate) trouble: RwSignal<Option<String>>,
    /// Counts up when the timeline is to go to its end: something was sent.
    pub(crate) newest: RwSignal<u64>,
    /// What is shown and done before the core has said anything.
    ahead: Ahead,
    send: StoredValue<Option<Send>, LocalStorage>,
}

/// Takes what a person did to the core.
type Send = Box<dyn Fn(Action)>;

/// Parts of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Chats,
    Requests,
    Alarms,
    Settings,
}

/// What lies over the window; one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    Jump,
    New,
    Keys,
    ServerKnows,
    Erase,
}

impl App {
    pub(crate) fn new() -> Self {
        Self {
            screens: Screens::new(),
            place: RwSignal::new(Place::Chats),
            layer: RwSignal::new(None),
            spoken: RwSignal::new(String::new()),
            trouble: RwSignal::new(None),
            newest: RwSignal::new(0),
            ahead: Ahead::new(),
            send: StoredValue::new_local(None),
        }
    }

    /// Passes on what a person did.
    pub(crate) fn act(self, action: Action) {
        if let Some(action) = self.ahead.hold(self.screens, action) {
            self.pass_on(action);
        }
    }

    fn pass_on(self, action: Action) {
        self.send.with_value(|send| {
            if let Some(send) = send {
                send(action);
            }
        });
    }

    /// Opens a conversation.
    pub(crate) fn open(self, conversation: ConversationKey) {
        self.layer.set(None);
        self.act(Action::Open { conversation });
    }

    /// Goes to a part of the window.
    pub(crate) fn go(self, place: Place) {
        self.layer.set(None);
        if browser::is_phone() || !matches!(place, Place::Chats | Place::Requests) {
            self.act(Action::CloseContact);
        }
        self.place.set(place);
    }

    /// Takes in what the core says.
    pub(crate) fn hear(self, said: FromWorker) {
        match said {
            FromWorker::Updates(mut updates) => {
                let held = self.ahead.hear(&mut updates);
                let in_step = updates.into_iter().try_for_each(|update| self.screens.apply(update));
                if in_step.is_err() {
                    self.act(Action::Refresh);
                }
                if let Some(action) = held {
                    self.pass_on(action);
                }
            }
            FromWorker::Answered { outcome, .. } => self.trouble(outcome),
            FromWorker::Remember(false) => browser::store_opens(Opens::Nothing),
            FromWorker::Role(_) | FromWorker::Remember(true) => {}
        }
    }

    fn trouble(self, outcome: Outcome) {
        let saying = match outcome {
            Outcome::Taken => return,
            Outcome::NotNow => say::web_not_now(),
            Outcome::Interrupted => say::web_interrupted(),
            Outcome::NotStored => say::web_not_stored(),
            Outcome::Unknown => say::web_stale(),
        };
        self.trouble.set(Some(w(saying)));
    }

    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "a core is there in a browser only"))]
    fn connect(self, send: impl Fn(Action) + 'static) {
        self.send.set_value(Some(Box::new(send)));
        self.act(Action::Refresh);
    }

    /// The core cannot be used.
    #[cfg(any(not(feature = "showcase"), not(target_arch = "wasm32")))]
    fn core_missing(self) {
        self.screens.stage.set(Some(Stage::Broken(sotto_view::start::Broken::CoreMissing)));
    }
}

/// Draws the page and connects it to its core.
pub(crate) fn mount() {
    browser::apply_theme(browser::theme());
    browser::follow_visible_height();
    browser::remove_splash();
    leptos::mount::mount_to_body(|| {
        let app = App::new();
        window::listen(app);
        #[cfg(feature = "showcase")]
        if crate::script::showcase() {
            return crate::script::components(app);
        }
        begin(app);
        draw(app)
    });
}

#[cfg(all(feature = "showcase", target_arch = "wasm32"))]
fn begin(app: App) {
    app.connect(crate::script::start(app));
}

#[cfg(all(not(feature = "showcase"), target_arch = "wasm32"))]
fn begin(app: App) {
    let client = sotto_browser::page::Client::start(move |said| app.hear(said), move || app.core_missing());
    match client {
        Ok(client) => {
            app.ahead.guess(app.screens);
            app.connect(move |action| {
                client.act(action);
            });
        }
        Err(_) => app.core_missing(),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn begin(app: App) {
    app.core_missing();
}

/// The whole page: what comes before the conversations, or the window with them.
fn draw(app: App) -> AnyView {
    let ready = Memo::new(move |_| app.screens.stage.with(|stage| matches!(stage, Some(Stage::Ready))));
    div()
        .child((
            move || if ready.get() { window::draw(app) } else { start::draw(app) },
            pieces::notices(app),
            div().class("spoken").attr("role", "status").child(move || app.spoken.get()),
        ))
        .into_any()
}
