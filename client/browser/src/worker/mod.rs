//! The worker: hears its page, and either owns the database or passes everything on to the worker that does.
//!
//! Everything runs on one thread, one turn of the event loop at a time; a turn borrows the state once and never waits.
//! What has to wait (locks, files, keys) waits outside and comes back with a turn of its own.
//!
//! Reading order: this file (page, tabs, who owns), `owner` (what an owner does with what it is asked), `opening` (from
//! lock to open database), `door` (keys), `open` (engine, connections, time), `tabs` (words between workers), `platform`.

mod door;
mod open;
mod opening;
mod owner;
mod platform;
mod screens;
mod tabs;

use std::cell::RefCell;
use std::rc::Rc;

use sotto_view::start::{Broken, Stage};
use sotto_view::{Action, Update};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use self::open::Open;
use self::owner::Owner;
use self::platform::timers::{Timer, pause_ms};
use self::platform::{entropy, locks};
use self::tabs::{Between, Bus, KeyText, OWNER_LOCK, TabId};
use crate::limits::SILENT_OWNER_MS;
use crate::protocol::{ActionId, FromWorker, Outcome, Role, Surroundings, ToWorker};
use crate::relay::{Asked, Relay, Seed};

/// Starts the worker; returns at once.
pub fn start() {
    if let Some(scope) = platform::scope() {
        Worker::begin(scope);
    }
}

/// The worker's state, shared by everything that calls back.
#[derive(Clone)]
pub(crate) struct Worker(Rc<RefCell<State>>);

/// What a worker is.
pub(crate) struct State {
    me: TabId,
    scope: DedicatedWorkerGlobalScope,
    bus: Option<Bus>,
    /// What the page told of itself; it has said nothing before.
    page: Option<Surroundings>,
    /// The page's own lock is held: the owner may hear of it.
    is_locked: bool,
    relay: Relay,
    part: Part,
    /// The key of a database that another tab has open, for when that tab is gone.
    handed: Option<KeyText>,
    /// Runs while no owner has been heard of.
    silence: Option<Timer>,
}

/// Which part it plays.
enum Part {
    /// No owner was heard of yet.
    Looking,
    /// That one owns the database.
    Guest(TabId),
    /// This one does.
    Owner(Box<Owner>),
    /// The browser lacks something.
    Unfit(Broken),
}

impl Worker {
    fn begin(scope: DedicatedWorkerGlobalScope) {
        let part = platform::lacking().map_or(Part::Looking, Part::Unfit);
        let is_fit = matches!(part, Part::Looking);
        let worker = Self(Rc::new(RefCell::new(State {
            me: TabId::random(),
            scope: scope.clone(),
            bus: None,
            page: None,
            is_locked: false,
            relay: Relay::default(),
            part,
            handed: None,
            silence: None,
        })));
        worker.listen_to_page(&scope);
        if is_fit {
            worker.listen_to_tabs();
            worker.listen_to_network(&scope);
            spawn_local(worker.clone().wait_for_ownership());
        }
    }

