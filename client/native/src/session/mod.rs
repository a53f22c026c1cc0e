//! A session on a profile: holds it, or talks to the process that does; the same either way.
//!
//! When the holder leaves, its users become holders in turn, and go on: what the holder had not begun is asked again,
//! what may be repeated is repeated, and a message is looked for on disk before it is queued again.

mod error;
mod join;
mod questions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sotto_engine::Engine;
use sotto_engine::api::{Command, MessageView, Reply, Target};
use sotto_wire::ids::MessageId;

pub use self::error::{OpenError, SessionError};
use self::join::{Joining, Link};
use crate::clock::Clock;
use crate::exchange::{Answer, Failed, Notice, Numbered, Outward, Question, Request};
use crate::holder::OpenMachine;
use crate::key::{Asker, Protection};
use crate::limits::HISTORY_PAGE_MAX;
use crate::network::Network;
use crate::profile::Profile;

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

/// Who holds the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// This session.
    Holder,
    /// Another process.
    Guest,
}

/// A command under way: its reply comes with [`Heard::Reply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// What a session hears.
#[derive(Debug)]
pub enum Heard {
    /// Something happened.
    Notice(Notice),
    /// The answer to a command that was [begun](Session::begin).
    Reply(Ticket, Result<Reply, SessionError>),
}

/// A profile in use: held by this process, or by another that answers over its socket; the same either way.
pub struct Session {
    joining: Joining,
    link: Option<Link>,
    under_way: BTreeMap<u64, Asked>,
    /// Heard while something else was waited for, in order.
    heard: VecDeque<Spoken>,
    last_id: u64,
    online: bool,
}

struct Asked {
    request: Request,
    /// Known not to have been begun by a holder that left: safe to ask again, whatever it is.
    unbegun: bool,
}

enum Spoken {
    Notice(Notice),
    Answer(u64, Result<Answer, Failed>),
}

/// How many holders may die in a row under a session before it gives up.
const CHANGES_MAX: usize = 16;
/// Lines of a conversation that are remembered while a holder takes a text for it.
const LINES_COMPARED: usize = 50;

impl Session {
    /// Opens the profile, or connects to the process that has it open.
    ///
    /// # Errors
    /// Says why neither was possible; nothing was changed then.
    pub async fn open(profile: Profile, options: Options, asker: Arc<dyn Asker>) -> Result<Self, OpenError> {
        let open_machine: OpenMachine = Arc::new(|connection| Ok(Box::new(Engine::open(connection)?)));
        Self::open_with(Joining { profile, options, asker, open_machine }).await
    }

    async fn open_with(joining: Joining) -> Result<Self, OpenError> {
        let link = Some(joining.join().await?);
        let (under_way, heard) = (BTreeMap::new(), VecDeque::new());
        Ok(Self { joining, link, under_way, heard, last_id: 0, online: false })
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

    /// Gives a command to the engine. For a text, use [`send`](Self::send).
    pub async fn begin(&mut self, command: Command) -> Ticket {
        Ticket(self.ask(Request::Command(command)).await)
    }

    /// The next thing that happened, or the next reply. Goes on with the next holder when this one leaves.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    ///
    /// # Errors
    /// [`SessionError::Lost`] when there is no next holder.
    pub async fn next(&mut self) -> Result<Heard, SessionError> {
        loop {
            match self.spoken().await? {
                Spoken::Notice(notice) => return Ok(Heard::Notice(notice)),
                Spoken::Answer(id, Ok(Answer::Reply(reply))) => {
                    return Ok(Heard::Reply(Ticket(id), Ok(reply)));
                }
                // To a question that somebody gave up on.
                Spoken::Answer(_, Ok(_)) => {}
                Spoken::Answer(id, Err(failed)) => return Ok(Heard::Reply(Ticket(id), Err(failed.into()))),
            }
        }
    }

    /// Gives a command to the engine and waits for its answer, however long that takes.
    ///
    /// # Errors
    /// [`SessionError::Interrupted`] when the holder died and the command must not simply be repeated.
    pub async fn command(&mut self, command: Command) -> Result<Reply, SessionError> {
        let id = self.ask(Request::Command(command)).await;
        match self.answer_to(id).await? {
            Answer::Reply(reply) => Ok(reply),
            // A holder of the same socket version answers a command with a reply.
            _ => Err(SessionError::Interrupted),
        }
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
            let after: Vec<MessageView> = self.history(to.clone(), HISTORY_PAGE_MAX, None).await?;
            let mut mine = after.iter().filter(|line| line.own && !before.contains(&line.id));
            if let Some(line) = mine.find(|line| line.text.as_deref() == Some(text.as_str())) {
                return Ok(line.id);
            }
        }
        Err(SessionError::NotQueued)
    }

