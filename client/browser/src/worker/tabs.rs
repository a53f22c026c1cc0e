//! What workers of several tabs say to each other: JSON texts on one `BroadcastChannel`, heard by all others.
//!
//! Only this origin's own scripts hear it. Whoever holds the database serves; the others are guests, each under a lock
//! of its own, so that the holder notices when one is gone.

use std::fmt;

use serde::{Deserialize, Serialize};
use sotto_secrecy::profile_key::DatabaseKey;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};
use zeroize::Zeroize as _;

use super::platform::entropy;
use crate::protocol::{FromWorker, Surroundings, VERSION};
use crate::relay::Asked;

/// The lock whose holder owns the database. Every build and version asks for the same.
pub(crate) const OWNER_LOCK: &str = "sotto owner";

/// A tab's worker.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TabId(String);

impl TabId {
    pub(crate) fn random() -> Self {
        let bytes: [u8; 16] = entropy::fresh();
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The lock that a guest holds while it lives.
    pub(crate) fn lock(&self) -> String {
        format!("sotto tab {}", self.0)
    }
}

impl fmt::Debug for TabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TabId")
    }
}

/// One message between workers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Between {
    /// To the owner: this tab is here, under its lock.
    Join { tab: TabId, surroundings: Surroundings },
    /// To all: this one owns the database now. Guests join.
    Owner(TabId),
    /// To the owner.
    Ask { owner: TabId, tab: TabId, asked: Asked },
    /// From the owner.
    Say { tab: TabId, what: FromWorker },
    /// From the owner: the database is open under this key, for whoever takes over; none: it is locked.
    Key(Option<KeyText>),
}

/// The database key as hex, for a tab that takes over: never shown to a page.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KeyText(String);

impl KeyText {
    pub(crate) fn of(key: &DatabaseKey) -> Self {
        Self(key.to_hex().to_string())
    }

    pub(crate) fn key(&self) -> Option<DatabaseKey> {
        DatabaseKey::from_hex(&self.0)
    }
}

impl Drop for KeyText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText")
    }
}

/// The channel.
pub(crate) struct Bus {
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Bus {
    /// Opens it. Workers of another [`VERSION`] have another channel.
    pub(crate) fn open(hear: impl Fn(Between) + 'static) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(&format!("sotto {VERSION}"))?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let text = event.data().as_string();
            if let Some(said) = text.and_then(|text| serde_json::from_str(&text).ok()) {
                hear(said);
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Ok(Self { channel, _on_message: on_message })
    }

    /// Says it to all others.
    pub(crate) fn say(&self, what: &Between) {
        // Plain data always serialises, and the channel stays open as long as the worker.
        if let Ok(text) = serde_json::to_string(what) {
            let _ = self.channel.post_message(&text.into());
        }
    }
}
