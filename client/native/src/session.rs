//! A session on a profile: holds it, or talks to the process that does; the same either way.
//!
//! When the holder leaves, its users become holders in turn, and go on: what the holder had not begun is asked again,
//! what may be repeated is repeated, and a message is looked for before anybody says whether it was queued.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sotto_engine::api::{AccountView, Alarm, Command, ConversationView, MessageView, Refusal, Reply, Target};
use sotto_engine::{Engine, OutboxItem};
use sotto_wire::ids::MessageId;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::clock::Clock;
use crate::database::StorageTrouble;
use crate::exchange::{Answer, Failed, Notice, Numbered, Outward, Question, Request};
use crate::holder::{Holder, OpenMachine};
use crate::key::{Asker, KeyError, Protection};
use crate::limits::HISTORY_PAGE_MAX;
use crate::network::Network;
use crate::profile::Profile;
use crate::socket::{self, SOCKET_VERSION};

/// What a session may do when the profile is new, and how it reaches the world.
#[derive(Clone)]
pub struct Options {
    /// How connections are made.
    pub network: Arc<Network>,
    /// The clock.
    pub clock: Clock,
    /// Whether a profile that is not there is made.
    pub missing: Missing,
    /// How a new profile's key is protected.
    pub protection: Protection,
    /// How closely the database is looked at before it is used.
    pub check: Check,
    /// How long to wait for a holder that does not answer.
    pub patience: Duration,
}

/// How closely a database is looked at when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Check {
    /// The MAC of every page, unless the file is large.
    #[default]
    Pages,
    /// The MAC of every page and the structure of every table, however long it takes.
    Everything,
}

/// What to do about a profile that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make it.
    Create,
    /// Refuse.
    Refuse,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No profile in this folder.
    #[error("there is no profile here")]
    NoProfile,
    /// Another process holds the profile and does not answer.
    #[error("another process holds this profile and does not answer")]
    Busy,
    /// Another version holds the profile, and speaks otherwise on its socket.
    #[error("Sotto {version} holds this profile and cannot be talked to by this version")]
    OtherVersion {
        /// The holder's.
        version: String,
    },
    /// A proxy was asked for, and the holder does not use it.
    #[error("the Sotto that holds this profile does not use this proxy")]
    OtherProxy,
    /// The folder has other things in it.
    #[error("the folder is not empty and not a profile")]
    ForeignFolder,
    /// The database key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageTrouble),
    /// The database was written by a newer Sotto.
    #[error("the database has format {found}, this Sotto knows {known}")]
    NewerDatabase {
        /// Format of the database.
        found: u32,
        /// Newest this code knows.
        known: u32,
    },
    /// A file could not be read or written.
    #[error("the profile's folder: {0}")]
    Io(#[from] io::Error),
}

/// Why a session did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The engine refused; nothing was changed.
    #[error(transparent)]
    Refused(Refusal),
    /// The disk did not do its part; nothing was changed.
    #[error(transparent)]
    Storage(StorageTrouble),
    /// The holder died half-way through something that must not be done twice; it may or may not have happened.
    #[error("the process that held the profile stopped half-way")]
    Interrupted,
    /// The holder died before the message was on disk: it was not queued.
    #[error("the process that held the profile stopped before the message was queued")]
    NotQueued,
    /// The holder is gone, and the profile cannot be held from here.
    #[error("the process that held the profile stopped: {0}")]
    Lost(#[source] OpenError),
}

/// Who holds the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// This session.
    Holder,
    /// Another process.
    Guest,
}

/// See the [module](self).
pub struct Session {
    profile: Profile,
    options: Options,
    asker: Arc<dyn Asker>,
    open_machine: OpenMachine,
    link: Option<Link>,
    notices: VecDeque<Notice>,
    last_id: u64,
    online: bool,
}

enum Link {
    Holder(Holder, mpsc::Receiver<Outward>),
    Guest(socket::Remote),
}

/// How often a holder may change under one command.
const CHANGES_MAX: usize = 16;
/// Lines of a conversation that are remembered while a holder takes a text for it.
const LINES_COMPARED: usize = 50;
/// How often a profile that is neither free nor answering is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(30);
/// Silence after which the person is told what is waited for.
const TELL_AFTER: Duration = Duration::from_secs(1);

impl Session {
    /// Opens the profile, or connects to the process that has it open.
    ///
    /// # Errors
    /// Says why neither was possible; nothing was changed then.
    pub async fn open(profile: Profile, options: Options, asker: Arc<dyn Asker>) -> Result<Self, OpenError> {
        let open_machine: OpenMachine = Arc::new(|connection| Ok(Box::new(Engine::open(connection)?)));
        Self::open_with(profile, options, asker, open_machine).await
    }

    pub(crate) async fn open_with(
        profile: Profile,
        options: Options,
        asker: Arc<dyn Asker>,
        open_machine: OpenMachine,
    ) -> Result<Self, OpenError> {
        let mut session = Self {
            profile,
            options,
            asker,
            open_machine,
            link: None,
            notices: VecDeque::new(),
            last_id: 0,
            online: false,
        };
        session.link = Some(session.join().await?);
        Ok(session)
    }

