//! Owning the database: what is asked by this tab and others, in order, and what stage the profile is in.
//!
//! Nothing in here waits: what takes time is left as a [`Chore`], and what asks for an open profile meanwhile is kept
//! until it is open or known not to be.

use std::collections::BTreeMap;

use sotto_secrecy::profile_key::Wrapped;
use sotto_view::action::ProfileAction;
use sotto_view::refusal::Refusal;
use sotto_view::start::{Broken, Lock, Stage, Unlock};
use sotto_view::{Action, Update};

use super::door::NewLock;
use super::open::Open;
use super::role;
use super::tabs::{Between, Bus, KeyText, TabId};
use crate::protocol::{FromWorker, Outcome, Persistence, Surroundings};
use crate::relay::{self, Asked};

/// Where the profile stands.
pub(crate) enum Standing {
    /// Being looked at, opened, made or erased.
    Opening(Stage),
    /// None is here.
    Nothing,
    /// One is here, locked.
    Locked(Wrapped),
    /// In use.
    Open(Box<Open>),
    /// It cannot be used.
    Broken(Broken),
}

/// Something that takes time.
pub(crate) enum Chore {
    /// Make a profile.
    Make(NewLock),
    /// Try a passphrase.
    Unlock(Wrapped, String),
    /// Open what is here, from the beginning.
    OpenUp,
    /// Delete the profile.
    Erase,
    /// Ask the browser how much room there is.
    LookAtRoom,
    /// Tell the other tabs' workers which key they would need.
    HandOverKey(Option<KeyText>),
}

struct Tab {
    surroundings: Option<Surroundings>,
    is_watched: bool,
}

/// The owner's state.
pub(crate) struct Owner {
    me: TabId,
    standing: Standing,
    tabs: BTreeMap<TabId, Tab>,
    /// The key that the last owner handed over.
    pub(super) handed: Option<KeyText>,
    /// The last owner had it open: what pages show stays until it is open again, or known not to be.
    is_seamless: bool,
    waiting: Vec<(TabId, Asked)>,
    said: Vec<(TabId, FromWorker)>,
    chores: Vec<Chore>,
}

impl Owner {
    pub(super) fn new(me: TabId, handed: Option<KeyText>) -> Self {
        Self {
            me,
            standing: Standing::Opening(Stage::Opening),
            tabs: BTreeMap::new(),
            is_seamless: handed.is_some(),
            handed,
            waiting: Vec::new(),
            said: Vec::new(),
            chores: Vec::new(),
        }
    }

    /// What is to be said, and what is to be done outside this turn.
    pub(super) fn drain(&mut self) -> (Vec<(TabId, FromWorker)>, Vec<Chore>) {
        if let Standing::Open(open) = &mut self.standing {
            self.said.extend(open.drain());
            if let Some(broken) = open.broken() {
                self.stand(Standing::Broken(broken));
            }
        }
        (merged(std::mem::take(&mut self.said)), std::mem::take(&mut self.chores))
    }

    /// A tab is here, or has told more of itself. True when it is to be watched.
    pub(super) fn join(&mut self, tab: &TabId, surroundings: Surroundings, bus: &Bus) -> bool {
        let is_me = *tab == self.me;
        let known = self.tabs.entry(tab.clone()).or_insert(Tab { surroundings: None, is_watched: is_me });
        let is_new = known.surroundings.replace(surroundings).is_none();
        let watch = !std::mem::replace(&mut known.is_watched, true);
        if is_new {
            if !is_me {
                bus.say(&Between::Owner(self.me.clone()));
            }
            self.say(tab, FromWorker::Role(role(is_me)));
            self.chores.push(Chore::HandOverKey(self.key_text()));
        }
        if let Standing::Open(open) = &mut self.standing {
            open.seat(tab);
            self.chores.push(Chore::LookAtRoom);
        } else {
            self.show(tab);
        }
        watch
    }

