//! A long-lived client: `sotto listen` holds the profile, and commands go through the profile's socket.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use sotto_engine::OutboxItem;
use sotto_engine::api::{AccountView, Alarm, Command, Event, MessageView, Reply, Target};
use sotto_wire::ids::MessageId;

use crate::client::Client;
use crate::process::Process;
use crate::socket::{Answer, Failed, Notice, Outward, Question, Request, Socket, good};
use crate::wait::{self, PATIENCE};

/// Lines of history in one answer.
const PAGE: usize = 200;

/// A running `sotto listen` and a connection to its socket.
#[derive(Debug)]
pub struct Listening {
    process: Process,
    socket: Socket,
    heard: Receiver<Outward>,
    /// Heard while waiting for something else.
    notices: VecDeque<Notice>,
    said: PathBuf,
}

impl Listening {
    /// Starts it and waits until its socket answers.
    ///
    /// # Errors
    /// When it ends or does not answer.
    pub fn start(client: &Client) -> anyhow::Result<Self> {
        let mut process = launch(client)?;
        let (tell, heard) = channel();
        let socket = attach(client, &mut process, move |outward| {
            // The end of the channel says that the holder is gone.
            outward.is_some_and(|outward| tell.send(outward).is_ok())
        })?;
        Ok(Self { process, socket, heard, notices: VecDeque::new(), said: said_by(client) })
    }

    /// The file with everything it printed, over all its lives.
    pub fn said(&self) -> &std::path::Path {
        &self.said
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// When it had ended by itself.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill()
    }

    /// SIGTERM; it must end in good order.
    ///
    /// # Errors
    /// When it does not.
    pub fn end(mut self) -> anyhow::Result<()> {
        let status = self.process.end()?;
        ensure!(status.success(), "sotto listen ended with {status}: {}", last_line(&self.said));
        Ok(())
    }