    /// Whether this session holds the profile itself.
    pub fn role(&self) -> Role {
        match self.link {
            Some(Link::Holder(..)) => Role::Holder,
            Some(Link::Guest(_)) | None => Role::Guest,
        }
    }

    /// Lets go of the profile: connections say farewell, the database is closed, guests take over.
    pub async fn close(mut self) {
        if let Some(Link::Holder(holder, outward)) = self.link.take() {
            drop(outward);
            holder.leave().await;
        }
    }

    /// Keeps connections from now on, whoever holds the profile.
    ///
    /// # Errors
    /// As [`command`](Self::command).
    pub async fn go_online(&mut self) -> Result<(), SessionError> {
        self.online = true;
        self.command(Command::SetOnline { online: true }).await.map(drop)
    }

    /// Gives a command to the engine and waits for its answer. For a text, use [`send`](Self::send).
    ///
    /// # Errors
    /// [`SessionError::Interrupted`] when the holder died and the command must not simply be repeated.
    pub async fn command(&mut self, command: Command) -> Result<Reply, SessionError> {
        for _ in 0..CHANGES_MAX {
            match self.ask(Request::Command(command.clone())).await {
                Ok(Answer::Reply(reply)) => return Ok(reply),
                Ok(_) => return Err(SessionError::Interrupted),
                Err(Failed::Refused(refusal)) => return Err(SessionError::Refused(refusal)),
                Err(Failed::Storage(trouble)) => return Err(SessionError::Storage(trouble)),
                Err(Failed::NotStarted) => self.rejoin().await?,
                Err(Failed::Interrupted) => {
                    self.rejoin().await?;
                    if !may_be_repeated(&command) {
                        return Err(SessionError::Interrupted);
                    }
                }
            }
        }
        Err(SessionError::Interrupted)
    }

    /// Queues a text, once, even when the holder dies under it.
    ///
    /// # Errors
    /// [`SessionError::NotQueued`] when holder after holder died before the message was on disk.
    pub async fn send(&mut self, to: Target, text: String) -> Result<MessageId, SessionError> {
        for _ in 0..CHANGES_MAX {
            let before: Vec<MessageId> = match self.role() {
                // Nobody dies under this session but itself.
                Role::Holder => Vec::new(),
                Role::Guest => {
                    let lines = self.history(to.clone(), LINES_COMPARED, None).await?;
                    lines.iter().map(|line| line.id).collect()
                }
            };
            match self.command(Command::Send { to: to.clone(), text: text.clone() }).await {
                Ok(Reply::Queued { message }) => return Ok(message),
                Ok(_) => return Err(SessionError::Interrupted),
                Err(SessionError::Interrupted) => {}
                Err(other) => return Err(other),
            }
            // The dead holder does nothing any more, so what is on disk now is the whole truth.
            let after = self.history(to.clone(), HISTORY_PAGE_MAX, None).await?;
            let mut mine = after.iter().filter(|line| line.own && !before.contains(&line.id));
            if let Some(line) = mine.find(|line| line.text.as_deref() == Some(text.as_str())) {
                return Ok(line.id);
            }
        }
        Err(SessionError::NotQueued)
    }

    /// The next thing that happened. Goes on with the next holder when this one leaves.
    ///
    /// # Errors
    /// [`SessionError::Lost`] when there is no next holder.
    pub async fn next_notice(&mut self) -> Result<Notice, SessionError> {
        loop {
            if let Some(notice) = self.notices.pop_front() {
                return Ok(notice);
            }
            match self.hear().await {
                Some(Outward::Notice(notice)) => return Ok(notice),
                // To a question that somebody gave up on.
                Some(Outward::Answer { .. }) => {}
                None => self.rejoin().await?,
            }
        }
    }

    /// What happened up to the last answer and was not taken yet.
    pub fn take_notices(&mut self) -> VecDeque<Notice> {
        std::mem::take(&mut self.notices)
    }

