//! A page's end: finds its worker, passes actions and updates on, and does what only a page may do.
//!
//! The page's boot script starts the worker before anything else, so that both load side by side, and leaves it in
//! `globalThis.sottoWorker`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use sotto_view::Action;
use sotto_view::action::ProfileAction;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageEvent, Worker};

use crate::protocol::{ActionId, FromWorker, Persistence, Surroundings, ToWorker};

/// Where the boot script leaves the worker.
const WORKER: &str = "sottoWorker";
/// Remembers, outside the profile, that there is one.
const REMEMBERED: &str = "sotto.profile";

/// Why there is no worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWorker {
    /// The boot script did not start one: the browser refused, or has no module workers.
    #[error("the worker was not started")]
    Missing,
}

/// A page's connection to its worker. Cheap to clone.
#[derive(Clone)]
pub struct Client(Rc<Inner>);

/// Called by the worker for as long as it is kept.
type OnMessage = Closure<dyn FnMut(MessageEvent)>;

struct Inner {
    worker: Worker,
    surroundings: Cell<Surroundings>,
    last_id: Cell<u64>,
    on_message: RefCell<Option<OnMessage>>,
    on_error: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl Client {
    /// Takes over the worker that the boot script started. `hear` gets everything the worker says, in order; `failed`
    /// is called when the worker's code cannot be loaded or has crashed: reload the page, or say so.
    ///
    /// # Errors
    /// [`NoWorker`].
    pub fn start(
        mut hear: impl FnMut(FromWorker) + 'static,
        failed: impl FnMut() + 'static,
    ) -> Result<Self, NoWorker> {
        let found = get(&js_sys::global(), WORKER);
        let worker: Worker = found.dyn_into().map_err(|_| NoWorker::Missing)?;
        let surroundings = Surroundings { remembered: is_remembered(), persistence: Persistence::Unknown };
        let client = Self(Rc::new(Inner {
            worker,
            surroundings: Cell::new(surroundings),
            last_id: Cell::new(0),
            on_message: RefCell::default(),
            on_error: RefCell::default(),
        }));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(said) = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok())
            else {
                return;
            };
            if let FromWorker::Remember(there) = said {
                remember(there);
            }
            hear(said);
        });
        client.0.worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let on_error = Closure::<dyn FnMut()>::new(failed);
        client.0.worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        client.0.on_message.replace(Some(on_message));
        client.0.on_error.replace(Some(on_error));
        // What is asked for meanwhile waits at the worker.
        client.look_at_persistence(Ask::No);
        Ok(client)
    }

    /// Passes an action on. [`FromWorker::Answered`] carries the number.
    pub fn act(&self, action: Action) -> ActionId {
        let id = ActionId(self.0.last_id.get() + 1);
        self.0.last_id.set(id.0);
        // Asked while the person is making a profile: that is when a browser may show its own question.
        if let Action::Profile(
            ProfileAction::LockWithPassphrase { .. } | ProfileAction::TrustDevice | ProfileAction::AskToKeep,
        ) = &action
        {
            self.look_at_persistence(Ask::Yes);
        }
        self.say(&ToWorker::Act { id, action });
        id
    }

    fn attach(&self) {
        self.say(&ToWorker::Attach(self.0.surroundings.get()));
    }

    fn say(&self, what: &ToWorker) {
        // Plain data always serialises, and a worker takes every text.
        if let Ok(text) = serde_json::to_string(what) {
            let _ = self.0.worker.post_message(&text.into());
        }
    }

    fn look_at_persistence(&self, ask: Ask) {
        let client = self.clone();
        spawn_local(async move {
            let persistence = persistence(ask).await;
            let surroundings = Surroundings { persistence, ..client.0.surroundings.get() };
            client.0.surroundings.set(surroundings);
            client.attach();
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Yes,
    No,
}

/// Whether the browser has promised to keep the data, after asking for it if told so.
async fn persistence(ask: Ask) -> Persistence {
    let storage = get(&get(&js_sys::global(), "navigator"), "storage");
    let persisted = promised(&storage, "persisted").await;
    match (persisted, ask) {
        (Some(true), _) => return Persistence::Granted,
        (Some(false), Ask::No) if is_remembered() => return Persistence::NotPromised,
        (_, Ask::No) => return Persistence::Unknown,
        (_, Ask::Yes) => {}
    }
    match promised(&storage, "persist").await {
        Some(true) => Persistence::Granted,
        Some(false) => Persistence::Refused,
        None => Persistence::Unknown,
    }
}

async fn promised(storage: &JsValue, question: &str) -> Option<bool> {
    let question: Function = get(storage, question).dyn_into().ok()?;
    let promise: Promise = question.call0(storage).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()?.as_bool()
}

fn is_remembered() -> bool {
    local_storage_call("getItem", &[REMEMBERED]).is_some_and(|found| found.is_string())
}

fn remember(there: bool) {
    // A browser that refuses local storage only loses the warning about an eviction.
    let _ = if there {
        local_storage_call("setItem", &[REMEMBERED, "1"])
    } else {
        local_storage_call("removeItem", &[REMEMBERED])
    };
}

fn local_storage_call(method: &str, arguments: &[&str]) -> Option<JsValue> {
    let storage = get(&js_sys::global(), "localStorage");
    let method: Function = get(&storage, method).dyn_into().ok()?;
    let arguments = arguments.iter().map(|argument| JsValue::from_str(argument)).collect::<js_sys::Array>();
    method.apply(&storage, &arguments).ok()
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
