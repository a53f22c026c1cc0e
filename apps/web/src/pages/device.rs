//! This device: where it keeps things, what locks them, whether they stay.

use leptos::html::{div, p};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::action::ProfileAction;
use sotto_view::settings::{Kept, LockedBy, Storage};

use super::settings::card;
use crate::app::App;
use crate::icons;
use crate::pieces::{Button, icon, live};
use crate::words::{size, w};

pub(super) fn draw(app: App) -> AnyView {
    let storage = Memo::new(move |_| {
        app.screens
            .settings
            .with(|settings| settings.as_ref().map(|settings| settings.storage).unwrap_or_default())
    });
    live(move || {
        let storage = storage.get();
        card(w(say::settings_storage()), (kept(app, storage), locked(app, storage), device(app)).into_any())
    })
}

fn kept(app: App, storage: Storage) -> AnyView {
    let scarce = matches!(storage.kept, Kept::NearlyFull | Kept::Full | Kept::Failing);
    let words = match storage.kept {
        Kept::Kept => say::settings_kept(),
        Kept::Unknown | Kept::BestEffort => say::settings_best_effort(),
        Kept::NearlyFull => say::settings_nearly_full(),
        Kept::Full => say::settings_full(),
        Kept::Failing => say::settings_failing(),
    };
    let ask = (storage.kept == Kept::BestEffort).then(|| {
        (Button::plain(w(say::settings_ask_to_keep()))
            .on(move || app.act(Action::Profile(ProfileAction::AskToKeep))),)
    });
    let class = if scarce { "grow warn" } else { "grow" };
    div()
        .child((
            icon(icons::HARD_DRIVE),
            div().class(class).child((p().child(w(words)), usage(storage))),
            ask,
        ))
        .into_any()
}

fn usage(storage: Storage) -> Option<AnyView> {
    let used = storage.used_bytes?;
    let Some(quota) = storage.quota_bytes.filter(|quota| *quota > 0) else {
        return Some(p().class("hint").child(w(say::settings_used_alone(&size(used)))).into_any());
    };
    Some(p().class("hint").child(w(say::settings_used(&size(used), &size(quota)))).into_any())
}

fn locked(app: App, storage: Storage) -> AnyView {
    let words = match storage.lock {
        LockedBy::Passphrase => say::settings_lock_passphrase(),
        LockedBy::Device | LockedBy::Unknown => say::settings_lock_device(),
        LockedBy::KeyFile => say::settings_lock_key_file(),
    };
    let lock = (storage.lock == LockedBy::Passphrase).then(|| {
        Button::plain(w(say::action_lock_now())).on(move || app.act(Action::Profile(ProfileAction::LockNow)))
    });
    div().child((icon(icons::LOCK), div().class("grow").child(w(words)), lock)).into_any()
}

fn device(app: App) -> Option<AnyView> {
    let (device, account) = app.screens.settings.with(|settings| {
        settings
            .as_ref()
            .and_then(|settings| settings.me.as_ref())
            .map(|me| (me.device.to_string(), me.account.to_string()))
    })?;
    let row = |label, number| {
        div().child((
            div().class("label").child(label),
            div().class("number-code").attr("translate", "no").child(number),
        ))
    };
    let numbers = div()
        .class("stacked grow")
        .child((row(w(say::settings_device_id()), device), row(w(say::settings_account_id()), account)));
    Some(div().child((icon(icons::SMARTPHONE), numbers)).into_any())
}
