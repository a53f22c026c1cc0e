//! An open profile: the engine, its two connections and its clock. One input is one transaction; what comes out is
//! carried out in order, after it.

use std::collections::BTreeMap;

use rand_core::{CryptoRngCore, OsRng};
use sotto_engine::api::{Command, CommandId, Event, Input, Output, Plane};
use sotto_engine::screen::Presence;
use sotto_engine::{Cause, Engine, StorageError};
use sotto_view::Action;
use sotto_view::settings::{Kept, LockedBy, Storage};
use sotto_view::start::Broken;
use sotto_wire::ids::{MessageId, Millis};

use super::Worker;
use super::platform::entropy;
use super::platform::socket::{Generation, Link, News, look_later};
use super::platform::timers::{Timer, Turns, now};
use super::screens::{Screens, Wanted};
use super::tabs::{KeyText, TabId};
use crate::limits::{CLOCK_LOOK_MS, NEARLY_FULL_PERCENT};
use crate::protocol::{FromWorker, Outcome, Persistence};
use crate::relay::{Asked, Seed};

/// The open profile.
pub(crate) struct Open {
    engine: Engine,
    screens: Screens,
    key: KeyText,
    locked_by: LockedBy,
    worker: Worker,
    links: BTreeMap<u8, Link>,
    last_generation: u64,
    /// Continuations owed to the engine; they take turns with everything else.
    continues: usize,
    turns: Turns,
    /// Runs while connections have no room.
    look: Option<Timer>,
    wake: Option<(Millis, Option<Timer>)>,
    wake_views: Option<(Millis, Option<Timer>)>,
    storage: Storage,
    /// What the browser says about it, apart from failures.
    kept: Kept,
    broken: Option<Broken>,
}

fn index(plane: Plane) -> u8 {
    match plane {
        Plane::Account => 0,
        Plane::Topic => 1,
    }
}

impl Open {
    /// `None` when the browser offers no channel for turns.
    pub(super) fn new(engine: Engine, key: KeyText, locked_by: LockedBy, worker: Worker) -> Option<Self> {
        let turning = worker.clone();
        let turns = Turns::new(move || turning.with_open(Self::go_on)).ok()?;
        let mut open = Self {
            engine,
            screens: Screens::default(),
            key,
            locked_by,
            worker,
            links: BTreeMap::new(),
            last_generation: 0,
            continues: 0,
            turns,
            look: None,
            wake: None,
            wake_views: None,
            storage: Storage { lock: locked_by, ..Storage::default() },
            kept: Kept::Unknown,
            broken: None,
        };
        open.input(Input::Command(CommandId(0), Command::SetOnline { online: true }));
        Some(open)
    }

    /// What there is to say to pages.
    pub(super) fn drain(&mut self) -> Vec<(TabId, FromWorker)> {
        self.screens.drain()
    }

    /// Why it must be closed, if it must.
    pub(super) fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// Whether closing it keeps anybody out.
    pub(super) fn can_be_locked(&self) -> bool {
        self.locked_by == LockedBy::Passphrase
    }

    pub(super) fn key_text(&self) -> KeyText {
        self.key.clone()
    }

    /// A tab is here; a new one is shown everything.
    pub(super) fn seat(&mut self, tab: &TabId) {
        self.screens.seat(tab, self.storage, &self.engine);
        self.serve(None);
    }

    /// A tab is gone.
    pub(super) fn unseat(&mut self, tab: &TabId) {
        self.screens.unseat(tab);
    }

    /// Something a person did in a tab.
    pub(super) fn act(&mut self, tab: &TabId, asked: &Asked) -> Outcome {
        if asked.again && matches!(asked.action, Action::Send { .. }) && self.has_sent(&asked.seed) {
            return Outcome::Taken;
        }
        if !self.screens.act(tab, asked.action.clone(), &self.engine) {
            return Outcome::NotNow;
        }
        self.serve(Some(&asked.seed))
    }

    /// Whether an owner that is gone has queued this text: its id is the first thing drawn from the seed.
    fn has_sent(&self, seed: &Seed) -> bool {
        let message = MessageId::random(&mut entropy::of(seed));
        self.engine.message(message).is_ok_and(|found| found.is_some())
    }

