//! What the core has told this page: one signal a part, changed by updates and by nothing else.

use leptos::prelude::*;
use sotto_view::Update;
use sotto_view::alarms::{AlarmCard, AlarmDetails};
use sotto_view::calendar::CalendarDay;
use sotto_view::composer::Composer;
use sotto_view::connection::Connection;
use sotto_view::contact::ContactPage;
use sotto_view::conversations::{Badges, ConversationRow, RequestRow};
use sotto_view::diff::OutOfStep;
use sotto_view::notice::Notice;
use sotto_view::settings::Settings;
use sotto_view::start::Stage;
use sotto_view::thread::Thread;
use sotto_view::timeline::{Edge, Item, TimelineUpdate};

use crate::keyed::KeyedList;

/// Everything shown. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Screens {
    /// None: nothing is known yet.
    pub(crate) stage: RwSignal<Option<Stage>>,
    pub(crate) today: RwSignal<CalendarDay>,
    pub(crate) connection: RwSignal<Option<Connection>>,
    pub(crate) conversations: KeyedList<ConversationRow>,
    pub(crate) requests: KeyedList<RequestRow>,
    pub(crate) badges: RwSignal<Badges>,
    pub(crate) thread: RwSignal<Option<Thread>>,
    pub(crate) items: KeyedList<Item>,
    pub(crate) ends: RwSignal<Ends>,
    pub(crate) composer: RwSignal<Option<Composer>>,
    pub(crate) contact: RwSignal<Option<ContactPage>>,
    pub(crate) settings: RwSignal<Option<Settings>>,
    pub(crate) alarms: KeyedList<AlarmCard>,
    pub(crate) record: RwSignal<Option<AlarmDetails>>,
    pub(crate) notices: RwSignal<Vec<Notice>>,
}

/// What is beyond the lines shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) older: Edge,
    pub(crate) newer: Edge,
    pub(crate) unread: u64,
}

impl Screens {
    pub(crate) fn new() -> Self {
        Self {
            stage: RwSignal::new(None),
            today: RwSignal::new(CalendarDay { number: 0 }),
            connection: RwSignal::new(None),
            conversations: KeyedList::new(),
            requests: KeyedList::new(),
            badges: RwSignal::new(Badges::default()),
            thread: RwSignal::new(None),
            items: KeyedList::new(),
            ends: RwSignal::new(Ends { older: Edge::End, newer: Edge::End, unread: 0 }),
            composer: RwSignal::new(None),
            contact: RwSignal::new(None),
            settings: RwSignal::new(None),
            alarms: KeyedList::new(),
            record: RwSignal::new(None),
            notices: RwSignal::new(Vec::new()),
        }
    }

    /// Carries one update out.
    ///
    /// # Errors
    /// When a list is not the one its steps were made for: ask for everything again.
    pub(crate) fn apply(self, update: Update) -> Result<(), OutOfStep> {
        match update {
            Update::Stage(stage) => put(self.stage, Some(stage)),
            Update::Today(today) => put(self.today, today),
            Update::Connection(connection) => put(self.connection, Some(connection)),
            Update::Conversations(steps) => return self.conversations.apply(steps),
            Update::Requests(steps) => return self.requests.apply(steps),
            Update::Badges(badges) => put(self.badges, badges),
            Update::Thread(thread) => self.open(thread),
            Update::Timeline(timeline) => return self.timeline(timeline),
            // Not compared: the same text may have to be put back.
            Update::Composer(composer) => self.composer.set(Some(composer)),
            Update::Contact(contact) => put(self.contact, contact),
            Update::Settings(settings) => put(self.settings, Some(settings)),
            Update::Alarms(steps) => return self.alarms.apply(steps),
            Update::AlarmDetails(record) => put(self.record, Some(record)),
            Update::Notices(notices) => put(self.notices, notices),
        }
        Ok(())
    }

    fn open(self, thread: Option<Thread>) {
        let key = |thread: &Option<Thread>| thread.as_ref().map(|thread| thread.key);
        if self.thread.with_untracked(key) != key(&thread) {
            self.items.clear();
        }
        put(self.thread, thread);
    }

    fn timeline(self, update: TimelineUpdate) -> Result<(), OutOfStep> {
        let open = self.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.key));
        if open != Some(update.conversation) {
            return Ok(());
        }
        let done = self.items.apply(update.steps);
        put(self.ends, Ends { older: update.older, newer: update.newer, unread: update.unread });
        done
    }
}

/// Sets what differs: nothing is drawn anew for the same value.
fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
