//! All keys.

use leptos::html::{dd, div, dl, dt, kbd};
use leptos::prelude::*;
use sotto_texts::say;

use super::layer;
use crate::app::App;
use crate::words::w;

pub(super) fn draw(app: App) -> AnyView {
    let keys = [
        (say::keys_jump(), say::web_jump_key()),
        (say::keys_next(), say::web_key_down()),
        (say::keys_previous(), say::web_key_up()),
        (say::web_keys_send(), say::web_key_enter()),
        (say::web_keys_new_line(), say::web_key_shift_enter()),
        (say::keys_close(), say::web_key_escape()),
        (say::keys_help(), say::web_key_help()),
    ];
    let one = |(what, key)| div().child((dt().child(w(what)), dd().child(kbd().child(w(key)))));
    let list = dl().class("key-list").child(keys.map(one));
    layer(app, Some(w(say::keys_title())), w(say::keys_title()), div().class("body").child(list).into_any())
}