    /// Carries out what the views want, until they want nothing more.
    fn serve(&mut self, seed: Option<&Seed>) -> Outcome {
        let mut outcome = Outcome::Taken;
        loop {
            let wanted = self.screens.wanted();
            if wanted.is_empty() {
                break;
            }
            for Wanted { id, command } in wanted {
                let stored = match (&command, seed) {
                    (Command::Send { .. }, Some(seed)) => {
                        self.feed(Input::Command(id, command), &mut entropy::of(seed))
                    }
                    _ => self.feed(Input::Command(id, command), &mut OsRng),
                };
                if let Err(cause) = stored {
                    outcome = Outcome::NotStored;
                    self.screens.failed(id, &cause, &self.engine);
                }
            }
        }
        if let Some(cause) = self.screens.trouble() {
            self.fail(cause);
        }
        self.wake_views();
        outcome
    }

    /// One input of the shell's own, and what the views make of what came of it.
    fn input(&mut self, input: Input) {
        // The engine lets go and tries again by itself; what a person is to know of it is told.
        let _ = self.feed(input, &mut OsRng);
        self.serve(None);
    }

    /// One input: one transaction.
    fn feed(&mut self, input: Input, entropy: &mut dyn CryptoRngCore) -> Result<(), Cause> {
        let (outputs, result) = match self.engine.handle(now(), entropy, input) {
            Ok(outputs) => (outputs, Ok(())),
            Err(mut error) => (error.outputs(), Err(error.cause)),
        };
        for output in &outputs {
            self.carry_out(output);
        }
        self.screens.hear(&outputs, &self.engine);
        match &result {
            Err(cause) => self.fail(*cause),
            Ok(()) if outputs.iter().any(tells_of_something_stored) => self.stored(),
            Ok(()) => {}
        }
        result
    }

    /// Storing works again.
    fn stored(&mut self) {
        if self.storage.kept == Kept::Failing {
            self.storage.kept = self.kept;
            self.screens.storage_is(self.storage, &self.engine);
        }
    }

    fn carry_out(&mut self, output: &Output) {
        match output {
            Output::Connect(plane) => self.connect(*plane),
            Output::Disconnect(plane) => drop(self.links.remove(&index(*plane))),
            Output::Frame(plane, frame) => {
                // Without a connection, `Closed` is on its way to the engine.
                if let Some(link) = self.links.get(&index(*plane)) {
                    link.send(frame);
                }
            }
            Output::WakeAt(at) => self.wake_at(*at),
            Output::Continue => {
                self.continues += 1;
                self.turns.ask();
            }
            // The views hear these.
            Output::Reply(..) | Output::Event(_) => {}
        }
    }

    /// The disk failed; the engine keeps what it had.
    fn fail(&mut self, cause: Cause) {
        match cause {
            Cause::Storage(StorageError::Full) => self.storage.kept = Kept::Full,
            Cause::Storage(StorageError::Corrupt) => self.broken = Some(Broken::Damaged),
            Cause::Storage(_) => self.storage.kept = Kept::Failing,
            Cause::Bug(_) => {}
        }
        self.screens.storage_is(self.storage, &self.engine);
    }

    /// What was known of the browser's promise before: it is no news.
    pub(super) fn begin_with(&mut self, persistence: Persistence) {
        if persistence == Persistence::NotPromised {
            self.kept = Kept::BestEffort;
            self.storage.kept = self.kept;
        }
    }

    /// The machine has a network again: the next try does not wait.
    pub(super) fn network_is_back(&mut self) {
        if matches!(self.engine.presence(), Presence::Waiting { .. } | Presence::Connecting) {
            self.input(Input::Command(CommandId(0), Command::SetOnline { online: true }));
        }
    }

