//! A screen without pixels: it applies updates and knows nothing else.

use sotto_view::Update;
use sotto_view::alarms::{AlarmCard, AlarmDetails};
use sotto_view::calendar::CalendarDay;
use sotto_view::composer::Composer;
use sotto_view::connection::Connection;
use sotto_view::contact::ContactPage;
use sotto_view::conversations::{Badges, ConversationRow, LastSays, RequestRow};
use sotto_view::diff::{Keyed, Step, apply};
use sotto_view::keys::{ConversationKey, LineKey, NoticeKey};
use sotto_view::notice::{Notice, Says};
use sotto_view::settings::Settings;
use sotto_view::start::{SignUp, Stage};
use sotto_view::thread::Thread;
use sotto_view::timeline::{Author, Body, Edge, Item, Message, OwnState};

/// What a screen shows.
#[derive(Default)]
pub struct Window {
    /// See [`Update::Stage`].
    pub stage: Option<Stage>,
    /// See [`Update::Today`].
    pub today: Option<CalendarDay>,
    /// See [`Update::Connection`].
    pub connection: Option<Connection>,
    /// See [`Update::Conversations`].
    pub rows: Vec<ConversationRow>,
    /// See [`Update::Requests`].
    pub requests: Vec<RequestRow>,
    /// See [`Update::Badges`].
    pub badges: Badges,
    /// See [`Update::Thread`].
    pub thread: Option<Thread>,
    /// The open timeline.
    pub items: Vec<Item>,
    /// Before it and after it.
    pub edges: Option<(Edge, Edge)>,
    /// See [`Update::Composer`].
    pub composer: Option<Composer>,
    /// See [`Update::Contact`].
    pub contact: Option<ContactPage>,
    /// See [`Update::Settings`].
    pub settings: Option<Settings>,
    /// See [`Update::Alarms`].
    pub alarms: Vec<AlarmCard>,
    /// See [`Update::AlarmDetails`].
    pub details: Option<AlarmDetails>,
    /// See [`Update::Notices`].
    pub notices: Vec<Notice>,
    /// Steps of the timeline since somebody last looked here.
    pub steps: Vec<Step<Item>>,
}

impl Window {
    pub(crate) fn apply(&mut self, json: &str) {
        let update: Update = serde_json::from_str(json).expect("an update crosses as JSON");
        match update {
            Update::Stage(stage) => self.stage = Some(stage),
            Update::Today(day) => self.today = Some(day),
            Update::Connection(connection) => self.connection = Some(connection),
            Update::Conversations(steps) => step(&mut self.rows, steps),
            Update::Requests(steps) => step(&mut self.requests, steps),
            Update::Badges(badges) => self.badges = badges,
            Update::Thread(thread) => self.thread = thread,
            Update::Timeline(update) => {
                self.steps.extend(update.steps.clone());
                step(&mut self.items, update.steps);
                self.edges = Some((update.older, update.newer));
            }
            Update::Composer(composer) => self.composer = Some(composer),
            Update::Contact(page) => self.contact = page,
            Update::Settings(settings) => self.settings = Some(settings),
            Update::Alarms(steps) => step(&mut self.alarms, steps),
            Update::AlarmDetails(details) => self.details = Some(details),
            Update::Notices(notices) => self.notices = notices,
        }
    }

    /// Names of the list, first row first.
    pub fn listed(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.person.called().unwrap_or_default()).collect()
    }

    /// The conversation with somebody, in the list or among the requests.
    pub fn with(&self, handle: &str) -> ConversationKey {
        let rows = self.rows.iter().map(|row| (&row.person, row.key));
        let all = rows.chain(self.requests.iter().map(|row| (&row.person, row.key)));
        let mut found =
            all.filter(|(person, _)| person.handle.as_ref().is_some_and(|known| known.as_str() == handle));
        found.next().expect("it is listed").1
    }

    /// The row of a conversation.
    pub fn row(&self, key: ConversationKey) -> Option<&ConversationRow> {
        self.rows.iter().find(|row| row.key == key)
    }

    /// What a row says last.
    pub fn last(&self, key: ConversationKey) -> String {
        match &self.row(key).and_then(|row| row.last.as_ref()).expect("it has a line").says {
            LastSays::Text(preview) => preview.0.clone(),
            LastSays::Unreadable(why) => format!("{why:?}"),
        }
    }

    /// Messages of the open timeline.
    pub fn messages(&self) -> Vec<&Message> {
        let mut messages = Vec::new();
        for item in &self.items {
            if let Item::Message(message) = item {
                messages.push(&**message);
            }
        }
        messages
    }

    /// The timeline as one would read it aloud.
    pub fn read(&self) -> Vec<String> {
        self.items.iter().map(read).collect()
    }

    /// Key of the last line.
    pub fn last_line(&self) -> LineKey {
        self.messages().last().expect("there is a line").key
    }

    /// How the last line fares; it is one's own.
    pub fn last_state(&self) -> OwnState {
        match self.messages().last().expect("there is a line").author {
            Author::Me(state) => state,
            Author::Them(_) => panic!("somebody else's line is last"),
        }
    }

    /// The newest notice.
    pub fn notice(&self) -> (NoticeKey, Says) {
        let notice = self.notices.last().expect("there is a notice");
        (notice.key, notice.says.clone())
    }

    /// The form of sign-up.
    pub fn sign_up(&self) -> &SignUp {
        match self.stage.as_ref() {
            Some(Stage::SignUp(sign_up)) => sign_up,
            other => panic!("no sign-up: {other:?}"),
        }
    }
}

fn read(item: &Item) -> String {
    match item {
        Item::Day(_) => "day".into(),
        Item::New => "new".into(),
        Item::System(_) => "beginning".into(),
        Item::Message(message) => match &message.body {
            Body::Text(text) => text.text.clone(),
            Body::Unreadable(why) => format!("{why:?}"),
        },
    }
}

fn step<T: Keyed>(list: &mut Vec<T>, steps: Vec<Step<T>>) {
    assert_eq!(apply(list, steps), Ok(()), "steps fit the list they are for");
    let keys: std::collections::BTreeSet<T::Key> = list.iter().map(Keyed::key).collect();
    assert_eq!(keys.len(), list.len(), "keys are unique");
}
