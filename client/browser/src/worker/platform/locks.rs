//! Web Locks: held for as long as a value lives, and let go of by the browser when the worker dies.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::get;

/// A lock that is held.
pub(crate) struct Held {
    release: Function,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Resolving a promise does not throw.
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Waits until nobody else holds the lock of this name.
///
/// # Errors
/// What the browser throws.
pub(crate) async fn acquire(name: &str) -> Result<Held, JsValue> {
    let (granted, grant) = promise();
    let (released, release) = promise();
    let on_granted = Closure::once_into_js(move |_lock: JsValue| -> JsValue {
        let _ = grant.call0(&JsValue::UNDEFINED);
        released.into()
    });
    let locks = get(&get(&js_sys::global(), "navigator"), "locks");
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let over: Promise = request.call2(&locks, &name.into(), &on_granted)?.dyn_into()?;
    // Ends when the lock is let go; a refusal is told to whoever waits here.
    let refused = Promise::race(&js_sys::Array::of2(&granted, &over));
    let held = Held { release };
    JsFuture::from(refused).await?;
    spawn_local(async move {
        let _ = JsFuture::from(over).await;
    });
    Ok(held)
}

/// A promise and what fulfils it.
fn promise() -> (Promise, Function) {
    let mut fulfil = None;
    let promise = Promise::new(&mut |resolve, _reject| fulfil = Some(resolve));
    (promise, fulfil.unwrap_or_default())
}