    /// How much room there is, and whether the browser promised to keep it.
    pub(super) fn room_is(&mut self, persistence: Persistence, used: Option<u64>, quota: Option<u64>) {
        let percent = used.zip(quota).map(|(used, quota)| used.saturating_mul(100) / quota.max(1));
        self.kept = match persistence {
            _ if percent.is_some_and(|percent| percent >= 100) => Kept::Full,
            _ if percent.is_some_and(|percent| percent >= NEARLY_FULL_PERCENT) => Kept::NearlyFull,
            Persistence::Granted => Kept::Kept,
            Persistence::Refused | Persistence::NotPromised => Kept::BestEffort,
            Persistence::Unknown => Kept::Unknown,
        };
        if self.storage.kept != Kept::Failing {
            self.storage.kept = self.kept;
        }
        (self.storage.used_bytes, self.storage.quota_bytes) = (used, quota);
        self.screens.storage_is(self.storage, &self.engine);
        self.serve(None);
    }

    fn connect(&mut self, plane: Plane) {
        self.last_generation += 1;
        let generation = Generation(self.last_generation);
        // A database that cannot be read now will say so to the next input.
        let server = self.engine.account().ok().flatten().map(|account| account.server).unwrap_or_default();
        let worker = self.worker.clone();
        let tell = move |plane, generation, news| {
            worker.with_open(|open| open.hear(plane, generation, news));
        };
        match Link::open(plane, &server, generation, tell) {
            Some(link) => drop(self.links.insert(index(plane), link)),
            None => {
                self.links.remove(&index(plane));
                let worker = self.worker.clone();
                // As a connection would: later, and in a turn of its own.
                wasm_bindgen_futures::spawn_local(async move {
                    worker.with_open(|open| open.input(Input::Closed(plane)));
                });
            }
        }
    }

    fn hear(&mut self, plane: Plane, generation: Generation, news: News) {
        if self.links.get(&index(plane)).is_none_or(|link| link.generation != generation) {
            return;
        }
        let input = match news {
            News::Opened => Input::Opened(plane),
            News::Frame(frame) => Input::Frame(plane, frame),
            News::Closed => {
                self.links.remove(&index(plane));
                Input::Closed(plane)
            }
        };
        self.input(input);
    }

    /// One owed continuation, unless connections have no room for what it would make.
    fn go_on(&mut self) {
        self.look = None;
        if self.continues == 0 {
            return;
        }
        if self.links.values().any(Link::is_backlogged) {
            let worker = self.worker.clone();
            self.look = look_later(move || worker.with_open(|open| open.turns.ask()));
            return;
        }
        self.continues -= 1;
        self.input(Input::Continue);
        if self.continues > 0 {
            self.turns.ask();
        }
    }

    /// Looked at again and again: the wall clock may jump, and a sleeping machine's timers stand still.
    fn wake_at(&mut self, at: Millis) {
        let left = at.0.saturating_sub(now().0).min(CLOCK_LOOK_MS);
        let worker = self.worker.clone();
        let timer = Timer::after_ms(left, move || worker.with_open(Self::look_at_clock));
        self.wake = Some((at, timer));
    }

    fn look_at_clock(&mut self) {
        let Some((at, _)) = &self.wake else { return };
        let at = *at;
        if now() < at {
            return self.wake_at(at);
        }
        self.wake = None;
        self.input(Input::Tick);
    }

    /// Something a window shows changes by itself: the day, or what can be taken back.
    fn wake_views(&mut self) {
        let due = self.screens.wake_at();
        if due == self.wake_views.as_ref().map(|(at, _)| *at) {
            return;
        }
        self.wake_views = due.map(|at| {
            let left = at.0.saturating_sub(now().0).min(CLOCK_LOOK_MS);
            let worker = self.worker.clone();
            (at, Timer::after_ms(left, move || worker.with_open(Self::tick_views)))
        });
    }

    fn tick_views(&mut self) {
        self.wake_views = None;
        self.screens.tick(&self.engine);
        self.serve(None);
    }
}

/// What else succeeds may have stored nothing.
fn tells_of_something_stored(output: &Output) -> bool {
    matches!(output, Output::Event(Event::Message { .. } | Event::MessageState { .. } | Event::Outbox { .. }))
}

impl Worker {
    /// A turn of the open profile, if there is one.
    pub(super) fn with_open(&self, turn: impl FnOnce(&mut Open)) {
        self.with_owner(|owner| {
            if let Some(open) = owner.open() {
                turn(open);
            }
        });
    }
}