    /// Asks and waits for the answer; what happens meanwhile is kept for [`next_notice`](Self::next_notice).
    ///
    /// # Errors
    /// When the client is gone or does not answer.
    pub fn try_ask(&mut self, request: Request) -> anyhow::Result<Result<Answer, Failed>> {
        let asked = self.socket.ask(request)?.context("the client is gone")?;
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            match self.heard.recv_timeout(PATIENCE) {
                Ok(Outward::Answer { id, result }) if id == asked => return Ok(result),
                Ok(Outward::Answer { .. }) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Outward::Notice(notice)) => self.notices.push_back(notice),
                Err(RecvTimeoutError::Disconnected) => bail!("the client is gone: {}", last_line(&self.said)),
            }
        }
        bail!("the client does not answer")
    }

    /// [`try_ask`](Self::try_ask) for what must not be refused.
    ///
    /// # Errors
    /// As that, or when it is refused.
    pub fn ask(&mut self, request: Request) -> anyhow::Result<Answer> {
        good(self.try_ask(request)?)
    }

    /// Gives a command.
    ///
    /// # Errors
    /// When it is refused.
    pub fn command(&mut self, command: Command) -> anyhow::Result<Reply> {
        self.ask(Request::Command(command))?.reply()
    }

    /// Queues a text.
    ///
    /// # Errors
    /// When it is refused.
    pub fn send(&mut self, to: &Target, text: &str) -> anyhow::Result<MessageId> {
        self.ask(Request::Command(Command::Send { to: to.clone(), text: text.to_owned() }))?.queued()
    }

    /// The account.
    ///
    /// # Errors
    /// When there is none.
    pub fn account(&mut self) -> anyhow::Result<AccountView> {
        match self.ask(Request::Question(Question::Account))? {
            Answer::Account(Some(account)) => Ok(account),
            other => bail!("no account: {other:?}"),
        }
    }

    /// The whole timeline with somebody, oldest first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn history(&mut self, with: &Target) -> anyhow::Result<Vec<MessageView>> {
        let mut pages = Vec::new();
        let mut before = None;
        loop {
            let page = self.page(with, before)?;
            before = page.first().map(|line| line.id);
            let whole = page.len() < PAGE;
            pages.push(page);
            if whole {
                return Ok(pages.into_iter().rev().flatten().collect());
            }
        }
    }

    /// The newest lines of a timeline, or those before one.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn page(&mut self, with: &Target, before: Option<MessageId>) -> anyhow::Result<Vec<MessageView>> {
        let question = Question::History { of: with.clone(), limit: PAGE, before };
        match self.ask(Request::Question(question))? {
            Answer::Messages(lines) => Ok(lines),
            other => bail!("no history: {other:?}"),
        }
    }

    /// What has not left.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn outbox(&mut self) -> anyhow::Result<Vec<OutboxItem>> {
        match self.ask(Request::Question(Question::Outbox))? {
            Answer::Outbox(items) => Ok(items),
            other => bail!("no outbox: {other:?}"),
        }
    }

    /// Alarms so far.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn alarms(&mut self) -> anyhow::Result<Vec<Alarm>> {
        match self.ask(Request::Question(Question::Alarms))? {
            Answer::Alarms(alarms) => Ok(alarms),
            other => bail!("no alarms: {other:?}"),
        }
    }

    /// The next notice, in order.
    ///
    /// # Errors
    /// When the client is gone, missed something, or nothing happens.
    pub fn next_notice(&mut self, within: Duration) -> anyhow::Result<Notice> {
        if let Some(notice) = self.notices.pop_front() {
            return Ok(notice);
        }
        let started = Instant::now();
        loop {
            let left = within.saturating_sub(started.elapsed());
            match self.heard.recv_timeout(left) {
                Ok(Outward::Notice(notice)) => return Ok(notice),
                Ok(Outward::Answer { .. }) => {}
                Err(RecvTimeoutError::Timeout) => bail!("nothing happened within {within:?}"),
                Err(RecvTimeoutError::Disconnected) => bail!("the client is gone: {}", last_line(&self.said)),
            }
        }
    }

    /// Passes over everything that happened up to the last answer.
    pub fn forget_notices(&mut self) {
        self.notices.clear();
    }

    /// Waits for an event, passing over others.
    ///
    /// # Errors
    /// When it does not come.
    pub fn await_event<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&Event) -> Option<T>,
    ) -> anyhow::Result<T> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let left = PATIENCE.saturating_sub(started.elapsed());
            let notice = self.next_notice(left).with_context(|| format!("waiting for {what}"))?;
            if let Notice::Event { event } = &notice
                && let Some(found) = wanted(event)
            {
                return Ok(found);
            }
        }
        bail!("waited in vain for {what}")
    }

    /// Waits until this many more lines of others have arrived; returns their texts.
    ///
    /// # Errors
    /// When they do not come.
    pub fn await_texts(&mut self, count: usize) -> anyhow::Result<Vec<String>> {
        let mut texts = Vec::with_capacity(count);
        while texts.len() < count {
            let have = texts.len();
            let text = self.await_event(&format!("message {have} of {count}"), |event| match event {
                Event::Message { message } if !message.own => Some(message.text.clone().unwrap_or_default()),
                _ => None,
            })?;
            texts.push(text);
        }
        Ok(texts)
    }

    /// Waits until everything the server has is here and everything that can leave has left.
    ///
    /// # Errors
    /// When that does not happen.
    pub fn sync(&mut self) -> anyhow::Result<u64> {
        match self.command(Command::Sync)? {
            Reply::Synced { waiting } => Ok(waiting),
            other => bail!("expected a sync, got {other:?}"),
        }
    }
}

/// Starts `sotto listen`.
///
/// # Errors
/// When it cannot be started.
pub fn launch(client: &Client) -> anyhow::Result<Process> {
    let output = File::options().create(true).append(true).open(said_by(client))?;
    let mut command = client.command(&["--json", "listen"])?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    Process::start("sotto listen", &mut command)
}

/// Waits until the socket of a process that was [launched](launch) answers.
///
/// # Errors
/// When the process ends or does not answer.
pub fn attach(
    client: &Client,
    process: &mut Process,
    hear: impl Fn(Option<Outward>) -> bool + Clone + Send + 'static,
) -> anyhow::Result<Socket> {
    wait::until("sotto listen answers on its socket", PATIENCE, || {
        if let Some(status) = process.ended()? {
            bail!("sotto listen ended ({status}): {}", last_line(&said_by(client)));
        }
        Socket::connect(client.profile(), hear.clone())
    })
}

/// The file with everything that a person's `sotto listen` printed, over all its lives.
fn said_by(client: &Client) -> PathBuf {
    client.profile().with_extension("listen")
}

fn last_line(said: &std::path::Path) -> String {
    let text = std::fs::read_to_string(said).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
