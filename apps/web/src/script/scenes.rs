//! Screens by name.

use leptos::prelude::Set as _;
use sotto_view::Update;
use sotto_view::alarms::AlarmCard;
use sotto_view::connection::Connection;
use sotto_view::conversations::Badges;
use sotto_view::diff::Step;
use sotto_view::keys::ConversationKey;
use sotto_view::notice::{Notice, Says};
use sotto_view::refusal::Refusal;
use sotto_view::start::{Broken, Lock, RecoveryWords, Restoring, SignUp, Stage, Unlock};
use sotto_wire::ids::{Handle, Millis, Minute};

use super::people;
use crate::app::{App, Layer, Place};

/// Every scene: what is looked at, photographed and checked.
pub(super) const NAMES: &[&str] = &[
    "opening",
    "lock",
    "unlock",
    "unlock-wrong",
    "signup",
    "signup-taken",
    "words",
    "confirm",
    "confirm-wrong",
    "registering",
    "restoring",
    "broken",
    "list",
    "empty",
    "loading",
    "thread",
    "unread",
    "new",
    "long",
    "hostile",
    "declined",
    "blocked",
    "requests",
    "request",
    "contact",
    "contact-new",
    "settings",
    "alarms",
    "alarm",
    "offline",
    "clock-off",
    "notice",
    "jump",
    "write",
    "keys",
    "server-knows",
    "erase",
];

const WORDS: [&str; 12] = [
    "harbour", "velvet", "timber", "ostrich", "quiet", "lantern", "meadow", "copper", "sister", "ribbon",
    "glacier", "orbit",
];

/// Where in the page a scene plays.
pub(super) fn go(name: &str, app: App) {
    match name {
        "settings" | "server-knows" | "erase" => app.place.set(Place::Settings),
        "alarms" => app.place.set(Place::Alarms),
        "request" | "requests" => app.place.set(Place::Requests),
        _ => {}
    }
    app.layer.set(match name {
        "jump" => Some(Layer::Jump),
        "write" => Some(Layer::New),
        "keys" => Some(Layer::Keys),
        "server-knows" => Some(Layer::ServerKnows),
        "erase" => Some(Layer::Erase),
        _ => None,
    });
}

/// What a scene begins with. `open` tells what opening a conversation tells.
pub(super) fn begin(name: &str, open: &mut dyn FnMut(ConversationKey) -> Vec<Update>) -> Vec<Update> {
    if let Some(stage) = stage(name) {
        return vec![Update::Stage(stage)];
    }
    let mut updates = vec![
        Update::Today(people::TODAY),
        Update::Stage(Stage::Ready),
        Update::Connection(connection(name)),
        Update::Settings(people::settings()),
    ];
    if name == "loading" {
        return updates;
    }
    let full = name != "empty";
    updates.push(Update::Conversations(vec![Step::Reset {
        items: if full { people::rows() } else { Vec::new() },
    }]));
    updates.push(Update::Requests(vec![Step::Reset {
        items: if full { people::requests() } else { Vec::new() },
    }]));
    updates.push(Update::Badges(if full { people::badges() } else { Badges::default() }));
    updates.push(Update::Alarms(vec![Step::Reset { items: alarms(name) }]));
    if let Some(key) = opened(name) {
        updates.extend(open(key));
    }
    if name.starts_with("contact") {
        updates.extend(opened(name).map(|key| Update::Contact(Some(people::contact(key)))));
    }
    if name == "notice" {
        let says = Says::Blocked { person: people::of(ConversationKey(8)) };
        let notice = Notice { key: sotto_view::keys::NoticeKey(1), says, undo_until: Some(Millis(u64::MAX)) };
        updates.push(Update::Notices(vec![notice]));
    }
    updates
}

fn opened(name: &str) -> Option<ConversationKey> {
    match name {
        "thread" | "contact" | "offline" | "clock-off" | "notice" | "alarm" | "keys" => Some(people::MARA),
        "unread" | "jump" => Some(people::JONAS),
        "contact-new" => Some(people::LUCIA),
        "declined" => Some(people::DECLINED),
        "blocked" => Some(people::BLOCKED),
        "hostile" => Some(people::HOSTILE),
        "request" => Some(people::STRANGER),
        "long" => Some(people::LONG),
        "new" => Some(people::NEW),
        _ => None,
    }
}

fn alarms(name: &str) -> Vec<AlarmCard> {
    match name {
        "alarm" => vec![people::alarm(false), people::small_alarm()],
        "alarms" => vec![people::alarm(true), people::small_alarm()],
        _ => Vec::new(),
    }
}

fn connection(name: &str) -> Connection {
    match name {
        "offline" => Connection::Offline { since: Millis(people::at(0, 14, 2).at.0), retry_at: None },
        "clock-off" => Connection::ClockOff { local: Minute(0), server: Minute(0) },
        _ => Connection::Online,
    }
}

fn stage(name: &str) -> Option<Stage> {
    Some(match name {
        "opening" => Stage::Opening,
        "lock" => Stage::Lock(Lock { can_trust_device: true, busy: false, refusal: None }),
        "unlock" => Stage::Unlock(Unlock { busy: false, refusal: None }),
        "unlock-wrong" => Stage::Unlock(Unlock { busy: false, refusal: Some(Refusal::PassphraseWrong) }),
        "signup" => form(None),
        "signup-taken" => form(Some(Refusal::HandleTaken)),
        "words" => words(),
        "confirm" => confirm(None),
        "confirm-wrong" => confirm(Some(Refusal::WordsDiffer)),
        "registering" => {
            Stage::SignUp(SignUp::Registering { handle: Handle::parse("robin").ok(), waiting: true })
        }
        "restoring" => Stage::Restoring(Restoring { done_permille: Some(420) }),
        "broken" => Stage::Broken(Broken::NoStorage),
        _ => return None,
    })
}

fn form(refusal: Option<Refusal>) -> Stage {
    let handle = refusal.as_ref().and_then(|_| Handle::parse("robin").ok());
    let invite_wanted = refusal.is_some();
    Stage::SignUp(SignUp::Form { server: None, handle, invite_wanted, busy: false, refusal })
}

pub(super) fn words() -> Stage {
    let words = RecoveryWords(WORDS.map(str::to_owned).to_vec());
    Stage::SignUp(SignUp::Words { words })
}

pub(super) fn confirm(refusal: Option<Refusal>) -> Stage {
    Stage::SignUp(SignUp::Confirm { asked: vec![3, 7, 11], refusal })
}
