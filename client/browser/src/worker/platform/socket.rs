//! One plane's WebSocket. A browser tells a page nothing about why a connection failed, only that it did.

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use sotto_engine::api::Plane;
use sotto_wire::limits::FRAME_BYTES_MAX;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::scope;
use crate::limits::{UNSENT_BYTES_MAX, WRITABLE_LOOK_MS};
use crate::worker::platform::timers::Timer;

/// Tells one connection of a plane from earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(pub(crate) u64);

/// What a connection tells.
pub(crate) enum News {
    /// It is open.
    Opened,
    /// A whole binary message.
    Frame(Bytes),
    /// It could not be opened, or is gone.
    Closed,
}

/// A connection that is open or being opened; closed when dropped.
pub(crate) struct Link {
    pub(crate) generation: Generation,
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut()>,
}

impl Link {
    /// Begins to open one. `None` when the browser refuses outright.
    pub(crate) fn open(
        plane: Plane,
        server: &str,
        generation: Generation,
        tell: impl Fn(Plane, Generation, News) + Clone + 'static,
    ) -> Option<Self> {
        let socket = WebSocket::new(&url(plane, server)?).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let told = tell.clone();
        let on_open = Closure::<dyn FnMut()>::new(move || told(plane, generation, News::Opened));
        let told = tell.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            told(plane, generation, frame(&event).map_or(News::Closed, News::Frame));
        });
        let on_close = Closure::<dyn FnMut()>::new(move || tell(plane, generation, News::Closed));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self { generation, socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// Sends one binary message. A socket that does not take it is closing, and will say so.
    pub(crate) fn send(&self, frame: &[u8]) {
        let _ = self.socket.send_with_u8_array(frame);
    }

    /// Whether so much waits to be written that no more should be made.
    pub(crate) fn is_backlogged(&self) -> bool {
        self.socket.buffered_amount() > UNSENT_BYTES_MAX
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

/// A look at whether connections have room again: browsers do not tell.
pub(crate) fn look_later(then: impl FnMut() + 'static) -> Option<Timer> {
    Timer::after_ms(WRITABLE_LOOK_MS, then)
}

/// A text message, or one beyond every limit, is not from a Sotto server.
fn frame(event: &MessageEvent) -> Option<Bytes> {
    let buffer: ArrayBuffer = event.data().dyn_into().ok()?;
    if buffer.byte_length() as usize > FRAME_BYTES_MAX {
        return None;
    }
    Some(Uint8Array::new(&buffer).to_vec().into())
}

/// The plane's address. Only a page's own server may be spoken to, as its Content-Security-Policy says.
fn url(plane: Plane, server: &str) -> Option<String> {
    let origin = scope()?.location().origin();
    let server = server.trim_end_matches('/');
    if server != origin {
        return None;
    }
    let path = match plane {
        Plane::Account => "account",
        Plane::Topic => "topic",
    };
    // http becomes ws, https becomes wss.
    Some(format!("ws{}/v1/{path}", origin.strip_prefix("http")?))
}
