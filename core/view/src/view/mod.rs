//! The view: what one window shows, kept true to the engine.
//!
//! Everything a screen shows is derived from the engine's tables and from the little that is only this window's (what is
//! open, what is being signed up, what can still be taken back). After each action and each word of the engine it is
//! derived again where something changed, compared with what the screen has, and the difference is told. So a missed or
//! doubled word does no harm, and [`Action::Refresh`] tells everything.
//!
//! Reading order: this file; `acting` (what a person does) and `hearing` (what the engine says); `screens` (what is
//! derived); `open` and `assemble` (the timeline); `signing` (sign-up); `pinned` (notices, taking back); `convert`.

mod acting;
mod assemble;
mod convert;
mod hearing;
mod open;
mod pinned;
mod screens;
mod signing;

use std::collections::{BTreeMap, BTreeSet};

use sotto_engine::api::{Command, CommandId, Output};
use sotto_engine::screen::{ConversationNumber, ConversationState, Presence};
use sotto_engine::{Cause, Engine, EngineError};
use sotto_wire::ids::Millis;

use crate::Update;
use crate::action::Action;
use crate::calendar::{CalendarDay, LocalTime, Zone};
use crate::connection::Connection;
use crate::keys::ConversationKey;
use crate::refusal::Refusal;
use crate::settings::Storage;
use open::Open;
use pinned::Pinned;
use screens::{Derived, Shown};
use signing::Signing;

/// What a view looks at, and when and where.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The engine, between two inputs.
    pub engine: &'a Engine,
    /// The time.
    pub now: Millis,
    /// Where the person is.
    pub zone: &'a dyn Zone,
}

/// What is to be done after a step of the view.
#[derive(Debug, Default)]
pub struct Turn {
    /// For the screen, in order, before the commands: what the person did shows at once.
    pub updates: Vec<Update>,
    /// For the engine, in order, each an input. What [`Engine::handle`] says to one is heard by every window, all of it
    /// in one [`View::hear`].
    pub commands: Vec<(CommandId, Command)>,
}

/// What one window shows. See the module.
pub struct View {
    window: u32,
    next: u64,
    /// The screen has asked for what it shows.
    started: bool,
    known: BTreeMap<ConversationNumber, ConversationState>,
    changed: BTreeSet<ConversationNumber>,
    everything_changed: bool,
    alarms: Vec<sotto_engine::api::Alarm>,
    connection: Connection,
    signing: Signing,
    open: Option<Open>,
    contact: Option<ConversationNumber>,
    storage: Storage,
    settings_refusal: Option<Refusal>,
    notices: Vec<Pinned>,
    pending: BTreeMap<CommandId, Pending>,
    /// Read, and not told yet.
    derived: Option<Derived>,
    shown: Shown,
    turn: Turn,
}

/// What an answer of the engine is about.
#[derive(Clone, PartialEq, Eq)]
enum Pending {
    /// Keys are being made.
    Prepare,
    /// The account is being registered.
    Register,
    /// A text of this window is being queued.
    Send {
        /// The line that shows it meanwhile.
        written: u64,
        /// Where it was written.
        conversation: ConversationKey,
        /// What.
        text: String,
    },
    /// Somebody's conversation is to be opened.
    OpenHandle(sotto_wire::ids::Handle),
    /// The name others see.
    Name,
    /// An alarm was read.
    AlarmSeen,
    /// What needs no answer unless it is refused.
    Else,
    /// What is done in silence, even when refused: a draft, what was seen.
    Quiet,
}

impl View {
    /// A view for a window; windows that share an engine have different numbers.
    pub fn new(window: u32) -> Self {
        Self {
            window,
            next: 1,
            started: false,
            known: BTreeMap::new(),
            changed: BTreeSet::new(),
            everything_changed: true,
            alarms: Vec::new(),
            connection: Connection::Off,
            signing: Signing::Form { refusal: None, invite_wanted: false, busy: false },
            open: None,
            contact: None,
            storage: Storage::default(),
            settings_refusal: None,
            notices: Vec::new(),
            pending: BTreeMap::new(),
            derived: None,
            shown: Shown::default(),
            turn: Turn::default(),
        }
    }

    /// The person did something.
    ///
    /// # Errors
    /// When the engine's tables cannot be read. The view is as before, as far as it can be: try again, or
    /// [`Action::Refresh`].
    pub fn act(&mut self, at: Moment<'_>, action: Action) -> Result<Turn, EngineError> {
        self.action(at, action)?;
        self.finish(at)
    }

    /// The engine said something: all outputs of one input, those that are not for a screen among them.
    ///
    /// # Errors
    /// When the engine's tables cannot be read.
    pub fn hear(&mut self, at: Moment<'_>, outputs: &[Output]) -> Result<Turn, EngineError> {
        if self.started {
            self.outputs(at, outputs)?;
        }
        self.finish(at)
    }

    /// A command of this view could not be handled: [`Engine::handle`] failed. Nothing was changed; the screen says so.
    ///
    /// # Errors
    /// When the engine's tables cannot be read.
    pub fn failed(&mut self, at: Moment<'_>, command: CommandId, cause: &Cause) -> Result<Turn, EngineError> {
        if let Some(pending) = self.pending.remove(&command) {
            self.refused(at, &pending, convert::not_stored(cause));
        }
        self.finish(at)
    }

    /// Time passed: see [`wake_at`](Self::wake_at).
    ///
    /// # Errors
    /// When the engine's tables cannot be read.
    pub fn tick(&mut self, at: Moment<'_>) -> Result<Turn, EngineError> {
        self.finish(at)
    }

    /// When [`tick`](Self::tick) is due: something can no longer be taken back, or a day ends.
    pub fn wake_at(&self, now: Millis, zone: &dyn Zone) -> Option<Millis> {
        if !self.started {
            return None;
        }
        let local = LocalTime::new(now, zone);
        let of_day = (u64::from(local.hour) * 60 + u64::from(local.minute)) * 60_000 + now.0 % 60_000;
        let midnight = Millis(now.0 + 86_400_000 - of_day);
        self.notices.iter().filter_map(|notice| notice.until).chain([midnight]).min()
    }

    fn finish(&mut self, at: Moment<'_>) -> Result<Turn, EngineError> {
        if self.started {
            self.let_go(at);
            self.look(at)?;
            self.tell(at);
        }
        Ok(std::mem::take(&mut self.turn))
    }

    fn command(&mut self, command: Command, pending: Pending) {
        let id = CommandId(u64::from(self.window) << 32 | self.number());
        self.pending.insert(id, pending);
        self.turn.commands.push((id, command));
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn update(&mut self, update: Update) {
        self.turn.updates.push(update);
    }

    fn today(at: Moment<'_>) -> CalendarDay {
        LocalTime::new(at.now, at.zone).day
    }

    fn connection_now(&self, at: Moment<'_>) -> Connection {
        match at.engine.presence() {
            Presence::Off => Connection::Off,
            Presence::Connecting => Connection::Connecting,
            Presence::Online => Connection::Online,
            Presence::Waiting { retry_at } => Connection::Offline { since: at.now, retry_at: Some(retry_at) },
            Presence::Refused => Connection::Refused,
        }
    }
}