    pub(super) async fn question(&mut self, question: Question) -> Result<Answer, SessionError> {
        let id = self.ask(Request::Question(question)).await;
        self.answer_to(id).await
    }

    async fn ask(&mut self, request: Request) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.under_way.insert(id, Asked { request: request.clone(), unbegun: false });
        self.give(Numbered { id, request }).await;
        id
    }

    async fn give(&self, asked: Numbered) {
        if let Some(link) = &self.link {
            // A link that does not take it ends, and all that is under way is then looked at again.
            link.give(asked).await;
        }
    }

    /// Waits for one answer; everything else is kept for [`next`](Self::next).
    async fn answer_to(&mut self, id: u64) -> Result<Answer, SessionError> {
        let mut looked_at = 0;
        loop {
            let is_it = |spoken: &Spoken| matches!(spoken, Spoken::Answer(answered, _) if *answered == id);
            if let Some(at) = self.heard.iter().skip(looked_at).position(is_it)
                && let Some(Spoken::Answer(_, result)) = self.heard.remove(looked_at + at)
            {
                return result.map_err(SessionError::from);
            }
            looked_at = self.heard.len();
            self.hear().await?;
        }
    }

    async fn spoken(&mut self) -> Result<Spoken, SessionError> {
        loop {
            if let Some(spoken) = self.heard.pop_front() {
                return Ok(spoken);
            }
            self.hear().await?;
        }
    }

    /// Waits until there is more in `heard`.
    async fn hear(&mut self) -> Result<(), SessionError> {
        for _ in 0..CHANGES_MAX {
            let outward = match &mut self.link {
                Some(link) => link.hear().await,
                None => None,
            };
            match outward {
                Some(Outward::Notice(notice)) => self.heard.push_back(Spoken::Notice(notice)),
                Some(Outward::Answer { id, result }) => {
                    // What is not under way was given up on.
                    let Some(asked) = self.under_way.get_mut(&id) else { continue };
                    if matches!(result, Err(Failed::NotStarted)) {
                        // The holder is leaving; the next one gets it.
                        asked.unbegun = true;
                        continue;
                    }
                    self.under_way.remove(&id);
                    self.heard.push_back(Spoken::Answer(id, result));
                }
                None => self.rejoin().await?,
            }
            return Ok(());
        }
        Err(SessionError::Lost(OpenError::Busy))
    }

    async fn rejoin(&mut self) -> Result<(), SessionError> {
        self.link = None;
        self.link = Some(self.joining.join().await.map_err(SessionError::Lost)?);
        self.heard.push_back(Spoken::Notice(Notice::Resumed));
        if self.online {
            // Its reply is nobody's: the number is not under way.
            let online = Request::Command(Command::SetOnline { online: true });
            self.give(Numbered { id: 0, request: online }).await;
        }
        let ids: Vec<u64> = self.under_way.keys().copied().collect();
        for id in ids {
            let Some(asked) = self.under_way.get_mut(&id) else { continue };
            if asked.unbegun || may_be_repeated(&asked.request) {
                asked.unbegun = false;
                let request = asked.request.clone();
                self.give(Numbered { id, request }).await;
            } else {
                self.under_way.remove(&id);
                self.heard.push_back(Spoken::Answer(id, Err(Failed::Interrupted)));
            }
        }
        Ok(())
    }
}

impl From<Failed> for SessionError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(refusal) => Self::Refused(refusal),
            Failed::Storage(trouble) => Self::Storage(trouble),
            Failed::NotStarted | Failed::Interrupted => Self::Interrupted,
        }
    }
}

/// Whether asking twice comes to the same as asking once.
fn may_be_repeated(request: &Request) -> bool {
    let Request::Command(command) = request else { return true };
    match command {
        Command::SetOnline { .. }
        | Command::Register
        | Command::Sync
        | Command::Accept { .. }
        | Command::Decline { .. }
        | Command::Block { .. }
        | Command::Unblock { .. }
        | Command::SetDisplayName { .. }
        | Command::Retry { .. }
        | Command::OpenConversation { .. }
        | Command::SaveDraft { .. }
        | Command::MarkRead { .. }
        | Command::DiscardFailed { .. }
        | Command::AcknowledgeAlarm { .. } => true,
        Command::PrepareAccount { .. } | Command::Send { .. } | Command::StartOver { .. } => false,
    }
}
