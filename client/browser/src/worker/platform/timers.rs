//! Timers, and "as soon as everything else had its turn".

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::MessageChannel;

use super::scope;

/// A timer that is cancelled when dropped.
pub(crate) struct Timer {
    id: i32,
    _then: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `then` once, this much later.
    pub(crate) fn after_ms(ms: u64, then: impl FnMut() + 'static) -> Option<Self> {
        let then = Closure::<dyn FnMut()>::new(then);
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let function = then.as_ref().unchecked_ref();
        let id = scope()?.set_timeout_with_callback_and_timeout_and_arguments_0(function, ms).ok()?;
        Some(Self { id, _then: then })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(scope) = scope() {
            scope.clear_timeout_with_handle(self.id);
        }
    }
}

/// Waits.
pub(crate) async fn pause_ms(ms: u64) {
    let mut timer = None;
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        timer = Timer::after_ms(ms, move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        });
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Calls the same function in a later turn of the event loop, as often as asked. (A timer would wait 4 ms each time.)
pub(crate) struct Turns {
    channel: MessageChannel,
    _then: Closure<dyn FnMut()>,
}

impl Turns {
    /// Nothing is called yet.
    pub(crate) fn new(then: impl FnMut() + 'static) -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        let then = Closure::<dyn FnMut()>::new(then);
        channel.port1().set_onmessage(Some(then.as_ref().unchecked_ref()));
        Ok(Self { channel, _then: then })
    }

    /// One call, later.
    pub(crate) fn ask(&self) {
        // A port of our own takes everything.
        let _ = self.channel.port2().post_message(&JsValue::NULL);
    }
}

/// Milliseconds since 1970 by this device's clock.
pub(crate) fn now() -> sotto_wire::ids::Millis {
    sotto_wire::ids::Millis(js_sys::Date::now().max(0.0) as u64)
}