    /// A tab is gone.
    pub(super) fn leave(&mut self, tab: &TabId) {
        self.tabs.remove(tab);
        self.waiting.retain(|(waiting, _)| waiting != tab);
        if let Standing::Open(open) = &mut self.standing {
            open.unseat(tab);
        }
    }

    /// A tab asks.
    pub(super) fn ask(&mut self, tab: &TabId, asked: Asked) {
        if let Action::Profile(wanted) = &asked.action {
            let outcome = self.profile_action(wanted.clone());
            return self.answer(tab, &asked, outcome);
        }
        let outcome = match &mut self.standing {
            Standing::Opening(_) => {
                let is_refresh = matches!(asked.action, Action::Refresh);
                self.waiting.push((tab.clone(), asked));
                if is_refresh {
                    self.show(tab);
                }
                return;
            }
            Standing::Open(open) => {
                let outcome = open.act(tab, &asked);
                self.said.extend(open.drain());
                outcome
            }
            _ if matches!(asked.action, Action::Refresh) => {
                self.show(tab);
                Outcome::Taken
            }
            _ => Outcome::NotNow,
        };
        self.answer(tab, &asked, outcome);
    }

    fn profile_action(&mut self, wanted: ProfileAction) -> Outcome {
        let (stage, chore) = match (&self.standing, wanted) {
            (Standing::Nothing, ProfileAction::LockWithPassphrase { passphrase }) => {
                (lock(true, None), Chore::Make(NewLock::Passphrase(passphrase)))
            }
            (Standing::Nothing, ProfileAction::TrustDevice) => {
                (lock(true, None), Chore::Make(NewLock::Device))
            }
            (Standing::Locked(wrapped), ProfileAction::Unlock { passphrase }) => {
                (unlock(true, None), Chore::Unlock(wrapped.clone(), passphrase))
            }
            (Standing::Open(open), ProfileAction::LockNow) if open.can_be_locked() => {
                self.handed = None;
                self.chores.push(Chore::HandOverKey(None));
                (Stage::Opening, Chore::OpenUp)
            }
            (Standing::Broken(Broken::Evicted), ProfileAction::TryAgain) => (Stage::Opening, Chore::Erase),
            (Standing::Broken(_), ProfileAction::TryAgain) => (Stage::Opening, Chore::OpenUp),
            (Standing::Opening(_), _) => return Outcome::NotNow,
            (_, ProfileAction::Erase) => {
                self.chores.push(Chore::HandOverKey(None));
                (Stage::Opening, Chore::Erase)
            }
            // Only a page can ask the browser; it tells what came of it.
            (_, ProfileAction::AskToKeep) => return Outcome::Taken,
            _ => return Outcome::NotNow,
        };
        self.stand(Standing::Opening(stage));
        self.chores.push(chore);
        Outcome::Taken
    }

    /// The profile stands differently: everybody is shown it, and what waited is taken up.
    pub(super) fn stand(&mut self, standing: Standing) {
        let persistence = self.persistence();
        self.is_seamless &= matches!(standing, Standing::Opening(_));
        self.standing = standing;
        match &mut self.standing {
            Standing::Open(open) => {
                open.begin_with(persistence);
                self.tabs.keys().for_each(|tab| open.seat(tab));
                let told = open.drain();
                self.tell_all(&FromWorker::Remember(true));
                self.said.extend(told);
                self.chores.push(Chore::HandOverKey(self.key_text()));
                self.chores.push(Chore::LookAtRoom);
            }
            _ => self.show_all(),
        }
        if !matches!(self.standing, Standing::Opening(_)) {
            let waiting = std::mem::take(&mut self.waiting);
            for (tab, asked) in relay::drafts_first(waiting) {
                self.ask(&tab, asked);
            }
        }
    }

    /// Nothing is here any more, on purpose.
    pub(super) fn erased(&mut self) {
        for known in self.tabs.values_mut() {
            if let Some(surroundings) = &mut known.surroundings {
                surroundings.remembered = false;
            }
        }
        self.tell_all(&FromWorker::Remember(false));
        self.stand(Standing::Nothing);
    }

