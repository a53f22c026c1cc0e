//! One view for each tab: what they show is collected here, and what they want of the engine is handed back.

use std::collections::BTreeMap;

use js_sys::Date;
use sotto_engine::api::{Command, CommandId, Event, Output};
use sotto_engine::screen::Presence;
use sotto_engine::{Cause, Engine, EngineError};
use sotto_view::calendar::Zone;
use sotto_view::settings::Storage;
use sotto_view::start::{SignUp, Stage};
use sotto_view::{Action, Moment, Turn, Update, View};
use sotto_wire::ids::Millis;

use super::platform::scope;
use super::platform::timers::now;
use super::tabs::TabId;
use crate::protocol::FromWorker;

/// A command that a tab's view wants to be given to the engine.
pub(crate) struct Wanted {
    pub(crate) id: CommandId,
    pub(crate) command: Command,
}

/// The views of all tabs.
#[derive(Default)]
pub(crate) struct Screens {
    views: BTreeMap<TabId, View>,
    last_window: u32,
    said: Vec<(TabId, FromWorker)>,
    /// What is wrong between this device and the server: said once, and to be known by windows that open later.
    wrong: Option<Event>,
    wanted: Vec<Wanted>,
    /// Why a view could not read the tables, if that happened.
    trouble: Option<Cause>,
}

/// Where the person is, as the browser knows it: with summer time.
struct BrowserZone;

impl Zone for BrowserZone {
    fn offset_minutes(&self, at: Millis) -> i32 {
        -(Date::new(&(at.0 as f64).into()).get_timezone_offset() as i32)
    }
}

impl Screens {
    /// What there is to say.
    pub(crate) fn drain(&mut self) -> Vec<(TabId, FromWorker)> {
        std::mem::take(&mut self.said)
    }

    /// What the views want of the engine, in order.
    pub(crate) fn wanted(&mut self) -> Vec<Wanted> {
        std::mem::take(&mut self.wanted)
    }

    /// Why a view could not read the tables, if that happened.
    pub(crate) fn trouble(&mut self) -> Option<Cause> {
        self.trouble.take()
    }

    /// A tab is here. A new one is shown everything.
    pub(crate) fn seat(&mut self, tab: &TabId, storage: Storage, engine: &Engine) {
        if self.views.contains_key(tab) {
            return;
        }
        self.last_window += 1;
        self.views.insert(tab.clone(), View::new(self.last_window));
        self.act(tab, Action::StorageIs(storage), engine);
        self.act(tab, Action::Refresh, engine);
        let is_refused = engine.presence() == Presence::Refused;
        let known =
            self.wrong.clone().filter(|wrong| is_refused == matches!(wrong, Event::ServerRefused { .. }));
        if let (Some(wrong), Some(view)) = (known, self.views.get_mut(tab)) {
            let turn = view.hear(moment(engine), &[Output::Event(wrong)]);
            self.take(tab.clone(), turn);
        }
    }

    /// A tab is gone.
    pub(crate) fn unseat(&mut self, tab: &TabId) {
        self.views.remove(tab);
    }

    /// A person did something in a tab. False for a tab that is not here.
    pub(crate) fn act(&mut self, tab: &TabId, action: Action, engine: &Engine) -> bool {
        let Some(view) = self.views.get_mut(tab) else { return false };
        let turn = view.act(moment(engine), action);
        self.take(tab.clone(), turn);
        true
    }

    /// The engine has answered one input.
    pub(crate) fn hear(&mut self, outputs: &[Output], engine: &Engine) {
        for output in outputs {
            if let Output::Event(wrong @ (Event::ServerRefused { .. } | Event::ClockOff { .. })) = output {
                self.wrong = Some(wrong.clone());
            }
        }
        self.each(|view| view.hear(moment(engine), outputs));
    }

    /// A command could not be handled.
    pub(crate) fn failed(&mut self, id: CommandId, cause: &Cause, engine: &Engine) {
        self.each(|view| view.failed(moment(engine), id, cause));
    }

    /// How the profile is stored.
    pub(crate) fn storage_is(&mut self, storage: Storage, engine: &Engine) {
        self.each(|view| view.act(moment(engine), Action::StorageIs(storage)));
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, engine: &Engine) {
        self.each(|view| view.tick(moment(engine)));
    }

    /// When [`tick`](Self::tick) is due.
    pub(crate) fn wake_at(&self) -> Option<Millis> {
        let now = now();
        self.views.values().filter_map(|view| view.wake_at(now, &BrowserZone)).min()
    }

    fn each(&mut self, mut step: impl FnMut(&mut View) -> Result<Turn, EngineError>) {
        let tabs: Vec<TabId> = self.views.keys().cloned().collect();
        for tab in tabs {
            if let Some(view) = self.views.get_mut(&tab) {
                let turn = step(view);
                self.take(tab, turn);
            }
        }
    }

    fn take(&mut self, tab: TabId, turn: Result<Turn, EngineError>) {
        let turn = match turn {
            Ok(turn) => turn,
            Err(error) => return self.trouble = Some(error.cause),
        };
        let wanted = |(id, command)| Wanted { id, command };
        self.wanted.extend(turn.commands.into_iter().map(wanted));
        if !turn.updates.is_empty() {
            let updates = turn.updates.into_iter().map(with_server).collect();
            self.said.push((tab, FromWorker::Updates(updates)));
        }
    }
}

fn moment(engine: &Engine) -> Moment<'_> {
    Moment { engine, now: now(), zone: &BrowserZone }
}

/// A page's server is where the page comes from: no other may be spoken to.
fn with_server(update: Update) -> Update {
    match update {
        Update::Stage(Stage::SignUp(SignUp::Form { server: None, handle, invite_wanted, busy, refusal })) => {
            let server = scope().map(|scope| scope.location().origin());
            Update::Stage(Stage::SignUp(SignUp::Form { server, handle, invite_wanted, busy, refusal }))
        }
        other => other,
    }
}
