//! What a browser has: one module each, with errors sorted by what a person can be told.

pub(crate) mod entropy;
pub(crate) mod files;
pub(crate) mod keyring;
pub(crate) mod locks;
pub(crate) mod socket;
pub(crate) mod timers;

use js_sys::Reflect;
use sotto_view::start::Broken;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// The worker itself. `None` elsewhere than in a dedicated worker.
pub(crate) fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// A property; undefined where there is none.
pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The name of a `DOMException` that was thrown, or that an event of the database tells.
pub(crate) fn name_of(thrown: &JsValue) -> String {
    let told = || {
        let target = get(thrown, "target");
        let error = if target.is_object() { get(&target, "error") } else { JsValue::UNDEFINED };
        if error.is_object() { get(&error, "name").as_string() } else { None }
    };
    get(thrown, "name").as_string().or_else(told).unwrap_or_default()
}

/// What this browser lacks, if anything.
pub(crate) fn lacking() -> Option<Broken> {
    let global = JsValue::from(js_sys::global());
    let has = |path: &[&str]| {
        let found = path.iter().fold(global.clone(), |object, name| {
            if object.is_undefined() || object.is_null() { JsValue::UNDEFINED } else { get(&object, name) }
        });
        !found.is_undefined() && !found.is_null()
    };
    let storage: [&[&str]; 6] = [
        &["navigator", "storage", "getDirectory"],
        &["FileSystemSyncAccessHandle"],
        &["indexedDB"],
        &["crypto", "subtle"],
        &["navigator", "locks"],
        &["BroadcastChannel"],
    ];
    if !storage.iter().all(|path| has(path)) {
        return Some(Broken::NoStorage);
    }
    if !has(&["WebSocket"]) {
        return Some(Broken::NoWebSocket);
    }
    None
}

/// Bytes this site uses, and bytes it may use; unknown where the browser does not say.
pub(crate) async fn room() -> (Option<u64>, Option<u64>) {
    let Some(scope) = scope() else { return (None, None) };
    let Ok(estimate) = scope.navigator().storage().estimate() else { return (None, None) };
    let Ok(found) = wasm_bindgen_futures::JsFuture::from(estimate).await else { return (None, None) };
    let number =
        |name| get(&found, name).as_f64().filter(|number| *number >= 0.0).map(|number| number as u64);
    (number("usage"), number("quota"))
}