    fn listen_to_page(&self, scope: &DedicatedWorkerGlobalScope) {
        let worker = self.clone();
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                worker.hear_page(&text);
            }
        });
        scope.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        // As long-lived as the worker.
        hear.forget();
    }

    fn listen_to_tabs(&self) {
        let worker = self.clone();
        let bus = Bus::open(move |said| worker.hear_tab(said));
        let mut state = self.0.borrow_mut();
        match bus {
            Ok(bus) => state.bus = Some(bus),
            Err(_) => state.part = Part::Unfit(Broken::NoStorage),
        }
    }

    fn listen_to_network(&self, scope: &DedicatedWorkerGlobalScope) {
        let worker = self.clone();
        let back = Closure::<dyn FnMut()>::new(move || worker.with_open(Open::network_is_back));
        scope.set_ononline(Some(back.as_ref().unchecked_ref()));
        // As long-lived as the worker.
        back.forget();
    }

    fn hear_page(&self, text: &str) {
        let said = serde_json::from_str(text);
        match said {
            Ok(ToWorker::Attach(surroundings)) => self.attach(surroundings),
            Ok(ToWorker::Act { id, action }) => self.act(id, action),
            Err(_) => {
                if let Some(id) = number_of(text) {
                    self.0.borrow().post(&FromWorker::Answered { id, outcome: Outcome::Unknown });
                }
            }
        }
    }

    fn attach(&self, surroundings: Surroundings) {
        let is_first = self.0.borrow_mut().page.replace(surroundings).is_none();
        if is_first {
            // Held until the worker dies: the owner waits for it, to notice.
            let name = self.0.borrow().me.lock();
            let worker = self.clone();
            spawn_local(async move {
                let held = locks::acquire(&name).await;
                std::mem::forget(held);
                worker.0.borrow_mut().begin_page();
                worker.settle();
            });
            self.watch_for_silence();
        } else {
            self.0.borrow_mut().join();
        }
        self.settle();
    }

    fn act(&self, id: ActionId, action: Action) {
        self.0.borrow_mut().act(id, action);
        self.settle();
    }

    /// A page that finds an owner which never answers is told that something holds the profile.
    fn watch_for_silence(&self) {
        let worker = self.clone();
        let timer = Timer::after_ms(SILENT_OWNER_MS, move || {
            let state = worker.0.borrow();
            if matches!(state.part, Part::Looking) {
                state.show(Stage::Broken(Broken::InUse));
            }
        });
        self.0.borrow_mut().silence = timer;
    }

    fn hear_tab(&self, said: Between) {
        let mut state = self.0.borrow_mut();
        match said {
            Between::Owner(owner) => state.follow(owner),
            Between::Say { tab, what } if tab == state.me => state.pass_on(&what),
            Between::Key(handed) => {
                if matches!(state.part, Part::Guest(_)) {
                    state.handed = handed;
                }
            }
            Between::Join { tab, surroundings } => {
                if state.owner_and_bus().is_some_and(|(owner, bus)| owner.join(&tab, surroundings, bus)) {
                    spawn_local(self.clone().watch(tab));
                }
            }
            Between::Ask { owner, tab, asked } if owner == state.me => state.ask_owner(&tab, asked),
            Between::Say { .. } | Between::Ask { .. } => {}
        }
        drop(state);
        self.settle();
    }

    /// Waits until a guest is gone.
    async fn watch(self, tab: TabId) {
        if locks::acquire(&tab.lock()).await.is_ok()
            && let Some((owner, _)) = self.0.borrow_mut().owner_and_bus()
        {
            owner.leave(&tab);
        }
    }

    async fn wait_for_ownership(self) {
        let Ok(held) = locks::acquire(OWNER_LOCK).await else {
            self.0.borrow_mut().part = Part::Unfit(Broken::NoStorage);
            return;
        };
        // Held until the worker dies.
        std::mem::forget(held);
        // Whatever the last owner still said is heard before this one speaks.
        pause_ms(0).await;
        self.0.borrow_mut().take_over();
        self.settle();
        spawn_local(self.clone().watch_room());
        self.open_up().await;
    }

    /// Carries out what a turn left to be done outside of it, and says what there is to say.
    fn settle(&self) {
        loop {
            let mut state = self.0.borrow_mut();
            let Some((owner, _)) = state.owner_and_bus() else { return };
            let (said, chores) = owner.drain();
            if said.is_empty() && chores.is_empty() {
                return;
            }
            for (tab, what) in said {
                state.say(&tab, what);
            }
            drop(state);
            for chore in chores {
                self.begin_chore(chore);
            }
        }
    }
}

impl State {
    fn act(&mut self, id: ActionId, action: Action) {
        if let Part::Unfit(broken) = self.part {
            self.show(Stage::Broken(broken));
            self.post(&FromWorker::Answered { id, outcome: Outcome::NotNow });
            return;
        }
        match self.relay.ask(id, action, Seed::new(entropy::fresh())) {
            Some(asked) => self.give(asked),
            None => self.post(&FromWorker::Answered { id, outcome: Outcome::NotNow }),
        }
    }

