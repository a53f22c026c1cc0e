//! What is derived from the tables, and told where it differs from what the screen has.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use sotto_engine::EngineError;
use sotto_engine::api::{Alarm, Standing, Target};
use sotto_engine::screen::{ConversationNumber, ConversationState};

use super::{Moment, View, convert};
use crate::Update;
use crate::alarms::AlarmCard;
use crate::calendar::{CalendarDay, LocalTime};
use crate::composer::Composer;
use crate::connection::Connection;
use crate::contact::ContactPage;
use crate::conversations::{Badges, ConversationRow, RequestRow};
use crate::diff::{self, Keyed, Step};
use crate::keys::{AlarmKey, ConversationKey};
use crate::notice::Notice;
use crate::settings::Settings;
use crate::start::Stage;
use crate::thread::Thread;

/// What the screen has.
#[derive(Default)]
pub(super) struct Shown {
    /// Not even that its lists are empty.
    pub(super) nothing_told: bool,
    stage: Option<Stage>,
    today: Option<CalendarDay>,
    connection: Option<Connection>,
    rows: Vec<ConversationRow>,
    requests: Vec<RequestRow>,
    badges: Option<Badges>,
    thread: Option<Thread>,
    contact: Option<ContactPage>,
    settings: Option<Settings>,
    alarms: Vec<AlarmCard>,
    notices: Vec<Notice>,
}

/// What is derived before it is told: reading may fail, telling does not.
pub(super) struct Derived {
    stage: Stage,
    settings: Settings,
}

impl View {
    /// Reads what may have changed.
    pub(super) fn look(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        if self.shown.nothing_told {
            let states = at.engine.conversation_states()?;
            self.known = states.into_iter().map(|state| (state.number, state)).collect();
            self.changed.extend(self.open.as_ref().map(|open| open.number));
        }
        let open = self.open.as_ref().map(|open| (open.number, self.handle_of(open.number)));
        for number in std::mem::take(&mut self.changed) {
            match at.engine.conversation_state(number)? {
                Some(state) => self.known.insert(number, state),
                None => self.known.remove(&number),
            };
            self.everything_changed = true;
            if let Some(open) = self.open.as_mut().filter(|open| open.number == number) {
                open.look(at)?;
            }
        }
        if let Some((number, target)) = open
            && !self.known.contains_key(&number)
        {
            self.follow(at, target)?;
        }
        // Another window may have signed up.
        if !self.is_signed_up() && at.engine.account()?.is_some_and(|account| account.registered) {
            self.registered();
        }
        if self.everything_changed {
            self.alarms = at.engine.alarms()?;
        }
        self.derived = Some(Derived { stage: self.stage(at)?, settings: self.settings(at)? });
        Ok(())
    }

    fn handle_of(&self, number: ConversationNumber) -> Option<Target> {
        let state = self.known.get(&number)?;
        state.view.handle.clone().map(Target::Handle).or_else(|| self.target(number))
    }

    /// The open conversation turned out to be another: go on there.
    fn follow(&mut self, at: Moment<'_>, target: Option<Target>) -> Result<(), EngineError> {
        self.open = None;
        let Some(target) = target else { return Ok(()) };
        match at.engine.conversation_number(&target)? {
            Some(number) => self.open_thread(at, number),
            None => Ok(()),
        }
    }

    fn settings(&self, at: Moment<'_>) -> Result<Settings, EngineError> {
        let account = at.engine.account()?.filter(|account| account.registered);
        Ok(Settings {
            me: account.map(convert::me),
            storage: self.storage,
            refusal: self.settings_refusal.clone(),
        })
    }

    /// Tells what differs.
    pub(super) fn tell(&mut self, at: Moment<'_>) {
        let Some(Derived { stage, settings }) = self.derived.take() else { return };
        let all = std::mem::take(&mut self.shown.nothing_told);
        let (today, connection) = (Self::today(at), self.connection);
        let mut out = Vec::new();
        tell_one(&mut out, &mut self.shown.stage, stage, Update::Stage);
        tell_one(&mut out, &mut self.shown.today, today, Update::Today);
        tell_one(&mut out, &mut self.shown.connection, connection, Update::Connection);
        tell_one(&mut out, &mut self.shown.settings, settings, Update::Settings);
        if std::mem::take(&mut self.everything_changed) || all {
            self.tell_lists(at, all, &mut out);
        }
        self.tell_open(at, all, &mut out);
        let contact = self.contact_page();
        if contact != self.shown.contact || all {
            self.shown.contact.clone_from(&contact);
            out.push(Update::Contact(contact));
        }
        let notices: Vec<Notice> = self.notices.iter().map(super::pinned::Pinned::shown).collect();
        if notices != self.shown.notices || all {
            self.shown.notices.clone_from(&notices);
            out.push(Update::Notices(notices));
        }
        self.turn.updates.splice(0..0, out);
    }

