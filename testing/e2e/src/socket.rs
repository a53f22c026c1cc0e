//! The Unix socket of a profile that another process holds, as `sotto` itself uses it: lines of JSON.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sotto_engine::OutboxItem;
use sotto_engine::api::{
    AccountView, Alarm, Command, ConversationView, Event, MessageView, Refusal, Reply, Target,
};
use sotto_wire::ids::MessageId;

/// Format of the lines that is spoken here.
const SOCKET_VERSION: u64 = 1;

/// Something to do or to tell.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Changes something.
    Command(Command),
    /// Only reads.
    Question(Question),
}

/// What can be read from a profile.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// This profile's account.
    Account,
    /// Conversations.
    Conversations,
    /// Message requests.
    Requests,
    /// A page of a timeline.
    History {
        /// Whose.
        of: Target,
        /// Lines at most.
        limit: usize,
        /// Only older ones.
        before: Option<MessageId>,
    },
    /// Alarms.
    Alarms,
    /// What has not left.
    Outbox,
}

/// The good answer to a [`Request`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To a command.
    Reply(Reply),
    /// To [`Question::Account`].
    Account(Option<AccountView>),
    /// To [`Question::Conversations`] and [`Question::Requests`].
    Conversations(Vec<ConversationView>),
    /// To [`Question::History`], oldest first.
    Messages(Vec<MessageView>),
    /// To [`Question::Alarms`].
    Alarms(Vec<Alarm>),
    /// To [`Question::Outbox`].
    Outbox(Vec<OutboxItem>),
}

/// Why there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failed {
    /// The engine refused.
    Refused(Refusal),
    /// The disk did not do its part.
    Storage(Value),
    /// The holder left before it began.
    NotStarted,
    /// Nobody knows how far it came.
    Interrupted,
}

/// Something that happened.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// From the engine.
    Event {
        /// What.
        event: Box<Event>,
    },
    /// Why a connection could not be made or was lost.
    Connection {
        /// Why.
        trouble: Value,
    },
    /// The disk did not do its part.
    Storage {
        /// What is wrong.
        trouble: Value,
    },
    /// This reader was too slow.
    Missed,
    /// Another process holds the profile now.
    Resumed,
}

/// One message from the holder.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outward {
    /// The answer to the request with this number.
    Answer {
        /// The number.
        id: u64,
        /// The answer.
        result: Result<Answer, Failed>,
    },
    /// Something happened.
    Notice(Notice),
}

#[derive(Serialize)]
struct Numbered {
    id: u64,
    request: Request,
}

/// A connection to the holder.
#[derive(Debug)]
pub struct Socket {
    stream: UnixStream,
    last_id: u64,
}

impl Socket {
    /// Connects; `None` while nobody listens there. A thread gives everything that is heard to `hear`, and `None` at
    /// the end, which comes when the holder is gone; it ends earlier when `hear` returns false.
    ///
    /// # Errors
    /// When what listens there speaks otherwise.
    pub fn connect(
        profile: &Path,
        hear: impl Fn(Option<Outward>) -> bool + Send + 'static,
    ) -> anyhow::Result<Option<Self>> {
        let Ok(stream) = UnixStream::connect(profile.join("sotto.sock")) else { return Ok(None) };
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut hello = String::new();
        if lines.read_line(&mut hello).unwrap_or(0) == 0 {
            return Ok(None);
        }
        let hello: Value = serde_json::from_str(&hello)?;
        ensure!(hello["socket"] == SOCKET_VERSION, "the profile's socket says {hello}");
        std::thread::Builder::new().name("socket".into()).spawn(move || read(lines, &hear))?;
        Ok(Some(Self { stream, last_id: 0 }))
    }

    /// Sends a request; its number comes back with the answer. `None`: the holder is gone.
    ///
    /// # Errors
    /// When the request cannot be written down.
    pub fn ask(&mut self, request: Request) -> anyhow::Result<Option<u64>> {
        self.last_id += 1;
        let id = self.last_id;
        let mut line = serde_json::to_vec(&Numbered { id, request })?;
        line.push(b'\n');
        Ok(self.stream.write_all(&line).is_ok().then_some(id))
    }
}

/// Ends with the connection; a line that is cut off belongs to a process that was killed.
fn read(mut lines: BufReader<UnixStream>, hear: &(impl Fn(Option<Outward>) -> bool + Send)) {
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
        // A line that does not parse ends the connection: whoever waits for it says so.
        let Ok(outward) = serde_json::from_str(&line) else { break };
        if !hear(Some(outward)) {
            return;
        }
        line.clear();
    }
    hear(None);
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Ends the reading thread; a connection that is gone has done so.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

impl Answer {
    /// The answer to a command.
    ///
    /// # Errors
    /// When it is another.
    pub fn reply(self) -> anyhow::Result<Reply> {
        match self {
            Self::Reply(reply) => Ok(reply),
            other => bail!("expected a reply, got {other:?}"),
        }
    }

    /// The number of the message that was queued.
    ///
    /// # Errors
    /// When it is another answer.
    pub fn queued(self) -> anyhow::Result<MessageId> {
        match self.reply()? {
            Reply::Queued { message } => Ok(message),
            other => bail!("expected a queued message, got {other:?}"),
        }
    }
}

/// A request that must have a good answer.
///
/// # Errors
/// When it was refused.
pub fn good(result: Result<Answer, Failed>) -> anyhow::Result<Answer> {
    result.map_err(|failed| anyhow::anyhow!("{failed:?}")).context("the client refused")
}