    /// Nothing is here: whether that is news is known to the pages.
    pub(super) fn found_nothing(&mut self) {
        let is_remembered =
            self.tabs.values().any(|known| known.surroundings.is_some_and(|page| page.remembered));
        self.stand(if is_remembered { Standing::Broken(Broken::Evicted) } else { Standing::Nothing });
    }

    /// The last try was refused; the profile stands as before.
    pub(super) fn refused(&mut self, standing: Standing, refusal: Refusal) {
        self.standing = standing;
        let stage = match &self.standing {
            Standing::Locked(_) => unlock(false, Some(refusal)),
            _ => lock(false, Some(refusal)),
        };
        self.tell_all(&FromWorker::Updates(vec![Update::Stage(stage)]));
        for (tab, asked) in std::mem::take(&mut self.waiting) {
            self.answer(&tab, &asked, Outcome::NotNow);
        }
    }

    pub(super) fn open(&mut self) -> Option<&mut Open> {
        match &mut self.standing {
            Standing::Open(open) => Some(open),
            _ => None,
        }
    }

    /// The best of what the pages know about the browser's promise.
    pub(super) fn persistence(&self) -> Persistence {
        let answers = || self.tabs.values().filter_map(|known| Some(known.surroundings?.persistence));
        let has = |wanted| answers().any(|found| found == wanted);
        [Persistence::Granted, Persistence::Refused, Persistence::NotPromised]
            .into_iter()
            .find(|wanted| has(*wanted))
            .unwrap_or(Persistence::Unknown)
    }

    fn key_text(&self) -> Option<KeyText> {
        match &self.standing {
            Standing::Open(open) => Some(open.key_text()),
            _ => None,
        }
    }

    fn show(&mut self, tab: &TabId) {
        if self.is_seamless {
            return;
        }
        if let Some(stage) = stage_of(&self.standing) {
            self.say(tab, FromWorker::Updates(vec![Update::Stage(stage)]));
        }
    }

    fn show_all(&mut self) {
        if let Some(stage) = stage_of(&self.standing) {
            self.tell_all(&FromWorker::Updates(vec![Update::Stage(stage)]));
        }
    }

    fn tell_all(&mut self, what: &FromWorker) {
        let tabs: Vec<TabId> = self.tabs.keys().cloned().collect();
        for tab in tabs {
            self.say(&tab, what.clone());
        }
    }

    fn answer(&mut self, tab: &TabId, asked: &Asked, outcome: Outcome) {
        if asked.is_unasked() {
            return;
        }
        self.say(tab, FromWorker::Answered { id: asked.id, outcome });
    }

    fn say(&mut self, tab: &TabId, what: FromWorker) {
        self.said.push((tab.clone(), what));
    }
}

/// What one tab is told in a row is told at once: a page that is brought back to where it was draws nothing in between.
fn merged(said: Vec<(TabId, FromWorker)>) -> Vec<(TabId, FromWorker)> {
    let mut merged: Vec<(TabId, FromWorker)> = Vec::with_capacity(said.len());
    for (tab, what) in said {
        let before = merged.iter_mut().rev().find(|(known, _)| *known == tab).map(|(_, before)| before);
        match (before, what) {
            (Some(FromWorker::Updates(before)), FromWorker::Updates(more)) => before.extend(more),
            (_, what) => merged.push((tab, what)),
        }
    }
    merged
}

/// What fills a window; `None` when the view says it.
fn stage_of(standing: &Standing) -> Option<Stage> {
    Some(match standing {
        Standing::Opening(stage) => stage.clone(),
        Standing::Nothing => lock(false, None),
        Standing::Locked(_) => unlock(false, None),
        Standing::Open(_) => return None,
        Standing::Broken(broken) => Stage::Broken(*broken),
    })
}

fn lock(busy: bool, refusal: Option<Refusal>) -> Stage {
    Stage::Lock(Lock { can_trust_device: true, busy, refusal })
}

fn unlock(busy: bool, refusal: Option<Refusal>) -> Stage {
    Stage::Unlock(Unlock { busy, refusal })
}