    async fn question(&mut self, question: Question) -> Result<Answer, SessionError> {
        for _ in 0..CHANGES_MAX {
            match self.ask(Request::Question(question.clone())).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Refused(refusal)) => return Err(SessionError::Refused(refusal)),
                Err(Failed::Storage(trouble)) => return Err(SessionError::Storage(trouble)),
                Err(Failed::NotStarted | Failed::Interrupted) => self.rejoin().await?,
            }
        }
        Err(SessionError::Interrupted)
    }

    async fn ask(&mut self, request: Request) -> Result<Answer, Failed> {
        self.last_id += 1;
        let id = self.last_id;
        let asked = Numbered { id, request };
        let given = match &self.link {
            Some(Link::Holder(holder, _)) => holder.ask(asked).await,
            Some(Link::Guest(remote)) => remote.requests.send(asked).await.is_ok(),
            None => false,
        };
        if !given {
            return Err(Failed::NotStarted);
        }
        loop {
            match self.hear().await {
                Some(Outward::Answer { id: answered, result }) if answered == id => return result,
                Some(Outward::Answer { .. }) => {}
                Some(Outward::Notice(notice)) => self.notices.push_back(notice),
                None => return Err(Failed::Interrupted),
            }
        }
    }

    async fn hear(&mut self) -> Option<Outward> {
        match self.link.as_mut()? {
            Link::Holder(_, outward) => outward.recv().await,
            Link::Guest(remote) => remote.outward.recv().await,
        }
    }

    async fn rejoin(&mut self) -> Result<(), SessionError> {
        self.link = None;
        self.link = Some(self.join().await.map_err(SessionError::Lost)?);
        self.notices.push_back(Notice::Resumed);
        if self.online {
            // Were this holder to leave as well, the next request notices.
            let _ = self.ask(Request::Command(Command::SetOnline { online: true })).await;
        }
        Ok(())
    }

    /// Becomes holder or guest, waiting for a holder that is just starting or stopping.
    async fn join(&self) -> Result<Link, OpenError> {
        if !self.profile.exists() && self.options.missing == Missing::Refuse {
            return Err(OpenError::NoProfile);
        }
        self.profile.prepare_dir().map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => OpenError::ForeignFolder,
            _ => OpenError::Io(error),
        })?;
        let started = Instant::now();
        let mut told = false;
        loop {
            if let Some(lock) = self.profile.try_lock()? {
                let opening =
                    Holder::start(self.profile.clone(), lock, &self.options, &self.asker, &self.open_machine);
                let (holder, outward) = opening.await?;
                return Ok(Link::Holder(holder, outward));
            }
            if let Some((hello, remote)) = socket::connect(&self.profile).await? {
                return self.as_guest(hello, remote);
            }
            if started.elapsed() > self.options.patience {
                return Err(OpenError::Busy);
            }
            if !told && started.elapsed() > TELL_AFTER {
                self.asker.waiting_for_holder();
                told = true;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    fn as_guest(&self, hello: socket::Hello, remote: socket::Remote) -> Result<Link, OpenError> {
        if hello.socket != SOCKET_VERSION {
            return Err(OpenError::OtherVersion { version: hello.version });
        }
        // Somebody who asks for a proxy must not be connected without it.
        let wanted = self.options.network.proxy().map(ToString::to_string);
        if wanted.is_some() && wanted != hello.proxy {
            return Err(OpenError::OtherProxy);
        }
        Ok(Link::Guest(remote))
    }
}

/// Whether doing it twice comes to the same as doing it once.
fn may_be_repeated(command: &Command) -> bool {
    match command {
        Command::SetOnline { .. }
        | Command::Sync
        | Command::Accept { .. }
        | Command::Decline { .. }
        | Command::Block { .. }
        | Command::Unblock { .. }
        | Command::SetDisplayName { .. }
        | Command::Retry { .. }
        | Command::Register
        | Command::AcknowledgeAlarm { .. } => true,
        Command::PrepareAccount { .. } | Command::Send { .. } | Command::StartOver { .. } => false,
    }
}

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $result:ty: $question:expr => $pattern:pat => $value:expr;)*) => {
        /// Questions; each answers from what is on disk here.
        impl Session {
            $($(#[$doc])*
            ///
            /// # Errors
            /// When the database cannot be read, or the holder is gone for good.
            pub async fn $name(&mut self, $($arg: $kind),*) -> Result<$result, SessionError> {
                match self.question($question).await? {
                    $pattern => Ok($value),
                    // A holder of the same socket version answers what was asked.
                    _ => Err(SessionError::Interrupted),
                }
            })*
        }
    };
}

questions! {
    /// This profile's account.
    account() -> Option<AccountView>: Question::Account => Answer::Account(view) => view;
    /// All conversations, newest first.
    conversations() -> Vec<ConversationView>: Question::Conversations => Answer::Conversations(views) => views;
    /// Message requests.
    requests() -> Vec<ConversationView>: Question::Requests => Answer::Conversations(views) => views;
    /// One conversation.
    resolve(target: Target) -> Option<ConversationView>:
        Question::Resolve(target) => Answer::Conversation(view) => view.map(|view| *view);
    /// A page of a timeline, oldest first; at most [`HISTORY_PAGE_MAX`] lines.
    history(of: Target, limit: usize, before: Option<MessageId>) -> Vec<MessageView>:
        Question::History { of, limit, before } => Answer::Messages(lines) => lines;
    /// One message.
    message(id: MessageId) -> Option<MessageView>: Question::Message(id) => Answer::Message(view) => view.map(|view| *view);
    /// All alarms.
    alarms() -> Vec<Alarm>: Question::Alarms => Answer::Alarms(alarms) => alarms;
    /// What has not reached the server.
    outbox() -> Vec<OutboxItem>: Question::Outbox => Answer::Outbox(items) => items;
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