    fn tell_lists(&mut self, at: Moment<'_>, all: bool, out: &mut Vec<Update>) {
        let cards = self.cards(at);
        let unseen = self.unseen_alarms();
        let rows = self.rows(at, &unseen);
        let requests = self.requests(at);
        let badges = Badges {
            unread: rows.iter().map(|row| row.unread).sum(),
            requests: requests.len() as u64,
            alarms: cards.iter().filter(|card| !card.seen).count() as u64,
        };
        tell_list(out, &mut self.shown.rows, rows, all, Update::Conversations);
        tell_list(out, &mut self.shown.requests, requests, all, Update::Requests);
        tell_list(out, &mut self.shown.alarms, cards, all, Update::Alarms);
        tell_one(out, &mut self.shown.badges, badges, Update::Badges);
    }

    /// Newest activity first; what was only begun stands above it.
    fn rows(&self, at: Moment<'_>, alarms: &BTreeMap<ConversationNumber, u64>) -> Vec<ConversationRow> {
        let open = self.open.as_ref().map(|open| open.number);
        let listed = |state: &&ConversationState| {
            state.view.standing == Standing::Open
                && (state.view.last.is_some() || state.draft.is_some() || open == Some(state.number))
        };
        let states = self.known.values().filter(listed);
        let row =
            |state: &ConversationState| convert::row(state, alarms.contains_key(&state.number), at.zone);
        newest_first(states).into_iter().map(row).collect()
    }

    fn requests(&self, at: Moment<'_>) -> Vec<RequestRow> {
        let asks = |state: &&ConversationState| {
            state.view.standing == Standing::Request
                && !self.is_being_declined(ConversationKey(state.number.0))
        };
        let states = self.known.values().filter(asks);
        newest_first(states).into_iter().map(|state| convert::request(state, at.zone)).collect()
    }

    fn of_alarm(&self, alarm: &Alarm) -> Option<&ConversationState> {
        let id = alarm.conversation?;
        self.known.values().find(|state| state.view.id == Some(id))
    }

    fn unseen_alarms(&self) -> BTreeMap<ConversationNumber, u64> {
        let mut unseen = BTreeMap::new();
        for alarm in self.alarms.iter().filter(|alarm| !alarm.acknowledged) {
            if let Some(state) = self.of_alarm(alarm) {
                *unseen.entry(state.number).or_insert(0) += 1;
            }
        }
        unseen
    }

    fn cards(&self, at: Moment<'_>) -> Vec<AlarmCard> {
        let card = |alarm: &Alarm| {
            let state = self.of_alarm(alarm);
            AlarmCard {
                key: AlarmKey(alarm.id),
                kind: convert::alarm_kind(alarm.kind),
                conversation: state.map(convert::key),
                person: state.map(|state| convert::person(&state.view)),
                at: LocalTime::new(alarm.at, at.zone),
                seen: alarm.acknowledged,
            }
        };
        self.alarms.iter().rev().map(card).collect()
    }

    fn tell_open(&mut self, at: Moment<'_>, all: bool, out: &mut Vec<Update>) {
        let discarded = self.discarded_lines();
        let unseen = self.unseen_alarms();
        let state = self.open.as_ref().and_then(|open| self.known.get(&open.number));
        let thread = state.map(|state| Thread {
            key: convert::key(state),
            person: convert::person(&state.view),
            standing: convert::standing(state.view.standing),
            alarm: unseen.contains_key(&state.number),
            failed: state.failed > 0,
        });
        if thread != self.shown.thread || all {
            self.shown.thread.clone_from(&thread);
            out.push(Update::Thread(thread.clone()));
        }
        let unread = state.map_or(0, |state| state.unread);
        let (Some(open), Some(thread)) = (&mut self.open, thread) else { return };
        out.extend(open.tell(at, &thread.person, unread, &discarded).map(Update::Timeline));
        if std::mem::take(&mut open.tell_draft) {
            out.push(Update::Composer(Composer {
                conversation: thread.key,
                text: open.draft.clone(),
                writing: thread.standing.into(),
            }));
        }
    }

    fn contact_page(&self) -> Option<ContactPage> {
        let state = self.known.get(&self.contact?)?;
        Some(ContactPage {
            key: convert::key(state),
            person: convert::person(&state.view),
            account: state.view.peer,
            standing: convert::standing(state.view.standing),
            numbers: None,
            alarms: self.unseen_alarms().get(&state.number).copied().unwrap_or(0),
        })
    }
}

fn newest_first<'s>(states: impl Iterator<Item = &'s ConversationState>) -> Vec<&'s ConversationState> {
    let mut states: Vec<&ConversationState> = states.collect();
    states.sort_by_key(|state| {
        let last = state.view.last.as_ref().map(convert::written_at);
        (last.is_some(), last.map(Reverse), Reverse(state.number))
    });
    states
}

fn tell_one<T: Clone + PartialEq>(
    out: &mut Vec<Update>,
    shown: &mut Option<T>,
    value: T,
    update: impl FnOnce(T) -> Update,
) {
    if shown.as_ref() != Some(&value) {
        *shown = Some(value.clone());
        out.push(update(value));
    }
}

fn tell_list<T: Keyed + Clone + PartialEq>(
    out: &mut Vec<Update>,
    shown: &mut Vec<T>,
    list: Vec<T>,
    all: bool,
    update: impl FnOnce(Vec<Step<T>>) -> Update,
) {
    let steps = if all { vec![Step::Reset { items: list.clone() }] } else { diff::between(shown, &list) };
    *shown = list;
    if !steps.is_empty() {
        out.push(update(steps));
    }
}
