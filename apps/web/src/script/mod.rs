//! A core that is a script: the same types, invented people, no keys and no network. For looking at screens and for
//! tests that photograph them; the feature `showcase` builds it, and nothing that is shipped has it.
//!
//! `?scene=NAME` chooses a screen, `?components` the page of components. The page's root carries the names of all scenes
//! (`data-scenes`), and says when the scene was told (`data-told`).

mod components;
mod history;
mod people;
mod scenes;

use std::time::Duration;

use leptos::prelude::*;
use sotto_browser::protocol::FromWorker;
use sotto_view::action::{Action, ProfileAction};
use sotto_view::alarms::AlarmDetails;
use sotto_view::diff::Step;
use sotto_view::keys::{ConversationKey, LineKey};
use sotto_view::notice::{Notice, Says};
use sotto_view::start::{SignUp, Stage};
use sotto_view::thread::Standing;
use sotto_view::timeline::{Edge, Item, Message, OwnState, TimelineUpdate};
use sotto_view::{Update, keys::NoticeKey};
use sotto_wire::ids::Millis;

pub(crate) use self::components::components;
use crate::app::App;
use crate::browser;

/// Whether the page of components is asked for.
pub(crate) fn showcase() -> bool {
    browser::query().contains("components")
}

/// Starts the script; what it gives takes actions.
pub(crate) fn start(app: App) -> impl Fn(Action) + 'static {
    let scene = scene_name();
    scenes::go(&scene, app);
    browser::mark("data-scenes", &scenes::NAMES.join(" "));
    let state = StoredValue::new(State::default());
    move |action| {
        if matches!(action, Action::Refresh) {
            tell(app, scenes::begin(&scene, &mut |open| open_now(state, open)));
            return;
        }
        tell(app, answer(app, state, action));
    }
}

fn scene_name() -> String {
    let query = browser::query();
    let scene = query.trim_start_matches('?').split('&').find_map(|part| part.strip_prefix("scene="));
    scene.unwrap_or("list").to_owned()
}

fn tell(app: App, updates: Vec<Update>) {
    // A real core answers later, too.
    let told = move || {
        app.hear(FromWorker::Updates(updates.clone()));
        browser::mark("data-told", "");
    };
    set_timeout(told, Duration::ZERO);
}

#[derive(Default)]
struct State {
    open: Option<ConversationKey>,
    /// Items of the open timeline, and how many lines of the history stand before them.
    items: Vec<Item>,
    before: usize,
    written: u64,
}

fn open_now(state: StoredValue<State>, key: ConversationKey) -> Vec<Update> {
    let (items, before) = history::of(key);
    state.update_value(|state| {
        state.open = Some(key);
        state.items.clone_from(&items);
        state.before = before;
    });
    let mut updates = vec![Update::Thread(Some(people::thread(key)))];
    updates.push(timeline(key, before, vec![Step::Reset { items }], history::unread(key)));
    updates.push(Update::Composer(people::composer(key)));
    updates
}

fn timeline(conversation: ConversationKey, before: usize, steps: Vec<Step<Item>>, unread: u64) -> Update {
    let older = if before > 0 { Edge::More } else { Edge::End };
    Update::Timeline(TimelineUpdate { conversation, steps, older, newer: Edge::End, unread })
}

fn answer(app: App, state: StoredValue<State>, action: Action) -> Vec<Update> {
    match action {
        Action::Open { conversation } => open_now(state, conversation),
        Action::OpenHandle { .. } => open_now(state, people::NEW),
        Action::Close => vec![Update::Contact(None), Update::Thread(None)],
        Action::LoadOlder => older(state),
        Action::Send { text } => send(app, state, &text),
        Action::OpenContact { conversation } => vec![Update::Contact(Some(people::contact(conversation)))],
        Action::CloseContact => vec![Update::Contact(None)],
        Action::Accept { conversation } => {
            let mut thread = people::thread(conversation);
            thread.standing = Standing::Open;
            vec![Update::Requests(vec![Step::Remove { at: 0 }]), Update::Thread(Some(thread))]
        }
        Action::Block { conversation } => {
            let person = people::thread(conversation).person;
            vec![Update::Notices(vec![notice(Says::Blocked { person })])]
        }
        Action::Dismiss { .. } | Action::Undo { .. } => vec![Update::Notices(Vec::new())],
        Action::AlarmSeen { .. } => {
            vec![Update::Alarms(vec![Step::Update { at: 0, item: people::alarm(true) }])]
        }
        Action::OpenAlarmDetails { alarm } => vec![Update::AlarmDetails(AlarmDetails {
            key: alarm,
            kind: "log fork".to_owned(),
            evidence: "5f1c09".repeat(40),
        })],
        Action::Prepare { .. } | Action::Back => vec![Update::Stage(scenes::words())],
        Action::WordsWritten => vec![Update::Stage(scenes::confirm(None))],
        Action::ConfirmWords { .. } | Action::Profile(ProfileAction::Unlock { .. }) => {
            scenes::begin("list", &mut |_| Vec::new())
        }
        Action::Profile(ProfileAction::TrustDevice | ProfileAction::LockWithPassphrase { .. }) => {
            vec![Update::Stage(Stage::SignUp(SignUp::Form {
                server: None,
                handle: None,
                invite_wanted: false,
                busy: false,
                refusal: None,
            }))]
        }
        _ => Vec::new(),
    }
}

fn notice(says: Says) -> Notice {
    Notice { key: NoticeKey(1), says, undo_until: Some(Millis(u64::MAX)) }
}

fn older(state: StoredValue<State>) -> Vec<Update> {
    let done = state.try_update_value(|state| {
        let key = state.open?;
        let from = state.before.saturating_sub(60);
        let lines = history::lines(from, state.before);
        state.before = from;
        state.items.splice(0..0, lines.iter().cloned());
        let steps = lines.into_iter().enumerate().map(|(at, item)| Step::Insert { at, item });
        Some(timeline(key, from, steps.collect(), 0))
    });
    done.flatten().into_iter().collect()
}

fn send(app: App, state: StoredValue<State>, text: &str) -> Vec<Update> {
    let placed = state.try_update_value(|state| {
        let key = state.open?;
        state.written += 1;
        let message = history::own(LineKey::Written(state.written), text, OwnState::Queued);
        state.items.push(Item::Message(Box::new(message.clone())));
        Some((key, state.before, state.items.len() - 1, message))
    });
    let Some((key, before, at, message)) = placed.flatten() else { return Vec::new() };
    let sent = Message { author: sotto_view::timeline::Author::Me(OwnState::Sent), ..message.clone() };
    let step = Step::Update { at, item: Item::Message(Box::new(sent)) };
    let later = vec![timeline(key, before, vec![step], 0)];
    set_timeout(move || tell(app, later.clone()), Duration::from_millis(300));
    vec![timeline(key, before, vec![Step::Insert { at, item: Item::Message(Box::new(message)) }], 0)]
}