    /// Gives an action to whoever owns the database; without one it stays with the relay.
    fn give(&mut self, asked: Asked) {
        let me = self.me.clone();
        match &self.part {
            _ if !self.is_locked => {}
            Part::Guest(owner) => {
                let owner = owner.clone();
                self.broadcast(&Between::Ask { owner, tab: me, asked });
            }
            Part::Owner(_) => self.ask_owner(&me, asked),
            Part::Looking | Part::Unfit(_) => {}
        }
    }

    fn ask_owner(&mut self, tab: &TabId, asked: Asked) {
        if let Some((owner, _)) = self.owner_and_bus() {
            owner.ask(tab, asked);
        }
    }

    /// The page's lock is held: what it asked meanwhile is given to the owner, if there is one.
    fn begin_page(&mut self) {
        self.is_locked = true;
        self.join();
        if !matches!(self.part, Part::Looking) {
            self.resume(false);
        }
    }

    /// Tells the owner, or the bus, that this page is here.
    fn join(&mut self) {
        let Some(surroundings) = self.page.filter(|_| self.is_locked) else { return };
        let me = self.me.clone();
        match &mut self.part {
            Part::Owner(owner) => {
                if let Some(bus) = &self.bus {
                    owner.join(&me, surroundings, bus);
                }
            }
            Part::Looking | Part::Guest(_) => self.broadcast(&Between::Join { tab: me, surroundings }),
            Part::Unfit(broken) => {
                let broken = *broken;
                self.show(Stage::Broken(broken));
            }
        }
    }

    /// Another worker owns the database now.
    fn follow(&mut self, owner: TabId) {
        let was_given = match &self.part {
            Part::Guest(known) if *known == owner => return,
            Part::Guest(_) => true,
            Part::Looking => false,
            // The lock says that this one does.
            Part::Owner(_) | Part::Unfit(_) => return,
        };
        self.part = Part::Guest(owner);
        self.silence = None;
        self.join();
        self.resume(was_given);
    }

    /// This worker owns the database now.
    fn take_over(&mut self) {
        let was_given = matches!(self.part, Part::Guest(_));
        self.part = Part::Owner(Box::new(Owner::new(self.me.clone(), self.handed.take())));
        self.silence = None;
        let me = self.me.clone();
        self.broadcast(&Between::Owner(me));
        self.join();
        self.resume(was_given);
    }

    fn resume(&mut self, was_given: bool) {
        if !self.is_locked {
            return;
        }
        let resumed = self.relay.resume(was_given);
        for id in resumed.interrupted {
            self.post(&FromWorker::Answered { id, outcome: Outcome::Interrupted });
        }
        for asked in resumed.ask {
            self.give(asked);
        }
    }

    fn owner_and_bus(&mut self) -> Option<(&mut Owner, &Bus)> {
        match (&mut self.part, &self.bus) {
            (Part::Owner(owner), Some(bus)) => Some((owner, bus)),
            _ => None,
        }
    }

    /// Says something to a page: this worker's, or another's by way of its worker.
    fn say(&mut self, tab: &TabId, what: FromWorker) {
        if *tab == self.me {
            self.pass_on(&what);
        } else {
            self.broadcast(&Between::Say { tab: tab.clone(), what });
        }
    }

    fn pass_on(&mut self, what: &FromWorker) {
        if let FromWorker::Answered { id, .. } = what
            && !self.relay.answered(*id)
        {
            return;
        }
        self.post(what);
    }

    fn broadcast(&self, what: &Between) {
        if let Some(bus) = &self.bus {
            bus.say(what);
        }
    }

    fn show(&self, stage: Stage) {
        self.post(&FromWorker::Updates(vec![Update::Stage(stage)]));
    }

    fn post(&self, what: &FromWorker) {
        // Plain data always serialises; a page that is gone hears nothing.
        if let Ok(text) = serde_json::to_string(what) {
            let _ = self.scope.post_message(&text.into());
        }
    }
}

/// The role of a tab, seen from its owner.
fn role(is_owner: bool) -> Role {
    if is_owner { Role::Owner } else { Role::Guest }
}

/// The number of an action that this build does not know.
fn number_of(text: &str) -> Option<ActionId> {
    let said: serde_json::Value = serde_json::from_str(text).ok()?;
    said.get("act")?.get("id")?.as_u64().map(ActionId)
}
